//! What the control side changes and the doors obey: policy, kill switch, credentials, events, open tunnels, counts.
//!
//! Rules are replaced as a whole. A tunnel is registered *before* it is decided, and rules are replaced *before* tunnels are
//! looked through, so that no tunnel slips through between the two.

mod tunnels;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use bottle_core::event::SecurityEvent;
use bottle_core::policy::{self, Policy};
use tokio_util::sync::CancellationToken;

pub use tunnels::Tunnel;
use tunnels::Tunnels;

use crate::events::EventLog;
use crate::vault::Vault;

/// The rules in force.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// The policy; none until the engine sent one, and then nothing passes.
    pub policy: Option<Policy>,
    /// Whether the kill switch is on.
    pub paused: bool,
}

/// The shared state of one session's bundle.
#[derive(Debug, Default)]
pub struct State {
    rules: RwLock<Arc<Rules>>,
    vault: Vault,
    events: EventLog,
    tunnels: Tunnels,
    allowed: AtomicU32,
    denied: AtomicU32,
}

impl State {
    /// The rules in force now.
    #[must_use]
    pub fn rules(&self) -> Arc<Rules> {
        Arc::clone(&self.rules.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The credentials.
    #[must_use]
    pub const fn vault(&self) -> &Vault {
        &self.vault
    }

    /// The security events.
    #[must_use]
    pub const fn events(&self) -> &EventLog {
        &self.events
    }

    /// Replaces the policy and closes tunnels to hosts that are no longer open.
    pub fn set_policy(&self, policy: Policy) {
        let mut hosts: Vec<String> = policy
            .routes
            .iter()
            .map(|route| route.host.to_string())
            .collect();
        hosts.sort_unstable();
        hosts.dedup();
        let rules = self.change(|rules| rules.policy = Some(policy));
        self.events.record(SecurityEvent::RoutesChanged { hosts });
        self.tunnels
            .close_where(|host, port| !rules.opens(host, port));
    }

    /// Turns the kill switch; turning it on closes every tunnel.
    pub fn pause(&self, paused: bool) {
        let before = self.rules().paused;
        self.change(|rules| rules.paused = paused);
        if before != paused {
            self.events.record(SecurityEvent::Paused { paused });
        }
        if paused {
            self.tunnels.close_where(|_, _| true);
        }
    }

    /// Enters a tunnel or request into the list of what a change of rules may close, by cancelling the token.
    #[must_use]
    pub fn open_tunnel(
        self: &Arc<Self>,
        host: &str,
        port: u16,
        close: CancellationToken,
    ) -> Tunnel {
        Tunnel::new(Arc::clone(self), host, port, close)
    }

    /// Tunnels and connections open now.
    #[must_use]
    pub fn open(&self) -> u32 {
        self.tunnels.count()
    }

    /// Requests let through and requests refused so far.
    #[must_use]
    pub fn counts(&self) -> (u32, u32) {
        let read = |count: &AtomicU32| count.load(Ordering::Relaxed);
        (read(&self.allowed), read(&self.denied))
    }

    /// Counts and records an event of a guard.
    pub fn record(&self, event: SecurityEvent) {
        match &event {
            SecurityEvent::Allowed { .. } => {
                self.allowed.fetch_add(1, Ordering::Relaxed);
            }
            SecurityEvent::Denied { .. } => {
                self.denied.fetch_add(1, Ordering::Relaxed);
            }
            SecurityEvent::RoutesChanged { .. }
            | SecurityEvent::Paused { .. }
            | SecurityEvent::Lost { .. } => {}
        }
        self.events.record(event);
    }

    fn change(&self, change: impl FnOnce(&mut Rules)) -> Arc<Rules> {
        let mut held = self.rules.write().unwrap_or_else(PoisonError::into_inner);
        let mut rules = Rules::clone(&held);
        change(&mut rules);
        *held = Arc::new(rules);
        Arc::clone(&held)
    }
}

impl Rules {
    fn opens(&self, host: &str, port: u16) -> bool {
        !self.paused
            && self
                .policy
                .as_ref()
                .is_some_and(|policy| policy::decide_connect(policy, host, port).is_allowed())
    }
}
