//! What a test does with a staged backend: says what shall happen, and looks at what happened.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bottle_core::backend::{Part, Runtime, SessionSpec};
use bottle_core::id::{OwnerId, SessionId};
use bottle_sidecar::state::State;
use tokio::sync::mpsc;

use super::{FarEnd, Record, StagedBackend, Trouble, When, lock};

impl StagedBackend {
    /// Sets the runtimes that the engine has; `None` for an engine that does not answer.
    pub fn set_runtimes(&self, runtimes: Option<Vec<Runtime>>) {
        *lock(&self.shared.runtimes) = runtimes;
    }

    /// Lets the name of the next session be that of a stranger's session.
    pub fn take_next_name(&self, stranger: OwnerId) {
        *lock(&self.shared.name_taken_by) = Some(stranger);
    }

    /// Lets the images be gone until they are made again.
    pub fn lose_images(&self) {
        self.shared.images.store(false, Ordering::Relaxed);
    }

    /// Lets every bundle die as soon as it was started.
    pub fn bundles_die(&self) {
        self.shared.dies_at_start.store(true, Ordering::Relaxed);
    }

    /// Lets so many control connections end as soon as they are open.
    pub fn hang_up(&self, times: u32) {
        self.shared.hang_ups.store(times, Ordering::Relaxed);
    }

    /// Lets the far ends of all terminals from now on come to the test; one that it drops ends its claude badly.
    #[must_use]
    pub fn terminals(&self) -> mpsc::UnboundedReceiver<FarEnd> {
        let (sender, receiver) = mpsc::unbounded_channel();
        *lock(&self.shared.terminals) = Some(sender);
        receiver
    }

    /// Everything that was asked, in order.
    #[must_use]
    pub fn calls(&self) -> Vec<String> {
        self.shared.calls.all()
    }

    /// The calls of a start, in order: those that trouble can be made for.
    #[must_use]
    pub fn steps(&self) -> Vec<String> {
        self.shared.calls.steps()
    }

    /// Makes trouble for one of the steps, counted from 0 over the whole life of the backend.
    pub fn trouble(&self, step: usize, when: When, trouble: Trouble) {
        self.shared.calls.trouble(step, when, trouble);
    }

    /// Lets every call of this name fail from now on.
    pub fn refuse(&self, name: &'static str) {
        self.shared.calls.refuse(name);
    }

    /// Lets every call succeed again.
    pub fn mend(&self) {
        self.shared.calls.mend();
    }

    /// Waits until a step with [`Trouble::Waits`] is reached.
    pub async fn reached(&self) {
        self.shared.calls.reached().await;
    }

    /// What ran in guests, and what answers there.
    #[must_use]
    pub fn guests(&self) -> &Record {
        &self.shared.guests
    }

    /// The folder that stands for `/` of a guest.
    #[must_use]
    pub fn root(&self, id: &SessionId) -> PathBuf {
        self.shared.folder.path().join(id.as_str())
    }

    /// What a session was made of.
    #[must_use]
    pub fn spec(&self, id: &SessionId) -> Option<SessionSpec> {
        self.sessions().get(id).map(|session| session.spec.clone())
    }

    /// What the bundle of a session holds.
    #[must_use]
    pub fn bundle(&self, id: &SessionId) -> Option<Arc<State>> {
        let sessions = self.sessions();
        sessions.get(id).map(|s| Arc::clone(&s.control.state))
    }

    /// The sessions that there are.
    #[must_use]
    pub fn ids(&self) -> Vec<SessionId> {
        self.sessions().keys().cloned().collect()
    }

    /// Ends a part as a crash would.
    pub fn die(&self, id: &SessionId, part: Part) {
        if let Some(session) = self.sessions().get(id) {
            session.end(part, Some(137));
        }
    }
}
