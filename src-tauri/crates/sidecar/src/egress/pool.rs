//! Connections to upstreams that wait to be used again: idle ones of HTTP/1, and one shared one of HTTP/2 for each target.
//!
//! A connection is only ever used for the target that it was opened and checked for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use hyper::client::conn::{http1, http2};
use tokio::time::Instant;

use super::body::Body;
use super::target::Key;

/// The sending end of a connection.
pub(super) enum Sender {
    H1(http1::SendRequest<Body>),
    H2(http2::SendRequest<Body>),
}

/// The connections that wait.
#[derive(Default)]
pub(super) struct Pool {
    held: Mutex<HashMap<Key, Entry>>,
    most: usize,
    keep: Duration,
}

#[derive(Default)]
struct Entry {
    idle: Vec<Idle>,
    shared: Option<http2::SendRequest<Body>>,
}

struct Idle {
    sender: http1::SendRequest<Body>,
    since: Instant,
}

impl Pool {
    /// Keeps at most so many idle connections to each target, for so long.
    pub(super) fn new(most: usize, keep: Duration) -> Self {
        Self {
            held: Mutex::default(),
            most,
            keep,
        }
    }

    /// Takes a connection that is ready, the one used last first.
    pub(super) fn checkout(&self, key: &Key) -> Option<Sender> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = held.get_mut(key)?;
        if let Some(shared) = entry.shared.as_ref().filter(|shared| !shared.is_closed()) {
            return Some(Sender::H2(shared.clone()));
        }
        entry.idle.retain(|idle| !idle.is_over(self.keep));
        // One whose last request is still being written is not ready.
        let ready = entry.idle.iter().rposition(|idle| idle.sender.is_ready())?;
        Some(Sender::H1(entry.idle.swap_remove(ready).sender))
    }

    /// Shares a connection of HTTP/2; the one that is there already wins.
    pub(super) fn share(
        &self,
        key: &Key,
        sender: http2::SendRequest<Body>,
    ) -> http2::SendRequest<Body> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = held.entry(key.clone()).or_default();
        match &entry.shared {
            Some(shared) if !shared.is_closed() => shared.clone(),
            _ => entry.shared.insert(sender).clone(),
        }
    }

    /// Drops what is closed or has waited for too long.
    pub(super) fn sweep(&self) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|_, entry| {
            entry.idle.retain(|idle| !idle.is_over(self.keep));
            if entry
                .shared
                .as_ref()
                .is_some_and(http2::SendRequest::is_closed)
            {
                entry.shared = None;
            }
            !entry.idle.is_empty() || entry.shared.is_some()
        });
    }

    fn put_back(&self, key: Key, sender: http1::SendRequest<Body>) {
        if sender.is_closed() {
            return;
        }
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = held.entry(key).or_default();
        if entry.idle.len() < self.most {
            let since = Instant::now();
            entry.idle.push(Idle { sender, since });
        }
    }
}

impl Idle {
    fn is_over(&self, keep: Duration) -> bool {
        self.sender.is_closed() || self.since.elapsed() > keep
    }
}

/// A connection in use, to be given back after its response. Dropping it instead closes the connection.
pub(super) struct Lease {
    pub(super) pool: Weak<Pool>,
    pub(super) key: Key,
    pub(super) sender: http1::SendRequest<Body>,
}

impl Lease {
    /// Takes a connection of a pool.
    pub(super) fn new(pool: &Arc<Pool>, key: Key, sender: http1::SendRequest<Body>) -> Self {
        Self {
            pool: Arc::downgrade(pool),
            key,
            sender,
        }
    }

    /// Gives the connection back.
    pub(super) fn give_back(self) {
        if let Some(pool) = self.pool.upgrade() {
            pool.put_back(self.key, self.sender);
        }
    }
}
