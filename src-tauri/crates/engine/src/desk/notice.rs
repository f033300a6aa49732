//! Tells listeners that sessions or tasks changed, so that they ask again. Many changes while nobody looks are one.

use tokio::sync::watch;

/// How often each of the two changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Counts {
    sessions: u64,
    tasks: u64,
}

/// Rings when something changed.
#[derive(Debug, Clone)]
pub(super) struct Bell(watch::Sender<Counts>);

impl Bell {
    pub(super) fn new() -> Self {
        Self(watch::Sender::default())
    }

    pub(super) fn sessions(&self) {
        self.0.send_modify(|counts| counts.sessions += 1);
    }

    pub(super) fn tasks(&self) {
        self.0.send_modify(|counts| counts.tasks += 1);
    }

    pub(super) fn feed(&self) -> ChangeFeed {
        let receiver = self.0.subscribe();
        let known = *receiver.borrow();
        ChangeFeed { receiver, known }
    }
}

/// What changed since the last look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Changed {
    /// The list of sessions.
    pub sessions: bool,
    /// The list of tasks.
    pub tasks: bool,
}

/// Changes from now on, for one listener.
#[derive(Debug)]
pub struct ChangeFeed {
    receiver: watch::Receiver<Counts>,
    known: Counts,
}

impl ChangeFeed {
    /// Waits for a change; `None` once the desk is gone. Cancel safe.
    pub async fn next(&mut self) -> Option<Changed> {
        let now = *self
            .receiver
            .wait_for(|counts| *counts != self.known)
            .await
            .ok()?;
        let changed = Changed {
            sessions: now.sessions != self.known.sessions,
            tasks: now.tasks != self.known.tasks,
        };
        self.known = now;
        Some(changed)
    }
}
