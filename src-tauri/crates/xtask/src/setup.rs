//! Brings a machine to where the product can be built, run and tested, and does nothing where it is there already.
//!
//! Nothing remembers that set-up ran: each step looks at what is really there, which takes a few milliseconds and mends what was
//! removed since. Everything that a step installs stands in a table with its version and its reason: `packages`, `tools`,
//! `base_image`.

pub(crate) mod base_image;
pub mod engine;
mod macos;
pub(crate) mod node;
mod packages;
pub(crate) mod tools;

use std::fs::{self, File};
use std::time::Instant;

use anyhow::{Context, Result};

use crate::place::Place;
use crate::{tell, window};

/// What the machine is set up for. Each needs what stands above it, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// Running the command line.
    Run,
    /// Running the window.
    Window,
    /// Running every suite.
    Test,
    /// Measuring.
    Bench,
}

/// Sets up what is missing.
///
/// # Errors
/// What could not be set up, with the command that would.
pub fn ensure(place: &Place, purpose: Purpose) -> Result<()> {
    let began = Instant::now();
    let _one_at_a_time = lock(place)?;
    let mut work = if cfg!(target_os = "macos") {
        macos::packages(place, purpose)?
    } else {
        packages::ensure(purpose)?
    };
    work |= engine::ensure(place)?;
    work |= base_image::ensure()?;
    work |= tools::ensure(place, purpose)?;
    if purpose >= Purpose::Window {
        work |= node::ensure(place)?;
        work |= window::ensure_modules(place)?;
    }
    let did = if work { "done" } else { "nothing to do" };
    tell(&format!(
        "set-up: {did} ({:.2} s)",
        began.elapsed().as_secs_f32()
    ));
    Ok(())
}

fn lock(place: &Place) -> Result<File> {
    fs::create_dir_all(&place.cache)
        .with_context(|| format!("cannot create {}", place.cache.display()))?;
    let path = place.cache.join("setup.lock");
    let file = File::create(&path).with_context(|| format!("cannot create {}", path.display()))?;
    file.lock()
        .with_context(|| format!("cannot lock {}", path.display()))?;
    Ok(file)
}
