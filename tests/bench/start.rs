//! A warm start to claude's visible prompt, beside `docker run -it` of the same image to the same prompt.
//!
//! The bare container has none of what a bottle is: no bundle, no doors, no certificate, no proof. The bottle's claude asks the
//! scripted model through its door on the way to its prompt; the bare one has nobody to ask, and waits for nobody.

pub mod bottles;
mod terminal;

use std::collections::BTreeMap;

use anyhow::Result;

use crate::report::{Limit, Report, short};
use crate::settings::Settings;
use crate::statistics::median;
use bottles::{Bottles, bare, nothing};

/// Measures it.
pub fn measure(settings: &Settings) -> Result<Report> {
    let bottles = Bottles::new(settings)?;
    // The first start builds what is missing; it also tells the image.
    let first = bottles.start()?;
    let image = bottles.image()?;
    first.leave()?;
    bare(&image)?;
    let (mut ours, mut theirs, mut engine, mut leaving) = (vec![], vec![], vec![], vec![]);
    let mut phases: BTreeMap<usize, (&str, Vec<f64>)> = BTreeMap::new();
    for _ in 0..settings.extent.starts {
        let started = bottles.start()?;
        ours.push(started.prompt.as_secs_f64());
        for (at, (title, took)) in started.phases.iter().enumerate() {
            let (_, times) = phases.entry(at).or_insert((title, Vec::new()));
            times.push(took.as_secs_f64());
        }
        leaving.push(started.leave()?.as_secs_f64());
        theirs.push(bare(&image)?.as_secs_f64());
        engine.push(nothing(&image)?.as_secs_f64());
    }
    let mut report = Report::default();
    let (our, their) = (median(&ours), median(&theirs));
    report.figure("start.ours.seconds", our);
    report.figure("start.docker_run.seconds", their);
    report.figure("start.docker_run_true.seconds", median(&engine));
    report.figure("start.times_docker_run", our / their);
    report.figure("start.leave.seconds", median(&leaving));
    let row = |what: &str, seconds: f64| vec![what.to_owned(), short(seconds * 1000.0)];
    let mut rows = vec![
        row("docker run -it", their),
        row("docker run true", median(&engine)),
        row("claude-bottle", our),
    ];
    for (title, times) in phases.values() {
        let key = title.to_lowercase().replace(' ', "_");
        report.figure(format!("start.phase.{key}.seconds"), median(times));
        rows.push(row(&format!("… {title}"), median(times)));
    }
    rows.push(row("leaving, until all is cleaned up", median(&leaving)));
    report.table(
        "Warm start to the visible prompt of claude",
        &["", "ms"],
        rows,
    );
    report.goal(
        "warm start, against docker run -it",
        our / their,
        Limit::AtMost(1.5),
        "×",
    );
    Ok(report)
}
