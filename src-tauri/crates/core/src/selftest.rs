//! The report of the proof run inside a bottle: what was checked, what was seen, and whether it proves the walls.
//!
//! The guest's small program writes it, the engine reads it. It comes from inside the bottle, so it is read with the same care as
//! any foreign text: unknown fields are refused and a check that is missing counts as failed.

use serde::{Deserialize, Serialize};

/// The checks that every report must hold, in the order in which a person reads them.
pub const REQUIRED: [&str; 16] = [
    "loopback-only",
    "no-route",
    "no-resolver",
    "no-tcp",
    "no-udp",
    "no-ipv6",
    "no-raw-socket",
    "foreign-host-refused",
    "not-root",
    "cannot-become-root",
    "no-capability",
    "no-engine-socket",
    "no-control-socket",
    "doors-sealed",
    "no-ca-key",
    "no-credential",
];

/// What the proof run says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SelfTest {
    /// Whether every check passed.
    pub passed: bool,
    /// How long the run took, in milliseconds.
    pub took_ms: u32,
    /// The checks.
    pub checks: Vec<Check>,
}

/// One thing that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// A stable word, one of [`REQUIRED`].
    pub id: String,
    /// What holds when it passed, for a person.
    pub title: String,
    /// Whether it holds.
    pub passed: bool,
    /// What was seen, for a person; never a secret.
    pub seen: String,
}

impl SelfTest {
    /// Makes a report of finished checks.
    #[must_use]
    pub fn new(checks: Vec<Check>, took_ms: u32) -> Self {
        let mut report = Self {
            passed: false,
            took_ms,
            checks,
        };
        report.passed = report.sound();
        report
    }

    /// Reads a report.
    ///
    /// # Errors
    /// What `serde_json` says where the bytes are not exactly one report.
    pub fn read(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }

    /// Whether the report proves the walls: it says so, every check in it passed, and none of [`REQUIRED`] is missing.
    #[must_use]
    pub fn proves(&self) -> bool {
        self.passed && self.sound()
    }

    /// The checks that did not pass.
    pub fn failures(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| !check.passed)
    }

    /// The required checks that the report does not hold.
    pub fn missing(&self) -> impl Iterator<Item = &'static str> {
        REQUIRED
            .into_iter()
            .filter(|id| self.checks.iter().all(|check| check.id != *id))
    }

    fn sound(&self) -> bool {
        self.failures().next().is_none() && self.missing().next().is_none()
    }
}
