//! A person who has never seen the product: the first start, the demo, an answer of claude, and nothing left; and the same person
//! coming back to what they left.

use std::os::unix::fs::PermissionsExt;

use tests::window::with_desktop;

#[tokio::test]
async fn the_first_start_leads_to_an_answer_of_claude_and_leaves_nothing() {
    with_desktop(
        "the_first_start_leads_to_an_answer_of_claude_and_leaves_nothing",
        |desktop| async move {
            let page = desktop.open(&[]).await;
            page.shows("Try it without an account").await;
            page.accessible("welcome").await;
            page.click("Try it without an account").await;
            page.terminal_shows("bypass permissions on").await;
            page.say("hello from the window").await;
            page.terminal_shows("Hello from the bottle! You wrote \"hello from the window\"")
                .await;
            page.shows("POST /v1/messages").await;
            page.accessible("session").await;
            page.click("Walls").await;
            page.shows("16 of 16 checks passed").await;
            page.click("Stop").await;
            page.accessible("stop").await;
            page.click("Finish").await;
            page.shows("finished").await;
            page.accessible("finished").await;
            page.close().await;
            assert_eq!(desktop.world.resources(), Vec::<String>::new());
            let mode = |place: &str| {
                let about = desktop.world.home().join(place).metadata();
                about.expect("it is there").permissions().mode() & 0o777
            };
            assert_eq!((mode("logs"), mode("logs/desktop.log")), (0o700, 0o600));
        },
    )
    .await;
}

#[tokio::test]
async fn a_session_that_runs_when_the_app_ends_goes_on_after_it_is_opened_again() {
    with_desktop(
        "a_session_that_runs_when_the_app_ends_goes_on_after_it_is_opened_again",
        |desktop| async move {
            let page = desktop.open(&[]).await;
            page.click("Try it without an account").await;
            page.terminal_shows("bypass permissions on").await;
            page.say("remember the word heron").await;
            page.terminal_shows("You wrote \"remember the word heron\"")
                .await;
            page.close().await;

            let page = desktop.open(&[]).await;
            page.click("Home").await;
            page.accessible("continue").await;
            page.click("Continue").await;
            page.terminal_shows("remember the word heron").await;
            page.say("run: echo still here").await;
            page.terminal_shows("done: still here").await;
            page.click("Stop").await;
            page.click("Finish").await;
            page.shows("finished").await;
            page.close().await;
            assert_eq!(desktop.world.resources(), Vec::<String>::new());
        },
    )
    .await;
}
