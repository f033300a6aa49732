//! The proof run: shows from inside, as `node`, that nothing leaves the bottle but through its doors.
//!
//! It judges by what happens, not by names: a device that leads nowhere is no failure, a packet that leaves is. All checks run at
//! once, each on its own thread; one that gives no answer counts as failed. It knows nothing of backends.

mod door;
mod files;
mod network;
mod privilege;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use bottle_core::selftest::{Check, SelfTest};

use super::{DOORS_FOLDER, EGRESS_PORT};

pub use door::judge as judge_refusal;
pub use files::{holds_private_key, leaking_names};
pub use network::{is_walled, stray_addresses};

/// How long the whole run may take; in a sealed bottle it ends in milliseconds.
const OVERALL: Duration = Duration::from_secs(4);
/// Longest text of what was seen, in characters.
const MAX_SEEN: usize = 400;

/// Where the walls and the door are.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder of the doors' sockets.
    pub doors: PathBuf,
    /// A host that the bottle does not name.
    pub foreign: String,
    /// Where the relay of the HTTP(S) door listens.
    pub egress: SocketAddr,
}

impl Options {
    /// The usual places, and a host that must be refused.
    #[must_use]
    pub fn new(foreign: impl Into<String>) -> Self {
        Self {
            doors: PathBuf::from(DOORS_FOLDER),
            foreign: foreign.into(),
            egress: SocketAddr::from((Ipv4Addr::LOCALHOST, EGRESS_PORT)),
        }
    }
}

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Whether the wall holds.
    pub passed: bool,
    /// What was seen.
    pub seen: String,
}

impl Finding {
    /// The wall holds.
    pub fn good(seen: impl Into<String>) -> Self {
        Self {
            passed: true,
            seen: seen.into(),
        }
    }

    /// The wall has a hole, or cannot be seen.
    pub fn bad(seen: impl Into<String>) -> Self {
        Self {
            passed: false,
            seen: seen.into(),
        }
    }

    /// Good where there is nothing to complain of.
    fn unless(complaints: &[String], otherwise: impl Into<String>) -> Self {
        if complaints.is_empty() {
            Self::good(otherwise)
        } else {
            Self::bad(complaints.join("; "))
        }
    }
}

type Look = fn(&Options) -> Finding;

const CHECKS: [(&str, &str, Look); 16] = [
    (
        "loopback-only",
        "Only loopback carries an address",
        network::loopback_only,
    ),
    ("no-route", "No route leads anywhere", network::no_route),
    ("no-resolver", "No resolver answers", network::no_resolver),
    ("no-tcp", "No TCP connection leaves", network::no_tcp),
    ("no-udp", "No UDP packet leaves", network::no_udp),
    ("no-ipv6", "Nothing leaves over IPv6", network::no_ipv6),
    (
        "no-raw-socket",
        "No raw packet and no ping leaves",
        network::no_raw_socket,
    ),
    (
        "foreign-host-refused",
        "A host that is not named is refused",
        door::foreign_host_refused,
    ),
    ("not-root", "Claude's user is not root", privilege::not_root),
    (
        "cannot-become-root",
        "Nothing can make it root",
        privilege::cannot_become_root,
    ),
    (
        "no-capability",
        "It holds no special rights",
        privilege::no_capability,
    ),
    (
        "no-engine-socket",
        "No container engine is in reach",
        files::no_engine_socket,
    ),
    (
        "no-control-socket",
        "The control socket is out of reach",
        files::no_control_socket,
    ),
    (
        "doors-sealed",
        "The doors cannot be replaced",
        files::doors_sealed,
    ),
    (
        "no-ca-key",
        "No certificate key is in here",
        files::no_ca_key,
    ),
    (
        "no-credential",
        "No credential is in here",
        files::no_credential,
    ),
];

/// Runs every check.
#[must_use]
pub fn run(options: Options) -> SelfTest {
    let began = Instant::now();
    let options = Arc::new(options);
    let (sender, receiver) = mpsc::channel();
    for (id, _, look) in CHECKS {
        let (sender, options) = (sender.clone(), Arc::clone(&options));
        let work = move || drop(sender.send((id, look(&options))));
        // A thread that cannot start sends nothing, and a check without a finding has failed.
        drop(thread::Builder::new().spawn(work));
    }
    drop(sender);
    let mut findings = Vec::with_capacity(CHECKS.len());
    while let Ok(found) = receiver.recv_timeout(OVERALL.saturating_sub(began.elapsed())) {
        findings.push(found);
    }
    let checks = CHECKS
        .iter()
        .map(|(id, title, _)| check(id, title, &findings))
        .collect();
    SelfTest::new(
        checks,
        u32::try_from(began.elapsed().as_millis()).unwrap_or(u32::MAX),
    )
}

fn check(id: &str, title: &str, findings: &[(&str, Finding)]) -> Check {
    let found = findings
        .iter()
        .find(|(of, _)| *of == id)
        .map(|(_, finding)| finding.clone());
    let Finding { passed, seen } =
        found.unwrap_or_else(|| Finding::bad("the check gave no result"));
    let seen = seen
        .chars()
        .filter(|c| !c.is_control())
        .take(MAX_SEEN)
        .collect();
    Check {
        id: id.to_owned(),
        title: title.to_owned(),
        passed,
        seen,
    }
}
