//! Builds the engine from what this machine says of itself: the only place of this crate that reads the environment.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::Context;
use bottle_core::backend::Backend;
use bottle_credentials::{Credentials, Keychain};
use bottle_docker::{Docker, Settings};
use bottle_engine::{Engine, Home, Host};

use crate::failure::Refused;

/// The engine and the credentials that it reads.
pub struct Wired {
    /// The engine.
    pub engine: Engine,
    /// The person's credentials.
    pub credentials: Arc<Credentials>,
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Wires backends, keychain and home together. Touches nothing yet.
pub fn wire() -> anyhow::Result<Wired> {
    let user = PathBuf::from(variable("HOME").ok_or_else(no_home)?);
    let root =
        variable("CLAUDE_BOTTLE_HOME").map_or_else(|| user.join(".claude-bottle"), PathBuf::from);
    let home = Home::new(root)?;
    let store = Arc::new(Keychain);
    let credentials = Arc::new(Credentials::open(
        store,
        home.credentials(),
        home.owner().clone(),
    ));
    let mut settings = Settings::new(&user, Arc::new(variable), programs());
    settings.base_image = variable("CLAUDE_BOTTLE_BASE_IMAGE");
    settings.extra_certificates = extra_certificates()?;
    let backends: Vec<Arc<dyn Backend>> = vec![Arc::new(Docker::connect(settings))];
    let host = Host {
        env: Box::new(variable),
        clock: Box::new(SystemTime::now),
        claude_skills: Some(user.join(".claude/skills")),
    };
    let engine = Engine::new(home, backends, Arc::clone(&credentials) as _, host);
    Ok(Wired {
        engine,
        credentials,
    })
}

fn no_home() -> Refused {
    Refused {
        what: "the variable HOME is not set".into(),
        advice: "Set it to your home folder and try again.".into(),
        code: 1,
    }
}

/// Folders that may hold the Linux programs of the images: what is named, then beside this program.
fn programs() -> Vec<PathBuf> {
    let named = variable("CLAUDE_BOTTLE_PROGRAMS").map(PathBuf::from);
    let beside = std::env::current_exe()
        .ok()
        .and_then(|path| path.parent().map(PathBuf::from));
    named.into_iter().chain(beside).collect()
}

/// Where an administrator of a Debian machine puts the certificates of a company's own authority.
const LOCAL_AUTHORITIES: &str = "/usr/local/share/ca-certificates";

/// Certificates that images must trust besides the usual ones, where this machine sits behind a proxy that opens TLS: the PEM file
/// that `CLAUDE_BOTTLE_EXTRA_CA` names, else what the administrator added to this machine.
fn extra_certificates() -> anyhow::Result<Option<Vec<u8>>> {
    if let Some(file) = variable("CLAUDE_BOTTLE_EXTRA_CA") {
        let pem = std::fs::read(&file)
            .with_context(|| format!("cannot read CLAUDE_BOTTLE_EXTRA_CA at {file}"))?;
        return Ok(Some(pem));
    }
    let mut files: Vec<_> = std::fs::read_dir(LOCAL_AUTHORITIES)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "crt"))
        .collect();
    files.sort();
    let mut pem = Vec::new();
    for file in files {
        pem.extend(
            std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?,
        );
        pem.push(b'\n');
    }
    Ok((!pem.is_empty()).then_some(pem))
}
