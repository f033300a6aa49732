//! Building the product's programs: the command line for this machine, and what goes into the images for Linux.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::place::Place;
use crate::process;

/// How thoroughly to build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// As the tests do.
    Dev,
    /// As it ships.
    Release,
}

impl Profile {
    const fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Release => "release",
        }
    }

    const fn folder(self) -> &'static str {
        match self {
            Self::Dev => "debug",
            Self::Release => "release",
        }
    }
}

/// Where the built programs lie.
#[derive(Debug)]
pub struct Programs {
    /// The folder of `claude-bottle`.
    pub host: PathBuf,
    /// The folder of the Linux programs `bottle-guest` and `bottle-sidecar`.
    pub linux: PathBuf,
}

/// Builds all programs and says where they are.
pub fn build(place: &Place, profile: Profile) -> Result<Programs> {
    let mut cargo = process::cargo(place);
    cargo.args(["build", "--locked", "--bins", "--profile", profile.name()]);
    if cfg!(target_os = "linux") {
        process::run(cargo.args(["--package", "claude-bottle", "--package", "bottle-sidecar"]))?;
        let host = target(place)?.join(profile.folder());
        return Ok(Programs {
            linux: host.clone(),
            host,
        });
    }
    process::run(cargo.args(["--package", "claude-bottle"]))?;
    let triple = linux_triple();
    let mut cargo = process::cargo(place);
    process::run(
        cargo
            .args([
                "zigbuild",
                "--locked",
                "--bins",
                "--profile",
                profile.name(),
            ])
            .args(["--target", triple, "--package", "bottle-sidecar"]),
    )?;
    let target = target(place)?;
    Ok(Programs {
        host: target.join(profile.folder()),
        linux: target.join(triple).join(profile.folder()),
    })
}

/// The target of the programs for the images where this machine is no Linux. Its engine runs images of its own architecture.
pub const fn linux_triple() -> &'static str {
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
