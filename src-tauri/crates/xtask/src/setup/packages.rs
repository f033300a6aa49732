//! Packages of the system: what is needed, why, and how its presence shows.
//!
//! Presence is judged by the program or file itself and not by a package's name, so that an engine from another source counts.
//! Versions are those of the Debian release.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use super::Purpose;
use crate::{process, tell};

/// The Python that packages of the system extend, whatever else `PATH` holds.
pub const SYSTEM_PYTHON: &str = "/usr/bin/python3";

/// How the presence of a package shows.
#[derive(Debug, Clone, Copy)]
enum Proof {
    Program(&'static str),
    File(&'static str),
    Python(&'static str),
}

/// One package of Debian.
#[derive(Debug, Clone, Copy)]
pub struct Package {
    name: &'static str,
    proof: Proof,
    why: &'static str,
}

impl Package {
    const fn program(name: &'static str, program: &'static str, why: &'static str) -> Self {
        Self {
            name,
            proof: Proof::Program(program),
            why,
        }
    }

    const fn file(name: &'static str, file: &'static str, why: &'static str) -> Self {
        Self {
            name,
            proof: Proof::File(file),
            why,
        }
    }

    fn is_missing(&self) -> bool {
        match self.proof {
            Proof::Program(program) => process::find(program).is_none(),
            Proof::File(file) => !Path::new(file).exists(),
            Proof::Python(module) => {
                let mut python = Command::new(SYSTEM_PYTHON);
                !process::succeeds(python.args(["-c", &format!("import {module}")]))
                    .unwrap_or(false)
            }
        }
    }
}

const RUN: &[Package] = &[
    Package::program("gcc", "cc", "links programs and builds SQLite and ring"),
    Package::file(
        "libc6-dev",
        "/usr/include/stdio.h",
        "what gcc builds against",
    ),
    Package::file(
        "ca-certificates",
        "/etc/ssl/certs/ca-certificates.crt",
        "which certificates to trust",
    ),
    Package::program("git", "git", "projects in a bottle are repositories"),
];

const WINDOW: &[Package] = &[
    Package::program("nodejs", "node", "builds the window's page"),
    Package::program("npm", "npm", "fetches what builds the window's page"),
    Package::program("pkg-config", "pkg-config", "finds the libraries below"),
    Package::file(
        "libwebkit2gtk-4.1-dev",
        "/usr/include/webkitgtk-4.1/webkit2/webkit2.h",
        "shows the page",
    ),
    Package::file(
        "libayatana-appindicator3-dev",
        "/usr/include/libayatana-appindicator3-0.1/libayatana-appindicator/app-indicator.h",
        "the item in the menu bar",
    ),
    Package::file(
        "librsvg2-dev",
        "/usr/include/librsvg-2.0/librsvg/rsvg.h",
        "draws icons of the desktop's theme",
    ),
    Package::file("libxdo-dev", "/usr/include/xdo.h", "pastes from the menu"),
];

const TEST: &[Package] = &[
    Package::program("xvfb", "xvfb-run", "a display for the window's journeys"),
    Package::program(
        "webkit2gtk-driver",
        "WebKitWebDriver",
        "drives the window in its journeys",
    ),
    Package::program("imagemagick", "import", "pictures of that display"),
    Package::program("dbus-x11", "dbus-launch", "a session bus on that display"),
    Package::program(
        "dbus-daemon",
        "dbus-run-session",
        "a session bus for the keychain's tests",
    ),
    Package::program(
        "gnome-keyring",
        "gnome-keyring-daemon",
        "a keychain for its tests",
    ),
];

const BENCH: &[Package] = &[Package {
    name: "python3-venv",
    proof: Proof::Python("ensurepip"),
    why: "runs mitmproxy, which the egress door is compared with",
}];

/// The engine, where none answers.
pub const ENGINE: &[Package] = &[
    Package::program("docker.io", "dockerd", "the engine"),
    Package::program("iptables", "iptables", "lets the engine's containers out"),
];

/// Debian 13 moved the client out of docker.io.
const CLIENT_12: Package = Package::program("docker.io", "docker", "talks to the engine");
const CLIENT_13: Package = Package::program("docker-cli", "docker", "talks to the engine");

/// Builds a base image, where no registry has one.
pub const BASE_IMAGE: &[Package] = &[Package::program(
    "mmdebstrap",
    "mmdebstrap",
    "builds a base image where no image registry answers",
)];

/// Installs what a purpose needs; says whether something was missing.
pub fn ensure(purpose: Purpose) -> Result<bool> {
    let mut wanted = RUN.to_vec();
    wanted.push(client());
    if purpose >= Purpose::Window {
        wanted.extend_from_slice(WINDOW);
    }
    if purpose >= Purpose::Test {
        wanted.extend_from_slice(TEST);
    }
    if purpose >= Purpose::Bench {
        wanted.extend_from_slice(BENCH);
    }
    install(&wanted)
}

/// Installs those of some packages that are missing; says whether any was.
pub fn install(wanted: &[Package]) -> Result<bool> {
    let missing: Vec<&Package> = wanted
        .iter()
        .filter(|package| package.is_missing())
        .collect();
    if missing.is_empty() {
        return Ok(false);
    }
    let names: Vec<&str> = missing.iter().map(|package| package.name).collect();
    let list = missing
        .iter()
        .map(|package| format!("\n  {}: {}", package.name, package.why))
        .collect::<String>();
    if process::find("apt-get").is_none() {
        bail!(
            "these are missing (by their names in Debian); install them with your package manager:{list}"
        );
    }
    if !is_root()? {
        bail!(
            "these packages are missing:{list}\ninstall them: sudo apt-get install --no-install-recommends {}",
            names.join(" ")
        );
    }
    tell(&format!("set-up: installing{list}"));
    process::run(apt().args(["update", "-qq"]))?;
    process::run(
        apt()
            .args(["install", "-y", "-qq", "--no-install-recommends"])
            .args(&names),
    )?;
    match missing.iter().find(|package| package.is_missing()) {
        Some(package) => bail!(
            "{} was installed, but {:?} is still not there",
            package.name,
            package.proof
        ),
        None => Ok(true),
    }
}

/// Whether this process may change the system.
pub fn is_root() -> Result<bool> {
    Ok(fs::metadata("/proc/self")?.uid() == 0)
}

fn apt() -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}

fn client() -> Package {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let version = release
        .lines()
        .find_map(|line| line.strip_prefix("VERSION_ID="));
    let version = version.and_then(|text| text.trim_matches('"').parse::<u32>().ok());
    if version.is_some_and(|version| version >= 13) {
        CLIENT_13
    } else {
        CLIENT_12
    }
}
