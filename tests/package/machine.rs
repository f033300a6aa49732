//! A machine to install on: a container of the base image with a screen, a session bus, and what drives a window.

use std::fs;

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use tests::until::until;

/// What every desktop has, and what a test needs to look at the window. What the package itself needs, it brings.
const DOCKERFILE: &str = "FROM debian:bookworm-slim
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates curl dbus procps webkit2gtk-driver xauth xvfb
";
const IMAGE: &str = "claude-bottle-test-desktop";
/// Where the driver listens inside the container.
const DRIVER: &str = "http://127.0.0.1:4444";

/// A container that ends with the test.
pub struct Machine {
    container: String,
}

impl Drop for Machine {
    fn drop(&mut self) {
        docker(&["rm", "--force", "--volumes", &self.container]).ok();
    }
}

fn docker(arguments: &[&str]) -> Result<String, String> {
    let output = Command::new("docker").args(arguments).output();
    said(output.map_err(|error| error.to_string())?)
}

fn said(output: Output) -> Result<String, String> {
    let out = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if output.status.success() {
        Ok(out)
    } else {
        Err(format!(
            "{out}\n{}",
            String::from_utf8_lossy(&output.stderr)
        ))
    }
}

impl Machine {
    /// Starts one; says why where no engine answers.
    pub fn start() -> Result<Self, String> {
        docker(&["version", "--format", "{{.Server.Version}}"])
            .map_err(|silence| format!("no Docker engine answers: {silence}"))?;
        build().expect("an image for a machine");
        let container = docker(&[
            "run",
            "--detach",
            "--init",
            "--shm-size=256m",
            IMAGE,
            "sleep",
            "infinity",
        ]);
        Ok(Self {
            container: container.expect("a container"),
        })
    }

    /// Copies a file in.
    pub fn copy_in(&self, file: &Path, to: &str) {
        let to = format!("{}:{to}", self.container);
        docker(&["cp", &file.display().to_string(), &to]).expect("copied");
    }

    /// Runs a command to its end and gives what it printed.
    pub fn run(&self, command: &str) -> String {
        self.try_to_run(command)
            .unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    fn try_to_run(&self, command: &str) -> Result<String, String> {
        docker(&["exec", &self.container, "sh", "-c", command])
    }

    /// Opens the window of an installed program; gives the address of what drives it.
    pub async fn open_window(&self, program: &str) -> String {
        // By name it would want every loopback address, and a container may have no IPv6.
        let driver = "dbus-run-session -- xvfb-run --auto-servernum \
                      WebKitWebDriver --host=127.0.0.1 --port=4444";
        let variables = [
            "TAURI_AUTOMATION=true",
            "TAURI_WEBVIEW_AUTOMATION=true",
            "LIBGL_ALWAYS_SOFTWARE=1",
            "WEBKIT_DISABLE_DMABUF_RENDERER=1",
        ];
        let mut arguments = vec!["exec", "--detach"];
        for variable in &variables {
            arguments.extend(["--env", variable]);
        }
        arguments.extend([self.container.as_str(), "sh", "-c", driver]);
        docker(&arguments).expect("a driver");
        until("the driver", async || self.ask("/status", None).ok()).await;
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "webkitgtk:browserOptions": {"binary": program, "args": []},
        }}});
        let session = self.ask("/session", Some(&wanted)).expect("a window");
        let id = session["sessionId"].as_str().expect("an id");
        format!("/session/{id}")
    }

    /// Waits until the page shows a text, and gives all that it shows.
    pub async fn page_shows(&self, window: &str, text: &str) -> String {
        let script = json!({"script": "return document.body.innerText", "args": []});
        until(text, async || {
            let shown = self.ask(&format!("{window}/execute/sync"), Some(&script));
            let shown = shown.ok()?.as_str()?.to_owned();
            shown.contains(text).then_some(shown)
        })
        .await
    }

    fn ask(&self, path: &str, body: Option<&Value>) -> Result<Value, String> {
        let data = body.map(|body| format!("--data '{body}'"));
        let data = data.unwrap_or_default();
        let answer = self.try_to_run(&format!(
            "curl --silent --fail-with-body {data} {DRIVER}{path}"
        ))?;
        let mut answer: Value = serde_json::from_str(&answer).map_err(|error| error.to_string())?;
        Ok(answer["value"].take())
    }
}

/// Builds the image, whose layers the engine remembers.
fn build() -> Result<String, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    fs::write(folder.path().join("Dockerfile"), DOCKERFILE).map_err(|error| error.to_string())?;
    let build = Command::new("docker")
        .args(["build", "--quiet", "--tag", IMAGE])
        .arg(folder.path())
        .output();
    said(build.map_err(|error| error.to_string())?)
}
