//! The page of the window: its modules, its build, its checks. All of it is Node's work.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::place::Place;
use crate::setup::node;
use crate::{process, tell};

/// The package of the window's program, which is its program's name too.
pub const PACKAGE: &str = "claude-bottle-desktop";

/// What the page is built from, in its folder.
const SOURCES: &[&str] = &[
    "src",
    "public",
    "index.html",
    "package-lock.json",
    "svelte.config.js",
    "tsconfig.json",
    "vite.config.ts",
];

fn folder(place: &Place) -> PathBuf {
    place.root.join("ui")
}

/// Installs the page's modules as its lock file names them; says whether there was something to do.
pub fn ensure_modules(place: &Place) -> Result<bool> {
    let folder = folder(place);
    let lock = fs::read(folder.join("package-lock.json")).context("cannot read ui's lock file")?;
    let digest = format!("{:x}", HexDigest(&lock));
    // Written last: what was cut off has none and is installed anew.
    let whole = folder.join("node_modules/.whole");
    if fs::read_to_string(&whole).is_ok_and(|known| known == digest) {
        return Ok(false);
    }
    tell("set-up: installing the modules of the window's page");
    // `npm ci` refuses a lock file that does not name the optional builds of every other system, and npm writes none of those that
    // it could not see. Without saving, `install` takes the same versions and leaves the lock file alone.
    process::run(npm(place).args([
        "install",
        "--no-save",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
    ]))?;
    fs::write(&whole, digest).with_context(|| format!("cannot write {}", whole.display()))?;
    Ok(true)
}

struct HexDigest<'a>(&'a [u8]);

impl std::fmt::LowerHex for HexDigest<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for byte in Sha256::digest(self.0) {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

/// Builds the page, where it is older than what it is built from.
pub fn build_page(place: &Place) -> Result<()> {
    let folder = folder(place);
    let built = modified(&folder.join("dist/index.html"));
    let newest = SOURCES.iter().filter_map(|name| newest(&folder.join(name)));
    if built.is_some() && newest.max() <= built {
        return Ok(());
    }
    process::run(npm(place).args(["run", "--silent", "build"]))
}

/// Type-checks, lints and tests the page.
pub fn check_page(place: &Place) -> Result<()> {
    for script in ["check", "lint", "test"] {
        process::run(npm(place).args(["run", "--silent", script]))?;
    }
    Ok(())
}

fn npm(place: &Place) -> Command {
    let mut command = node::command(place, "npm");
    command.current_dir(folder(place));
    command
}

fn modified(path: &Path) -> Option<SystemTime> {
    path.metadata().and_then(|about| about.modified()).ok()
}

/// When the newest of everything below a path was changed.
fn newest(path: &Path) -> Option<SystemTime> {
    let below = fs::read_dir(path).into_iter().flatten();
    let inside = below.filter_map(|entry| newest(&entry.ok()?.path()));
    inside.chain(modified(path)).max()
}
