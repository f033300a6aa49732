//! The credentials of a session, in memory only.
//!
//! A value is turned once into the header values it can be sent as; these share one buffer with every request that uses them,
//! and the buffer is zeroed when the last one drops it. Nothing here knows routes or requests, and nothing reads a value out
//! again but by sending it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bottle_core::claude::ClaudeKind;
use bottle_core::control::CredentialValue;
use bottle_core::id::CredentialName;
use bottle_core::policy::AuthScheme;
use bytes::Bytes;
use http::header::{AUTHORIZATION, HeaderName, HeaderValue};
use zeroize::Zeroizing;

use crate::error::SidecarError;

/// The header of an API key.
pub const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Longest credential in bytes: far above any token, far below what header limits of servers allow.
pub const MAX_CREDENTIAL: usize = 16 << 10;

/// A shared handle to the credentials that the engine handed in.
#[derive(Debug, Clone, Default)]
pub struct Vault(Arc<RwLock<BTreeMap<CredentialName, Held>>>);

/// One credential, ready to be sent in each of the ways a route may ask for.
#[derive(Clone)]
struct Held {
    kind: Option<ClaudeKind>,
    plain: HeaderValue,
    bearer: HeaderValue,
    basic: HeaderValue,
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}

/// Why a credential cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unusable {
    /// There is none of that name.
    Missing,
    /// It is to be sent as a Claude credential and was not stored as one.
    NotForClaude,
}

impl Vault {
    /// Adds or replaces credentials: all of them, or none where one cannot be sent as a header.
    ///
    /// # Errors
    /// [`SidecarError::CredentialUnfit`] names the first that does not fit.
    pub fn put(&self, values: &[CredentialValue]) -> Result<(), SidecarError> {
        let mut ready = Vec::with_capacity(values.len());
        for value in values {
            let held = Held::new(value).ok_or_else(|| SidecarError::CredentialUnfit {
                credential: value.name.clone(),
            })?;
            ready.push((value.name.clone(), held));
        }
        self.write(|held| held.extend(ready));
        Ok(())
    }

    /// Forgets a credential. Absent is a success.
    pub fn remove(&self, name: &CredentialName) {
        self.write(|held| held.remove(name));
    }

    /// Names of what is held, sorted.
    #[must_use]
    pub fn names(&self) -> Vec<CredentialName> {
        self.read(|held| held.keys().cloned().collect())
    }

    /// Gives the header that sends a credential.
    ///
    /// # Errors
    /// [`Unusable`] says why there is none.
    pub fn header(
        &self,
        scheme: AuthScheme,
        name: &CredentialName,
    ) -> Result<(HeaderName, HeaderValue), Unusable> {
        self.read(|held| {
            let held = held.get(name).ok_or(Unusable::Missing)?;
            held.header(scheme)
        })
    }

    /// Says whether a bare value is one of the Claude credentials that are held; a placeholder is not.
    #[must_use]
    pub fn holds_for_claude(&self, presented: &str) -> bool {
        self.read(|held| {
            let mut claude = held.values().filter(|held| held.kind.is_some());
            claude.any(|held| held.plain == presented)
        })
    }

    fn read<T>(&self, look: impl FnOnce(&BTreeMap<CredentialName, Held>) -> T) -> T {
        look(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write<T>(&self, change: impl FnOnce(&mut BTreeMap<CredentialName, Held>) -> T) -> T {
        change(&mut self.0.write().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Held {
    fn new(value: &CredentialValue) -> Option<Self> {
        let text = value.value.expose();
        let fits = !text.is_empty()
            && text.len() <= MAX_CREDENTIAL
            && text.bytes().all(|byte| matches!(byte, 0x20..=0x7e))
            && text.trim() == text;
        if !fits {
            return None;
        }
        let mut encoded = Zeroizing::new(vec![0; text.len().div_ceil(3) * 4]);
        let length = STANDARD.encode_slice(text, &mut encoded).ok()?;
        Some(Self {
            kind: value.kind,
            plain: hidden(&[text.as_bytes()])?,
            bearer: hidden(&[b"Bearer ", text.as_bytes()])?,
            basic: hidden(&[b"Basic ", encoded.get(..length)?])?,
        })
    }

    fn header(&self, scheme: AuthScheme) -> Result<(HeaderName, HeaderValue), Unusable> {
        match (scheme, self.kind) {
            (AuthScheme::Bearer, _) | (AuthScheme::Claude, Some(ClaudeKind::OauthToken)) => {
                Ok((AUTHORIZATION, self.bearer.clone()))
            }
            (AuthScheme::XApiKey, _) | (AuthScheme::Claude, Some(ClaudeKind::ApiKey)) => {
                Ok((X_API_KEY, self.plain.clone()))
            }
            (AuthScheme::Basic, _) => Ok((AUTHORIZATION, self.basic.clone())),
            (AuthScheme::Claude, None) => Err(Unusable::NotForClaude),
        }
    }
}

/// A header value whose one buffer is zeroed when the last user drops it, and which no `Debug` prints.
fn hidden(parts: &[&[u8]]) -> Option<HeaderValue> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(
        parts.iter().map(|part| part.len()).sum(),
    ));
    for part in parts {
        bytes.extend_from_slice(part);
    }
    let mut value = HeaderValue::from_maybe_shared(Bytes::from_owner(bytes)).ok()?;
    value.set_sensitive(true);
    Some(value)
}
