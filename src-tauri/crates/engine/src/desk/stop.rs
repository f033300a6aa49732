//! The end of a session by the person's word, wherever it stands: on its way, here, in another program, or left by one.

use std::sync::Arc;

use bottle_core::event::Silent;
use bottle_core::id::SessionId;

use super::Desk;
use super::list::saved;
use super::task::{Task, TaskState};
use crate::error::EngineError;
use crate::session::{Outcome, Settled};
use crate::settle::TRANSCRIPT;
use crate::store::SessionState as Recorded;

impl Desk {
    /// Ends a session, wherever it stands, and returns when it has ended. Its bottle is kept, or its work saved and its bottle removed.
    ///
    /// # Errors
    /// [`EngineError::NoSession`], or what keeps it from being settled.
    pub async fn stop(
        self: &Arc<Self>,
        id: &SessionId,
        keep: bool,
    ) -> Result<Settled, Arc<EngineError>> {
        if let Some(task) = self.starting(id) {
            task.cancel.cancel();
            task.journal.ended().await;
        }
        if let Some(sitting) = self.sitting(id) {
            sitting.order(if keep {
                Outcome::Interrupted("you stopped it".into())
            } else {
                Outcome::Finished
            });
            return sitting.settled().await;
        }
        self.stop_elsewhere(id, keep).await.map_err(Arc::new)
    }

    /// Removes a session that nobody uses with its bottle, after its work was saved. One that is settled already stays as it is.
    ///
    /// # Errors
    /// [`EngineError::NoSession`], [`EngineError::SessionInUse`], or what keeps its work from being saved.
    pub async fn discard(self: &Arc<Self>, id: &SessionId) -> Result<(), EngineError> {
        let record = self.engine.session(id)?;
        if record.state == Recorded::Settled {
            return Ok(());
        }
        if self.engine.is_live(id)? {
            return Err(EngineError::SessionInUse { id: id.clone() });
        }
        let removed = self
            .engine
            .remove_session(&record, false, "you discarded it", &Silent);
        let removed = Box::pin(removed).await;
        self.bell.sessions();
        removed
    }

    async fn stop_elsewhere(
        self: &Arc<Self>,
        id: &SessionId,
        keep: bool,
    ) -> Result<Settled, EngineError> {
        let before = match self.engine.session(id) {
            // A start that was cancelled leaves nothing to stop.
            Err(EngineError::NoSession { .. }) if self.started(id) => None,
            record => Some(record?),
        };
        let used = self.engine.is_live(id)?;
        match before {
            Some(record) if record.state != Recorded::Settled && (keep || used) => {
                self.engine.stop(id).await?;
            }
            Some(_) => self.discard(id).await?,
            None => {}
        }
        self.bell.sessions();
        let after = match self.engine.session(id) {
            Err(EngineError::NoSession { .. }) => None,
            record => Some(record?),
        };
        let saved = saved(&self.engine.home().session(id));
        let transcript = self.engine.home().session(id).join(TRANSCRIPT);
        Ok(Settled {
            kept: after
                .as_ref()
                .is_some_and(|record| record.state != Recorded::Settled),
            reason: after.and_then(|record| record.reason),
            transcript: saved.transcript.then_some(transcript),
            changed_files: saved.changed_files,
        })
    }

    /// The task that is starting a session.
    fn starting(&self, id: &SessionId) -> Option<Arc<Task>> {
        let state = self.state();
        let mut tasks = state.tasks.values();
        let found = tasks.find(|task| {
            let task = task.summary();
            task.state == TaskState::Running && task.session.as_ref() == Some(id)
        });
        found.cloned()
    }

    /// Whether a task of this desk ever was for a session.
    fn started(&self, id: &SessionId) -> bool {
        let state = self.state();
        let mut tasks = state.tasks.values();
        tasks.any(|task| task.summary().session.as_ref() == Some(id))
    }
}
