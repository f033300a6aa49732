//! Set-up for real: an engine of its own beside the machine's, started the way set-up starts one.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Child, Command};

use tempfile::TempDir;
use xtask::setup::engine::Dockerd;

/// An engine in a folder of its own, which ends with the test.
struct Engine {
    folder: TempDir,
    process: Option<Child>,
}

impl Engine {
    fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
            process: None,
        }
    }

    /// Keeps away from everything that the machine's own engine has. The network namespace matters most: two engines in one would
    /// fight over the bridge. It is left to its defaults there, because an engine that shall have no bridge deletes the one it finds.
    fn dockerd(&self, storage_driver: &str) -> Dockerd {
        let at = |name: &str| self.folder.path().join(name);
        let mut arguments = vec![format!("--storage-driver={storage_driver}")];
        for (flag, name) in [
            ("data-root", "data"),
            ("exec-root", "exec"),
            ("pidfile", "pid"),
        ] {
            arguments.push(format!("--{flag}={}", at(name).display()));
        }
        Dockerd {
            program: ["unshare", "--net", "--mount", "dockerd"]
                .map(str::to_owned)
                .into(),
            socket: at("socket"),
            log: at("state/dockerd.log"),
            arguments,
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            Command::new("kill")
                .arg(process.id().to_string())
                .status()
                .unwrap();
            process.wait().unwrap();
        }
    }
}

fn cannot_start_engines() -> Option<&'static str> {
    if !Path::new("/usr/sbin/dockerd").exists() {
        return Some("dockerd is not installed");
    }
    (fs::metadata("/proc/self").unwrap().uid() != 0).then_some("only root can start dockerd")
}

#[test]
fn a_missing_engine_is_started_and_answers() {
    if let Some(why) = cannot_start_engines() {
        tests::skip(
            module_path!(),
            "a_missing_engine_is_started_and_answers",
            why,
        );
        return;
    }
    let mut engine = Engine::new();
    let dockerd = engine.dockerd("vfs");
    engine.process = Some(dockerd.start().unwrap());
    let mut docker = Command::new("docker");
    docker
        .arg("--host")
        .arg(format!("unix://{}", dockerd.socket.display()));
    let images = docker.args(["image", "ls", "--quiet"]).output().unwrap();
    assert!(
        images.status.success() && images.stdout.is_empty(),
        "{images:?}"
    );
}

#[test]
fn an_engine_without_its_storage_driver_is_started_with_another() {
    if let Some(why) = cannot_start_engines() {
        let test = "an_engine_without_its_storage_driver_is_started_with_another";
        tests::skip(module_path!(), test, why);
        return;
    }
    let mut engine = Engine::new();
    let dockerd = engine.dockerd("no-such-driver");
    engine.process = Some(dockerd.start().unwrap());
    let mut docker = Command::new("docker");
    docker
        .arg("--host")
        .arg(format!("unix://{}", dockerd.socket.display()));
    let driver = docker
        .args(["info", "--format", "{{.Driver}}"])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&driver.stdout).trim(), "vfs");
}

#[test]
fn an_engine_that_cannot_start_is_told_with_its_last_words() {
    if let Some(why) = cannot_start_engines() {
        let test = "an_engine_that_cannot_start_is_told_with_its_last_words";
        tests::skip(module_path!(), test, why);
        return;
    }
    let engine = Engine::new();
    let mut dockerd = engine.dockerd("vfs");
    dockerd.arguments.push("--no-such-flag".to_owned());
    let error = dockerd.start().unwrap_err().to_string();
    assert!(
        error.contains("no-such-flag") && error.contains("dockerd.log"),
        "{error}"
    );
}
