//! The terminal under a person's hands: what is pasted and dropped arrives whole, what was printed is found again.

use std::fs;
use std::path::Path;

use tests::window::with_desktop;

/// Words of a paste that is longer than any buffer on its way.
const LONG: usize = 30_000;

/// How often a word stands in what the person said, in the transcript below a folder.
fn words(folder: &Path, word: &str) -> Option<usize> {
    let mut counts = Vec::new();
    for entry in fs::read_dir(folder).ok()?.flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            counts.extend(words(&entry.path(), word));
        } else if let Ok(text) = fs::read_to_string(entry.path()) {
            counts.extend(
                text.lines()
                    .filter(|line| line.contains(r#""type":"user""#))
                    .map(|line| line.matches(word).count()),
            );
        }
    }
    counts.into_iter().max()
}

#[tokio::test]
async fn what_is_pasted_and_dropped_on_the_terminal_arrives_whole() {
    with_desktop(
        "what_is_pasted_and_dropped_on_the_terminal_arrives_whole",
        |desktop| async move {
            let dropped = desktop.world.user().join("heron notes.txt");
            fs::write(&dropped, "two herons").expect("a file");
            let page = desktop.open(&[]).await;
            page.click("Try it without an account").await;
            page.terminal_shows("bypass permissions on").await;

            let long = "heron ".repeat(LONG);
            page.paste(&long).await;
            page.terminal_shows("Pasted text").await;
            page.enter().await;
            page.terminal_shows("Hello from the bottle!").await;

            page.drop_files(&[&dropped]).await;
            page.terminal_shows("/home/node/inbox/heron-notes.txt")
                .await;
            page.paste_image("shot.png").await;
            page.terminal_shows("/home/node/inbox/shot.png").await;
            page.picture("inbox").await;

            page.chord("f").await;
            page.fill("Find in the terminal", "no such word").await;
            page.shows("Not found").await;
            page.fill("Find in the terminal", "bypass").await;
            page.accessible("search").await;
            page.click("Close search").await;

            page.click("Stop").await;
            page.click("Finish").await;
            page.shows("finished").await;
            page.close().await;
            let session = desktop.world.only_session().await;
            let kept = desktop.world.home().join("sessions").join(session.as_str());
            assert_eq!(words(&kept.join("transcript"), "heron "), Some(LONG));
            assert_eq!(desktop.world.resources(), Vec::<String>::new());
        },
    )
    .await;
}
