//! `cargo xtask test`: every suite in order, each with its name and time, and a table at the end.

mod dependencies;
mod leftovers;

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::place::Place;
use crate::programs::{self, Profile};
use crate::run::PROGRAMS;
use crate::{process, tell};

use leftovers::Leftovers;

/// How a suite ended.
pub struct Outcome {
    passed: bool,
    /// What the table says beside it.
    notes: Vec<String>,
}

impl Outcome {
    const fn of(passed: bool) -> Self {
        Self {
            passed,
            notes: Vec::new(),
        }
    }
}

/// A suite by its name.
struct Suite {
    name: &'static str,
    run: fn(&Place, &[String]) -> Result<Outcome>,
}

/// In the order in which they run: what fails soonest comes first.
const SUITES: &[Suite] = &[
    Suite {
        name: "format",
        run: format,
    },
    Suite {
        name: "unused",
        run: dependencies::unused,
    },
    Suite {
        name: "deny",
        run: dependencies::deny,
    },
    Suite {
        name: "lint",
        run: lint,
    },
    Suite {
        name: "docs",
        run: docs,
    },
    Suite {
        name: "unit",
        run: |place, filter| cargo_test(place, "unit", filter),
    },
    Suite {
        name: "integration",
        run: |place, filter| cargo_test(place, "integration", filter),
    },
    Suite {
        name: "canaries",
        run: canaries,
    },
];

/// What of all the suites to run, and with which filter.
pub struct Chosen<'a> {
    suites: Vec<&'static Suite>,
    filter: &'a [String],
}

/// Reads which suites the command line names: none means all.
pub fn chosen(arguments: &[String]) -> Result<Chosen<'_>> {
    let Some((name, filter)) = arguments.split_first() else {
        return Ok(Chosen {
            suites: SUITES.iter().collect(),
            filter: &[],
        });
    };
    match SUITES.iter().find(|suite| suite.name == name) {
        Some(suite) => Ok(Chosen {
            suites: vec![suite],
            filter,
        }),
        None => {
            let names: Vec<&str> = SUITES.iter().map(|suite| suite.name).collect();
            bail!(
                "there is no suite '{name}': choose one of {}",
                names.join(", ")
            )
        }
    }
}

/// Runs suites, all of them even where one fails, and fails in the end where one did.
pub fn check(place: &Place, chosen: &Chosen<'_>) -> Result<()> {
    let before = Leftovers::look()?;
    let mut rows: Vec<(&str, Duration, Outcome)> = Vec::new();
    for suite in &chosen.suites {
        tell(&format!("\n=== {}", suite.name));
        let began = Instant::now();
        let outcome = (suite.run)(place, chosen.filter).unwrap_or_else(|error| {
            tell(&format!("error: {error:#}"));
            Outcome {
                passed: false,
                notes: vec![format!("{error}")],
            }
        });
        rows.push((suite.name, began.elapsed(), outcome));
    }
    let began = Instant::now();
    let notes = Leftovers::look()?.beyond(&before);
    rows.push((
        "leftovers",
        began.elapsed(),
        Outcome {
            passed: notes.is_empty(),
            notes,
        },
    ));
    let failed: Vec<&str> = rows
        .iter()
        .filter(|row| !row.2.passed)
        .map(|row| row.0)
        .collect();
    print(&rows);
    if failed.is_empty() {
        Ok(())
    } else {
        bail!("failed: {}", failed.join(", "))
    }
}

fn print(rows: &[(&str, Duration, Outcome)]) {
    tell("");
    for (name, time, outcome) in rows {
        let verdict = if outcome.passed { "ok" } else { "FAILED" };
        tell(&format!(
            "{name:<12} {verdict:<7} {:>7.1} s",
            time.as_secs_f32()
        ));
        for note in &outcome.notes {
            tell(&format!("             {note}"));
        }
    }
}

fn format(place: &Place, _: &[String]) -> Result<Outcome> {
    process::run(process::cargo(place).args(["fmt", "--all", "--check"]))?;
    Ok(Outcome::of(true))
}

fn lint(place: &Place, _: &[String]) -> Result<Outcome> {
    let mut cargo = process::cargo(place);
    cargo.args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--",
        "-D",
        "warnings",
    ]);
    process::run(&mut cargo)?;
    Ok(Outcome::of(true))
}

fn docs(place: &Place, _: &[String]) -> Result<Outcome> {
    let mut cargo = process::cargo(place);
    cargo.args([
        "doc",
        "--workspace",
        "--no-deps",
        "--document-private-items",
        "--locked",
        "--quiet",
    ]);
    // Private items are documented too, so that links to them lead somewhere.
    let flags = "-D warnings -A rustdoc::private_intra_doc_links";
    process::run(cargo.env("RUSTDOCFLAGS", flags))?;
    Ok(Outcome::of(true))
}

fn canaries(place: &Place, filter: &[String]) -> Result<Outcome> {
    const SWITCH: &str = "CLAUDE_BOTTLE_RUN_CANARIES";
    if std::env::var_os(SWITCH).is_none_or(|value| value != "1") {
        let note = format!("SKIPPED: they look at the world outside; {SWITCH}=1 runs them");
        return Ok(Outcome {
            passed: true,
            notes: vec![note],
        });
    }
    cargo_test(place, "canaries", filter)
}

/// Runs one test program, after building the programs that tests with a real engine put into images.
///
/// The whole workspace is named so that all suites share one build of the dependencies.
fn cargo_test(place: &Place, name: &str, filter: &[String]) -> Result<Outcome> {
    let programs = programs::build(place, Profile::Dev)?;
    let mut cargo = process::cargo(place);
    cargo
        .args(["test", "--workspace", "--locked", "--test", name, "--"])
        .args(filter);
    let (passed, notes) =
        process::run_and_note(cargo.env(PROGRAMS, &programs.linux), &["test result:"])?;
    Ok(Outcome { passed, notes })
}
