//! What the page is told when a command fails: a code that the interface acts on, with the facts that its words need.
//!
//! A code exists only where the interface does something of its own with it. Everything else is `internal`, with the core's own words
//! and the chain of causes. No secret can be in here: none is in the errors that this is made of.

mod engine;

use std::error::Error as StdError;
use std::sync::Arc;

use bottle_core::advice::Advice;
use bottle_core::id::InvalidName;
use bottle_engine::EngineError;
use serde::Serialize;
use specta::Type;

use crate::wire::document::{Document, FileFault};
use crate::wire::session::Check;
use crate::wire::system::Problem;

/// Why a command failed.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(
    tag = "code",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum CommandError {
    /// The engine does not answer, or cannot be used.
    NoBackend {
        /// Which backend.
        backend: String,
        /// What is missing.
        problems: Vec<Problem>,
    },
    /// The file of a bottle or an agent is wrong.
    Manifest {
        /// What is wrong, and where.
        fault: FileFault,
    },
    /// A credential is not kept yet.
    MissingCredential {
        /// Which.
        name: String,
    },
    /// A credential cannot be kept: a bad value, a taken name, a locked keychain.
    CredentialRefused {
        /// Which.
        name: String,
        /// What happened.
        what: String,
        /// What to do.
        advice: String,
    },
    /// There is no such agent.
    NoAgent {
        /// What was asked for.
        name: String,
        /// The nearest that is there.
        nearest: Option<String>,
    },
    /// A skill is missing or cannot be used.
    Skill {
        /// Which.
        name: String,
        /// What happened.
        what: String,
        /// What to do.
        advice: String,
    },
    /// A question of the bottle has no answer.
    Unanswered {
        /// The bottle's variable.
        name: String,
        /// What it asks.
        question: String,
    },
    /// The project folder cannot be copied.
    Workspace {
        /// The folder or the file in it.
        path: String,
        /// Why not.
        what: String,
    },
    /// An image cannot be had.
    Image {
        /// What happened.
        what: String,
        /// What to do.
        advice: String,
        /// The last lines of the build.
        tail: Vec<String>,
    },
    /// A disk is full.
    DiskFull {
        /// What happened.
        what: String,
        /// What to do.
        advice: String,
    },
    /// The bottle is not sealed, so Claude was not started in it.
    NotSealed {
        /// The checks that failed.
        checks: Vec<Check>,
    },
    /// There is no such session, or it does not run here.
    NoSession {
        /// Which.
        id: String,
    },
    /// The session is open in another window or terminal.
    SessionInUse {
        /// Which.
        id: String,
    },
    /// The session has no bottle to go on with.
    NotResumable {
        /// Which.
        id: String,
    },
    /// Files changed on both sides.
    Conflict {
        /// Which, relative to the project folder.
        files: Vec<String>,
    },
    /// The file on disk is not what was opened.
    DocumentChanged {
        /// What is there now.
        document: Document,
    },
    /// The name is taken.
    Exists {
        /// Which.
        name: String,
    },
    /// The name does not follow the rules.
    InvalidName {
        /// What was given.
        name: String,
        /// What is wrong with it.
        what: String,
    },
    /// The person cancelled.
    Cancelled,
    /// Anything else.
    Internal {
        /// What happened.
        what: String,
        /// What to do.
        advice: String,
        /// Why, outermost first.
        causes: Vec<String>,
    },
}

impl CommandError {
    /// Something that no error of the core says.
    pub fn internal(error: &(dyn StdError + 'static), advice: impl Into<String>) -> Self {
        Self::Internal {
            what: error.to_string(),
            advice: advice.into(),
            causes: causes(error),
        }
    }

    /// A refusal by the shell itself.
    pub fn refused(what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::Internal {
            what: what.into(),
            advice: advice.into(),
            causes: Vec::new(),
        }
    }

    /// A name as it was given, with what is wrong with it.
    pub fn invalid_name(given: impl Into<String>, error: &InvalidName) -> Self {
        Self::InvalidName {
            name: given.into(),
            what: error.to_string(),
        }
    }

    /// What the keychain or the list of credentials says.
    pub fn credential(name: &str, error: &bottle_credentials::Error) -> Self {
        if let bottle_credentials::Error::Missing { name } = error {
            return Self::MissingCredential {
                name: name.to_string(),
            };
        }
        Self::CredentialRefused {
            name: name.to_owned(),
            what: error.to_string(),
            advice: error.advice(),
        }
    }
}

/// The causes of an error, outermost first. Some libraries repeat their cause in their own words: those are left out.
pub(crate) fn causes(error: &(dyn StdError + 'static)) -> Vec<String> {
    let mut known = error.to_string();
    let mut causes = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if !known.contains(&text) {
            causes.push(text.clone());
            known = text;
        }
        next = cause.source();
    }
    causes
}

impl From<EngineError> for CommandError {
    fn from(error: EngineError) -> Self {
        Self::from(&error)
    }
}

impl From<Arc<EngineError>> for CommandError {
    fn from(error: Arc<EngineError>) -> Self {
        Self::from(&*error)
    }
}

impl From<tauri::Error> for CommandError {
    fn from(error: tauri::Error) -> Self {
        Self::internal(&error, "Try again; if it stays, start claude-bottle anew.")
    }
}
