//! `cargo xtask run`: builds the programs and becomes `claude-bottle`.

use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, Result};

use crate::place::Place;
use crate::programs::{self, Profile};

/// Where `claude-bottle` looks for the Linux programs that go into the images.
pub const PROGRAMS: &str = "CLAUDE_BOTTLE_PROGRAMS";

/// Builds and runs the main job. Comes back only where that fails to start.
pub fn run(place: &Place, arguments: &[String]) -> Result<()> {
    let given = match arguments.split_first() {
        Some((dashes, rest)) if dashes == "--" => rest,
        _ => arguments,
    };
    let programs = programs::build(place, Profile::Quick)?;
    let program = programs.host.join("claude-bottle");
    let mut command = Command::new(&program);
    if given.is_empty() {
        command.arg("demo");
    }
    let failure = command.args(given).env(PROGRAMS, &programs.linux).exec();
    Err(failure).with_context(|| format!("cannot run {}", program.display()))
}
