//! Many sessions at once, and two homes on one engine.

use futures_util::future::join_all;
use rustix::process::Signal;
use tests::command_line::{Running, run};
use tests::world::{World, with_world};

#[tokio::test]
async fn eight_sessions_at_once_all_succeed_and_leave_nothing() {
    with_world(
        "eight_sessions_at_once_all_succeed_and_leave_nothing",
        |world| async move {
            let runs = join_all((0..8).map(|_| run(world.command(&["demo"])))).await;
            for ended in runs {
                ended.expect_code(0);
            }
            world.assert_untouched();
        },
    )
    .await;
}

#[tokio::test]
async fn two_homes_never_touch_each_other() {
    with_world("two_homes_never_touch_each_other", |world| async move {
        let mut crashed = Running::start(world.command(&["demo"]));
        crashed.line("Checking the walls: done").await;
        crashed.signal(Signal::KILL);
        let _status = crashed.end().await;
        let before = world.resources();
        assert_eq!(before.len(), 3, "two containers and a volume: {before:?}");

        let stranger = World::new(world.bench.clone());
        let cleanup = run(stranger.command(&["cleanup", "--yes"])).await;
        cleanup.expect_code(0);
        assert_eq!(world.resources(), before);
        let listed = run(stranger.command(&["list", "--all", "--json"])).await;
        assert_eq!(listed.stdout.trim(), "[]");

        run(world.command(&["cleanup", "--yes"]))
            .await
            .expect_code(0);
        assert_eq!(world.resources(), Vec::<String>::new());
    })
    .await;
}
