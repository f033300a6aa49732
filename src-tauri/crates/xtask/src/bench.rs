//! `cargo xtask bench`: builds as it ships, runs the benchmarks of `tests/bench`, keeps their figures.
//!
//! The benchmark program finds its partners in the environment and writes its figures as JSON to the file that it is given.

use std::fs;
use std::time::SystemTime;

use anyhow::{Context, Result};

use crate::place::Place;
use crate::programs::{self, Profile};
use crate::run::PROGRAMS;
use crate::setup::tools;
use crate::{process, tell, window};

/// The `mitmdump` that the egress door is compared with.
const MITMDUMP: &str = "CLAUDE_BOTTLE_BENCH_MITMDUMP";
/// The program whose starts are measured.
const CLI: &str = "CLAUDE_BOTTLE_BENCH_CLI";
/// The window that is measured.
const DESKTOP: &str = "CLAUDE_BOTTLE_BENCH_DESKTOP";
/// The smallest window that Tauri opens, which it is compared with.
const EMPTY_WINDOW: &str = "CLAUDE_BOTTLE_BENCH_EMPTY_WINDOW";
/// The file that takes the figures.
const FIGURES: &str = "CLAUDE_BOTTLE_BENCH_FIGURES";

/// Runs the benchmarks of these names, or all.
pub fn bench(place: &Place, names: &[String]) -> Result<()> {
    window::build_page(place)?;
    let packages = ["claude-bottle", window::PACKAGE];
    let programs = programs::build(place, Profile::Release, &packages)?;
    let mut empty = process::cargo(place);
    empty.args(["build", "--locked", "--profile", "release"]);
    empty.args(["--package", window::PACKAGE, "--example", "empty-window"]);
    process::run(&mut empty)?;
    let folder = programs::target(place)?.join("bench");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)?
        .as_secs();
    let figures = folder.join(format!("{now}.json"));
    let mut cargo = process::cargo(place);
    cargo.args(["run", "--quiet", "--locked", "--profile", "release"]);
    cargo.args(["--package", "bench", "--"]).args(names);
    cargo
        .env(MITMDUMP, tools::mitmdump(place))
        .env(PROGRAMS, &programs.linux);
    cargo
        .env(CLI, programs.host.join("claude-bottle"))
        .env(DESKTOP, programs.host.join(window::PACKAGE))
        .env(EMPTY_WINDOW, programs.host.join("examples/empty-window"))
        .env(FIGURES, &figures);
    process::run(&mut cargo)?;
    tell(&format!("figures: {}", figures.display()));
    Ok(())
}
