//! Everything that can go wrong with credentials. No variant has room for a value.

use std::io;

use bottle_core::advice::Advice;
use bottle_core::id::CredentialName;
use bottle_core::path::HostPath;

use crate::value::MAX_VALUE;

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why credentials could not be kept, found or fetched.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The name is taken.
    #[error("there is a credential '{name}' already")]
    Exists {
        /// Which.
        name: CredentialName,
    },
    /// There is none of that name.
    #[error("there is no credential '{name}'")]
    Missing {
        /// Which.
        name: CredentialName,
    },
    /// The index lists it, the keychain does not have it.
    #[error("credential '{name}' is listed, but the keychain does not have it any more")]
    Lost {
        /// Which.
        name: CredentialName,
    },
    /// Nothing was given, or only blanks.
    #[error("the value of credential '{name}' is empty")]
    Empty {
        /// Which.
        name: CredentialName,
    },
    /// More than fits.
    #[error("the value of credential '{name}' has {bytes} bytes, {MAX_VALUE} or more")]
    TooLong {
        /// Which.
        name: CredentialName,
        /// How long it was.
        bytes: usize,
    },
    /// Something that cannot stand in a header.
    #[error("the value of credential '{name}' has characters other than printable ASCII")]
    Unprintable {
        /// Which.
        name: CredentialName,
    },
    /// No keychain answers.
    #[error("no keychain answers")]
    Unavailable {
        /// Why.
        #[source]
        source: Cause,
    },
    /// The keychain is locked, or the person said no.
    #[error("the keychain is locked or refused access")]
    Locked {
        /// Why.
        #[source]
        source: Cause,
    },
    /// The keychain answered with a failure.
    #[error("cannot {action} '{account}' in the keychain")]
    Keychain {
        /// What was being done.
        action: &'static str,
        /// The account in the keychain.
        account: String,
        /// Why.
        #[source]
        source: Cause,
    },
    /// What the keychain holds is not text. The cause is left out, because it carries the bytes.
    #[error("what the keychain holds as '{account}' is not text")]
    Damaged {
        /// The account in the keychain.
        account: String,
    },
    /// The index could not be read or written.
    #[error("cannot {action} {path}")]
    Index {
        /// What was being done.
        action: &'static str,
        /// The file.
        path: HostPath,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The index is not what this program wrote.
    #[error("{path} is not a list of credentials")]
    IndexContent {
        /// The file.
        path: HostPath,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// The index is far larger than it can be.
    #[error("{path} has {bytes} bytes, far more than a list of credentials")]
    IndexSize {
        /// The file.
        path: HostPath,
        /// How large it is.
        bytes: u64,
    },
    /// The index failed after the keychain took the value, and the keychain would not give the old state back.
    #[error(
        "credential '{name}' changed in the keychain, but {index}, and the change could not be undone"
    )]
    HalfKept {
        /// Which.
        name: CredentialName,
        /// What failed first.
        index: Box<Self>,
        /// Why it could not be undone.
        #[source]
        source: Box<Self>,
    },
}

impl Advice for Error {
    fn code(&self) -> &'static str {
        match self {
            Self::Exists { .. } => "credential_exists",
            Self::Missing { .. } => "credential_missing",
            Self::Lost { .. } => "credential_lost",
            Self::Empty { .. } => "credential_empty",
            Self::TooLong { .. } => "credential_too_long",
            Self::Unprintable { .. } => "credential_unprintable",
            Self::Unavailable { .. } => "keychain_unavailable",
            Self::Locked { .. } => "keychain_locked",
            Self::Keychain { .. } => "keychain_failed",
            Self::Damaged { .. } => "credential_damaged",
            Self::Index { .. } => "credential_index_failed",
            Self::IndexContent { .. } | Self::IndexSize { .. } => "credential_index_unreadable",
            Self::HalfKept { .. } => "credential_half_kept",
        }
    }

    fn advice(&self) -> String {
        match self {
            Self::Exists { name } => {
                format!(
                    "Give it another name, or replace it with `claude-bottle credential replace {name}`."
                )
            }
            Self::Missing { name } => format!("Add it with `claude-bottle credential add {name}`."),
            Self::Lost { name } | Self::HalfKept { name, .. } => {
                format!("Enter it again with `claude-bottle credential replace {name}`.")
            }
            Self::Empty { .. } | Self::TooLong { .. } | Self::Unprintable { .. } => {
                "Copy the token alone, without quotes or other text around it, and enter it again."
                    .to_owned()
            }
            Self::Unavailable { .. } => crate::keychain::UNAVAILABLE_ADVICE.to_owned(),
            Self::Locked { .. } => crate::keychain::LOCKED_ADVICE.to_owned(),
            Self::Keychain { .. } => {
                "Look at the entry with the system's keychain program, and try again.".to_owned()
            }
            Self::Damaged { account } => {
                format!(
                    "Delete the entry '{account}' with the system's keychain program, and add it again."
                )
            }
            Self::Index { path, .. } => {
                format!(
                    "Check that the disk is not full and that {path} belongs to you, and try again."
                )
            }
            Self::IndexContent { path, .. } | Self::IndexSize { path, .. } => {
                format!(
                    "Move {path} away and add the credentials again; their values are still in the keychain."
                )
            }
        }
    }
}
