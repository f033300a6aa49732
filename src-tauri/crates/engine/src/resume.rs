//! Back into a preserved session: its bottle is started, proven and handed over like a new one, with all that is in it.
//!
//! Whatever fails or is cancelled on the way leaves the bottle stopped and kept.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use bottle_core::advice::Advice;
use bottle_core::backend::{Backend, PartState};
use bottle_core::event::ProgressSink;
use bottle_core::id::SessionId;
use tokio_util::sync::CancellationToken;

use crate::engine::Engine;
use crate::error::EngineError;
use crate::home::private_folder;
use crate::launch::{Berth, unless};
use crate::lock::SessionLock;
use crate::prepare::{Prepared, StartRequest};
use crate::session::Live;
use crate::store::{SessionRecord, SessionState};

impl Engine {
    /// Goes on with a preserved session, with the agent and bottle as they are written now.
    ///
    /// # Errors
    /// [`EngineError::NoSession`], [`EngineError::SessionInUse`], [`EngineError::NotResumable`], or what a start says. The bottle is
    /// kept, stopped, where it fails.
    pub async fn resume(
        &self,
        id: &SessionId,
        env: BTreeMap<String, String>,
        sink: &dyn ProgressSink,
        cancel: &CancellationToken,
    ) -> Result<Live, EngineError> {
        let record = self.session(id)?;
        if self.is_live(id)? {
            return Err(EngineError::SessionInUse { id: id.clone() });
        }
        let backend = self.backend(Some(record.backend))?;
        // A first start that never came to its end left a bottle that is not furnished.
        let unfit = matches!(record.state, SessionState::Settled | SessionState::Starting);
        let Some(seen) = backend.get(id).await?.filter(|_| !unfit) else {
            return Err(EngineError::NotResumable { id: id.clone() });
        };
        let folder = self.home().session(id);
        private_folder(&folder)?;
        let lock = SessionLock::take(&folder)?
            .ok_or_else(|| EngineError::SessionInUse { id: id.clone() })?;
        let prepared = self.prepare_again(&record, env).await?;
        let values = unless(cancel, self.values(&prepared)).await?;
        if [seen.guest, seen.bundle].contains(&PartState::Running) {
            // A crash left it running, and claude in it: two of them would write one conversation.
            unless(cancel, async { Ok(backend.stop(id).await?) }).await?;
        }
        // Not "starting": a crash from here on must not look like a bottle without work in it.
        self.store()?.set_state(id, SessionState::Running)?;
        let berth = Berth {
            id: id.clone(),
            folder,
            lock,
            conversation: record.conversation.clone(),
            again: true,
        };
        let made = AtomicBool::new(true);
        let result = unless(
            cancel,
            Box::pin(self.run(prepared, values, berth, &made, sink)),
        )
        .await;
        if let Err(error) = &result {
            self.stop_again(&*backend, id, error).await?;
        }
        result
    }

    /// Keeps a session that was gone on with and in which claude never came to run.
    pub(crate) async fn keep_again(
        &self,
        live: Live,
        error: &EngineError,
    ) -> Result<(), EngineError> {
        self.stop_again(&*live.backend, &live.id, error).await
    }

    async fn stop_again(
        &self,
        backend: &dyn Backend,
        id: &SessionId,
        error: &EngineError,
    ) -> Result<(), EngineError> {
        drop(backend.stop(id).await);
        let reason = format!("resume failed: {}", error.code());
        let state = SessionState::Preserved;
        self.store()?
            .set_ended(id, state, self.now(), None, Some(&reason))
    }

    async fn prepare_again(
        &self,
        record: &SessionRecord,
        env: BTreeMap<String, String>,
    ) -> Result<Prepared, EngineError> {
        let request = StartRequest {
            agent: record.agent.clone(),
            backend: Some(record.backend),
            workspace: record
                .workspace
                .as_ref()
                .map(PathBuf::from)
                .filter(|folder| folder.is_dir()),
            env,
        };
        if crate::demo::is_demo(&record.bottle) {
            return self
                .prepare_demo(request.workspace.as_deref(), request.backend)
                .await;
        }
        self.prepare(&request).await
    }
}
