//! The real claude on a terminal: seen, typed into, resized and left.

use tests::terminal::TestTerminal;
use tests::world::with_world;

#[tokio::test]
async fn claude_on_a_terminal_answers_is_resized_and_leaves_nothing() {
    with_world(
        "claude_on_a_terminal_answers_is_resized_and_leaves_nothing",
        |world| async move {
            let mut terminal = TestTerminal::start(&world.command(&["demo", "--interactive"]));
            terminal.shows("bypass permissions on").await;
            terminal.say("hello from a test").await;
            terminal
                .shows("Hello from the bottle! You wrote \"hello from a test\"")
                .await;

            terminal.say("run: stty size < /proc/$PPID/fd/0").await;
            terminal.shows("done: 40 120").await;
            terminal.resize(30, 100);
            terminal
                .say("run: stty size < /proc/$PPID/fd/0 # now")
                .await;
            terminal.shows("done: 30 100").await;

            terminal.say("/exit").await;
            assert_eq!(terminal.end().await.code(), Some(0), "{}", terminal.text());
            assert_eq!(terminal.not_restored(), Vec::<String>::new());
            terminal.shows_still("Nothing is left of demo-");
            assert_eq!(world.left(), Vec::<String>::new());
        },
    )
    .await;
}
