//! The demo as a person runs it, without a terminal.

use tests::command_line::run;
use tests::world::with_world;

#[tokio::test]
async fn the_demo_keeps_every_promise_and_leaves_nothing() {
    with_world(
        "the_demo_keeps_every_promise_and_leaves_nothing",
        |world| async move {
            let ended = run(world.command(&["demo"])).await;
            ended.expect_code(0);
            let rows: Vec<&str> = ended
                .stdout
                .lines()
                .take_while(|line| !line.is_empty())
                .collect();
            assert_eq!(rows.len(), 7, "{ended:#?}");
            assert!(rows.iter().all(|row| row.starts_with("ok  ")), "{rows:#?}");
            let phases = [
                "Preparing images",
                "Starting the bottle",
                "Opening the doors",
                "Moving in",
                "Checking the walls",
                "Cleaning up",
            ];
            ended.expect_said(&phases.map(|phase| format!("{phase}: done in ")));
            world.assert_untouched();
        },
    )
    .await;
}
