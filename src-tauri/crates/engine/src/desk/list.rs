//! Sessions as a person sees them: what is recorded, joined with what runs here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bottle_core::id::SessionId;
use bottle_core::plan::Plan;
use bottle_core::selftest::SelfTest;

use super::Desk;
use super::task::{TaskNumber, TaskState};
use crate::changes::Change;
use crate::demo::is_demo;
use crate::error::EngineError;
use crate::launch::PLAN;
use crate::selftest::EVIDENCE;
use crate::settle::TRANSCRIPT;
use crate::store::{SessionRecord, SessionState as Recorded};

/// How a session stands, for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionState {
    /// It is on its way.
    Starting,
    /// Claude runs in it.
    Running,
    /// It is being settled.
    Stopping,
    /// Its bottle is kept, stopped, and can be gone on with.
    Preserved,
    /// Whoever ran it is gone. It can be gone on with where it had come to run.
    Interrupted,
    /// It is over and its bottle gone.
    Settled,
}

/// A session in a list.
#[derive(Debug, Clone)]
pub struct SessionSummary {
    /// What is recorded of it.
    pub record: SessionRecord,
    /// How it stands.
    pub state: SessionState,
    /// Why, where there is a word for it.
    pub reason: Option<String>,
    /// Whether it is the demo's.
    pub demo: bool,
    /// Whether it runs in this process, so that its terminal can be opened.
    pub here: bool,
    /// Whether a transcript is saved.
    pub transcript: bool,
    /// Number of files of the project folder that it changed, as far as they are saved.
    pub changed_files: u32,
    /// Whether it can be gone on with: its bottle is kept, and had come to run before.
    pub resumable: bool,
    /// The task that is starting it.
    pub task: Option<TaskNumber>,
}

/// Everything that is known of a session.
#[derive(Debug, Clone)]
pub struct SessionFacts {
    /// What a list shows of it.
    pub summary: SessionSummary,
    /// What it was started with.
    pub plan: Option<Plan>,
    /// What its last self-test saw.
    pub evidence: Option<SelfTest>,
    /// Its folder on this machine.
    pub folder: PathBuf,
    /// The files that it changed, as far as they are saved.
    pub changes: Vec<Change>,
}

/// What a settled session left in its folder.
#[derive(Debug, Clone, Copy)]
pub(super) struct Saved {
    pub(super) transcript: bool,
    pub(super) changed_files: u32,
}

/// What is known of sessions without looking at the disk.
struct Here {
    sittings: BTreeMap<SessionId, Option<Option<String>>>,
    tasks: BTreeMap<SessionId, TaskNumber>,
}

impl Desk {
    /// Every session that is recorded, newest first.
    ///
    /// # Errors
    /// [`EngineError::Store`] or [`EngineError::File`].
    pub async fn list(self: &Arc<Self>) -> Result<Vec<SessionSummary>, EngineError> {
        self.blocking(|desk| {
            // Before the records are read: a session that settles meanwhile must not look as if it had lost its owner.
            let here = desk.here();
            let engine = &desk.engine;
            if !engine.home().database().exists() {
                return Ok(Vec::new());
            }
            let records = engine.store()?.list()?.into_iter();
            records.map(|record| desk.summary(record, &here)).collect()
        })
        .await
    }

    /// Everything that is known of a session, also after its end.
    ///
    /// # Errors
    /// [`EngineError::NoSession`], [`EngineError::Store`] or [`EngineError::File`].
    pub async fn facts(self: &Arc<Self>, id: &SessionId) -> Result<SessionFacts, EngineError> {
        let id = id.clone();
        self.blocking(move |desk| {
            let here = desk.here();
            let summary = desk.summary(desk.engine.session(&id)?, &here)?;
            let folder = desk.engine.home().session(&id);
            Ok(SessionFacts {
                summary,
                plan: read(&folder.join(PLAN)),
                evidence: read(&folder.join(EVIDENCE)),
                changes: desk.engine.changes(&id)?,
                folder,
            })
        })
        .await
    }

