//! What goes wrong, as a person sees it.

use tests::engine_line::EngineLine;
use tests::window::with_desktop;

#[tokio::test]
async fn an_engine_that_stops_in_a_start_is_named_and_the_next_start_works() {
    with_desktop(
        "an_engine_that_stops_in_a_start_is_named_and_the_next_start_works",
        |desktop| async move {
            let mut line = EngineLine::lay(&desktop.world.user());
            let page = desktop.open(&[("DOCKER_HOST", &line.host())]).await;
            page.click("Try it without an account").await;
            desktop.world.container_appears().await;
            line.cut();
            page.shows("Failed").await;
            page.shows("Try again").await;
            page.accessible("engine-gone").await;

            line.mend();
            page.click("Try again").await;
            page.click("Start").await;
            page.terminal_shows("bypass permissions on").await;
            page.click("Stop").await;
            page.click("Finish").await;
            page.shows("finished").await;

            // What the engine could not be told while it was away is found and removed.
            page.click("Doctor").await;
            page.click("Look and clean up").await;
            page.accessible("clean-up").await;
            page.click("Remove").await;
            page.shows("nothing is left over").await;
            page.close().await;
            assert_eq!(desktop.world.resources(), Vec::<String>::new());
        },
    )
    .await;
}
