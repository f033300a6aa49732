//! Finds everything of ours that no live session owns, shows it, and removes it.
//!
//! Live means: a process that runs holds the session's lock. Everything else is a leftover of a crash or a preserved session; work in
//! it is saved before it goes. Only resources that carry this home's label are looked at.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;

use bottle_core::backend::{Backend, BackendName, Resource};
use bottle_core::event::StepSink;
use bottle_core::id::SessionId;

use crate::engine::Engine;
use crate::error::EngineError;
use crate::home::remove_folder;
use crate::lock::SessionLock;
use crate::settle::{forget_private, holds_work};
use crate::store::{SessionRecord, SessionState};

/// What a cleanup would remove.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CleanupPlan {
    /// Sessions that nobody uses: crashed or preserved. Their work is saved first.
    pub sessions: Vec<SessionRecord>,
    /// Folders of sessions that are not recorded.
    pub folders: Vec<SessionId>,
    /// Resources on the backends, of these sessions and of unknown ones.
    pub resources: Vec<(BackendName, Resource)>,
}

impl CleanupPlan {
    /// Whether there is nothing to remove.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sessions.is_empty() && self.folders.is_empty() && self.resources.is_empty()
    }
}

impl Engine {
    /// Lists what a cleanup would remove. Changes nothing. Backends that cannot be reached are passed over.
    ///
    /// # Errors
    /// [`EngineError::Store`] or [`EngineError::File`].
    pub async fn cleanup_plan(&self) -> Result<CleanupPlan, EngineError> {
        let records = if self.home().database().exists() {
            self.store()?.list()?
        } else {
            Vec::new()
        };
        let mut plan = CleanupPlan::default();
        let mut keep = Vec::new();
        for record in records {
            if self.is_live(&record.id)? {
                keep.push(record.id);
            } else if record.state != SessionState::Settled {
                plan.sessions.push(record);
            } else {
                keep.push(record.id);
            }
        }
        let known: BTreeSet<_> = keep
            .iter()
            .chain(plan.sessions.iter().map(|record| &record.id))
            .cloned()
            .collect();
        plan.folders = self.unknown_folders(&known)?;
        // A settled session owns nothing on a backend: what is still there is a leftover.
        keep.retain(|id| self.is_live(id).unwrap_or(true));
        for backend in self.backends() {
            if let Ok(resources) = backend.cleanup_plan(self.home().owner(), &keep).await {
                plan.resources.extend(
                    resources
                        .into_iter()
                        .map(|resource| (backend.name(), resource)),
                );
            }
        }
        Ok(plan)
    }

    /// Whether a process that runs owns a session.
    ///
    /// # Errors
    /// [`EngineError::File`].
    pub fn is_live(&self, id: &SessionId) -> Result<bool, EngineError> {
        SessionLock::held(&self.home().session(id))
    }

    fn unknown_folders(&self, known: &BTreeSet<SessionId>) -> Result<Vec<SessionId>, EngineError> {
        let mut folders = Vec::new();
        for entry in fs::read_dir(self.home().sessions())
            .into_iter()
            .flatten()
            .flatten()
        {
            let Some(id) = entry
                .file_name()
                .to_str()
                .and_then(|name| SessionId::new(name).ok())
            else {
                continue;
            };
            if !known.contains(&id) && !self.is_live(&id)? {
                folders.push(id);
            }
        }
        folders.sort();
        Ok(folders)
    }

