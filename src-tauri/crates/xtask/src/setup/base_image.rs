//! The base image that the product's images start from: the engine's own, a registry's, or one built here from packages.

use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::packages;
use crate::{process, tell};

const NAME: &str = "debian:bookworm-slim";
const SUITE: &str = "bookworm";
/// The version of the suite's C library, which programs in the image run on.
pub const C_LIBRARY: (u32, u32) = (2, 36);
/// Tells an image that was built here from the original.
const LABEL: &str = "LABEL dev.claude-bottle.base=bookworm";
/// The day of the suite's release: no file is younger, so that the same packages give the same image.
const EPOCH: &str = "1686355200";
/// What the original leaves out as well.
const UNWANTED: &[&str] = &[
    "/usr/share/doc/*",
    "/usr/share/info/*",
    "/usr/share/man/*",
    "/usr/share/locale/*",
];
const PULL_DEADLINE: Duration = Duration::from_secs(300);

/// Makes sure that the engine has the base image; says whether it had to be fetched or built.
pub fn ensure() -> Result<bool> {
    if process::succeeds(docker().args(["image", "inspect", NAME]))? {
        return Ok(false);
    }
    tell(&format!("set-up: pulling {NAME}"));
    if process::succeeds_within(docker().args(["pull", "--quiet", NAME]), PULL_DEADLINE)? {
        return Ok(true);
    }
    let architecture = process::output(docker().args(["version", "--format", "{{.Server.Arch}}"]))?;
    let here = if cfg!(target_arch = "aarch64") {
        "arm64"
    } else {
        "amd64"
    };
    if cfg!(not(target_os = "linux")) || architecture != here {
        bail!(
            "no image registry answers, and only a Debian machine of the engine's architecture ({architecture}) can build {NAME} itself: load it with `docker load`"
        );
    }
    packages::install(packages::BASE_IMAGE)?;
    tell(&format!(
        "set-up: no image registry answers, so {NAME} is built from packages of {SUITE}"
    ));
    build()?;
    Ok(true)
}

/// Builds the root file system and imports it. It gets its name only when both ends were content, since an import takes a cut-off
/// archive for a whole one.
fn build() -> Result<()> {
    let mut bootstrap = Command::new("mmdebstrap");
    bootstrap.args(["--quiet", "--variant=minbase", "--format=tar"]);
    bootstrap.args(
        UNWANTED
            .iter()
            .map(|path| format!("--dpkgopt=path-exclude={path}")),
    );
    bootstrap.arg("--dpkgopt=path-include=/usr/share/doc/*/copyright");
    bootstrap.args([SUITE, "-"]).env("SOURCE_DATE_EPOCH", EPOCH);
    let mut child = process::start(bootstrap.stdin(Stdio::null()).stdout(Stdio::piped()))?;
    let archive = child.stdout.take().context("mmdebstrap has no output")?;
    let mut import = docker();
    import.args([
        "import",
        "--change",
        LABEL,
        "--change",
        r#"CMD ["bash"]"#,
        "-",
    ]);
    let imported = import
        .stdin(archive)
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run docker import")?;
    let built = child.wait()?;
    let image = String::from_utf8_lossy(&imported.stdout).trim().to_owned();
    process::accept(&import, imported.status)?;
    if let Err(error) = process::accept(&bootstrap, built) {
        process::run(docker().args(["image", "rm", &image]))?;
        return Err(error);
    }
    process::run(docker().args(["tag", &image, NAME]))
}

fn docker() -> Command {
    Command::new("docker")
}
