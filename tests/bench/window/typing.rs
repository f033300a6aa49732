//! How soon a key is seen in the terminal while its session prints five megabytes in a second.
//!
//! The session is the demo's, with all its walls. On its terminal a small program takes claude's place, whose own time for a key is not
//! ours: it prints, and repeats the last key that it read. What a key waits for is what a person waits for: the way into the guest,
//! everything that was printed before, and the page.

use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use super::desktop::Desktop;
use super::driver::{Window, until};
use super::home::{self, Size};
use super::scrolling::numbers;
use crate::report::{Limit, Report, short};
use crate::settings::Settings;
use crate::statistics::quantile;

const EMPTY: Size = Size {
    agents: 1,
    skills: 0,
    sessions: 0,
};
/// Bytes that the session prints in a second.
const RATE: u32 = 5_000_000;
/// How long the printing goes on before the first key.
const BEFORE: Duration = Duration::from_secs(2);
/// How long a key may take until it counts as lost, in milliseconds.
const LOST: &str = "5000";
const TYPE: &str = include_str!("page/type.js");
const FLOOD: &str = include_str!("page/flood.pl");
/// Claude stands at its prompt.
const PROMPT: &str = "[...document.querySelectorAll('.xterm-rows')].some((rows) => rows.textContent.replace(/\\s/g, '').includes('bypasspermissionson'))";
/// A first start builds images.
const PATIENCE: Duration = Duration::from_secs(900);

/// A home whose sessions are removed in the end, whatever came of them.
struct Cleared<'a> {
    cli: &'a Path,
    home: TempDir,
}

impl Drop for Cleared<'_> {
    fn drop(&mut self) {
        let mut command = Command::new(self.cli);
        command
            .args(["cleanup", "--yes", "--discard"])
            .env("CLAUDE_BOTTLE_HOME", self.home.path())
            .stdin(Stdio::null());
        command.output().ok();
    }
}

/// Measures it.
pub fn measure(settings: &Settings, desktop: &Desktop) -> Result<Report> {
    let cleared = Cleared {
        cli: settings.cli()?,
        home: home::make(EMPTY)?,
    };
    let variables = [("CLAUDE_BOTTLE_HOME", cleared.home.path())];
    let window = Window::open(desktop, settings.desktop()?, &variables)?;
    window.click("Try the demo")?;
    window.until("claude's prompt", PROMPT, PATIENCE)?;
    let keys = settings.extent.keys;
    let quiet = typed(&window, &cleared, 0, keys)?;
    let loud = typed(&window, &cleared, RATE, keys)?;
    let mut report = Report::default();
    let mut rows = Vec::new();
    for (key, what, seen) in [
        ("quiet", "while it prints next to nothing", &quiet),
        ("loud", "while it prints 5 MB/s", &loud),
    ] {
        report.figure(
            format!("window.key.{key}.p50_ms"),
            quantile(&seen.times, 0.5),
        );
        report.figure(
            format!("window.key.{key}.p95_ms"),
            quantile(&seen.times, 0.95),
        );
        report.figure(format!("window.key.{key}.megabytes_per_second"), seen.rate);
        let times = [0.5, 0.95, 1.0].map(|part| short(quantile(&seen.times, part)));
        report.figure(format!("window.key.{key}.lost"), seen.lost);
        let rest = [
            format!("{}", seen.lost),
            short(quantile(&seen.frames, 0.5)),
            short(seen.rate),
        ];
        rows.push(
            [what.to_owned()]
                .into_iter()
                .chain(times)
                .chain(rest)
                .collect(),
        );
    }
    report.table(
        "From a key to its paint in the terminal of a session",
        &[
            "",
            "p50 ms",
            "p95 ms",
            "worst ms",
            "lost",
            "frame p50 ms",
            "printed MB/s",
        ],
        rows,
    );
    report.goal(
        "key to paint while the session prints 5 MB/s",
        quantile(&loud.times, 0.5),
        Limit::AtMost(20.0),
        " ms",
    );
    let lost = quiet.lost + loud.lost;
    report.goal("keys that were lost", lost, Limit::AtMost(0.0), "");
    report.goal("printed meanwhile", loud.rate, Limit::AtLeast(4.9), " MB/s");
    Ok(report)
}

/// What was seen of the keys.
struct Keys {
    times: Vec<f64>,
    frames: Vec<f64>,
    /// Keys that were never seen.
    lost: f64,
    /// Megabytes that the session could print in a second.
    rate: f64,
}

fn typed(window: &Window, home: &Cleared<'_>, rate: u32, keys: usize) -> Result<Keys> {
    let container = container(home)?;
    // A terminal that shows a key needs a line to show it in, so the quiet one prints a little.
    let rate = rate.max(20_000).to_string();
    let mut command = Command::new("docker");
    command
        .args([
            "exec",
            "--interactive",
            "--user",
            "1000",
            &container,
            "perl",
            "-e",
            FLOOD,
        ])
        .arg(&rate)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let flood = command.spawn().context("cannot run docker")?;
    sleep(BEFORE);
    let script = TYPE
        .replace("KEYS", &keys.to_string())
        .replace("PATIENCE", LOST);
    let seen = window.script_later(&script);
    // It ends with its standard input, which this closes.
    let output = flood.wait_with_output()?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let said = String::from_utf8(output.stdout)?;
    let numbers_said: Vec<f64> = said
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    let [bytes, took] = numbers_said.as_slice() else {
        bail!("the printing did not say what it printed: {said}");
    };
    let seen = seen?;
    let lost = numbers(&seen, "lost")?.first().copied().unwrap_or_default();
    Ok(Keys {
        lost,
        times: numbers(&seen, "times")?,
        frames: numbers(&seen, "frames")?,
        rate: bytes / took / 1e6,
    })
}

/// The guest of the one session of a home.
fn container(home: &Cleared<'_>) -> Result<String> {
    let sessions = home.home.path().join("sessions");
    let id = until("a session", PATIENCE, || {
        let first = std::fs::read_dir(&sessions)?.flatten().next();
        Ok(first.and_then(|entry| entry.file_name().into_string().ok()))
    })?;
    Ok(format!("claude-bottle-{id}"))
}
