//! What every command works with: the desk, the credentials, and the desktop around the page.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bottle_credentials::Credentials;
use bottle_engine::desk::{Desk, ViewNumber};
use bottle_engine::{Engine, EngineError};

use crate::desktop::Desktop;
use crate::error::CommandError;
use crate::wire::launch::Launch;

/// The shell's state, one for the whole program.
pub struct Shell {
    /// Sessions, starts and terminals.
    pub desk: Arc<Desk>,
    /// The person's credentials.
    pub credentials: Arc<Credentials>,
    /// Dialogs, the file manager and everything else outside the page.
    pub desktop: Arc<dyn Desktop>,
    launch: Mutex<Option<Launch>>,
    views: Mutex<BTreeSet<ViewNumber>>,
    trouble: AtomicBool,
}

impl Shell {
    /// Puts the parts together.
    #[must_use]
    pub fn new(desk: Arc<Desk>, credentials: Arc<Credentials>, desktop: Arc<dyn Desktop>) -> Self {
        Self {
            desk,
            credentials,
            desktop,
            launch: Mutex::default(),
            views: Mutex::default(),
            trouble: AtomicBool::new(false),
        }
    }

    /// The engine.
    #[must_use]
    pub fn engine(&self) -> Arc<Engine> {
        Arc::clone(self.desk.engine())
    }

    /// Does file work of the engine off the threads that serve the page.
    pub(crate) async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Engine) -> Result<T, EngineError> + Send + 'static,
    ) -> Result<T, CommandError> {
        let engine = self.engine();
        let done = tauri::async_runtime::spawn_blocking(move || work(&engine)).await?;
        Ok(done?)
    }

    /// Remembers what the window shall show next.
    pub fn set_launch(&self, launch: Launch) {
        *lock(&self.launch) = Some(launch);
    }

    /// Takes what the window shall show; home where nothing was asked for.
    pub fn take_launch(&self) -> Launch {
        lock(&self.launch).take().unwrap_or_default()
    }

    /// Remembers a terminal's view that the page holds.
    pub(crate) fn hold_view(&self, view: ViewNumber) {
        lock(&self.views).insert(view);
    }

    /// Forgets a view that the page let go.
    pub(crate) fn let_view_go(&self, view: ViewNumber) {
        lock(&self.views).remove(&view);
    }

    /// Closes every view: a page that was loaded anew acknowledges nothing for the one before it, and an unacknowledged view would
    /// hold claude's output up.
    pub fn close_views(&self) {
        for view in std::mem::take(&mut *lock(&self.views)) {
            self.desk.close_terminal(view);
        }
    }

    /// Remembers whether the doctor last found trouble.
    pub(crate) fn set_trouble(&self, trouble: bool) {
        self.trouble.store(trouble, Ordering::Relaxed);
    }

    /// Whether the doctor last found trouble.
    #[must_use]
    pub fn trouble(&self) -> bool {
        self.trouble.load(Ordering::Relaxed)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
