//! The page in the window, in the words of a person: controls and fields by their names, text that is seen, keys that are pressed.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use http::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use super::desktop::screens;
use super::driver::Driver;
use crate::until::until;

/// What looks at the page; it runs in the page.
const LOOK: &str = include_str!("page.js");
/// Another program's window with files to drag.
const DRAG_SOURCE: &str = include_str!("drag_source.py");
/// The key that ends a line, as WebDriver writes it (W3C WebDriver, section 17.4.2).
const ENTER: &str = "\u{E007}";
/// The name under which WebDriver hands an element over (W3C WebDriver, section 12).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
/// Runs axe and gives what it found, each with where.
const AXE: &str = r"const done = arguments[0];
axe.run(document, { resultTypes: ['violations'] }).then(
  (result) => done(result.violations.map((found) => [found.id, found.help, found.nodes.map((node) => node.target.join(' ')).join('; ')])),
  (error) => done([['axe', String(error), '']]),
);";

/// Shows the page in a theme, with letters of so many per cent, and says when it is painted and nothing moves any more.
const DRESS: &str = r"const [theme, percent, done] = arguments;
document.documentElement.dataset.theme = theme;
document.documentElement.style.fontSize = `${percent}%`;
const still = () => document.getAnimations().every((one) => one.playState !== 'running' || one.effect.getComputedTiming().endTime === Infinity);
const look = () => (still() ? setTimeout(done, 50) : requestAnimationFrame(look));
requestAnimationFrame(() => requestAnimationFrame(look));";

/// A fault that axe sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation(pub Vec<String>);

/// The page of an open window. The window is closed with it.
pub struct Page {
    driver: Driver,
    session: String,
    display: String,
}

