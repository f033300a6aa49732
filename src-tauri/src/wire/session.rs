//! Sessions: how they stand, what they have, and what is asked of them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use bottle_engine::changes::{Change as EngineChange, ChangeKind};
use bottle_engine::{StartRequest, desk};
use serde::{Deserialize, Serialize};
use specta::Type;
use specta_typescript::Number;

use super::plan::Plan;
use super::{all, path_text};
use crate::error::CommandError;

/// What runs a bottle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "kebab-case")]
pub enum BackendName {
    /// Containers of a Docker engine.
    Docker,
    /// Small virtual machines.
    Smolmachines,
}

impl From<bottle_core::backend::BackendName> for BackendName {
    fn from(name: bottle_core::backend::BackendName) -> Self {
        use bottle_core::backend::BackendName as Core;
        match name {
            Core::Docker => Self::Docker,
            Core::Smolmachines => Self::Smolmachines,
        }
    }
}

impl From<BackendName> for bottle_core::backend::BackendName {
    fn from(name: BackendName) -> Self {
        match name {
            BackendName::Docker => Self::Docker,
            BackendName::Smolmachines => Self::Smolmachines,
        }
    }
}

/// How a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "kebab-case")]
pub enum SessionState {
    /// It is being started.
    Starting,
    /// Claude runs in it.
    Running,
    /// It is being ended.
    Stopping,
    /// Its bottle is kept and can go on.
    Preserved,
    /// Its app was restarted or crashed; it can go on.
    Interrupted,
    /// It ended well and its bottle is gone.
    Settled,
}

impl From<desk::SessionState> for SessionState {
    fn from(state: desk::SessionState) -> Self {
        match state {
            desk::SessionState::Starting => Self::Starting,
            desk::SessionState::Running => Self::Running,
            desk::SessionState::Stopping => Self::Stopping,
            desk::SessionState::Preserved => Self::Preserved,
            desk::SessionState::Interrupted => Self::Interrupted,
            desk::SessionState::Settled => Self::Settled,
        }
    }
}

/// A session in a list.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SessionSummary {
    /// Its id.
    pub id: String,
    /// Its agent.
    pub agent: String,
    /// Its bottle.
    pub bottle: String,
    /// What runs it.
    pub backend: BackendName,
    /// How it stands.
    pub state: SessionState,
    /// Whether it is the demo's.
    pub demo: bool,
    /// Whether its terminal can be opened in this app.
    pub here: bool,
    /// Why it is kept, or how it ended.
    pub reason: Option<String>,
    /// When it was started, in seconds since 1970.
    #[specta(type = Number)]
    pub created_at: f64,
    /// When it ended, in seconds since 1970.
    #[specta(type = Option<Number>)]
    pub ended_at: Option<f64>,
    /// How claude ended.
    pub exit_code: Option<i32>,
    /// The project folder it started from.
    pub workspace: Option<String>,
    /// Whether its transcript was saved.
    pub transcript: bool,
    /// How many files it changed.
    pub changed_files: u32,
    /// Whether it can be gone on with.
    pub resumable: bool,
    /// The running task that starts or stops it.
    pub task: Option<u32>,
}

impl From<desk::SessionSummary> for SessionSummary {
    fn from(session: desk::SessionSummary) -> Self {
        let record = session.record;
        Self {
            id: record.id.into(),
            agent: record.agent.into(),
            bottle: record.bottle.into(),
            backend: record.backend.into(),
            state: session.state.into(),
            demo: session.demo,
            here: session.here,
            reason: session.reason,
            created_at: record.created_at,
            ended_at: record.ended_at,
            exit_code: record.exit_code,
            workspace: record.workspace,
            transcript: session.transcript,
            changed_files: session.changed_files,
            resumable: session.resumable,
            task: session.task.map(|task| task.0),
        }
    }
}

/// Everything that is known of a session.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SessionFacts {
    /// How it stands.
    pub summary: SessionSummary,
    /// What it was started with.
    pub plan: Option<Plan>,
    /// What the self-test saw.
    pub evidence: Option<Evidence>,
    /// Its folder on this machine.
    pub folder: String,
    /// The files that it changed.
    pub changes: Vec<ChangedFile>,
}

