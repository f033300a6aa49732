//! Builds the engine from what this machine says of itself, for the window and the command line alike.
//!
//! This is the only place of the product that reads the environment. It decides nothing: it hands on where things are.

mod authorities;
mod error;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use bottle_core::backend::Backend;
use bottle_credentials::{Credentials, Keychain};
use bottle_docker::{Docker, Settings};
use bottle_engine::{Engine, Home, Host};

pub use error::WiringError;

/// The engine and the credentials that it reads.
pub struct Wired {
    /// The engine.
    pub engine: Arc<Engine>,
    /// The person's credentials.
    pub credentials: Arc<Credentials>,
}

/// A variable of the environment that is set and not empty.
#[must_use]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Wires backends, keychain and home together. Touches nothing yet.
///
/// `programs` are further folders that may hold the Linux programs of the images.
///
/// # Errors
/// [`WiringError`] where the home folder or a named certificate file cannot be had.
pub fn wire(programs: Vec<PathBuf>) -> Result<Wired, WiringError> {
    let user = PathBuf::from(variable("HOME").ok_or(WiringError::NoHome)?);
    let root =
        variable("CLAUDE_BOTTLE_HOME").map_or_else(|| user.join(".claude-bottle"), PathBuf::from);
    let home = Home::new(root).map_err(Box::new)?;
    let credentials = Arc::new(Credentials::open(
        Arc::new(Keychain),
        home.credentials(),
        home.owner().clone(),
    ));
    let mut settings = Settings::new(&user, Arc::new(variable), program_folders(programs));
    settings.base_image = variable("CLAUDE_BOTTLE_BASE_IMAGE");
    settings.extra_certificates = authorities::of_this_machine()?;
    let backends: Vec<Arc<dyn Backend>> = vec![Arc::new(Docker::connect(settings))];
    let host = Host {
        env: Box::new(variable),
        clock: Box::new(SystemTime::now),
        claude_skills: Some(user.join(".claude/skills")),
    };
    let engine = Engine::new(home, backends, Arc::clone(&credentials) as _, host);
    Ok(Wired {
        engine: Arc::new(engine),
        credentials,
    })
}

/// Where a package of Debian keeps them, seen from the folder of commands.
const PACKAGED: &str = "../lib/claude-bottle/programs";

/// Folders that may hold the Linux programs of the images: what is named, then beside this program, then where a package has them, then
/// what the caller knows.
fn program_folders(more: Vec<PathBuf>) -> Vec<PathBuf> {
    let named = variable("CLAUDE_BOTTLE_PROGRAMS").map(PathBuf::from);
    let beside = std::env::current_exe()
        .ok()
        .and_then(|path| path.parent().map(PathBuf::from));
    let packaged = beside.as_ref().map(|folder| folder.join(PACKAGED));
    named
        .into_iter()
        .chain(beside)
        .chain(packaged)
        .chain(more)
        .collect()
}
