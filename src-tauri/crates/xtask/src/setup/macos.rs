//! Set-up on macOS: packages of Homebrew, the targets for Linux, and a Docker engine of Docker Desktop, OrbStack or Colima.
//!
//! This module is type-checked, but not run, by CI: no macOS machine takes part in it.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, anyhow, bail};

use super::{Purpose, node, tools};
use crate::place::Place;
use crate::{process, programs, tell};

/// A formula of Homebrew, the program that proves it, and why.
const FORMULAS: &[(&str, &str, &str)] = &[
    ("docker", "docker", "talks to the engine"),
    ("zig", "zig", "links the Linux programs"),
    ("git", "git", "projects in a bottle are repositories"),
];

/// A program that brings an engine, by the place that proves it, and how to start it.
const ENGINES: &[(&str, &str, &str)] = &[
    ("OrbStack", "/Applications/OrbStack.app", "open -a OrbStack"),
    (
        "Docker Desktop",
        "/Applications/Docker.app",
        "open -a Docker",
    ),
    ("Colima", "/opt/homebrew/bin/colima", "colima start"),
    ("Colima", "/usr/local/bin/colima", "colima start"),
];

/// Installs what a purpose needs; says whether something was missing.
pub fn packages(place: &Place, purpose: Purpose) -> Result<bool> {
    let mut missing: Vec<&str> = FORMULAS
        .iter()
        .filter(|(_, program, _)| process::find(program).is_none())
        .map(|(name, _, _)| *name)
        .collect();
    if purpose >= Purpose::Window && (process::find("npm").is_none() || !node::system_fits()) {
        missing.push("node");
    }
    if purpose >= Purpose::Bench && process::find("python3").is_none() {
        missing.push("python");
    }
    let mut work = !missing.is_empty();
    if work {
        if process::find("brew").is_none() {
            bail!(
                "these are missing: {}; install Homebrew, or them by hand, and try again",
                missing.join(" ")
            );
        }
        tell(&format!("set-up: installing {}", missing.join(" ")));
        process::run(Command::new("brew").arg("install").args(&missing))?;
    }
    let triple = programs::cross_triple();
    let installed =
        process::output(Command::new("rustup").args(["target", "list", "--installed"]))?;
    if !installed.lines().any(|line| line.trim() == triple) {
        process::run(Command::new("rustup").args(["target", "add", triple]))?;
        work = true;
    }
    Ok(tools::ZIGBUILD.ensure(place)? || work)
}

/// Says how to get an engine that answers. Starting a desktop program is left to the person: it may ask for a password or a licence.
pub fn engine(silence: &anyhow::Error) -> Result<bool> {
    let found = ENGINES
        .iter()
        .find(|(_, place, _)| Path::new(place).exists());
    let hint = match found {
        Some((name, _, start)) => format!("{name} is installed; start it: {start}"),
        None => "install OrbStack, Docker Desktop or Colima, such as with `brew install colima && colima start`".to_owned(),
    };
    Err(anyhow!("no Docker engine answers ({silence:#}); {hint}"))
}