impl From<desk::SessionFacts> for SessionFacts {
    fn from(facts: desk::SessionFacts) -> Self {
        Self {
            summary: facts.summary.into(),
            plan: facts.plan.map(Plan::from),
            evidence: facts.evidence.map(Evidence::from),
            folder: path_text(&facts.folder),
            changes: all(facts.changes),
        }
    }
}

/// What the self-test saw.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// Whether every check passed.
    pub passed: bool,
    /// How long it took, in milliseconds.
    pub took_ms: u32,
    /// The checks.
    pub checks: Vec<Check>,
}

impl From<bottle_core::selftest::SelfTest> for Evidence {
    fn from(report: bottle_core::selftest::SelfTest) -> Self {
        Self {
            passed: report.proves(),
            took_ms: report.took_ms,
            checks: report.checks.iter().map(Check::from).collect(),
        }
    }
}

/// One check of the self-test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// A stable word.
    pub id: String,
    /// What holds when it passed.
    pub title: String,
    /// Whether it holds.
    pub passed: bool,
    /// What was seen.
    pub seen: String,
}

impl Check {
    /// A check that the report does not hold: it counts as failed.
    pub(crate) fn missing(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            title: id.to_owned(),
            passed: false,
            seen: "it was not checked".into(),
        }
    }
}

impl From<&bottle_core::selftest::Check> for Check {
    fn from(check: &bottle_core::selftest::Check) -> Self {
        Self {
            id: check.id.clone(),
            title: check.title.clone(),
            passed: check.passed,
            seen: check.seen.clone(),
        }
    }
}

/// A file that a session changed.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ChangedFile {
    /// Relative to the project folder.
    pub path: String,
    /// What happened to it.
    pub change: Change,
}

/// What happened to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It is new.
    Added,
    /// Its content or mode is another.
    Changed,
    /// It is gone.
    Removed,
}

impl From<EngineChange> for ChangedFile {
    fn from(change: EngineChange) -> Self {
        Self {
            path: path_text(&change.path),
            change: match change.kind {
                ChangeKind::Added => Change::Added,
                ChangeKind::Modified => Change::Changed,
                ChangeKind::Deleted => Change::Removed,
            },
        }
    }
}

/// What became of a session.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Settled {
    /// Whether its bottle is kept.
    pub kept: bool,
    /// Why.
    pub reason: Option<String>,
    /// How many files it changed.
    pub changed_files: u32,
    /// Whether its transcript was saved.
    pub transcript: bool,
}

impl From<bottle_engine::Settled> for Settled {
    fn from(settled: bottle_engine::Settled) -> Self {
        Self {
            kept: settled.kept,
            reason: settled.reason,
            changed_files: settled.changed_files,
            transcript: settled.transcript.is_some(),
        }
    }
}

/// What a person asks for.
#[derive(Debug, Clone, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StartInput {
    /// The agent; not read for the demo.
    pub agent: String,
    /// Overrides the bottle's backend.
    pub backend: Option<BackendName>,
    /// The project folder to copy in.
    pub workspace: Option<String>,
    /// Whether to start the demo.
    pub demo: bool,
    /// Answers to the bottle's questions.
    pub answers: Vec<Answer>,
}

impl StartInput {
    /// Reads it as the engine's request.
    ///
    /// # Errors
    /// [`CommandError::InvalidName`].
    pub fn request(self) -> Result<StartRequest, CommandError> {
        let name = if self.demo {
            bottle_core::demo::NAME.to_owned()
        } else {
            self.agent
        };
        let agent = bottle_core::id::AgentName::new(name.clone())
            .map_err(|error| CommandError::invalid_name(name, &error))?;
        Ok(StartRequest {
            agent,
            backend: self.backend.map(Into::into),
            workspace: self.workspace.map(PathBuf::from),
            env: answers(self.answers),
        })
    }
}

/// An answer to a question of the bottle. It is not a secret: those are credentials.
#[derive(Debug, Clone, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// The bottle's variable.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// Answers by the name of their variable.
#[must_use]
pub fn answers(given: Vec<Answer>) -> BTreeMap<String, String> {
    given
        .into_iter()
        .map(|answer| (answer.name, answer.value))
        .collect()
}

/// A file that was pasted.
#[derive(Debug, Clone, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct InboxFile {
    /// Its name.
    pub name: String,
    /// Its bytes.
    pub base64: String,
}
