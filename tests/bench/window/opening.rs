//! How soon a window can be used, what its shell takes, and what an open one does while nobody does anything.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result};
use tempfile::TempDir;

use super::desktop::Desktop;
use super::driver::Window;
use super::home::{self, Size};
use crate::machine::{processor_seconds, resident_megabytes};
use crate::report::{Limit, Report, short};
use crate::settings::Settings;
use crate::statistics::median;

/// What a person has after a day.
const SMALL: Size = Size {
    agents: 3,
    skills: 2,
    sessions: 2,
};
/// A view is there: both pages have a heading in their main part.
const READY: &str = "document.readyState === 'complete' && document.querySelector('main h1') \
                     && performance.getEntriesByName('first-contentful-paint').length > 0";
/// When the page had loaded and painted the first of what it shows, in milliseconds since 1970. Both pages are empty before that.
const WHEN: &str = "const load = performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd; \
                    const paint = performance.getEntriesByName('first-contentful-paint')[0].startTime; \
                    return performance.timeOrigin + Math.max(load, paint);";
/// How long a window may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// After this an open window has done what it does at its start.
const SETTLED: Duration = Duration::from_secs(5);
/// Ticks of a second in `/proc`: the same on every Linux.
const TICKS: f64 = 100.0;

/// What was seen of one program.
#[derive(Default)]
struct Seen {
    open: Vec<f64>,
    shell: Vec<f64>,
    all: Vec<f64>,
    idle: f64,
}

/// Measures it.
pub fn measure(settings: &Settings, desktop: &Desktop) -> Result<Report> {
    let programs = [settings.desktop()?, settings.empty_window()?];
    let home = home::make(SMALL)?;
    let mut seen = [Seen::default(), Seen::default()];
    for turn in 0..=settings.extent.openings {
        for (program, seen) in programs.iter().zip(&mut seen) {
            // The first turn fills the caches of the system.
            let kept = (turn > 0).then_some(seen);
            open(desktop, program, &home, kept)?;
        }
    }
    for (program, seen) in programs.iter().zip(&mut seen) {
        seen.idle = idle(desktop, program, &home, settings.extent.idle)?;
    }
    let megabytes = programs
        .map(|program| fs::metadata(program).map(|about| about.len() as f64 / 1e6))
        .into_iter()
        .collect::<Result<Vec<f64>, _>>()?;
    Ok(report(&seen, &megabytes))
}

/// Opens a window once and closes it.
fn open(desktop: &Desktop, program: &Path, home: &TempDir, seen: Option<&mut Seen>) -> Result<()> {
    let window = Window::open(desktop, program, &[("CLAUDE_BOTTLE_HOME", home.path())])?;
    window.until("a view", READY, PATIENCE)?;
    let when = window.script(WHEN)?.as_f64().context("no time")? / 1000.0;
    let began = began(window.shell)?;
    sleep(SETTLED);
    if let Some(seen) = seen {
        seen.open.push(when - began);
        seen.shell.push(resident_megabytes(window.shell)?);
        let all = window.processes().into_iter().map(resident_megabytes);
        seen.all.push(all.sum::<Result<f64>>()?);
    }
    Ok(())
}

/// The part of one core that an open window takes while nothing happens, in per cent.
fn idle(desktop: &Desktop, program: &Path, home: &TempDir, seconds: f64) -> Result<f64> {
    let window = Window::open(desktop, program, &[("CLAUDE_BOTTLE_HOME", home.path())])?;
    window.until("a view", READY, PATIENCE)?;
    sleep(SETTLED);
    let processes = window.processes();
    let used = || -> f64 {
        processes
            .iter()
            .filter_map(|one| processor_seconds(*one))
            .sum()
    };
    let before = used();
    sleep(Duration::from_secs_f64(seconds));
    Ok((used() - before) / seconds * 100.0)
}

/// When a process began, in seconds since 1970, to a hundredth.
fn began(process: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name in brackets may hold anything; after it the state is the third field, the beginning the twenty-second.
    let (_, fields) = stat.rsplit_once(')').context("no fields")?;
    let ticks: f64 = fields
        .split_whitespace()
        .nth(19)
        .context("no beginning")?
        .parse()?;
    let uptime = fs::read_to_string("/proc/uptime")?;
    let up: f64 = uptime
        .split_whitespace()
        .next()
        .context("no uptime")?
        .parse()?;
    let now = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH)?;
    Ok(now.as_secs_f64() - up + ticks / TICKS)
}

fn report([ours, empty]: &[Seen; 2], megabytes: &[f64]) -> Report {
    let mut report = Report::default();
    let mut rows = Vec::new();
    let mut row = |key: &str, what: &str, our: f64, their: f64| {
        report.figure(format!("window.{key}"), our);
        report.figure(format!("window.empty.{key}"), their);
        let cells = [our, their, our / their].map(short);
        rows.push([what.to_owned()].into_iter().chain(cells).collect());
        our / their
    };
    let milliseconds = |seen: &Seen| median(&seen.open) * 1000.0;
    let open = row(
        "open_ms",
        "from its start to its first view, ms",
        milliseconds(ours),
        milliseconds(empty),
    );
    let shell = row(
        "shell_mb",
        "memory of its shell, MB",
        median(&ours.shell),
        median(&empty.shell),
    );
    row(
        "all_mb",
        "memory with WebKit's processes, shared pages counted in each, MB",
        median(&ours.all),
        median(&empty.all),
    );
    row(
        "idle_percent",
        "left alone, % of a core",
        ours.idle,
        empty.idle,
    );
    let size = |at: usize| megabytes.get(at).copied().unwrap_or(f64::NAN);
    row("program_mb", "program, MB", size(0), size(1));
    report.table(
        "The window, beside the smallest that Tauri opens",
        &["", "ours", "empty", "×"],
        rows,
    );
    let most = Limit::AtMost(1.3);
    report.goal("opening the window, against an empty one", open, most, "×");
    report.goal(
        "memory of the shell, against an empty one's",
        shell,
        most,
        "×",
    );
    report.goal(
        "size of the window's program",
        size(0),
        Limit::AtMost(15.0),
        " MB",
    );
    report.goal(
        "an open window left alone, of a core",
        ours.idle,
        Limit::AtMost(0.5),
        " %",
    );
    report
}