    /// Brings a settled session's changes back to the project folder, and returns which files they are.
    ///
    /// # Errors
    /// What [`crate::Engine::apply`] says; nothing is written where there is a conflict.
    pub async fn apply(
        self: &Arc<Self>,
        id: &SessionId,
        force: bool,
    ) -> Result<Vec<PathBuf>, EngineError> {
        let id = id.clone();
        self.blocking(move |desk| {
            let count = desk.engine.apply(&id, force)?;
            let changes = desk.engine.changes(&id)?;
            let paths = changes.into_iter().map(|change| change.path);
            Ok(paths
                .filter(|path| count > 0 && crate::changes::is_plain(path))
                .collect())
        })
        .await
    }

    fn here(&self) -> Here {
        let state = self.state();
        let sittings = state.sittings.iter();
        let running = state.tasks.values().map(|task| task.summary());
        let running = running.filter(|task| task.state == TaskState::Running);
        Here {
            tasks: running
                .filter_map(|task| Some((task.session?, task.task)))
                .collect(),
            sittings: sittings
                .map(|(id, sitting)| (id.clone(), sitting.stopping()))
                .collect(),
        }
    }

    fn summary(&self, record: SessionRecord, here: &Here) -> Result<SessionSummary, EngineError> {
        let id = &record.id;
        let sitting = here.sittings.get(id);
        let task = here.tasks.get(id).copied();
        let (state, reason) = match (record.state, sitting) {
            (Recorded::Settled, _) => (SessionState::Settled, record.reason.clone()),
            (_, Some(Some(why))) => (SessionState::Stopping, why.clone()),
            (_, Some(None)) => (SessionState::Running, None),
            (_, None) if task.is_some() => (SessionState::Starting, None),
            (Recorded::Preserved, None) => (SessionState::Preserved, record.reason.clone()),
            (Recorded::Starting, None) if self.engine.is_live(id)? => {
                (SessionState::Starting, None)
            }
            (Recorded::Running, None) if self.engine.is_live(id)? => (SessionState::Running, None),
            (Recorded::Starting, None) => (
                SessionState::Interrupted,
                let_go(&record, "claude-bottle ended while it was starting"),
            ),
            (Recorded::Running, None) => (
                SessionState::Interrupted,
                let_go(&record, "claude-bottle ended while it was running"),
            ),
        };
        let saved = self.saved(&record);
        Ok(SessionSummary {
            state,
            reason,
            demo: is_demo(&record.bottle),
            here: sitting.is_some() && state != SessionState::Settled,
            transcript: saved.transcript,
            changed_files: saved.changed_files,
            resumable: matches!(state, SessionState::Preserved | SessionState::Interrupted)
                && record.state != Recorded::Starting,
            task,
            record,
        })
    }

    /// What a session left. That of a settled one is looked up once.
    fn saved(&self, record: &SessionRecord) -> Saved {
        let settled = record.state == Recorded::Settled;
        let known = self.state().saved.get(&record.id).copied();
        if let Some(known) = known.filter(|_| settled) {
            return known;
        }
        let found = saved(&self.engine.home().session(&record.id));
        if settled {
            self.state().saved.insert(record.id.clone(), found);
        }
        found
    }

    /// Does work that waits for the disk where that holds nobody up.
    async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, EngineError> + Send + 'static,
    ) -> Result<T, EngineError> {
        let desk = Arc::clone(self);
        tokio::task::spawn_blocking(move || work(&desk))
            .await
            .map_err(|_| EngineError::Cancelled)?
    }
}

/// Why nobody holds a session any more.
fn let_go(record: &SessionRecord, guess: &str) -> Option<String> {
    Some(record.reason.clone().unwrap_or_else(|| guess.to_owned()))
}

/// What a session's folder holds of its work.
pub(super) fn saved(folder: &Path) -> Saved {
    let changes: Option<Vec<Change>> = read(&folder.join(crate::changes::CHANGES));
    Saved {
        transcript: folder.join(TRANSCRIPT).is_dir(),
        changed_files: changes
            .map(|changes| u32::try_from(changes.len()).unwrap_or(u32::MAX))
            .unwrap_or_default(),
    }
}

/// Reads a file of a session's folder; `None` where it is not there or not ours.
fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Option<T> {
    let bytes = std::fs::read(path).ok()?;
    let parsed = serde_json::from_slice(&bytes);
    if let Err(error) = &parsed {
        tracing::warn!(path = %path.display(), %error, "a file of a session cannot be read");
    }
    parsed.ok()
}
