//! A session that runs: claude can be started in it, its end is seen, and it is settled.

use std::path::PathBuf;
use std::sync::Arc;

use bottle_core::backend::{Backend, BackendError, Part};
use bottle_core::guest::{Guest, Process, Terminal, TerminalSize};
use bottle_core::id::SessionId;
use bottle_core::plan::Plan;
use bottle_core::selftest::SelfTest;
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use crate::attach::ClaudeCommand;
use crate::control::ControlClient;
use crate::error::EngineError;
use crate::lock::SessionLock;

/// A running session that belongs to this process. Dropping it without [`crate::Engine::settle`] leaves the bottle to `resume` or
/// `cleanup`, as a crash would.
pub struct Live {
    /// Its id.
    pub id: SessionId,
    /// What it was started with, with the certificate's fingerprint.
    pub plan: Plan,
    /// What the self-test saw.
    pub evidence: SelfTest,
    /// Its folder on this machine.
    pub folder: PathBuf,
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) guest: Arc<dyn Guest>,
    pub(crate) control: ControlClient,
    pub(crate) command: ClaudeCommand,
    pub(crate) lock: SessionLock,
    pub(crate) audit: AbortOnDropHandle<()>,
    /// Changes with each security event that was recorded; its sender goes when no more come.
    pub(crate) recorded: watch::Receiver<()>,
}

/// How a session's use ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Claude ended with this code.
    Exited(i32),
    /// The person says that it is done, while claude still runs.
    Finished,
    /// Something else ended it; the words are shown in lists.
    Interrupted(String),
}

/// What became of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// Whether its bottle is kept for `resume`.
    pub kept: bool,
    /// Why it is kept, as lists show it.
    pub reason: Option<String>,
    /// Where the transcript was saved, if there was one.
    pub transcript: Option<PathBuf>,
    /// Number of files of the project folder that the session changed, added or removed.
    pub changed_files: u32,
}

impl Live {
    /// Starts claude on a terminal.
    ///
    /// # Errors
    /// [`EngineError::Backend`].
    pub async fn attach(&self, size: TerminalSize) -> Result<Terminal, EngineError> {
        Ok(self.guest.attach(&self.command.interactive(), size).await?)
    }

    /// Starts claude for one turn; the prompt is written to the process's standard input by the caller.
    ///
    /// # Errors
    /// [`EngineError::Backend`].
    pub async fn headless(&self, stream_json: bool) -> Result<Process, EngineError> {
        Ok(self
            .guest
            .spawn(&self.command.headless(stream_json))
            .await?)
    }

    /// The inside of the bottle.
    #[must_use]
    pub fn guest(&self) -> &Arc<dyn Guest> {
        &self.guest
    }

    /// The bundle's control connection.
    #[must_use]
    pub const fn control(&self) -> &ControlClient {
        &self.control
    }

    /// Waits until the guest or the bundle ends, and says which. Both are needed: without its bundle a bottle has no doors.
    ///
    /// # Errors
    /// [`BackendError`] where the engine cannot be asked any more.
    pub async fn ended(&self) -> Result<Part, BackendError> {
        tokio::select! {
            // Where both have ended, somebody stopped the session: that says more than that its bundle is gone too.
            biased;
            guest = self.backend.ended(&self.id, Part::Guest) => guest.map(|_| Part::Guest),
            bundle = self.backend.ended(&self.id, Part::Bundle) => bundle.map(|_| Part::Bundle),
        }
    }
}
