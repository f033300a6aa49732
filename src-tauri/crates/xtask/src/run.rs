//! `cargo xtask run`: builds the programs and becomes the window, or `claude-bottle` where arguments are given or no display is there.

use std::env;
use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, Result};

use crate::place::Place;
use crate::programs::{self, Profile};
use crate::setup::Purpose;
use crate::window;

/// Where `claude-bottle` looks for the Linux programs that go into the images.
pub const PROGRAMS: &str = "CLAUDE_BOTTLE_PROGRAMS";

/// What is to be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Job {
    /// The window.
    Window,
    /// The command line with these arguments.
    CommandLine(Vec<String>),
}

impl Job {
    /// Reads the command line; without arguments it is the window, where this machine can show one.
    pub fn of(arguments: &[String]) -> Self {
        let given = match arguments.split_first() {
            Some((dashes, rest)) if dashes == "--" => rest,
            _ => arguments,
        };
        match given {
            [] if has_display() => Self::Window,
            [] => Self::CommandLine(vec!["demo".into()]),
            given => Self::CommandLine(given.to_vec()),
        }
    }

    /// What the machine has to be set up for.
    pub const fn purpose(&self) -> Purpose {
        match self {
            Self::Window => Purpose::Window,
            Self::CommandLine(_) => Purpose::Run,
        }
    }
}

fn has_display() -> bool {
    let named = |variable| env::var_os(variable).is_some_and(|value| !value.is_empty());
    cfg!(target_os = "macos") || named("DISPLAY") || named("WAYLAND_DISPLAY")
}

/// Builds and runs the main job. Comes back only where that fails to start.
pub fn run(place: &Place, job: &Job) -> Result<()> {
    let (packages, name, arguments): (&[&str], &str, &[String]) = match job {
        Job::Window => {
            window::build_page(place)?;
            (&[window::PACKAGE, "claude-bottle"], window::PACKAGE, &[])
        }
        Job::CommandLine(arguments) => (&["claude-bottle"], "claude-bottle", arguments),
    };
    let programs = programs::build(place, Profile::Quick, packages)?;
    let program = programs.host.join(name);
    let mut command = Command::new(&program);
    let failure = command
        .args(arguments)
        .env(PROGRAMS, &programs.linux)
        .exec();
    Err(failure).with_context(|| format!("cannot run {}", program.display()))
}
