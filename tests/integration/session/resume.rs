//! A session that ended badly is kept, goes on where it was, and is gone when it ends well.

use std::fs;
use std::path::Path;

use rustix::process::Signal;
use tests::command_line::{Running, run};
use tests::engine::docker_cli;
use tests::terminal::TestTerminal;
use tests::until::until;
use tests::world::with_world;

/// All conversations of a saved transcript.
fn transcript(session: &Path) -> String {
    let files = fs::read_dir(session.join("transcript")).expect("a transcript");
    files
        .map(|file| fs::read_to_string(file.unwrap().path()).unwrap())
        .collect()
}

#[tokio::test]
async fn a_kept_session_goes_on_with_its_conversation_and_its_work() {
    with_world(
        "a_kept_session_goes_on_with_its_conversation_and_its_work",
        |world| async move {
            let mut terminal = TestTerminal::start(&world.command(&["demo", "--interactive"]));
            terminal.shows("bypass permissions on").await;
            terminal
                .say("run: echo was-there-before > /workspace/work && echo first turn")
                .await;
            terminal.shows("done: first turn").await;
            let id = world.only_session().await;

            let open = run(world.command(&["resume", id.as_str(), "--prompt", "hi"])).await;
            open.expect_code(1)
                .expect_said(&["is open in another window or terminal"]);

            let container = format!("claude-bottle-{id}");
            let _killed = docker_cli(&["exec", &container, "pkill", "-KILL", "-x", "claude"]);
            assert_eq!(terminal.end().await.code(), Some(10), "{}", terminal.text());
            assert_eq!(terminal.not_restored(), Vec::<String>::new());
            terminal.shows_still("the bottle is kept");
            let listed = run(world.command(&["list", "--json"])).await;
            assert!(listed.stdout.contains("\"preserved\""), "{listed:#?}");

            let prompt = "run: cat /workspace/work";
            let resumed = run(world.command(&["resume", id.as_str(), "--prompt", prompt])).await;
            resumed.expect_code(0);
            assert!(
                resumed.stdout.contains("done: was-there-before"),
                "{resumed:#?}"
            );
            until("nothing to be left", async || {
                world.left().is_empty().then_some(())
            })
            .await;
            let told = transcript(&world.session(&id));
            assert!(
                told.contains("echo first turn") && told.contains("cat /workspace/work"),
                "one conversation: {told}"
            );

            let again = run(world.command(&["resume", id.as_str(), "--prompt", "hi"])).await;
            again
                .expect_code(1)
                .expect_said(&["no bottle to go on with", "transcript"]);
            let never = run(world.command(&["resume", "demo-00000", "--prompt", "hi"])).await;
            never
                .expect_code(1)
                .expect_said(&["there is no session demo-00000", "claude-bottle list --all"]);
        },
    )
    .await;
}

#[tokio::test]
async fn a_kill_while_a_session_goes_on_loses_no_work() {
    with_world(
        "a_kill_while_a_session_goes_on_loses_no_work",
        |world| async move {
            let mut crashed = Running::start(world.command(&["demo"]));
            crashed.line("  claude  I may do anything").await;
            crashed.signal(Signal::KILL);
            let _status = crashed.end().await;
            let id = world.only_session().await;
            for line in ["Starting the bottle: done", "Moving in: done"] {
                let prompt = ["resume", id.as_str(), "--prompt", "run: true"];
                let mut resuming = Running::start(world.command(&prompt));
                resuming.line(line).await;
                resuming.signal(Signal::KILL);
                let _status = resuming.end().await;
            }
            let cleanup = run(world.command(&["cleanup", "--yes"])).await;
            cleanup.expect_code(0).expect_said(&["is saved in"]);
            assert!(transcript(&world.session(&id)).contains("Show me what this bottle can do"));
            assert_eq!(world.left(), Vec::<String>::new());
        },
    )
    .await;
}