    /// Removes what a plan names. Goes on where one thing fails and returns the first failure at the end; can be repeated. A session
    /// whose work cannot be saved is kept, unless `discard` says that it may be lost.
    ///
    /// # Errors
    /// [`EngineError::Backend`], [`EngineError::File`] or [`EngineError::Store`].
    pub async fn cleanup(
        &self,
        plan: &CleanupPlan,
        discard: bool,
        sink: &dyn StepSink,
    ) -> Result<(), EngineError> {
        let mut failed = None;
        let mut kept = BTreeSet::new();
        for record in &plan.sessions {
            sink.step(&format!("session {}", record.id), None);
            let removed = self
                .remove_session(record, discard, "cleaned up", sink)
                .await;
            if let Err(error) = removed {
                kept.insert(record.id.clone());
                failed.get_or_insert(error);
            }
        }
        // Somebody may have gone on with a session since the plan was made.
        let free = |resource: &Resource| {
            resource
                .session
                .as_ref()
                .is_none_or(|id| !kept.contains(id) && !self.is_live(id).unwrap_or(true))
        };
        for (name, resource) in plan.resources.iter().filter(|(_, resource)| free(resource)) {
            sink.step(&format!("{} {}", resource.kind, resource.name), None);
            let backend = self.backend(Some(*name))?;
            if let Err(error) = backend.remove(resource).await {
                failed.get_or_insert(error.into());
            }
        }
        for id in &plan.folders {
            if let Err(error) = self.remove_unknown(id) {
                failed.get_or_insert(error);
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Saves what a session holds, then removes its bottle, and its folder and record too where nothing was worth saving. What stays
    /// says `why`.
    pub(crate) async fn remove_session(
        &self,
        record: &SessionRecord,
        discard: bool,
        why: &str,
        sink: &dyn StepSink,
    ) -> Result<(), EngineError> {
        let id = &record.id;
        let folder = self.home().session(id);
        let lock = if folder.is_dir() {
            SessionLock::take(&folder)?
        } else {
            None
        };
        if folder.is_dir() && lock.is_none() {
            // Somebody resumed it since the plan was made.
            return Ok(());
        }
        let store = self.store()?;
        let Some(record) = store
            .get(id)?
            .filter(|now| now.state != SessionState::Settled)
        else {
            // Somebody settled or removed it since the plan was made.
            return Ok(());
        };
        let backend: Arc<dyn Backend> = self.backend(Some(record.backend))?;
        // Work that was saved before something went wrong stays too.
        let mut saved = holds_work(&folder);
        if record.state != SessionState::Starting && backend.get(id).await?.is_some() {
            match self.rescue(&*backend, id).await {
                Ok(kept) => saved |= kept.transcript.is_some() || kept.changed_files > 0,
                Err(error) if !discard => return Err(error),
                Err(error) => sink.log(&format!("the work of {id} is lost: {error}")),
            }
        }
        backend.delete(id).await?;
        if saved {
            sink.log(&format!(
                "the work of {id} is saved in {}",
                folder.display()
            ));
            store.set_ended(
                id,
                SessionState::Settled,
                self.now(),
                record.exit_code,
                Some(why),
            )?;
            forget_private(&folder)?;
        } else {
            remove_folder(&folder)?;
            store.forget(id)?;
        }
        drop(lock);
        Ok(())
    }

    /// Removes the folder of a session that is not recorded, unless it has come to life or to be recorded meanwhile.
    fn remove_unknown(&self, id: &SessionId) -> Result<(), EngineError> {
        let folder = self.home().session(id);
        let known = match self.session(id) {
            Ok(_) => true,
            Err(EngineError::NoSession { .. }) => false,
            Err(error) => return Err(error),
        };
        if known || !folder.is_dir() {
            return Ok(());
        }
        let Some(lock) = SessionLock::take(&folder)? else {
            return Ok(());
        };
        remove_folder(&folder)?;
        drop(lock);
        Ok(())
    }

    /// Forgets a settled session with its transcript. Absent is a success.
    ///
    /// # Errors
    /// [`EngineError::SessionInUse`] where it is not settled, [`EngineError::File`] or [`EngineError::Store`].
    pub fn forget(&self, id: &SessionId) -> Result<(), EngineError> {
        let store = self.store()?;
        if store
            .get(id)?
            .is_some_and(|record| record.state != SessionState::Settled)
        {
            return Err(EngineError::SessionInUse { id: id.clone() });
        }
        remove_folder(&self.home().session(id))?;
        store.forget(id)
    }

    /// Stops a session wherever it runs and keeps its bottle; its owner sees it end. Stopped already is a success.
    ///
    /// # Errors
    /// [`EngineError::NoSession`], [`EngineError::Backend`] or [`EngineError::Store`].
    pub async fn stop(&self, id: &SessionId) -> Result<(), EngineError> {
        let record = self.session(id)?;
        if record.state == SessionState::Settled {
            return Ok(());
        }
        self.backend(Some(record.backend))?.stop(id).await?;
        // A session that never came to run has nothing to go on with, and one that is kept has a better reason already.
        if record.state == SessionState::Running && !self.is_live(id)? {
            self.store()?.set_ended(
                id,
                SessionState::Preserved,
                self.now(),
                None,
                Some("stopped"),
            )?;
        }
        Ok(())
    }
}
