//! What goes wrong in the engine, each with what the person can do.

use std::path::PathBuf;

use bottle_core::advice::Advice;
use bottle_core::backend::{BackendError, BackendName, Problem};
use bottle_core::credential::CredentialLookupError;
use bottle_core::id::{AgentName, BottleName, InvalidName, SessionId, SkillName};
use bottle_core::manifest::{EditError, ManifestError};
use bottle_core::selftest::Check;

use crate::control::ControlError;
use crate::document::Document;
use crate::skill::SkillProblem;

/// What goes wrong in the engine.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The backend refused.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// A bottle or agent cannot be read.
    #[error(transparent)]
    Manifest(#[from] Box<ManifestError>),
    /// A credential cannot be had.
    #[error(transparent)]
    Credential(#[from] CredentialLookupError),
    /// A name does not follow the rules.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// There is no such agent.
    #[error("there is no agent named {name}")]
    NoAgent {
        /// What was asked for.
        name: AgentName,
        /// The nearest that is there.
        nearest: Option<String>,
        /// Where agents are kept.
        folder: PathBuf,
    },
    /// A skill is not there.
    #[error("the skill {skill} is not in any of the skill folders")]
    NoSkill {
        /// The skill.
        skill: SkillName,
        /// Where it was looked for.
        searched: Vec<PathBuf>,
    },
    /// A skill is there and cannot be used.
    #[error("the skill {skill} cannot be used: {problem}")]
    BadSkill {
        /// The skill.
        skill: SkillName,
        /// Why not.
        problem: SkillProblem,
    },
    /// The bottle asks for something that this version does not have; starting without it would be less than was asked for.
    #[error("the bottle {bottle} asks for {feature}, which this version does not have")]
    NotInThisVersion {
        /// The bottle.
        bottle: BottleName,
        /// What it asks for.
        feature: &'static str,
    },
    /// No backend of that name is built in or can be used.
    #[error("the backend {backend} cannot be used")]
    NoBackend {
        /// Which one.
        backend: BackendName,
        /// What it said.
        problems: Vec<Problem>,
    },
    /// A variable of the host that the bottle names is not set.
    #[error("the bottle's variable {name} takes its value from {variable}, which is not set here")]
    NoHostVariable {
        /// The bottle's variable.
        name: String,
        /// The host's variable.
        variable: String,
    },
    /// A question of the bottle was not answered.
    #[error("the bottle asks '{question}' for its variable {name}, and there is no answer")]
    Unanswered {
        /// The bottle's variable.
        name: String,
        /// What it asks.
        question: String,
    },
    /// The project folder cannot be copied.
    #[error("the folder {path} cannot be copied into the bottle")]
    Workspace {
        /// The folder or the file in it.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// A provisioning step failed.
    #[error("the step '{step}' failed while moving in")]
    Provision {
        /// Which step.
        step: &'static str,
        /// Why.
        #[source]
        source: BackendError,
    },
    /// The bundle's control socket did not do what it should.
    #[error("the bundle of session {session} cannot be controlled")]
    Control {
        /// The session.
        session: SessionId,
        /// Why.
        #[source]
        source: ControlError,
        /// The last lines that the bundle printed.
        tail: Vec<String>,
    },
    /// The bottle is not sealed: claude is not started in it.
    #[error("the self-test failed: {}", failed_titles(.failed, .missing))]
    NotSealed {
        /// What failed.
        failed: Vec<Check>,
        /// The ids of checks that the report does not hold.
        missing: Vec<String>,
    },
    /// The self-test could not be run or read.
    #[error("the self-test gave no result")]
    NoSelfTest {
        /// What it printed instead.
        tail: Vec<String>,
    },
    /// The person or the program cancelled.
    #[error("cancelled")]
    Cancelled,
    /// There is no such session.
    #[error("there is no session {id}")]
    NoSession {
        /// What was asked for.
        id: SessionId,
    },
    /// The session belongs to a process that runs.
    #[error("the session {id} is open in another window or terminal")]
    SessionInUse {
        /// The session.
        id: SessionId,
    },
    /// The session has nothing to go on with: its bottle is gone or was never finished.
    #[error("the session {id} has no bottle to go on with")]
    NotResumable {
        /// The session.
        id: SessionId,
    },
    /// The person's folder changed where the session changed it too.
    #[error("{} of {folder} changed since the session started", files(.paths.len()))]
    Conflict {
        /// The folder.
        folder: PathBuf,
        /// The files, relative to it.
        paths: Vec<String>,
    },
    /// A file or folder of ours cannot be used.
    #[error("cannot {action} {path}")]
    File {
        /// What was being done, such as `write`.
        action: &'static str,
        /// To what.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The database cannot be used.
    #[error("cannot {action} in the database")]
    Store {
        /// What was being done.
        action: &'static str,
        /// Why not.
        #[source]
        source: rusqlite::Error,
    },
    /// A newer version of the program wrote the database.
    #[error("the sessions were written by a newer claude-bottle (format {version})")]
    StoreTooNew {
        /// The format of what is there.
        version: i64,
    },
    /// A variable that was given for one start cannot be set.
    #[error("the variable '{name}' cannot be given: {why}")]
    BadVariable {
        /// Its name, cut to 64 characters.
        name: String,
        /// Why not.
        why: &'static str,
    },
    /// The Dockerfile that a bottle names cannot be read.
    #[error("the bottle {bottle} names the Dockerfile {path}, which cannot be read")]
    BadDockerfile {
        /// The bottle.
        bottle: BottleName,
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The folder for skills that the environment names cannot hold them.
    #[error("skills cannot go to '{given}', which CLAUDE_BOTTLE_GUEST_SKILLS_DIR names")]
    BadSkillsFolder {
        /// What the variable says.
        given: String,
    },
    /// The session does not run in this process: nothing can be shown of it or typed into it.
    #[error("the session {id} does not run here")]
    NotRunning {
        /// The session.
        id: SessionId,
    },
    /// More was typed or pasted than is kept for a claude that does not read it.
    #[error("claude in {id} does not read what is typed")]
    InputFull {
        /// The session.
        id: SessionId,
    },
    /// A file cannot go into a session's inbox.
    #[error("{name} cannot go into the bottle: {why}")]
    InboxFile {
        /// Its name.
        name: String,
        /// Why not.
        why: &'static str,
    },
    /// The file on the disk is not what was opened.
    #[error("{} was changed by somebody else", .document.file.display())]
    DocumentChanged {
        /// What is there now.
        document: Box<Document>,
    },
    /// There is no such bottle.
    #[error("there is no bottle named {name}")]
    NoBottle {
        /// What was asked for.
        name: BottleName,
        /// The nearest that is there.
        nearest: Option<String>,
        /// Where bottles are kept.
        folder: PathBuf,
    },
    /// The file is a link or belongs to a repository.
    #[error("{path} is kept elsewhere and is not changed from here")]
    NotWritable {
        /// The file.
        path: PathBuf,
    },
    /// A change cannot be made in a text.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// Something cannot become a skill.
    #[error("{path} cannot become a skill: {problem}")]
    SkillRefused {
        /// What was given.
        path: PathBuf,
        /// Why not.
        problem: SkillProblem,
    },
    /// A file of settings or of pins cannot be read.
    #[error("{path} cannot be read")]
    BadSettings {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
    /// A setting has a value that it cannot have.
    #[error("the setting {name} cannot be {given}")]
    SettingOutOfRange {
        /// Its name.
        name: &'static str,
        /// Its value.
        given: String,
        /// What it can be.
        instead: &'static str,
    },
    /// A draft cannot be kept.
    #[error("the draft cannot be kept: {why}")]
    BadDraft {
        /// Why not.
        why: &'static str,
    },
    /// Nothing of that id is in the trash.
    #[error("{id} is not in the trash")]
    NotInTrash {
        /// What was asked for.
        id: String,
    },
    /// Folders cannot be watched.
    #[error("changes of the files cannot be watched")]
    Watch {
        /// Why not.
        #[source]
        source: notify::Error,
    },
    /// Something is already there that would be overwritten.
    #[error("{path} is already there")]
    Exists {
        /// What.
        path: PathBuf,
    },
}

fn failed_titles(failed: &[Check], missing: &[String]) -> String {
    let missing = missing.iter().map(|id| format!("{id} was not checked"));
    failed
        .iter()
        .map(|check| check.title.clone())
        .chain(missing)
        .collect::<Vec<_>>()
        .join("; ")
}

fn files(count: usize) -> String {
    if count == 1 {
        "one file".into()
    } else {
        format!("{count} files")
    }
}

fn or_nearest(nearest: Option<&String>, folder: &std::path::Path) -> String {
    match nearest {
        Some(name) => format!(
            "Did you mean `{name}`? They are kept in {}.",
            folder.display()
        ),
        None => format!(
            "They are kept in {}; `claude-bottle init` writes a first one.",
            folder.display()
        ),
    }
}

impl Advice for EngineError {
    fn code(&self) -> &'static str {
        match self {
            Self::Backend(error) => error.code(),
            Self::Manifest(error) => error.code(),
            Self::Credential(error) => error.code(),
            Self::Name(_) => "invalid_name",
            Self::NoAgent { .. } => "agent_missing",
            Self::NoSkill { .. } => "skill_missing",
            Self::BadSkill { .. } => "skill_unusable",
            Self::NotInThisVersion { .. } => "not_in_this_version",
            Self::NoBackend { .. } => "backend_unavailable",
            Self::NoHostVariable { .. } => "host_variable_missing",
            Self::Unanswered { .. } => "question_unanswered",
            Self::Workspace { .. } => "workspace_unreadable",
            Self::Provision { source, .. } => match source.code() {
                code @ ("disk_full" | "guest_gone") => code,
                _ => "provision_failed",
            },
            Self::Control { .. } => "bundle_control_failed",
            Self::NotSealed { .. } => "not_sealed",
            Self::NoSelfTest { .. } => "self_test_failed",
            Self::Cancelled => "cancelled",
            Self::NoSession { .. } => "session_missing",
            Self::SessionInUse { .. } => "session_in_use",
            Self::NotResumable { .. } => "not_resumable",
            Self::Conflict { .. } => "conflict",
            Self::File { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => {
                "disk_full"
            }
            Self::File { .. } => "file_error",
            Self::Store { .. } => "store_error",
            Self::StoreTooNew { .. } => "store_too_new",
            Self::BadVariable { .. } => "variable_refused",
            Self::BadDockerfile { .. } => "dockerfile_unreadable",
            Self::BadSkillsFolder { .. } => "skills_folder_unusable",
            Self::NotRunning { .. } => "session_not_running",
            Self::InputFull { .. } => "input_full",
            Self::InboxFile { .. } => "inbox_file_refused",
            Self::DocumentChanged { .. } => "document_changed",
            Self::NoBottle { .. } => "bottle_missing",
            Self::NotWritable { .. } => "document_read_only",
            Self::Edit(error) => error.code(),
            Self::SkillRefused { .. } => "skill_unusable",
            Self::BadSettings { .. } | Self::SettingOutOfRange { .. } => "settings_invalid",
            Self::BadDraft { .. } => "draft_refused",
            Self::NotInTrash { .. } => "trash_missing",
            Self::Watch { .. } => "watch_failed",
            Self::Exists { .. } => "already_there",
        }
    }

    fn advice(&self) -> String {
        match self {
            Self::Backend(error) => error.advice(),
            Self::Manifest(error) => error.advice(),
            Self::Credential(error) => error.advice(),
            Self::Name(_) => "Choose a name of small letters, digits and single hyphens.".into(),
            Self::NoAgent { nearest, folder, .. } => or_nearest(nearest.as_ref(), folder),
            Self::NoSkill { skill, searched } => {
                let places = searched.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(", ");
                format!("Put a folder named {skill} with a SKILL.md into one of: {places}; or take it out of the agent.")
            }
            Self::BadSkill { problem, .. } => problem.advice().into(),
            Self::NotInThisVersion { feature, .. } => {
                format!("Take {feature} out of the bottle, or wait for a version that has it: nothing starts with less than was asked for.")
            }
            Self::NoBackend { problems, .. } => problems
                .first()
                .map_or_else(|| "Choose another one with `--backend`.".into(), |p| format!("{} {}", p.what, p.advice)),
            Self::NoHostVariable { variable, .. } => format!("Set {variable} and start again, or change the bottle."),
            Self::Unanswered { name, .. } => format!("Start in a terminal to be asked, or give `--env {name}=VALUE`."),
            Self::Workspace { .. } => "Make it readable, or choose another folder with `--workspace`.".into(),
            Self::Provision { source, .. } => source.advice(),
            Self::Control { .. } => "Start again; `claude-bottle doctor` shows whether the engine is well.".into(),
            Self::NotSealed { .. } => {
                "Claude was not started. Read what was seen, mend the engine or choose another backend, and start again.".into()
            }
            Self::NoSelfTest { .. } => "Claude was not started. Run `claude-bottle doctor`, then start again.".into(),
            Self::Cancelled => "Nothing is left behind; start again when you like.".into(),
            Self::NoSession { .. } => "Run `claude-bottle list --all` to see what there is.".into(),
            Self::SessionInUse { id } => format!("Close it there, or run `claude-bottle stop {id}`."),
            Self::NotResumable { .. } => "Start its agent again; a transcript, where there is one, is in the session's folder.".into(),
            Self::Conflict { .. } => "Compare the files, then repeat with `--force` to overwrite yours; the session's versions stay where they are.".into(),
            Self::File { path, source, .. } => mend_file(path, source),
            Self::Store { .. } => "Check that the claude-bottle folder can be written and that the disk is not full.".into(),
            Self::StoreTooNew { .. } => "Update claude-bottle, or set CLAUDE_BOTTLE_HOME to another folder.".into(),
            Self::BadVariable { .. } => "Leave it out of `--env`; for a credential, use 'auth' on a route of the bottle.".into(),
            Self::BadDockerfile { .. } => {
                "Put the file there, or correct 'image' in the bottle: './' is the folder of the bottles.".into()
            }
            Self::BadSkillsFolder { .. } => {
                "Unset it, or set it to an absolute folder in the bottle that holds nothing else, such as /home/node/my-skills.".into()
            }
            Self::NotRunning { id } => format!("Go on with it first: `claude-bottle resume {id}`."),
            Self::InputFull { .. } => "Wait until claude goes on, or stop the session.".into(),
            Self::InboxFile { .. } => "Choose plain files of at most 64 MiB; a folder goes in as the project folder.".into(),
            Self::DocumentChanged { .. } => "Compare the two, and keep one.".into(),
            Self::NoBottle { nearest, folder, .. } => or_nearest(nearest.as_ref(), folder),
            Self::NotWritable { .. } => "Change it where it is kept, or make one of your own.".into(),
            Self::Edit(error) => error.advice(),
            Self::SkillRefused { problem, .. } => problem.advice().into(),
            Self::BadSettings { path, .. } => format!("Mend {}, or remove it to begin anew.", path.display()),
            Self::SettingOutOfRange { instead, .. } => format!("Choose {instead}."),
            Self::BadDraft { .. } => "Save the document, or remove other drafts.".into(),
            Self::NotInTrash { .. } => "It was put back or removed for good already.".into(),
            Self::Watch { .. } => "Close programs that watch many files; until then, look again by hand.".into(),
            Self::Exists { .. } => "Choose another name, or remove it first.".into(),
        }
    }
}

fn mend_file(path: &std::path::Path, source: &std::io::Error) -> String {
    use std::io::ErrorKind;
    let (path, kind) = (path.display(), source.kind());
    if kind == ErrorKind::NotFound {
        format!("Check that {path} is still there, and try again.")
    } else if matches!(kind, ErrorKind::StorageFull | ErrorKind::QuotaExceeded) {
        "Free space on the disk, and try again.".into()
    } else if matches!(
        kind,
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem
    ) {
        format!("Check that {path} belongs to you and can be read and written.")
    } else {
        format!("Look at {path}, mend what is wrong with it, and try again.")
    }
}

/// Adds what was being done to a file's error.
pub(crate) trait OnFile<T> {
    /// Names the action and the path.
    fn on(self, action: &'static str, path: &std::path::Path) -> Result<T, EngineError>;
}

impl<T> OnFile<T> for std::io::Result<T> {
    fn on(self, action: &'static str, path: &std::path::Path) -> Result<T, EngineError> {
        self.map_err(|source| EngineError::File {
            action,
            path: path.to_owned(),
            source,
        })
    }
}
