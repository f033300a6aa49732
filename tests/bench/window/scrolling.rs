//! How smoothly long lists scroll: what each frame takes, while a script scrolls from end to end.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::desktop::Desktop;
use super::driver::Window;
use super::home::{self, Size};
use crate::report::{Limit, Report, short};
use crate::settings::Settings;
use crate::statistics::quantile;

/// What a person has after years.
const LARGE: Size = Size {
    agents: 200,
    skills: 500,
    sessions: 50,
};
/// Longest that a frame may take, in milliseconds: the beat of most displays.
const FRAME: f64 = 16.0;
const SCROLL: &str = include_str!("page/scroll.js");
const PATIENCE: Duration = Duration::from_secs(60);

/// Measures it.
pub fn measure(settings: &Settings, desktop: &Desktop) -> Result<Report> {
    let home = home::make(LARGE)?;
    let variables = [("CLAUDE_BOTTLE_HOME", home.path())];
    let window = Window::open(desktop, settings.desktop()?, &variables)?;
    let rows = |count: usize| format!("document.querySelectorAll('main li').length >= {count}");
    window.until("the agents", &rows(LARGE.agents), PATIENCE)?;
    window.click("Show all")?;
    let both = rows(LARGE.agents + LARGE.sessions);
    window.until("the sessions", &both, PATIENCE)?;
    let frames = settings.extent.frames;
    let home = scroll(&window, frames)?;
    window.click("Skills")?;
    window.until("the skills", &rows(LARGE.skills), PATIENCE)?;
    let skills = scroll(&window, frames)?;
    let mut report = Report::default();
    let mut rows = Vec::new();
    let mut late = 0.0;
    for (key, what, list) in [
        ("home", "200 agents and 50 sessions", home),
        ("skills", "500 skills", skills),
    ] {
        let over = list.work.iter().filter(|work| **work > FRAME).count() as f64;
        late += over;
        report.figure(
            format!("window.scroll.{key}.frame_p50_ms"),
            quantile(&list.work, 0.5),
        );
        report.figure(
            format!("window.scroll.{key}.frame_worst_ms"),
            quantile(&list.work, 1.0),
        );
        report.figure(format!("window.scroll.{key}.frames_over_16_ms"), over);
        report.figure(
            format!("window.scroll.{key}.gap_p99_ms"),
            quantile(&list.gaps, 0.99),
        );
        let work = [0.5, 0.99, 1.0].map(|part| short(quantile(&list.work, part)));
        let gaps = [0.5, 0.99].map(|part| short(quantile(&list.gaps, part)));
        let counts = [list.work.len().to_string(), format!("{over}")];
        rows.push(
            [what.to_owned()]
                .into_iter()
                .chain(counts)
                .chain(work)
                .chain(gaps)
                .collect(),
        );
    }
    report.table(
        "Lists that scroll: the page's work for a frame, and the time between two, ms (no display gives the beat)",
        &["", "frames", "over 16 ms", "work p50", "p99", "worst", "between p50", "p99"],
        rows,
    );
    report.goal(
        "frames over 16 ms in lists that scroll",
        late,
        Limit::AtMost(0.0),
        "",
    );
    Ok(report)
}

/// What was seen of the frames, in milliseconds.
struct Frames {
    work: Vec<f64>,
    gaps: Vec<f64>,
}

fn scroll(window: &Window, frames: usize) -> Result<Frames> {
    let script = SCROLL.replace("FRAMES", &frames.to_string());
    let seen = window.script_later(&script)?;
    if seen.is_null() {
        bail!("nothing scrolls");
    }
    Ok(Frames {
        work: numbers(&seen, "work")?,
        gaps: numbers(&seen, "gaps")?,
    })
}

/// A list of numbers in what a script gave.
pub fn numbers(seen: &Value, name: &str) -> Result<Vec<f64>> {
    let list = seen.get(name).and_then(Value::as_array);
    let list = list.with_context(|| format!("no {name}"))?;
    Ok(list.iter().filter_map(Value::as_f64).collect())
}
