//! The security events of a session: numbered, bounded in memory, readable again from any number.
//!
//! There is one buffer and no queue per reader: a reader keeps the number it saw last and asks for what came after. Who is too
//! slow gets one [`SecurityEvent::Lost`] in place of what the buffer no longer holds. Recording never waits.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use bottle_core::control::Message;
use bottle_core::event::SecurityEvent;
use tokio::sync::watch;

/// Events that are kept: at some 400 bytes each under a megabyte, and hours of an agent's traffic.
pub const KEPT: usize = 2048;
/// Events that one read hands out, so that a reader's copy stays small.
const BATCH: usize = 64;

/// The event buffer.
#[derive(Debug)]
pub struct EventLog {
    ring: Mutex<Ring>,
    latest: watch::Sender<u32>,
}

#[derive(Debug, Default)]
struct Ring {
    entries: VecDeque<Entry>,
    last: u32,
}

#[derive(Debug)]
struct Entry {
    number: u32,
    at_ms: f64,
    event: SecurityEvent,
}

impl Default for EventLog {
    fn default() -> Self {
        Self {
            ring: Mutex::default(),
            latest: watch::Sender::new(0),
        }
    }
}

impl EventLog {
    /// Adds an event, pushing out the oldest where the buffer is full.
    pub fn record(&self, event: SecurityEvent) {
        let at_ms = now_ms();
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        ring.last = ring.last.saturating_add(1);
        let number = ring.last;
        if ring.entries.len() == KEPT {
            ring.entries.pop_front();
        }
        ring.entries.push_back(Entry {
            number,
            at_ms,
            event,
        });
        drop(ring);
        self.latest.send_replace(number);
    }

    /// Starts reading after a number. One that was never given out, as after a restart of the bundle, stands for the start.
    #[must_use]
    pub fn reader(&self, after: u32) -> Reader {
        let mut latest = self.latest.subscribe();
        let newest = *latest.borrow_and_update();
        Reader {
            seen: if after > newest { 0 } else { after },
            latest,
        }
    }

    /// Waits until there is something after what the reader saw, and hands out the next of it, oldest first. Cancel safe.
    pub async fn next(&self, reader: &mut Reader) -> Vec<Message> {
        let seen = reader.seen;
        // The sender lives in `self`, so that waiting cannot fail.
        let _waited = reader
            .latest
            .wait_for(|latest| *latest > seen)
            .await
            .is_ok();
        let ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        let mut batch = Vec::with_capacity(BATCH);
        batch.extend(ring.lost_since(reader.seen));
        batch.extend(ring.after(reader.seen).take(BATCH).map(Entry::message));
        if let Some(Message::Event { number, .. }) = batch.last() {
            reader.seen = *number;
        }
        batch
    }
}

/// One reader's place in the events.
#[derive(Debug)]
pub struct Reader {
    seen: u32,
    latest: watch::Receiver<u32>,
}

impl Ring {
    fn lost_since(&self, seen: u32) -> Option<Message> {
        let oldest = self.entries.front()?;
        let count = oldest.number.saturating_sub(seen).saturating_sub(1);
        (count > 0).then(|| Message::Event {
            number: oldest.number - 1,
            at_ms: oldest.at_ms,
            event: SecurityEvent::Lost { count },
        })
    }

    fn after(&self, seen: u32) -> impl Iterator<Item = &Entry> {
        let oldest = self.entries.front().map_or(0, |entry| entry.number);
        let skip = seen.saturating_add(1).saturating_sub(oldest);
        self.entries
            .iter()
            .skip(usize::try_from(skip).unwrap_or(usize::MAX))
    }
}

impl Entry {
    fn message(&self) -> Message {
        Message::Event {
            number: self.number,
            at_ms: self.at_ms,
            event: self.event.clone(),
        }
    }
}

/// Milliseconds since 1970, as far as `f64` keeps them exactly: some 285,000 years.
fn now_ms() -> f64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    (since.as_secs_f64() * 1000.0).floor()
}
