//! What the workspace depends on: licences, sources and advisories, and whether it is used at all.

use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use super::Outcome;
use crate::place::Place;
use crate::setup::tools;
use crate::{process, tell};

/// How long the database of advisories may take to come.
const FETCH_DEADLINE: Duration = Duration::from_secs(120);

/// Checks licences, sources and duplicates, and advisories where their database can be had.
pub fn deny(place: &Place, _: &[String]) -> Result<Outcome> {
    let program = tools::DENY.program(place);
    let deny = |arguments: &[&str]| {
        let mut command = Command::new(&program);
        command
            .current_dir(&place.root)
            .args(["--locked"])
            .args(arguments);
        command
    };
    process::run(&mut deny(&[
        "check",
        "--hide-inclusion-graph",
        "bans",
        "licenses",
        "sources",
    ]))?;
    if process::succeeds_within(&mut deny(&["fetch", "db"]), FETCH_DEADLINE)? {
        process::run(&mut deny(&["check", "--disable-fetch", "advisories"]))?;
        return Ok(Outcome::of(true));
    }
    let note = "SKIPPED advisories: their database cannot be fetched from here".to_owned();
    tell(&note);
    Ok(Outcome {
        passed: true,
        notes: vec![note],
    })
}

/// Finds dependencies that nothing uses.
pub fn unused(place: &Place, _: &[String]) -> Result<Outcome> {
    process::run(
        Command::new(tools::MACHETE.program(place))
            .args(["src-tauri", "tests"])
            .current_dir(&place.root),
    )?;
    Ok(Outcome::of(true))
}
