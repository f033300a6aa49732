//! The list of what is open now, so that a change of rules can close it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

use super::State;

#[derive(Debug, Default)]
pub(super) struct Tunnels(Mutex<Open>);

#[derive(Debug, Default)]
struct Open {
    next: u64,
    entries: HashMap<u64, Entry>,
}

#[derive(Debug)]
struct Entry {
    host: String,
    port: u16,
    close: CancellationToken,
}

impl Tunnels {
    pub(super) fn count(&self) -> u32 {
        self.with(|open| u32::try_from(open.entries.len()).unwrap_or(u32::MAX))
    }

    pub(super) fn close_where(&self, matches: impl Fn(&str, u16) -> bool) {
        let closing: Vec<_> = self.with(|open| {
            let hit = |entry: &&Entry| matches(&entry.host, entry.port);
            open.entries
                .values()
                .filter(hit)
                .map(|entry| entry.close.clone())
                .collect()
        });
        // Cancelling wakes tasks and may drop tunnels, which take the lock.
        for token in closing {
            token.cancel();
        }
    }

    fn with<T>(&self, look: impl FnOnce(&mut Open) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Something open to one host; leaves the list when dropped.
#[derive(Debug)]
pub struct Tunnel {
    state: Arc<State>,
    number: u64,
}

impl Tunnel {
    pub(super) fn new(state: Arc<State>, host: &str, port: u16, close: CancellationToken) -> Self {
        let entry = Entry {
            host: host.to_owned(),
            port,
            close,
        };
        let number = state.tunnels.with(|open| {
            open.next += 1;
            open.entries.insert(open.next, entry);
            open.next
        });
        Self { state, number }
    }
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        self.state
            .tunnels
            .with(|open| open.entries.remove(&self.number));
    }
}
