//! What a value may look like and what its shape says of it. Values are borrowed, never copied outside a `Secret`.

use bottle_core::claude::ClaudeKind;
use bottle_core::id::CredentialName;
use bottle_core::secret::Secret;
use serde::{Deserialize, Serialize};

use crate::Error;

/// Longest value in bytes. A header of that size still passes the common servers' limits.
pub const MAX_VALUE: usize = 16 * 1024;

/// What a credential is, as its prefix tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Any other token, key or password.
    Plain,
    /// Something that Claude itself is used with.
    #[serde(untagged)]
    Claude(ClaudeKind),
}

impl Kind {
    /// Reads the kind from the shape of a value.
    #[must_use]
    pub fn of(value: &Secret<String>) -> Self {
        let value = value.expose();
        if value.starts_with("sk-ant-oat") {
            Self::Claude(ClaudeKind::OauthToken)
        } else if value.starts_with("sk-ant-api") {
            Self::Claude(ClaudeKind::ApiKey)
        } else {
            Self::Plain
        }
    }

    /// What a person reads for it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Claude(ClaudeKind::OauthToken) => "Claude OAuth token",
            Self::Claude(ClaudeKind::ApiKey) => "Anthropic API key",
            Self::Plain => "token or password",
        }
    }
}

/// Cuts blanks and line ends around a value and refuses what could not stand in a header.
pub(crate) fn checked(
    name: &CredentialName,
    value: &Secret<String>,
) -> Result<Secret<String>, Error> {
    let trimmed = value.expose().trim_matches([' ', '\t', '\r', '\n']);
    if trimmed.is_empty() {
        return Err(Error::Empty { name: name.clone() });
    }
    if trimmed.len() >= MAX_VALUE {
        return Err(Error::TooLong {
            name: name.clone(),
            bytes: trimmed.len(),
        });
    }
    // The position would tell of the value's inside, so the error names none.
    if !trimmed.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Err(Error::Unprintable { name: name.clone() });
    }
    Ok(Secret::new(trimmed.to_owned()))
}
