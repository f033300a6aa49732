//! Back into a preserved session: its bottle is started, proven and handed over like a new one, with all that is in it.
//!
//! Whatever fails or is cancelled on the way leaves the bottle stopped and kept.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use bottle_core::advice::Advice;
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
        if unfit || backend.get(id).await?.is_none() {
            return Err(EngineError::NotResumable { id: id.clone() });
        }
        let folder = self.home().session(id);
        private_folder(&folder)?;
        let lock = SessionLock::take(&folder)?
            .ok_or_else(|| EngineError::SessionInUse { id: id.clone() })?;
        let prepared = self.prepare_again(&record, env).await?;
        let values = unless(cancel, self.values(&prepared)).await?;
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
            drop(backend.stop(id).await);
            let reason = format!("resume failed: {}", error.code());
            self.store()?.set_ended(
                id,
                SessionState::Preserved,
                self.now(),
                None,
                Some(&reason),
            )?;
        }
        result
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
