//! Building the product's programs: the command line for this machine, and what goes into the images for Linux.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::place::Place;
use crate::process;
use crate::setup::{base_image, tools};

/// How thoroughly to build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// As the tests do.
    Dev,
    /// To be started soon.
    Quick,
    /// As it ships.
    Release,
}

impl Profile {
    const fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Quick => "quick",
            Self::Release => "release",
        }
    }

    const fn folder(self) -> &'static str {
        match self {
            Self::Dev => "debug",
            Self::Quick => "quick",
            Self::Release => "release",
        }
    }
}

/// Where the built programs lie.
#[derive(Debug)]
pub struct Programs {
    /// The folder of `claude-bottle` and of the window.
    pub host: PathBuf,
    /// The folder of the Linux programs `bottle-guest` and `bottle-sidecar`.
    pub linux: PathBuf,
}

/// Builds the programs of these packages and those that go into the images, and says where they are.
pub fn build(place: &Place, profile: Profile, packages: &[&str]) -> Result<Programs> {
    let target = target(place)?;
    let mut cargo = process::cargo(place);
    cargo.args(["build", "--locked", "--bins", "--profile", profile.name()]);
    if profile == Profile::Dev {
        // The same features as the tests have: otherwise half of the dependencies are built twice.
        cargo.arg("--workspace");
    } else {
        for package in packages.iter().chain(&["bottle-sidecar"]) {
            cargo.args(["--package", package]);
        }
    }
    process::run(&mut cargo)?;
    let host = target.join(profile.folder());
    let linkage = Linkage::of_this_machine()?;
    if linkage == Linkage::AsUsual {
        return Ok(Programs {
            linux: host.clone(),
            host,
        });
    }
    let (verb, triple) = linkage.verb_and_triple();
    let mut cargo = process::cargo(place);
    cargo.args([
        verb,
        "--locked",
        "--bins",
        "--profile",
        profile.name(),
        "--target",
        triple,
    ]);
    if linkage == Linkage::Static {
        cargo.env("RUSTFLAGS", "-C target-feature=+crt-static");
    } else {
        let path = env::var("PATH").unwrap_or_default();
        cargo.env(
            "PATH",
            format!("{}:{path}", tools::ZIGBUILD.folder(place).display()),
        );
    }
    process::run(cargo.args(["--package", "bottle-sidecar"]))?;
    Ok(Programs {
        host,
        linux: target.join(triple).join(profile.folder()),
    })
}

/// How the programs for the images are linked, so that they run on the C library of the base image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Linkage {
    /// This machine's C library is no newer than the image's.
    AsUsual,
    /// This machine's C library is newer: programs that need it would not start in the image.
    Static,
    /// This machine is no Linux.
    Cross,
}

impl Linkage {
    fn of_this_machine() -> Result<Self> {
        if cfg!(not(target_os = "linux")) {
            return Ok(Self::Cross);
        }
        let version = process::output(Command::new("getconf").arg("GNU_LIBC_VERSION"))?;
        let here = version
            .rsplit(' ')
            .next()
            .and_then(|version| version.split_once('.'));
        let (major, minor) = here.context("getconf tells no version of the C library")?;
        let newer = (major.parse::<u32>()?, minor.parse::<u32>()?) > base_image::C_LIBRARY;
        Ok(if newer { Self::Static } else { Self::AsUsual })
    }

    fn verb_and_triple(self) -> (&'static str, &'static str) {
        match (self, cfg!(target_arch = "aarch64")) {
            (Self::Cross, _) => ("zigbuild", cross_triple()),
            (Self::AsUsual | Self::Static, true) => ("build", "aarch64-unknown-linux-gnu"),
            (Self::AsUsual | Self::Static, false) => ("build", "x86_64-unknown-linux-gnu"),
        }
    }
}

/// The target of the programs for the images where this machine is no Linux. Its engine runs images of its own architecture.
pub const fn cross_triple() -> &'static str {
    if cfg!(target_arch = "aarch64") {
        "aarch64-unknown-linux-musl"
    } else {
        "x86_64-unknown-linux-musl"
    }
}

/// The folder that cargo builds in.
pub fn target(place: &Place) -> Result<PathBuf> {
    let mut cargo = process::cargo(place);
    let text = process::output(cargo.args([
        "metadata",
        "--no-deps",
        "--offline",
        "--format-version",
        "1",
    ]))?;
    let metadata: serde_json::Value = serde_json::from_str(&text)?;
    let folder = metadata
        .get("target_directory")
        .and_then(serde_json::Value::as_str);
    folder
        .map(PathBuf::from)
        .context("cargo metadata names no target folder")
}
