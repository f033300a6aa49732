//! What the guards of a session decided and saw.

use bottle_core::event::SecurityEvent;
use bottle_engine::audit::AuditEntry;
use bottle_engine::desk;
use serde::Serialize;
use specta::Type;
use specta_typescript::Number;

/// One decision. Times are milliseconds since 1970.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum TrafficEvent {
    /// A request was let through.
    Allowed {
        /// When.
        #[specta(type = Number)]
        at_ms: f64,
        /// Who decided.
        daemon: String,
        /// The host.
        host: String,
        /// The method.
        method: String,
        /// The path without its query.
        path: String,
        /// The rule that allowed it.
        rule: String,
        /// The credential that was put in.
        credential: Option<String>,
    },
    /// A request was refused.
    Denied {
        /// When.
        #[specta(type = Number)]
        at_ms: f64,
        /// Who decided.
        daemon: String,
        /// The host.
        host: String,
        /// The method.
        method: String,
        /// The path without its query.
        path: String,
        /// The rule that refused it.
        rule: String,
        /// Why, in a sentence.
        reason: String,
    },
    /// The open hosts were replaced.
    RoutesChanged {
        /// When.
        #[specta(type = Number)]
        at_ms: f64,
        /// Hosts now open.
        hosts: Vec<String>,
    },
    /// All traffic was stopped or let on.
    Paused {
        /// When.
        #[specta(type = Number)]
        at_ms: f64,
        /// Whether it is stopped now.
        paused: bool,
    },
    /// Decisions were not recorded because there were too many.
    Lost {
        /// When.
        #[specta(type = Number)]
        at_ms: f64,
        /// How many.
        count: u32,
    },
    /// Nothing follows.
    End,
}

impl From<desk::TrafficEvent> for TrafficEvent {
    fn from(event: desk::TrafficEvent) -> Self {
        match event {
            desk::TrafficEvent::Entry(entry) => entry.into(),
            desk::TrafficEvent::End => Self::End,
        }
    }
}

impl From<AuditEntry> for TrafficEvent {
    fn from(AuditEntry { at_ms, event }: AuditEntry) -> Self {
        match event {
            SecurityEvent::Allowed {
                daemon,
                host,
                method,
                path,
                rule,
                credential,
            } => Self::Allowed {
                at_ms,
                daemon,
                host,
                method,
                path,
                rule,
                credential,
            },
            SecurityEvent::Denied {
                daemon,
                host,
                method,
                path,
                rule,
                reason,
            } => Self::Denied {
                at_ms,
                daemon,
                host,
                method,
                path,
                rule,
                reason,
            },
            SecurityEvent::RoutesChanged { hosts } => Self::RoutesChanged { at_ms, hosts },
            SecurityEvent::Paused { paused } => Self::Paused { at_ms, paused },
            SecurityEvent::Lost { count } => Self::Lost { at_ms, count },
        }
    }
}
