//! The small program inside the bottle: the relay to the doors, and the proof that there is nothing but doors.
//!
//! It runs as `node`, holds no secret and decides nothing: the guards stand outside. The relay gives programs that speak TCP a way
//! to the Unix sockets of the doors, which is why every URL is the same in each backend. It must not know which backend runs it.

pub mod init;
pub mod proc_text;
pub mod relay;
pub mod self_test;

use bottle_core::advice::Advice;

/// One way out of the bottle: a port on loopback and the socket behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Door {
    /// The name of its socket, without `.sock`.
    pub name: &'static str,
    /// The port on 127.0.0.1.
    pub port: u16,
}

/// The port of the HTTP(S) door.
pub const EGRESS_PORT: u16 = 9099;

/// Every door that a bottle can have.
pub const DOORS: [Door; 4] = [
    Door {
        name: "egress",
        port: EGRESS_PORT,
    },
    Door {
        name: "supervise",
        port: 9100,
    },
    Door {
        name: "git",
        port: 9418,
    },
    Door {
        name: "git-gate",
        port: 9420,
    },
];

/// Where the doors' sockets lie unless the caller says otherwise.
pub const DOORS_FOLDER: &str = "/run/doors";

/// What goes wrong in the guest's program before it does its work; afterwards it survives.
#[derive(Debug, thiserror::Error)]
pub enum GuestError {
    /// A door's port is taken.
    #[error("cannot listen on 127.0.0.1:{port}")]
    Listen {
        /// Which port.
        port: u16,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The kernel gave no event queue or signal.
    #[error("cannot start the relay")]
    Start {
        /// Why not.
        #[source]
        source: std::io::Error,
    },
}

impl Advice for GuestError {
    fn code(&self) -> &'static str {
        match self {
            Self::Listen { .. } => "relay_port_taken",
            Self::Start { .. } => "relay_start_failed",
        }
    }

    fn advice(&self) -> String {
        match self {
            Self::Listen { port, .. } => {
                format!("Use an image in which nothing listens on port {port} when it starts.")
            }
            Self::Start { .. } => {
                "Give the bottle more memory or processes, and start again.".into()
            }
        }
    }
}
