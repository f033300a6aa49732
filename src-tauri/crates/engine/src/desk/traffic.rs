//! What the doors of a session let through and refused: everything that was recorded, then what comes, then the end.

use std::collections::VecDeque;
use std::sync::Arc;

use bottle_core::id::SessionId;
use tokio::sync::watch;

use super::Desk;
use crate::audit::AuditEntry;
use crate::error::EngineError;
use crate::store::Store;

/// Most events that are read at once.
const BATCH: u32 = 500;

/// One thing to show of a session's traffic.
#[derive(Debug, Clone, PartialEq)]
pub enum TrafficEvent {
    /// A security event.
    Entry(AuditEntry),
    /// The last: the session's doors are closed.
    End,
}

/// The security events of one session, for one follower. What a slow one has not read waits in the database.
pub struct TrafficFeed {
    store: Arc<Store>,
    id: SessionId,
    row: i64,
    waiting: VecDeque<TrafficEvent>,
    recorded: Option<watch::Receiver<()>>,
    ended: bool,
}

impl Desk {
    /// Follows a session's traffic; one that does not run here is told as far as it is recorded.
    ///
    /// # Errors
    /// [`EngineError::NoSession`] or [`EngineError::Store`].
    pub fn follow_traffic(&self, id: &SessionId) -> Result<TrafficFeed, EngineError> {
        let recorded = self.sitting(id).map(|sitting| sitting.recorded.clone());
        self.engine.session(id)?;
        Ok(TrafficFeed {
            store: Arc::clone(self.engine.store()?),
            id: id.clone(),
            row: 0,
            waiting: VecDeque::new(),
            recorded,
            ended: false,
        })
    }
}

impl TrafficFeed {
    /// Waits for the next event; `None` after [`TrafficEvent::End`]. Cancel safe.
    pub async fn next(&mut self) -> Option<TrafficEvent> {
        self.fill().await;
        self.waiting.pop_front()
    }

    /// Waits for the next events and gives all that are there; `None` after [`TrafficEvent::End`]. Cancel safe.
    pub async fn batch(&mut self) -> Option<Vec<TrafficEvent>> {
        self.fill().await;
        let batch: Vec<_> = self.waiting.drain(..).collect();
        (!batch.is_empty()).then_some(batch)
    }

    async fn fill(&mut self) {
        while self.waiting.is_empty() && !self.ended {
            // Looked at before the events are read: what is recorded after that changes it again.
            let goes_on = self.recorded.as_mut().is_some_and(|recorded| {
                recorded.mark_unchanged();
                recorded.has_changed().is_ok()
            });
            if self.read().await {
                continue;
            }
            match self.recorded.as_mut().filter(|_| goes_on) {
                // An error means that no more come, which the next round finds out.
                Some(recorded) => drop(recorded.changed().await),
                None => {
                    self.ended = true;
                    self.waiting.push_back(TrafficEvent::End);
                }
            }
        }
    }

    /// Reads the next events; `false` where there are none.
    async fn read(&mut self) -> bool {
        let (store, id, row) = (Arc::clone(&self.store), self.id.clone(), self.row);
        let reading = tokio::task::spawn_blocking(move || store.events_after(&id, row, BATCH));
        let rows = match reading.await {
            Ok(Ok(rows)) => rows,
            Ok(Err(error)) => {
                tracing::warn!(id = %self.id, %error, "the traffic cannot be read");
                Vec::new()
            }
            Err(_) => Vec::new(),
        };
        let Some((last, _, _)) = rows.last() else {
            return false;
        };
        self.row = *last;
        let entries = rows.into_iter().filter_map(|(_, at_ms, text)| {
            let event = serde_json::from_str(&text).ok()?;
            Some(TrafficEvent::Entry(AuditEntry { at_ms, event }))
        });
        self.waiting.extend(entries);
        true
    }
}
