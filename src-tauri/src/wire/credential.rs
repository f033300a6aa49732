//! What may be told of credentials: all but their values.

use bottle_credentials::{Credential, Kind};
use serde::Serialize;
use specta::Type;
use specta_typescript::Number;

/// A credential without its value.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct CredentialSummary {
    /// Its name.
    pub name: String,
    /// What it was taken for, in words.
    pub kind: String,
    /// Whether Claude itself can be used with it.
    pub claude: bool,
    /// When it was added, in seconds since 1970.
    #[specta(type = Number)]
    pub created_at: f64,
    /// Bottles that name it.
    pub used_by: Vec<String>,
}

impl CredentialSummary {
    /// Describes a credential and who uses it.
    #[must_use]
    pub fn new(credential: &Credential, used_by: Vec<String>) -> Self {
        let created_at = u32::try_from(credential.created_at).unwrap_or(u32::MAX);
        Self {
            name: credential.name.to_string(),
            kind: credential.kind.title().to_owned(),
            claude: matches!(credential.kind, Kind::Claude(_)),
            created_at: f64::from(created_at),
            used_by,
        }
    }
}
