//! What a long-lived program needs of the engine: starts that go on while nobody looks, sessions that it owns, their terminals, and
//! the word when something changed.
//!
//! A desk outlives the windows that look at it: whoever comes later is shown what happened so far. It knows no window, no wire and
//! no words of an interface. Nothing here polls. Dropping a desk without [`Desk::close`] leaves its sessions as a crash would: they
//! are found as interrupted, and can be gone on with.

mod inbox;
mod journal;
mod list;
mod notice;
mod sitting;
mod start;
mod stop;
mod task;
mod terminal;
mod traffic;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bottle_core::guest::TerminalSize;
use bottle_core::id::SessionId;
use tokio::runtime::Handle;

use crate::engine::Engine;
use crate::error::EngineError;
use crate::session::Outcome;

pub use inbox::{FILE_LIMIT, INBOX, InboxFile};
pub use journal::{TaskEvent, TaskFeed};
pub use list::{SessionFacts, SessionState, SessionSummary};
pub use notice::{ChangeFeed, Changed};
pub use task::{TaskNumber, TaskState, TaskSummary};
pub use terminal::{View, ViewNumber, WINDOW};
pub use traffic::{TrafficEvent, TrafficFeed};

use list::Saved;
use notice::Bell;
use sitting::Sitting;
use task::Task;
use terminal::sensible;

/// The size of a terminal that nobody has looked at yet.
const FIRST_SIZE: TerminalSize = TerminalSize {
    rows: 32,
    columns: 120,
};
/// Why a session is kept that ran when the program ended.
const CLOSED: &str = "claude-bottle was closed";

/// The engine for a program that lives long. Shared; every call may run at the same time as others.
pub struct Desk {
    engine: Arc<Engine>,
    runtime: Handle,
    bell: Bell,
    state: Mutex<State>,
    views: AtomicU32,
}

struct State {
    closing: bool,
    next_task: u32,
    tasks: BTreeMap<TaskNumber, Arc<Task>>,
    sittings: BTreeMap<SessionId, Arc<Sitting>>,
    /// The size that a window had last: the next claude starts with it, and need not draw twice.
    size: TerminalSize,
    /// What settled sessions left, which does not change any more.
    saved: BTreeMap<SessionId, Saved>,
}

impl Desk {
    /// Takes the engine, and the runtime on which everything runs. Looks at nothing yet.
    #[must_use]
    pub fn new(engine: Arc<Engine>, runtime: Handle) -> Arc<Self> {
        Arc::new(Self {
            engine,
            runtime,
            bell: Bell::new(),
            state: Mutex::new(State {
                closing: false,
                next_task: 1,
                tasks: BTreeMap::new(),
                sittings: BTreeMap::new(),
                size: FIRST_SIZE,
                saved: BTreeMap::new(),
            }),
            views: AtomicU32::new(1),
        })
    }

    /// The engine itself.
    #[must_use]
    pub const fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// Tells one listener of changes from now on.
    #[must_use]
    pub fn changes(&self) -> ChangeFeed {
        self.bell.feed()
    }

    /// The sessions that run in this process.
    #[must_use]
    pub fn live(&self) -> Vec<SessionId> {
        self.state().sittings.keys().cloned().collect()
    }

    /// Opens a view of claude's terminal, at the size of what shows it.
    ///
    /// # Errors
    /// [`EngineError::NotRunning`] where the session does not run here.
    pub fn open_terminal(&self, id: &SessionId, size: TerminalSize) -> Result<View, EngineError> {
        let size = sensible(size);
        let sitting = self.running(id)?;
        self.state().size = size;
        let number = ViewNumber(self.views.fetch_add(1, Ordering::Relaxed));
        Ok(sitting.claude.open(number, size))
    }

    /// Types into claude's terminal, after everything that was typed before. Never waits: what claude has not read yet is kept.
    ///
    /// # Errors
    /// [`EngineError::NotRunning`]; [`EngineError::InputFull`] where 32 MiB wait already, and nothing of this is typed then.
    pub fn write_terminal(&self, id: &SessionId, data: Vec<u8>) -> Result<(), EngineError> {
        if self.running(id)?.claude.type_bytes(data) {
            return Ok(());
        }
        Err(EngineError::InputFull { id: id.clone() })
    }

    /// Changes the size of claude's terminal.
    ///
    /// # Errors
    /// [`EngineError::NotRunning`].
    pub fn resize_terminal(&self, id: &SessionId, size: TerminalSize) -> Result<(), EngineError> {
        let size = sensible(size);
        self.running(id)?.claude.resize(size);
        self.state().size = size;
        Ok(())
    }

    /// Notes that a view's window has shown so many bytes more, which lets more be read. A view that is closed is passed over.
    pub fn acknowledge_terminal(&self, view: ViewNumber, bytes: u32) {
        let sittings = self.sittings();
        let _known = (sittings.iter()).any(|sitting| sitting.claude.acknowledge(view, bytes));
    }

    /// Closes a view; its reader is given the end. A view that is closed already is passed over.
    pub fn close_terminal(&self, view: ViewNumber) {
        let sittings = self.sittings();
        let _known = sittings.iter().any(|sitting| sitting.claude.close(view));
    }

    /// Ends everything: tasks are cancelled, sessions stopped and kept. Nothing starts from here on. `false` where the deadline came
    /// first; what is left then is found as interrupted the next time.
    pub async fn close(&self, deadline: Duration) -> bool {
        let (tasks, sittings) = {
            let mut state = self.state();
            state.closing = true;
            (state.tasks.clone(), state.sittings.clone())
        };
        for task in tasks.values() {
            task.cancel.cancel();
        }
        for sitting in sittings.values() {
            sitting.order(Outcome::Interrupted(CLOSED.into()));
        }
        let all = async {
            for task in tasks.values() {
                task.journal.ended().await;
            }
            for sitting in sittings.values() {
                drop(sitting.settled().await);
            }
        };
        tokio::time::timeout(deadline, all).await.is_ok()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sittings(&self) -> Vec<Arc<Sitting>> {
        self.state().sittings.values().cloned().collect()
    }

    /// A session that runs here.
    fn sitting(&self, id: &SessionId) -> Option<Arc<Sitting>> {
        self.state().sittings.get(id).cloned()
    }

    fn running(&self, id: &SessionId) -> Result<Arc<Sitting>, EngineError> {
        self.sitting(id)
            .ok_or_else(|| EngineError::NotRunning { id: id.clone() })
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        // Tasks and sittings hold themselves while they run.
        let state = self.state();
        for task in state.tasks.values() {
            task.abort();
        }
        for sitting in state.sittings.values() {
            sitting.abort();
        }
    }
}
