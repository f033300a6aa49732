//! A Docker engine that answers: the one that the user's context names, or one that is started here.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::{macos, packages};
use crate::place::Place;
use crate::{process, tell};

const SOCKET: &str = "/var/run/docker.sock";
/// How long a fresh engine may take until it answers. It takes 2–5 s on two cores.
const START_DEADLINE: Duration = Duration::from_secs(60);

/// Makes sure that an engine answers; says whether one had to be started.
pub fn ensure(place: &Place) -> Result<bool> {
    let Err(silence) = process::output(&mut client(&[])) else {
        return Ok(false);
    };
    if cfg!(target_os = "macos") {
        return macos::engine(&silence);
    }
    if process::find("docker").is_some() {
        let endpoint = endpoint()?;
        if endpoint != format!("unix://{SOCKET}") {
            bail!(
                "the engine at {endpoint} does not answer ({silence:#}): start it, or leave its context with `docker context use default`"
            );
        }
    }
    if silence.to_string().contains("permission denied") {
        bail!(
            "this user may not use the engine at {SOCKET}: sudo usermod -aG docker \"$USER\", then log in again"
        );
    }
    packages::install(packages::ENGINE)?;
    if process::succeeds(&mut client(&[]))? {
        return Ok(true);
    }
    if !packages::is_root()? {
        bail!("no Docker engine answers; start it: sudo systemctl start docker");
    }
    if Path::new("/run/systemd/system").is_dir() {
        process::run(Command::new("systemctl").args(["start", "docker"]))?;
        return Ok(true);
    }
    let dockerd = Dockerd {
        program: vec!["dockerd".to_owned()],
        socket: PathBuf::from(SOCKET),
        log: place.state.join("dockerd.log"),
        arguments: Vec::new(),
    };
    let process = dockerd.start()?;
    tell(&format!(
        "set-up: started dockerd (process {}, log {})",
        process.id(),
        dockerd.log.display()
    ));
    Ok(true)
}

/// The address that the user's context or `DOCKER_HOST` names.
fn endpoint() -> Result<String> {
    process::output(Command::new("docker").args([
        "context",
        "inspect",
        "--format",
        "{{.Endpoints.docker.Host}}",
    ]))
}

/// Asks an engine for its version, which only one that works can tell.
fn client(connection: &[&str]) -> Command {
    let mut command = Command::new("docker");
    command
        .args(connection)
        .args(["version", "--format", "{{.Server.Version}}"]);
    command
}

/// An engine to start in the background, where nothing else starts one.
#[derive(Debug, Clone)]
pub struct Dockerd {
    /// The program, and before it what to start it with.
    pub program: Vec<String>,
    /// The socket that it shall answer on.
    pub socket: PathBuf,
    /// The file that takes what it says.
    pub log: PathBuf,
    /// More arguments.
    pub arguments: Vec<String>,
}

/// What to try where an engine ends at once and says why.
struct Remedy {
    /// Words of the complaint, one of which must be there.
    symptoms: &'static [&'static str],
    what: &'static str,
    apply: fn(&mut Command, &Path) -> Result<()>,
}

/// An engine without packet filter is no remedy: its containers reach nothing, and the bundle could not go out.
const REMEDIES: &[Remedy] = &[
    Remedy {
        symptoms: &["iptables"],
        what: "the older packet filter",
        apply: older_packet_filter,
    },
    Remedy {
        symptoms: &["graphdriver", "storage-driver", "overlay"],
        what: "the storage driver vfs, which is slow but works everywhere",
        apply: |command, _| {
            command.arg("--storage-driver=vfs");
            Ok(())
        },
    },
];

impl Dockerd {
    /// Starts the engine in a session of its own, and comes back when it answers.
    ///
    /// # Errors
    /// What the engine said last, where it ended or stayed silent.
    pub fn start(&self) -> Result<Child> {
        let folder = self.log.parent().context("the log has no folder")?;
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        let mut remedies: Vec<&Remedy> = Vec::new();
        loop {
            let mut command = self.command(&remedies, folder)?;
            let mut child = process::start(&mut command)?;
            if self.answers(&mut child)? {
                return Ok(child);
            }
            child.kill().ok();
            child.wait()?;
            let said = fs::read_to_string(&self.log).unwrap_or_default();
            let next = REMEDIES.iter().find(|remedy| {
                let tried = remedies.iter().any(|tried| tried.what == remedy.what);
                !tried && remedy.symptoms.iter().any(|symptom| said.contains(symptom))
            });
            let Some(remedy) = next else {
                let lines: Vec<&str> = said.lines().collect();
                let last = lines
                    .get(lines.len().saturating_sub(5)..)
                    .unwrap_or_default()
                    .join("\n");
                bail!(
                    "dockerd does not come up; its last words ({}):\n{last}",
                    self.log.display()
                );
            };
            tell(&format!(
                "set-up: dockerd does not come up, trying {}",
                remedy.what
            ));
            remedies.push(remedy);
        }
    }

    fn command(&self, remedies: &[&Remedy], folder: &Path) -> Result<Command> {
        let log = File::create(&self.log)
            .with_context(|| format!("cannot create {}", self.log.display()))?;
        // A session of its own outlives this terminal, and Ctrl-C in it does not reach the engine.
        let mut command = Command::new("setsid");
        command
            .args(&self.program)
            .arg("--host")
            .arg(format!("unix://{}", self.socket.display()));
        command.args(&self.arguments);
        for remedy in remedies {
            (remedy.apply)(&mut command, folder)?;
        }
        command
            .stdin(std::process::Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        Ok(command)
    }

    fn answers(&self, child: &mut Child) -> Result<bool> {
        let host = format!("unix://{}", self.socket.display());
        let outcome = process::wait_for(START_DEADLINE, || {
            if child.try_wait()?.is_some() {
                return Ok(Some(false));
            }
            Ok(process::succeeds(&mut client(&["--host", &host]))?.then_some(true))
        })?;
        Ok(outcome.unwrap_or(false))
    }
}

/// Puts the legacy programs before the others for this engine alone. Kernels without nf_tables need them.
fn older_packet_filter(command: &mut Command, folder: &Path) -> Result<()> {
    let shelf = folder.join("legacy-iptables");
    fs::create_dir_all(&shelf)?;
    for program in ["iptables", "ip6tables"] {
        let link = shelf.join(program);
        if fs::symlink_metadata(&link).is_err() {
            symlink(format!("/usr/sbin/{program}-legacy"), &link)?;
        }
    }
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{}:{path}", shelf.display()));
    Ok(())
}
