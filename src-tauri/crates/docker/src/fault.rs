//! This crate's own causes, and how the engine's refusals become `BackendError`.
//!
//! A cause is always kept as a source; only here is the engine's text looked at, because its API has no codes for a full disk or a
//! stopped container.

use std::io;
use std::path::PathBuf;

use bollard::errors::Error as ApiError;
use bottle_core::backend::{BackendError, BackendName, Cause, says_disk_full};

/// What lies under a `BackendError` of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// An address of a kind that is not known.
    #[error("'{address}' is not an address with unix://, tcp:// or ssh://")]
    UnknownScheme {
        /// The address.
        address: String,
    },
    /// An address that cannot be taken apart.
    #[error("'{address}' is not a complete address")]
    BadAddress {
        /// The address.
        address: String,
    },
    /// TCP without TLS to another machine: whoever listens in would read credentials.
    #[error("tcp without TLS to {host} would show credentials to the network")]
    PlainTcp {
        /// The host.
        host: String,
    },
    /// TLS whose certificate is not to be checked.
    #[error("TLS that does not check the engine's certificate is refused")]
    UncheckedTls,
    /// A file that is needed is missing or cannot be read.
    #[error("cannot read {file}")]
    Unreadable {
        /// Which file.
        file: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A file of Docker's that is not what it should be.
    #[error("{file} is not what Docker writes")]
    Malformed {
        /// Which file.
        file: PathBuf,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
    /// A file of Docker's that is far too long.
    #[error("{file} is longer than {limit} bytes")]
    TooLong {
        /// Which file.
        file: PathBuf,
        /// The limit, in bytes.
        limit: usize,
    },
    /// Certificates or a key that cannot be used.
    #[error("the certificate, key or authority for {host} cannot be used")]
    BadCertificate {
        /// The engine's host.
        host: String,
        /// Why not.
        #[source]
        source: Cause,
    },
    /// `ssh` ended without a word of the engine's.
    #[error("ssh to {host} ended: {said}")]
    SshEnded {
        /// Where to.
        host: String,
        /// The end of what it said.
        said: String,
    },
    /// The engine did not answer in time.
    #[error("no answer within {seconds} s")]
    Silent {
        /// How long it was waited, in seconds.
        seconds: u64,
    },
    /// The bytes of a stream of the engine's do not follow its format.
    #[error("the engine's stream has a frame of kind {kind}")]
    BadFrame {
        /// The kind that is not known.
        kind: u8,
    },
    /// An answer of the engine's lacks what it must hold.
    #[error("the engine's answer lacks {what}")]
    Incomplete {
        /// What is missing.
        what: &'static str,
    },
}

/// Whether an error of the connection, not of what was asked, lies somewhere under this one.
fn is_connection(error: &ApiError) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(current) = cause {
        if current
            .downcast_ref::<hyper_util::client::legacy::Error>()
            .is_some_and(|e| e.is_connect())
        {
            return true;
        }
        cause = match current.downcast_ref::<io::Error>() {
            // `io::Error::source` skips the error that it wraps.
            Some(wrapper) if wrapper.get_ref().is_some() => wrapper.get_ref().map(|e| e as _),
            _ => current.source(),
        };
    }
    false
}

/// Finds the kind of I/O error that lies under an error.
pub(crate) fn io_kind(error: &(dyn std::error::Error + 'static)) -> Option<io::ErrorKind> {
    let mut cause = Some(error);
    while let Some(current) = cause {
        cause = match current.downcast_ref::<io::Error>() {
            Some(found) => match found.get_ref() {
                Some(inner) => Some(inner as _),
                None => return Some(found.kind()),
            },
            None => current.source(),
        };
    }
    None
}

/// The engine's status code, where it answered with one.
pub(crate) const fn status(error: &ApiError) -> Option<u16> {
    if let ApiError::DockerResponseServerError { status_code, .. } = error {
        Some(*status_code)
    } else {
        None
    }
}

/// The engine's own words, where it said some.
pub(crate) fn words(error: &ApiError) -> &str {
    if let ApiError::DockerResponseServerError { message, .. } = error {
        message
    } else if let ApiError::DockerStreamError { error } = error {
        error
    } else {
        ""
    }
}

/// Whether the engine says that the container is not there or does not run.
pub(crate) fn is_gone(error: &ApiError) -> bool {
    match status(error) {
        Some(404) => true,
        Some(409) => {
            let words = words(error).to_ascii_lowercase();
            words.contains("is not running") || words.contains("removal") || words.contains("dead")
        }
        _ => false,
    }
}

/// Turns what the API client says into a typed error; `action` reads after "cannot".
pub(crate) fn failed(endpoint: &str, action: impl Into<String>, error: ApiError) -> BackendError {
    if says_disk_full(words(&error)) {
        return BackendError::DiskFull {
            backend: BackendName::Docker,
        };
    }
    if is_connection(&error) {
        return unavailable(endpoint, error);
    }
    BackendError::Engine {
        action: action.into(),
        source: error.into(),
    }
}

/// Says that no engine answers at an endpoint.
pub(crate) fn unavailable(endpoint: &str, cause: impl Into<Cause>) -> BackendError {
    BackendError::Unavailable {
        backend: BackendName::Docker,
        endpoint: endpoint.to_owned(),
        source: Some(cause.into()),
    }
}

/// Says that the settings in a place cannot be used.
pub(crate) fn bad_settings(place: impl Into<String>, fault: Fault) -> BackendError {
    BackendError::BadSettings {
        backend: BackendName::Docker,
        place: place.into(),
        source: Some(fault.into()),
    }
}
