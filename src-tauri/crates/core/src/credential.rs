//! Where credentials come from, as the engine sees it.

use crate::advice::Advice;
use crate::claude::ClaudeKind;
use crate::id::CredentialName;
use crate::secret::Secret;

/// What goes wrong while a credential is looked up.
#[derive(Debug, thiserror::Error)]
pub enum CredentialLookupError {
    /// There is none of that name.
    #[error("there is no credential named {name}")]
    Missing {
        /// The name.
        name: CredentialName,
    },
    /// The keychain cannot be read.
    #[error("the keychain cannot be read for the credential {name}")]
    Keychain {
        /// The name.
        name: CredentialName,
        /// What the person can do.
        fix: String,
        /// Why not.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Advice for CredentialLookupError {
    fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "credential_missing",
            Self::Keychain { .. } => "keychain_unavailable",
        }
    }

    fn advice(&self) -> String {
        match self {
            Self::Missing { name } => {
                format!("Run `claude-bottle credential add {name}` and paste it there.")
            }
            Self::Keychain { fix, .. } => fix.clone(),
        }
    }
}

/// Reads credentials by name. Calls block (a keychain may ask the person), so callers keep them off the async threads.
pub trait CredentialSource: Send + Sync {
    /// Says what kind of Claude credential a name stands for, `None` where it is not one, without reading its value.
    ///
    /// # Errors
    /// [`CredentialLookupError`] where there is none or the index cannot be read.
    fn kind(&self, name: &CredentialName) -> Result<Option<ClaudeKind>, CredentialLookupError>;

    /// Reads the value.
    ///
    /// # Errors
    /// [`CredentialLookupError`] where there is none or the keychain refuses.
    fn reveal(&self, name: &CredentialName) -> Result<Secret<String>, CredentialLookupError>;
}
