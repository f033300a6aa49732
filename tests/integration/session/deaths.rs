//! The bundle or the guest dies at a moment of a session: the command line says so, and nothing stays that `cleanup` does not find.

use tests::command_line::{Ended, Running, run};
use tests::engine::docker_cli;
use tests::terminal::TestTerminal;
use tests::until::until;
use tests::world::{World, with_world};

/// Kills a container at a line of the demo and gives how the command line took it.
async fn dies_at(world: &World, line: &str, part: &str) -> Ended {
    let mut running = Running::start(world.command(&["demo"]));
    running.line(line).await;
    let mut folders = world.folders().into_iter();
    let id = folders.next_back().expect("a session");
    world
        .kill_container(&format!("claude-bottle-{id}{part}"))
        .await;
    let ended = running.end().await;
    assert!(!ended.stderr.contains("panicked"), "{ended:#?}");
    let cleanup = run(world.command(&["cleanup", "--yes"])).await;
    cleanup.expect_code(0);
    assert_eq!(world.left(), Vec::<String>::new(), "after '{line}'");
    ended
}

/// Moments before claude runs.
const EARLY: [&str; 4] = [
    "Preparing images: done",
    "Starting the bottle: done",
    "Opening the doors: done",
    "Moving in: done",
];

#[tokio::test]
async fn a_bundle_that_dies_before_claude_runs_fails_the_start() {
    with_world(
        "a_bundle_that_dies_before_claude_runs_fails_the_start",
        |world| async move {
            for line in EARLY {
                let ended = dies_at(&world, line, "-bundle").await;
                ended.expect_said(&["error: "]);
                assert_ne!(ended.status.code(), Some(0), "{ended:#?}");
                world.assert_untouched();
            }
        },
    )
    .await;
}

#[tokio::test]
async fn a_guest_that_dies_before_claude_runs_fails_the_start() {
    with_world(
        "a_guest_that_dies_before_claude_runs_fails_the_start",
        |world| async move {
            for line in EARLY {
                let ended = dies_at(&world, line, "").await;
                ended.expect_said(&["error: "]);
                assert_ne!(ended.status.code(), Some(0), "{ended:#?}");
                world.assert_untouched();
            }
        },
    )
    .await;
}

#[tokio::test]
async fn a_part_that_dies_in_the_midst_of_the_demo_is_told() {
    with_world(
        "a_part_that_dies_in_the_midst_of_the_demo_is_told",
        |world| async move {
            for part in ["-bundle", ""] {
                let ended = dies_at(&world, "  claude  I may do anything", part).await;
                ended.expect_code(1);
                let told = ended.stdout.contains("FAIL") || ended.stderr.contains("error: ");
                assert!(told, "{ended:#?}");
            }
        },
    )
    .await;
}

#[tokio::test]
async fn a_part_that_dies_while_claude_runs_keeps_the_session() {
    with_world(
        "a_part_that_dies_while_claude_runs_keeps_the_session",
        |world| async move {
            for part in ["-bundle", ""] {
                let mut terminal = TestTerminal::start(&world.command(&["demo", "--interactive"]));
                terminal.shows("bypass permissions on").await;
                terminal.say("run: echo precious").await;
                terminal.shows("done: precious").await;
                let id = until("a session that runs", async || {
                    world
                        .folders()
                        .into_iter()
                        .find(|id| world.session(id).join("lock").exists())
                })
                .await;
                let _killed =
                    docker_cli(&["kill", "-s", "KILL", &format!("claude-bottle-{id}{part}")]);
                assert_eq!(terminal.end().await.code(), Some(10), "{}", terminal.text());
                terminal.shows_still(&format!("claude-bottle resume {id}"));
                assert_eq!(terminal.not_restored(), Vec::<String>::new());

                let resumed =
                    run(world.command(&["resume", id.as_str(), "--prompt", "run: echo again"]))
                        .await;
                resumed.expect_code(0);
                assert!(resumed.stdout.contains("done: again"), "{resumed:#?}");
                assert_eq!(world.left(), Vec::<String>::new());
            }
        },
    )
    .await;
}