impl Page {
    pub(super) async fn open(driver: Driver, program: &Path, display: String) -> Self {
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "webkitgtk:browserOptions": {"binary": program, "args": []},
        }}});
        let made = driver.ask(Method::POST, "/session", Some(wanted)).await;
        let made =
            made.unwrap_or_else(|error| panic!("{} does not open: {error}", program.display()));
        let session = made["sessionId"].as_str().expect("an id").to_owned();
        Self {
            driver,
            session,
            display,
        }
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value, String> {
        let path = format!("/session/{}{path}", self.session);
        self.driver.ask(method, &path, body).await
    }

    async fn post(&self, path: &str, body: Value) -> Result<Value, String> {
        self.ask(Method::POST, path, Some(body)).await
    }

    /// Runs a script in the page and gives what it returns.
    ///
    /// # Errors
    /// What the driver says.
    pub async fn script(&self, script: &str, arguments: Value) -> Result<Value, String> {
        self.post(
            "/execute/sync",
            json!({"script": script, "args": arguments}),
        )
        .await
    }

    async fn look(&self, action: &str, argument: &str) -> Option<Value> {
        self.script(LOOK, json!([action, argument]))
            .await
            .ok()
            .filter(|seen| !seen.is_null())
    }

    /// Looks until the page answers.
    async fn found(&self, action: &str, name: &str) -> Value {
        let limit = crate::until::LIMIT / 2;
        let looking = until("the page", async || self.look(action, name).await);
        let Ok(found) = tokio::time::timeout(limit, looking).await else {
            self.picture("failed").await;
            let controls = self.look("controls", "").await;
            panic!(
                "{action} '{name}' is not possible with {controls:?} in: {}",
                self.text().await
            )
        };
        found
    }

    async fn element(&self, action: &str, name: &str) -> String {
        let found = self.found(action, name).await;
        let element = found.get(ELEMENT).and_then(Value::as_str);
        element.expect("an element").to_owned()
    }

    /// Clicks on a button, link, tab or entry that nothing lies over. The click is made in the page: the driver's own says that it failed
    /// where what was clicked on is gone afterwards.
    ///
    /// # Panics
    /// Where it does not appear or cannot be clicked.
    pub async fn click(&self, name: &str) {
        self.found("click", name).await;
    }

    /// Replaces what stands in a field.
    ///
    /// # Panics
    /// Where there is no such field.
    pub async fn fill(&self, name: &str, text: &str) {
        // What is drawn anew meanwhile is looked for again.
        until("a field that takes a text", async || {
            let element = self.element("field", name).await;
            let path = |action| format!("/element/{element}/{action}");
            self.post(&path("clear"), json!({})).await.ok()?;
            self.post(&path("value"), json!({"text": text})).await.ok()
        })
        .await;
    }

    /// Types into the terminal in front.
    ///
    /// # Panics
    /// Where there is none.
    pub async fn say(&self, text: &str) {
        self.press(text).await;
        // Claude takes keys that come together for a paste: the end of the line is a key of its own.
        self.terminal_shows(text).await;
        self.press(ENTER).await;
    }

    /// Types into the terminal in front, and nothing after it.
    ///
    /// # Panics
    /// Where there is none.
    pub async fn press(&self, keys: &str) {
        let element = self.element("keyboard", "").await;
        self.post(&format!("/element/{element}/value"), json!({"text": keys}))
            .await
            .expect("typed");
    }

    /// Ends what was typed into the terminal in front.
    ///
    /// # Panics
    /// Where there is none.
    pub async fn enter(&self) {
        self.press(ENTER).await;
    }

    /// Pastes a text into the terminal in front.
    ///
    /// # Panics
    /// Where there is none.
    pub async fn paste(&self, text: &str) {
        self.found("paste", text).await;
    }

    /// Pastes an image of this name into the terminal in front.
    ///
    /// # Panics
    /// Where there is none.
    pub async fn paste_image(&self, name: &str) {
        self.found("paste-image", name).await;
    }

    /// Presses a letter in the terminal together with Ctrl and Shift.
    ///
    /// # Panics
    /// Where there is none.
    pub async fn chord(&self, letter: &str) {
        self.found("chord", letter).await;
    }

    /// Drags files out of another program's window into the middle of this one, with the mouse.
    ///
    /// # Panics
    /// Where they do not arrive.
    pub async fn drop_files(&self, files: &[&Path]) {
        let mut source = Command::new("/usr/bin/python3")
            .arg("-c")
            .arg(DRAG_SOURCE)
            .args(files)
            .env("DISPLAY", &self.display)
            .env("GDK_BACKEND", "x11")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("a drag source");
        let mut said = BufReader::new(source.stdout.take().expect("a pipe")).lines();
        assert_eq!(
            said.next_line().await.expect("a line").as_deref(),
            Some("ready")
        );
        // A drag begins once the mouse has moved some way, and its target learns of it by further moves.
        let moves = "mousemove 20 20 mousedown 1 sleep 0.2 mousemove 60 60 sleep 0.2 mousemove 600 400 sleep 0.2 \
                     mousemove 640 420 sleep 0.2 mousemove 650 430 sleep 0.3 mouseup 1";
        let moved = Command::new("xdotool")
            .args(moves.split_whitespace())
            .env("DISPLAY", &self.display)
            .status()
            .await;
        assert!(moved.is_ok_and(|status| status.success()), "no mouse");
        let ended = tokio::time::timeout(crate::until::LIMIT, source.wait()).await;
        assert!(ended.is_ok(), "the files were not taken");
    }

    /// Everything that can be read.
    pub async fn text(&self) -> String {
        let seen = self.look("text", "").await;
        seen.and_then(|seen| seen.as_str().map(str::to_owned))
            .unwrap_or_default()
    }

    /// What the terminal in front shows.
    pub async fn terminal(&self) -> String {
        let seen = self.look("terminal", "").await;
        seen.and_then(|seen| seen.as_str().map(str::to_owned))
            .unwrap_or_default()
    }

    /// Waits until a text can be read.
    ///
    /// # Panics
    /// Where it does not come.
    pub async fn shows(&self, text: &str) {
        self.wait(text, async || self.text().await).await;
    }

    /// Waits until the terminal shows a text, however its lines are broken.
    ///
    /// # Panics
    /// Where it does not come.
    pub async fn terminal_shows(&self, text: &str) {
        self.wait(text, async || self.terminal().await).await;
    }

    async fn wait(&self, text: &str, mut read: impl AsyncFnMut() -> String) {
        let wanted = squeezed(text);
        let mut last = String::new();
        let limit = crate::until::LIMIT.mul_f32(0.9);
        let found = tokio::time::timeout(
            limit,
            until("a text", async || {
                last = read().await;
                squeezed(&last).contains(&wanted).then_some(())
            }),
        );
        if found.await.is_err() {
            self.picture("failed").await;
            panic!("'{text}' is not shown in: {last}");
        }
    }

    /// Keeps the whole screen as a picture, where pictures are kept. The screen is asked and not the driver, whose own pictures wait
    /// for a frame that may never come where nothing is drawn by a graphics card.
    pub async fn picture(&self, name: &str) {
        let Some(folder) = screens() else { return };
        let taken = Command::new("import")
            .args(["-display", &self.display, "-window", "root"])
            .arg(folder.join(format!("{name}.png")))
            .status()
            .await;
        assert!(taken.is_ok_and(|status| status.success()), "no picture");
    }

    /// Keeps a picture of the page as it is, and asserts that axe finds nothing wrong with it.
    ///
    /// # Panics
    /// Where axe finds something.
    pub async fn accessible(&self, name: &str) {
        self.picture(name).await;
        assert_eq!(self.violations().await, [], "in the view '{name}'");
    }

    /// Keeps pictures of the page in light and dark, with usual letters and with letters of twice the size, and asserts that no control is
    /// out of reach in any of them and that axe finds nothing wrong with either theme.
    ///
    /// # Panics
    /// Where one of these does not hold.
    pub async fn every_look(&self, name: &str) {
        for (theme, percent) in [("light", 100), ("light", 200), ("dark", 200), ("dark", 100)] {
            self.dress(theme, percent).await;
            let look = format!("{name}-{theme}-{percent}");
            self.picture(&look).await;
            let unreached = self.look("unreached", "").await;
            assert_eq!(unreached, Some(json!([])), "in the view '{look}'");
            if percent == 100 {
                assert_eq!(self.violations().await, [], "in the view '{look}'");
            }
        }
        self.dress("light", 100).await;
    }

    async fn dress(&self, theme: &str, percent: u32) {
        let body = json!({"script": DRESS, "args": [theme, percent]});
        self.post("/execute/async", body).await.expect("a look");
    }

    /// What axe finds wrong with the page as it is.
    ///
    /// # Panics
    /// Where axe cannot run.
    async fn violations(&self) -> Vec<Violation> {
        let axe =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui/node_modules/axe-core/axe.min.js");
        let source = fs::read_to_string(axe).expect("axe");
        self.script(&source, json!([])).await.expect("axe is there");
        let found = self
            .post("/execute/async", json!({"script": AXE, "args": []}))
            .await
            .expect("axe ran");
        let found = found.as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        found
            .iter()
            .map(|one| Violation(one.as_array().into_iter().flatten().map(text).collect()))
            .collect()
    }

    /// Shows the launcher's page in this window: its own opens by keys that only a whole desktop hears.
    ///
    /// # Panics
    /// Where the driver does not do it.
    pub async fn launcher(&self) {
        let script = "location.hash = 'launcher'; location.reload();";
        self.script(script, json!([])).await.expect("a new page");
    }

    /// Closes the window and ends its program.
    pub async fn close(self) {
        self.ask(Method::DELETE, "", None).await.ok();
    }
}

/// A text without blanks and line ends, as terminals and layouts break lines where they like.
fn squeezed(text: &str) -> String {
    text.chars()
        .filter(|letter| !letter.is_whitespace())
        .collect()
}
