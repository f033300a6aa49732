//! `cargo xtask test`: every suite in order, each with its name and time, and a table at the end.

mod dependencies;
mod leftovers;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::place::Place;
use crate::programs::{self, Profile};
use crate::run::PROGRAMS;
use crate::{bundle, process, tell, window};

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

    fn skipped(why: &str) -> Self {
        Self {
            passed: true,
            notes: vec![format!("SKIPPED: {why}")],
        }
    }
}

/// A suite by its name.
struct Suite {
    name: &'static str,
    run: fn(&Place, &[String]) -> Result<Outcome>,
}

/// The page stands inside the shell: built after the first suite that compiles the shell, it would be compiled anew by the next.
const PAGE: Suite = Suite {
    name: "page",
    run: |place, _| {
        window::build_page(place)?;
        Ok(Outcome::of(true))
    },
};

/// Suites that compile nothing of the shell.
const WITHOUT_SHELL: &[&str] = &["format", "unused", "deny", "interface", "page"];

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
    PAGE,
    Suite {
        name: "lint",
        run: lint,
    },
    Suite {
        name: "docs",
        run: docs,
    },
    Suite {
        name: "interface",
        run: interface,
    },
    Suite {
        name: "bindings",
        run: |place, _| cargo_test(place, "wire", &[BINDINGS.to_owned()]),
    },
    Suite {
        name: "unit",
        run: |place, filter| cargo_test(place, "unit", filter),
    },
    Suite {
        name: "wire",
        run: |place, filter| cargo_test(place, "wire", filter),
    },
    Suite {
        name: "integration",
        run: |place, filter| cargo_test(place, "integration", filter),
    },
    Suite {
        name: "e2e",
        run: journeys,
    },
    Suite {
        name: "package",
        run: package,
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
        Some(suite) if WITHOUT_SHELL.contains(&suite.name) => Ok(Chosen {
            suites: vec![suite],
            filter,
        }),
        Some(suite) => Ok(Chosen {
            suites: vec![&PAGE, suite],
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

fn interface(place: &Place, _: &[String]) -> Result<Outcome> {
    window::check_page(place)?;
    Ok(Outcome::of(true))
}

/// The test that compares the page's side of the list of commands with the shell's.
const BINDINGS: &str = "bindings";
/// Lets that test write the page's side in place of comparing it.
const WRITE_BINDINGS: &str = "CLAUDE_BOTTLE_WRITE_BINDINGS";

/// Writes the page's side of the list of commands.
pub fn write_bindings(place: &Place) -> Result<()> {
    let mut cargo = process::cargo(place);
    cargo
        .args(["test", "--package", window::PACKAGE, "--test", "wire", "--"])
        .arg(BINDINGS)
        .env(WRITE_BINDINGS, "1");
    process::run(&mut cargo)
}

fn canaries(place: &Place, filter: &[String]) -> Result<Outcome> {
    const SWITCH: &str = "CLAUDE_BOTTLE_RUN_CANARIES";
    if std::env::var_os(SWITCH).is_none_or(|value| value != "1") {
        let why = format!("they look at the world outside; {SWITCH}=1 runs them");
        return Ok(Outcome::skipped(&why));
    }
    cargo_test(place, "canaries", filter)
}

/// Runs one test program, after building the programs that tests with a real engine put into images.
///
/// The whole workspace is named so that all suites share one build of the dependencies.
fn cargo_test(place: &Place, name: &str, filter: &[String]) -> Result<Outcome> {
    let programs = programs::build(place, Profile::Dev, &[])?;
    run_tests(place, name, filter, &[(PROGRAMS, &programs.linux)])
}

/// Runs one test program as it is, with what it finds in its environment.
fn run_tests(
    place: &Place,
    name: &str,
    filter: &[String],
    variables: &[(&str, &Path)],
) -> Result<Outcome> {
    let mut cargo = process::cargo(place);
    cargo
        .args(["test", "--workspace", "--locked", "--test", name, "--"])
        .args(filter)
        .envs(variables.iter().copied());
    let (passed, notes) = process::run_and_note(&mut cargo, &["test result:"])?;
    Ok(Outcome { passed, notes })
}

/// Names the folder that keeps what a journey saw.
const SCREENS: &str = "CLAUDE_BOTTLE_SCREENS";

/// The journeys through the real window, one after the other: two at once would take each other's processors.
fn journeys(place: &Place, filter: &[String]) -> Result<Outcome> {
    let programs = programs::build(place, Profile::Dev, &[])?;
    let screens = programs::target(place)?.join("screens");
    if screens.exists() {
        fs::remove_dir_all(&screens)
            .with_context(|| format!("cannot remove {}", screens.display()))?;
    }
    let mut arguments = filter.to_vec();
    arguments.push("--test-threads=1".to_owned());
    let variables = [
        (PROGRAMS, programs.linux.as_path()),
        (SCREENS, screens.as_path()),
    ];
    let mut outcome = run_tests(place, "e2e", &arguments, &variables)?;
    outcome
        .notes
        .push(format!("pictures: {}", screens.display()));
    Ok(outcome)
}

/// Names the package that is looked into and installed.
const DEB: &str = "CLAUDE_BOTTLE_DEB";

/// What people install, made of the programs that all other suites use: a build as it ships would take longer than all of them.
fn package(place: &Place, filter: &[String]) -> Result<Outcome> {
    if cfg!(not(target_os = "linux")) {
        return Ok(Outcome::skipped("a .deb is made on Linux only"));
    }
    let deb = bundle::deb_of_tests(place)?;
    let mut outcome = run_tests(place, "package", filter, &[(DEB, &deb)])?;
    outcome
        .notes
        .push("SKIPPED AppImage: what makes it is fetched from a host of its own: `cargo xtask bundle` makes it".to_owned());
    Ok(outcome)
}
