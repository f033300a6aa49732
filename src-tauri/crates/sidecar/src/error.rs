//! What goes wrong in the bundle, and what to do about it.

use std::io;
use std::path::PathBuf;

use bottle_core::advice::Advice;
use bottle_core::backend::{Cause, Daemon};
use bottle_core::id::CredentialName;

/// What goes wrong in the bundle. Never holds a value of a header, a body or a credential.
#[derive(Debug, thiserror::Error)]
pub enum SidecarError {
    /// A word on the command line that does not exist.
    #[error("unknown {what} '{given}'{}", nearest.map(|near| format!(", did you mean '{near}'?")).unwrap_or_default())]
    UnknownWord {
        /// `command`, `option` or `daemon`.
        what: &'static str,
        /// What was given.
        given: String,
        /// The valid word that is most like it, where one is.
        nearest: Option<&'static str>,
    },
    /// An option without its value.
    #[error("the option {option} needs a value")]
    MissingValue {
        /// Which.
        option: &'static str,
    },
    /// A daemon that is planned and not part of this version.
    #[error("the daemon {daemon} is not part of this version of the bundle", daemon = daemon.as_str())]
    DaemonNotBuilt {
        /// Which.
        daemon: Daemon,
    },
    /// Nothing to run.
    #[error("no daemon was named")]
    NoDaemons,
    /// A daemon ended although nobody asked it to.
    #[error("the daemon {daemon} ended unexpectedly", daemon = daemon.as_str())]
    DaemonDied {
        /// Which.
        daemon: Daemon,
        /// Why, where it said so.
        #[source]
        source: Option<Cause>,
    },
    /// A socket could not be opened.
    #[error("cannot listen on {path}")]
    Listen {
        /// Where.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The control socket of a running bundle could not be reached.
    #[error("cannot reach the control socket {path}")]
    ControlUnreachable {
        /// Where.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The process could not be set up.
    #[error("cannot {action}")]
    Process {
        /// What was being done.
        action: &'static str,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The session's certificates could not be made.
    #[error("cannot make the session's certificates")]
    Certificates {
        /// Why not.
        #[source]
        source: rcgen::Error,
    },
    /// TLS could not be set up.
    #[error("cannot set up TLS towards {side}")]
    Tls {
        /// `the bottle` or `the internet`.
        side: &'static str,
        /// Why not.
        #[source]
        source: rustls::Error,
    },
    /// A credential that cannot be sent in a header.
    #[error(
        "the credential {credential} is empty, too long, or has characters that a header cannot carry"
    )]
    CredentialUnfit {
        /// Which.
        credential: CredentialName,
    },
    /// A name that could not be resolved.
    #[error("the name {host} cannot be resolved")]
    Unresolved {
        /// The name.
        host: String,
        /// Why not; none where the resolver knew no address or took too long.
        #[source]
        source: Option<io::Error>,
    },
    /// A name that resolves to nothing but addresses that must not be dialled.
    #[error("{host} resolves to {class}, and a bottle reaches public addresses only")]
    AddressRefused {
        /// The name.
        host: String,
        /// What kind of address it is.
        class: &'static str,
    },
    /// No connection came about.
    #[error("no connection to {host}")]
    Unreachable {
        /// The name.
        host: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The other side broke the protocol or the connection.
    #[error("the connection to {host} broke")]
    Broken {
        /// The name.
        host: String,
        /// How.
        #[source]
        source: hyper::Error,
    },
    /// The other side, or the guest, was silent for too long.
    #[error("{host} was silent for too long")]
    Silent {
        /// The name.
        host: String,
    },
    /// A body that broke off.
    #[error("a body broke off")]
    Body {
        /// How.
        #[source]
        source: hyper::Error,
    },
    /// A body that came to a stop.
    #[error("a body came to a stop")]
    BodyStalled,
}

impl SidecarError {
    /// The exit code of the program: 2 for what is wrong with the command line, 1 for all else.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self.code() {
            "usage" => 2,
            _ => 1,
        }
    }
}

impl Advice for SidecarError {
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownWord { .. }
            | Self::MissingValue { .. }
            | Self::DaemonNotBuilt { .. }
            | Self::NoDaemons => "usage",
            Self::DaemonDied { .. } => "daemon_died",
            Self::Listen { .. } => "listen_failed",
            Self::ControlUnreachable { .. } => "control_unreachable",
            Self::Process { .. } => "process_setup_failed",
            Self::Certificates { .. } | Self::Tls { .. } => "tls_setup_failed",
            Self::CredentialUnfit { .. } => "credential_unfit",
            Self::AddressRefused { .. } => "address_refused",
            Self::Unresolved { .. } => "name_unresolved",
            Self::Unreachable { .. } => "host_unreachable",
            Self::Broken { .. } | Self::Body { .. } => "connection_broken",
            Self::Silent { .. } | Self::BodyStalled => "timed_out",
        }
    }

    fn advice(&self) -> String {
        match self {
            Self::UnknownWord { .. } | Self::MissingValue { .. } | Self::NoDaemons => {
                crate::options::USAGE.into()
            }
            Self::DaemonNotBuilt { daemon } => {
                format!("Leave {} out of --daemons.", daemon.as_str())
            }
            Self::DaemonDied { .. } => {
                "Start the session again; its log says what happened.".into()
            }
            Self::Listen { path, .. } => format!(
                "Make sure that the folder of {} exists and can be written.",
                path.display()
            ),
            Self::ControlUnreachable { .. } => "Make sure that the bundle is running.".into(),
            Self::Process { .. } => {
                "Start the bundle without restrictions on its own limits.".into()
            }
            Self::Certificates { .. } => "Start the session again.".into(),
            Self::Tls { .. } => "Install the ca-certificates package where the bundle runs.".into(),
            Self::CredentialUnfit { credential } => {
                format!("Store {credential} again, as one line of plain characters.")
            }
            Self::AddressRefused { .. } => "Open a host that has a public address.".into(),
            Self::Unresolved { .. }
            | Self::Unreachable { .. }
            | Self::Broken { .. }
            | Self::Silent { .. }
            | Self::Body { .. }
            | Self::BodyStalled => {
                "Check the host's name and the network outside the bottle, then try again.".into()
            }
        }
    }
}
