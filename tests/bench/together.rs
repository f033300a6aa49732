//! Several sessions started at once, beside one; and that nothing is left of any.

use std::thread::scope;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

use crate::report::{Limit, Report, short};
use crate::settings::Settings;
use crate::start::bottles::{Bottles, Started, owned};
use crate::statistics::median;

/// How often each is measured.
const ROUNDS: usize = 3;

/// The wall times of sessions that started at once, in seconds.
#[derive(Default)]
struct Walls {
    launched: Vec<f64>,
    prompt: Vec<f64>,
    gone: Vec<f64>,
}

/// Measures it.
pub fn measure(settings: &Settings) -> Result<Report> {
    let bottles = Bottles::new(settings)?;
    let first = bottles.start()?;
    let owner = bottles.owner()?;
    first.leave()?;
    let count = settings.extent.sessions;
    let rounds = ROUNDS.min(settings.extent.rounds);
    let (mut one, mut all) = (Walls::default(), Walls::default());
    for _ in 0..rounds {
        round(&bottles, 1, &mut one)?;
        round(&bottles, count, &mut all)?;
    }
    let left = owned(&owner)?.len() + bottles.sessions()?.len();
    let mut report = Report::default();
    let mut rows = Vec::new();
    for (key, title, of) in [
        (
            "launched",
            "until claude may start",
            (|walls| &walls.launched) as fn(&Walls) -> &Vec<f64>,
        ),
        ("prompt", "until the prompt is visible", |walls| {
            &walls.prompt
        }),
        ("gone", "leaving, until all is cleaned up", |walls| {
            &walls.gone
        }),
    ] {
        let (alone, together) = (median(of(&one)), median(of(&all)));
        report.figure(format!("together.one.{key}.seconds"), alone);
        report.figure(format!("together.{count}.{key}.seconds"), together);
        report.figure(
            format!("together.{count}.{key}.times_one"),
            together / alone,
        );
        let cells = [alone, together, together / alone].map(short);
        rows.push([title.to_owned()].into_iter().chain(cells).collect());
        if key == "launched" {
            report.goal(
                format!("{count} sessions started at once, against one"),
                together / alone,
                Limit::AtMost(3.0),
                "×",
            );
        }
    }
    let several = format!("{count} s");
    report.table(
        "Sessions started at once",
        &["", "one s", &several, "×"],
        rows,
    );
    let left = left as f64;
    report.figure("together.left", left);
    report.goal(
        "containers, volumes, networks and sessions left afterwards",
        left,
        Limit::AtMost(0.0),
        "",
    );
    Ok(report)
}

/// Starts so many at once, and leaves all of them at once.
fn round(bottles: &Bottles, count: usize, walls: &mut Walls) -> Result<()> {
    let began = Instant::now();
    let started = at_once((0..count).map(|_| || bottles.start()))?;
    let wall = |of: fn(&Started) -> Duration| {
        let ends = started
            .iter()
            .map(|one| one.began().saturating_duration_since(began) + of(one));
        ends.max().unwrap_or_default().as_secs_f64()
    };
    walls.launched.push(wall(|one| one.launched));
    walls.prompt.push(wall(|one| one.prompt));
    let began = Instant::now();
    at_once(started.into_iter().map(|one| || one.leave()))?;
    walls.gone.push(began.elapsed().as_secs_f64());
    Ok(())
}

/// Does several things at once and waits for all.
fn at_once<T: Send>(
    work: impl Iterator<Item = impl FnOnce() -> Result<T> + Send>,
) -> Result<Vec<T>> {
    scope(|scope| {
        let running: Vec<_> = work.map(|work| scope.spawn(work)).collect();
        let ended = running.into_iter().map(|running| running.join());
        ended
            .map(|ended| ended.unwrap_or_else(|_| Err(anyhow!("a thread died"))))
            .collect()
    })
}
