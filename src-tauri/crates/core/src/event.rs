//! Typed events: progress of a start or stop, and security events of a running session. Two streams that never mix.

use serde::{Deserialize, Serialize};

/// A stage of a session's life, in the order in which a start runs through them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Reading files and resolving the plan.
    Prepare,
    /// Building or finding the images.
    Image,
    /// Creating and starting the guest and its bundle.
    Launch,
    /// Handing policy and credentials to the bundle; its doors answer.
    Doors,
    /// Putting certificate, prompt, skills and workspace into the guest.
    Provision,
    /// Proving inside the guest that nothing leaves but through the doors.
    SelfTest,
    /// Starting claude.
    Claude,
    /// Saving the transcript and changes, then deleting or keeping.
    Settle,
}

impl Phase {
    /// What a person reads while the phase runs.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Prepare => "Reading the plan",
            Self::Image => "Preparing images",
            Self::Launch => "Starting the bottle",
            Self::Doors => "Opening the doors",
            Self::Provision => "Moving in",
            Self::SelfTest => "Checking the walls",
            Self::Claude => "Starting Claude",
            Self::Settle => "Cleaning up",
        }
    }
}

/// One thing that happened in a phase. Times are milliseconds since the whole task began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum Progress {
    /// A phase began.
    Began {
        /// Which.
        phase: Phase,
        /// When, in ms.
        at_ms: u32,
    },
    /// A phase moved on.
    Advanced {
        /// Which.
        phase: Phase,
        /// What it is doing now, for a person.
        step: String,
        /// How much of the phase is done, 0 to 1, where it is known.
        fraction: Option<f64>,
        /// When, in ms.
        at_ms: u32,
    },
    /// A line of output of what runs in the phase, without its line end.
    Log {
        /// Which.
        phase: Phase,
        /// The line.
        line: String,
    },
    /// A phase ended well.
    Ended {
        /// Which.
        phase: Phase,
        /// How long the phase took, in ms.
        took_ms: u32,
        /// When, in ms.
        at_ms: u32,
    },
    /// A phase failed; the task's error follows as its result.
    Failed {
        /// Which.
        phase: Phase,
        /// The error's code.
        code: String,
        /// When, in ms.
        at_ms: u32,
    },
}

/// Takes progress as it happens. Must not block: a slow reader drops or buffers on its own side.
pub trait ProgressSink: Send + Sync {
    /// Takes one event.
    fn send(&self, event: Progress);
}

/// A step or log line that a backend reports while the engine holds the phase.
pub trait StepSink: Send + Sync {
    /// Says what is being done, and how much of it is done (0 to 1) where that is known.
    fn step(&self, step: &str, fraction: Option<f64>);
    /// Hands on a line of output.
    fn log(&self, line: &str);
}

/// A sink that drops everything.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl ProgressSink for Silent {
    fn send(&self, _event: Progress) {}
}

impl StepSink for Silent {
    fn step(&self, _step: &str, _fraction: Option<f64>) {}
    fn log(&self, _line: &str) {}
}

/// Something that a guard decided or saw in a running session. Never holds a secret, a header's value or a query string.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum SecurityEvent {
    /// A request was let through.
    Allowed {
        /// Which daemon decided.
        daemon: String,
        /// The host asked for.
        host: String,
        /// The request's method.
        method: String,
        /// The path without its query.
        path: String,
        /// The rule that allowed it.
        rule: String,
        /// Name of the credential that was put in, if any.
        credential: Option<String>,
    },
    /// A request was refused.
    Denied {
        /// Which daemon decided.
        daemon: String,
        /// The host asked for.
        host: String,
        /// The request's method; `CONNECT` where no request was seen.
        method: String,
        /// The path without its query; empty where none was seen.
        path: String,
        /// The rule that refused it.
        rule: String,
        /// Why, in a sentence.
        reason: String,
    },
    /// The routes in force were replaced.
    RoutesChanged {
        /// Hosts now open, sorted.
        hosts: Vec<String>,
    },
    /// All traffic was stopped or let on again by the kill switch.
    Paused {
        /// Whether it is stopped now.
        paused: bool,
    },
    /// Events were dropped because the reader was too slow.
    Lost {
        /// How many.
        count: u32,
    },
}
