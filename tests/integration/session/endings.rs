//! Signals, and windows that close: before claude runs nothing is left, afterwards the session is kept.

use std::process::Command;

use rustix::process::Signal;
use tests::command_line::{Running, run};
use tests::terminal::TestTerminal;
use tests::world::with_world;

#[tokio::test]
async fn a_signal_before_claude_runs_cancels_and_leaves_nothing() {
    with_world(
        "a_signal_before_claude_runs_cancels_and_leaves_nothing",
        |world| async move {
            for (line, signal) in [
                ("Preparing images: done", Signal::TERM),
                ("Starting the bottle: done", Signal::INT),
                ("Opening the doors: done", Signal::HUP),
                ("Moving in: done", Signal::TERM),
            ] {
                let mut running = Running::start(world.command(&["demo"]));
                running.line(line).await;
                running.signal(signal);
                let ended = running.end().await;
                ended
                    .expect_code(130)
                    .expect_said(&["error: cancelled", "Nothing is left behind"]);
                world.assert_untouched();
            }
        },
    )
    .await;
}

#[tokio::test]
async fn a_signal_while_the_demo_runs_leaves_nothing() {
    with_world(
        "a_signal_while_the_demo_runs_leaves_nothing",
        |world| async move {
            let mut running = Running::start(world.command(&["demo"]));
            running.line("  claude  I may do anything").await;
            running.signal(Signal::TERM);
            running.end().await.expect_code(1);
            world.assert_untouched();
        },
    )
    .await;
}

#[tokio::test]
async fn a_window_that_closes_before_claude_runs_leaves_nothing() {
    with_world(
        "a_window_that_closes_before_claude_runs_leaves_nothing",
        |world| async move {
            let direct = world.command(&["demo", "--interactive"]);
            // Behind a shell the signal comes more than once: from the kernel, and again when the shell ends.
            let mut shell = Command::new("bash");
            shell
                .args(["-c", "\"$0\" \"$@\"; exit"])
                .arg(direct.get_program())
                .args(direct.get_args());
            for (name, value) in direct.get_envs() {
                shell.env(name, value.unwrap_or_default());
            }
            for command in [direct, shell] {
                let mut terminal = TestTerminal::start(&command);
                terminal.shows("Opening the doors").await;
                terminal.close();
                let status = terminal.end().await;
                assert_ne!(
                    status.code(),
                    Some(0),
                    "the end of a session that nobody cancelled"
                );
                world.settles_to(&[]).await;
                world.assert_untouched();
            }
        },
    )
    .await;
}

#[tokio::test]
async fn a_window_that_closes_while_claude_runs_keeps_the_session() {
    with_world(
        "a_window_that_closes_while_claude_runs_keeps_the_session",
        |world| async move {
            let mut terminal = TestTerminal::start(&world.command(&["demo", "--interactive"]));
            terminal.shows("bypass permissions on").await;
            let id = world.only_session().await;
            terminal.close();
            assert_eq!(terminal.end().await.code(), Some(10));
            let listed = run(world.command(&["list", "--json"])).await;
            assert!(
                listed.stdout.contains("preserved")
                    && listed.stdout.contains("the terminal closed"),
                "{listed:#?}"
            );
            let resumed =
                run(world.command(&["resume", id.as_str(), "--prompt", "run: echo back"])).await;
            resumed.expect_code(0);
            assert!(resumed.stdout.contains("done: back"), "{resumed:#?}");
            assert_eq!(world.left(), Vec::<String>::new());
        },
    )
    .await;
}
