//! What reaches the window from outside of it: links, a second start, and the keys of the launcher.

use tests::window::with_desktop;
use tests::world::built;

const READER: &str =
    "---\ndescription: Reads what others wrote\nbottle: plain\n---\n\nYou read with care.\n";
const BOTTLE: &str = "---\negress:\n  routes:\n    - host: api.anthropic.com\n---\n";
const SETTINGS: &str = r#"{"firstRunDone": true, "shortcut": "Control+Alt+B"}"#;

#[tokio::test]
async fn a_link_lands_in_the_composer_and_starts_nothing() {
    with_desktop(
        "a_link_lands_in_the_composer_and_starts_nothing",
        |desktop| async move {
            desktop.world.write("agents/reader.md", READER);
            desktop.world.write("bottles/plain.md", BOTTLE);
            desktop.world.write("settings.json", SETTINGS);
            let page = desktop.open(&[]).await;
            page.shows("Start").await;
            let mut second = desktop.command(&built("claude-bottle-desktop").display().to_string());
            let ended = second.arg("claude-bottle://agent/reader").status();
            assert!(
                ended.is_ok_and(|status| status.success()),
                "a second window"
            );
            page.shows("What it opens").await;
            page.shows("You read with care.").await;
            page.picture("link").await;
            assert_eq!(desktop.world.resources(), Vec::<String>::new());
            assert!(desktop.world.folders().is_empty(), "nothing was started");

            desktop.keys("ctrl+alt+b").await;
            desktop.window_appears("claude-bottle launcher").await;
            page.picture("launcher-by-keys").await;
            page.close().await;
        },
    )
    .await;
}
