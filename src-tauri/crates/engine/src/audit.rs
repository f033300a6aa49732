//! Security events of sessions, kept in the database.

use std::sync::Arc;

use bottle_core::event::SecurityEvent;
use bottle_core::id::SessionId;
use tokio::sync::{mpsc, watch};
use tokio_util::task::AbortOnDropHandle;

use crate::control::NumberedEvent;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::store::Store;

/// A security event and when it happened, in milliseconds since 1970.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEntry {
    /// When.
    pub at_ms: f64,
    /// What.
    pub event: SecurityEvent,
}

/// Writes events as they come until the connection ends, and says so after each. `boot` tells one life of a bundle from another.
pub(crate) fn record(
    store: Arc<Store>,
    id: SessionId,
    boot: String,
    mut events: mpsc::Receiver<NumberedEvent>,
) -> (AbortOnDropHandle<()>, watch::Receiver<()>) {
    let (recorded, seen) = watch::channel(());
    let task = tokio::spawn(async move {
        while let Some(NumberedEvent {
            number,
            at_ms,
            event,
        }) = events.recv().await
        {
            let Ok(text) = serde_json::to_string(&event) else {
                continue;
            };
            if let Err(error) = store.add_event(&id, &boot, number, at_ms, &text) {
                tracing::warn!(%id, %error, "a security event was not recorded");
            }
            recorded.send_replace(());
        }
    });
    (AbortOnDropHandle::new(task), seen)
}

impl Engine {
    /// Security events of a session, oldest first.
    ///
    /// # Errors
    /// [`EngineError::Store`].
    pub fn audit(&self, id: &SessionId) -> Result<Vec<AuditEntry>, EngineError> {
        let rows = self.store()?.events(id)?;
        let entries = rows.into_iter().filter_map(|(at_ms, text)| {
            serde_json::from_str(&text)
                .ok()
                .map(|event| AuditEntry { at_ms, event })
        });
        Ok(entries.collect())
    }
}
