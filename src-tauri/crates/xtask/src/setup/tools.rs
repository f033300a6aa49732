//! Tools in pinned versions that no package of the system gives: kept outside the clone, one folder for each version.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use super::{Purpose, packages};
use crate::place::Place;
use crate::{process, tell};

/// A program that cargo builds.
#[derive(Debug)]
pub struct CargoTool {
    name: &'static str,
    version: &'static str,
    why: &'static str,
    /// Each level takes longer to build; a higher one stands where that comes back at every run.
    optimisation: &'static str,
}

/// Checks licences, sources and advisories of dependencies.
pub const DENY: CargoTool = CargoTool {
    name: "cargo-deny",
    version: "0.20.2",
    why: "checks licences, sources and advisories",
    optimisation: "0",
};
/// Finds dependencies that nothing uses.
pub const MACHETE: CargoTool = CargoTool {
    name: "cargo-machete",
    version: "0.9.2",
    why: "finds dependencies that nothing uses",
    optimisation: "1",
};
/// Builds the Linux programs on macOS.
pub const ZIGBUILD: CargoTool = CargoTool {
    name: "cargo-zigbuild",
    version: "0.24.1",
    why: "builds the Linux programs",
    optimisation: "0",
};

/// What the egress door is compared with.
const MITMPROXY: &str = "11.0.2";

impl CargoTool {
    /// Where the program is, once it is installed.
    pub fn program(&self, place: &Place) -> PathBuf {
        self.folder(place).join(self.name)
    }

    /// The folder to put into `PATH`, for cargo to know it as a command.
    pub fn folder(&self, place: &Place) -> PathBuf {
        place.tool(self.name, self.version).join("bin")
    }

    /// Installs it where it is missing; says whether it was.
    pub fn ensure(&self, place: &Place) -> Result<bool> {
        if self.program(place).is_file() {
            return Ok(false);
        }
        tell(&format!(
            "set-up: building {} {} ({})",
            self.name, self.version, self.why
        ));
        let mut cargo = process::cargo(place);
        cargo.args([
            "install",
            "--quiet",
            "--locked",
            "--version",
            self.version,
            "--root",
        ]);
        cargo
            .arg(place.tool(self.name, self.version))
            .args(["--profile", "dev", self.name])
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .env("CARGO_PROFILE_DEV_OPT_LEVEL", self.optimisation)
            .env_remove("CARGO_TARGET_DIR");
        process::run(&mut cargo)?;
        Ok(true)
    }
}

/// Installs what a purpose needs; says whether something was missing.
pub fn ensure(place: &Place, purpose: Purpose) -> Result<bool> {
    let mut work = false;
    if purpose >= Purpose::Test {
        work |= DENY.ensure(place)?;
        work |= MACHETE.ensure(place)?;
    }
    if purpose >= Purpose::Bench {
        work |= ensure_mitmproxy(place)?;
    }
    Ok(work)
}

/// The program to compare the egress door with.
pub fn mitmdump(place: &Place) -> PathBuf {
    place.tool("mitmproxy", MITMPROXY).join("bin/mitmdump")
}

fn ensure_mitmproxy(place: &Place) -> Result<bool> {
    let folder = place.tool("mitmproxy", MITMPROXY);
    // Written last: an environment that was cut off has none and is made anew.
    let whole = folder.join("whole");
    if whole.is_file() {
        return Ok(false);
    }
    if folder.exists() {
        fs::remove_dir_all(&folder)
            .with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    tell(&format!(
        "set-up: installing mitmproxy {MITMPROXY} (what the egress door is compared with)"
    ));
    let python = if cfg!(target_os = "macos") {
        "python3"
    } else {
        packages::SYSTEM_PYTHON
    };
    process::run(Command::new(python).args(["-m", "venv"]).arg(&folder))?;
    let mut pip = Command::new(folder.join("bin/python"));
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--prefer-binary",
        "--use-pep517",
    ]);
    process::run(pip.arg(format!("mitmproxy=={MITMPROXY}")))?;
    fs::write(&whole, "").with_context(|| format!("cannot write {}", whole.display()))?;
    Ok(true)
}
