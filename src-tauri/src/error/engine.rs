//! What each error of the engine and of a backend is for the page.

use std::path::Path;

use bottle_core::advice::Advice;
use bottle_core::backend::{BackendError, BackendName};
use bottle_core::credential::CredentialLookupError;
use bottle_core::id::InvalidName;
use bottle_engine::EngineError;
use bottle_engine::document::FileFault;

use super::{CommandError, causes};
use crate::wire::path_text;
use crate::wire::session::Check;
use crate::wire::system::Problem;

impl From<&EngineError> for CommandError {
    fn from(error: &EngineError) -> Self {
        match error {
            EngineError::Backend(source) => backend(source),
            EngineError::NoBackend { backend, problems } => Self::NoBackend {
                backend: backend.to_string(),
                problems: problems.iter().map(Problem::from).collect(),
            },
            EngineError::Manifest(manifest) => Self::Manifest {
                fault: FileFault::of(manifest).into(),
            },
            EngineError::Credential(lookup) => credential(lookup),
            EngineError::Name(invalid) => Self::invalid_name(given(invalid), invalid),
            EngineError::NoAgent { name, nearest, .. } => Self::NoAgent {
                name: name.to_string(),
                nearest: nearest.clone(),
            },
            EngineError::NoSkill { skill, .. } | EngineError::BadSkill { skill, .. } => {
                skill_refused(skill.as_str(), error)
            }
            EngineError::SkillRefused { path, .. } => skill_refused(&file_name(path), error),
            EngineError::Unanswered { name, question } => Self::Unanswered {
                name: name.clone(),
                question: question.clone(),
            },
            EngineError::Workspace { path, source } => Self::Workspace {
                path: path_text(path),
                what: source.to_string(),
            },
            EngineError::NotSealed { failed, missing } => Self::NotSealed {
                checks: failed
                    .iter()
                    .map(Check::from)
                    .chain(missing.iter().map(|id| Check::missing(id)))
                    .collect(),
            },
            EngineError::Cancelled => Self::Cancelled,
            EngineError::NoSession { id } | EngineError::NotRunning { id } => {
                Self::NoSession { id: id.to_string() }
            }
            EngineError::SessionInUse { id } => Self::SessionInUse { id: id.to_string() },
            EngineError::NotResumable { id } => Self::NotResumable { id: id.to_string() },
            EngineError::Conflict { paths, .. } => Self::Conflict {
                files: paths.clone(),
            },
            EngineError::DocumentChanged { document } => Self::DocumentChanged {
                document: document.as_ref().into(),
            },
            EngineError::Exists { path } => Self::Exists {
                name: file_name(path),
            },
            EngineError::Control { tail, .. } | EngineError::NoSelfTest { tail } => {
                internal(error, tail)
            }
            EngineError::Provision { source, .. } if source.code() == "disk_full" => {
                disk_full(source)
            }
            EngineError::File { .. } if error.code() == "disk_full" => disk_full(error),
            EngineError::NotInThisVersion { .. }
            | EngineError::NoHostVariable { .. }
            | EngineError::Provision { .. }
            | EngineError::File { .. }
            | EngineError::Store { .. }
            | EngineError::StoreTooNew { .. }
            | EngineError::BadVariable { .. }
            | EngineError::BadDockerfile { .. }
            | EngineError::BadSkillsFolder { .. }
            | EngineError::InputFull { .. }
            | EngineError::InboxFile { .. }
            | EngineError::NoBottle { .. }
            | EngineError::NotWritable { .. }
            | EngineError::Edit(_)
            | EngineError::BadSettings { .. }
            | EngineError::SettingOutOfRange { .. }
            | EngineError::BadDraft { .. }
            | EngineError::NotInTrash { .. }
            | EngineError::Watch { .. } => internal(error, &[]),
        }
    }
}

fn backend(error: &BackendError) -> CommandError {
    match error {
        BackendError::Unavailable { backend, .. }
        | BackendError::BadSettings { backend, .. }
        | BackendError::TooOld { backend, .. } => no_backend(*backend, error),
        BackendError::RuntimeUnfit { .. } => no_backend(BackendName::Docker, error),
        BackendError::ImageBuild { tail, .. } => image(error, tail.clone()),
        BackendError::NoBaseImage { .. } | BackendError::MissingProgram { .. } => {
            image(error, causes(error))
        }
        BackendError::DiskFull { .. } => disk_full(error),
        BackendError::GuestCommand { tail, .. } => internal(error, tail),
        BackendError::NameInUse { .. }
        | BackendError::GuestGone { .. }
        | BackendError::BundleGone { .. }
        | BackendError::Unsupported { .. }
        | BackendError::Engine { .. } => internal(error, &[]),
    }
}

fn no_backend(backend: BackendName, error: &BackendError) -> CommandError {
    CommandError::NoBackend {
        backend: backend.to_string(),
        problems: vec![Problem {
            code: error.code().into(),
            what: sentence(&error.to_string()),
            advice: error.advice(),
        }],
    }
}

/// An error's words as a problem has them: a sentence.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| {
        format!("{}{}.", first.to_uppercase(), letters.as_str())
    })
}

fn image(error: &BackendError, tail: Vec<String>) -> CommandError {
    CommandError::Image {
        what: error.to_string(),
        advice: error.advice(),
        tail,
    }
}

fn disk_full(error: &dyn Advice) -> CommandError {
    CommandError::DiskFull {
        what: error.to_string(),
        advice: error.advice(),
    }
}

fn internal<E: Advice + 'static>(error: &E, tail: &[String]) -> CommandError {
    let mut causes = causes(error);
    causes.extend_from_slice(tail);
    CommandError::Internal {
        what: error.to_string(),
        advice: error.advice(),
        causes,
    }
}

fn credential(error: &CredentialLookupError) -> CommandError {
    match error {
        CredentialLookupError::Missing { name } => CommandError::MissingCredential {
            name: name.to_string(),
        },
        CredentialLookupError::Keychain { name, .. } => CommandError::CredentialRefused {
            name: name.to_string(),
            what: error.to_string(),
            advice: error.advice(),
        },
    }
}

fn skill_refused(name: &str, error: &EngineError) -> CommandError {
    CommandError::Skill {
        name: name.to_owned(),
        what: error.to_string(),
        advice: error.advice(),
    }
}

fn given(error: &InvalidName) -> &str {
    match error {
        InvalidName::BadCharacter { given, .. } => given,
        InvalidName::Empty { .. } | InvalidName::TooLong { .. } => "",
    }
}

/// The name that a person gave to what lies at a path: without folders, and without the ending of our documents.
fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    let name = name.to_string_lossy();
    name.strip_suffix(".md").unwrap_or(&name).to_owned()
}
