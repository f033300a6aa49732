//! `cargo xtask bundle`: makes what people install, for the system that this runs on: `.deb` and AppImage, or app and DMG.
//!
//! The command line and the Linux programs of the images travel with the window, because an installed app has no clone to build them in.

use std::fs;
use std::net::{TcpStream, ToSocketAddrs};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::place::Place;
use crate::process;
use crate::programs::{self, Profile, Programs};
use crate::setup::node;
use crate::tell;

/// What is merged into the configuration of the window for a bundle only: a plain build must not need these files.
const CONFIGURATION: &str = "tauri.bundle.conf.json";
/// The folder that this configuration names for what lies beside the window's resources.
const PROGRAMS: &str = "target/bundle-programs";
/// The folder that it names for what a `.deb` puts among the commands.
const COMMANDS: &str = "target/bundle-commands";
/// What makes an AppImage is fetched from here by the bundler.
const APPIMAGE_PARTS: (&str, u16) = ("github.com", 443);
/// How long that may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Builds as it ships and bundles; the arguments go to the bundler, such as `--bundles deb`.
pub fn bundle(place: &Place, arguments: &[String]) -> Result<()> {
    let built = programs::build(place, Profile::Release, &["claude-bottle"])?;
    gather(place, &built)?;
    let mut bundler = bundler(place, "build");
    if cfg!(target_os = "linux") && arguments.is_empty() && !is_reachable(APPIMAGE_PARTS) {
        tell(&format!(
            "SKIPPED AppImage: {}, where its parts are fetched from, cannot be reached",
            APPIMAGE_PARTS.0
        ));
        bundler.args(["--bundles", "deb"]);
    }
    process::run(bundler.args(arguments))?;
    tell(&format!(
        "bundles: {}",
        programs::target(place)?.join("release/bundle").display()
    ));
    Ok(())
}

/// Makes a `.deb` of the programs that the tests were built with, and says where it is.
pub fn deb_of_tests(place: &Place) -> Result<PathBuf> {
    let built = programs::build(place, Profile::Dev, &[])?;
    gather(place, &built)?;
    let folder = built.host.join("bundle/deb");
    if folder.exists() {
        fs::remove_dir_all(&folder)
            .with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    process::run(bundler(place, "bundle").args(["--debug", "--bundles", "deb"]))?;
    let mut made = fs::read_dir(&folder)?.filter_map(|entry| Some(entry.ok()?.path()));
    made.find(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .with_context(|| format!("no .deb lies in {}", folder.display()))
}

/// Tauri's bundler, which the page's lock file pins.
fn bundler(place: &Place, verb: &str) -> Command {
    let mut command = node::command(place, "npx");
    command
        .current_dir(place.root.join("src-tauri"))
        .args(["--prefix", "../ui", "--no-install", "tauri", verb])
        .args(["--config", CONFIGURATION]);
    if let Some(target) = place.target() {
        command.env("CARGO_TARGET_DIR", target);
    }
    command
}

fn is_reachable(host: (&str, u16)) -> bool {
    let addresses = host.to_socket_addrs().into_iter().flatten();
    addresses
        .into_iter()
        .any(|address| TcpStream::connect_timeout(&address, PATIENCE).is_ok())
}

/// Puts the programs that travel along where the configuration looks for them, those of the images under the names by which they are
/// found there. On macOS the command line lies beside them; a `.deb` has it among the commands.
fn gather(place: &Place, built: &Programs) -> Result<()> {
    let programs = fresh(place.root.join(PROGRAMS))?;
    let commands = fresh(place.root.join(COMMANDS))?;
    let architecture = if cfg!(target_arch = "aarch64") {
        "arm64"
    } else {
        "amd64"
    };
    let command_line = if cfg!(target_os = "macos") {
        &programs
    } else {
        &commands
    };
    let mut pairs = vec![(
        built.host.join("claude-bottle"),
        command_line.join("claude-bottle"),
    )];
    for name in ["bottle-guest", "bottle-sidecar"] {
        let shipped = programs.join(format!("{name}-linux-{architecture}"));
        pairs.push((built.linux.join(name), shipped));
    }
    for (from, to) in pairs {
        fs::copy(&from, &to).with_context(|| format!("cannot copy {}", from.display()))?;
    }
    Ok(())
}

/// An empty folder.
fn fresh(folder: PathBuf) -> Result<PathBuf> {
    if folder.exists() {
        fs::remove_dir_all(&folder)
            .with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    Ok(folder)
}
