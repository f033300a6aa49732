//! The keychain of the operating system: Keychain on macOS, the Secret Service on other systems.
//!
//! Every call opens the keychain anew. That takes milliseconds, and a program that runs for days finds a keychain that was
//! started, unlocked or restarted in the meantime. What differs between systems lies in the two modules below.

#[cfg(target_os = "macos")]
mod macos;
#[cfg(not(target_os = "macos"))]
mod secret_service;

#[cfg(target_os = "macos")]
use macos as platform;
#[cfg(not(target_os = "macos"))]
use secret_service as platform;

use bottle_core::backend::Problem;
use bottle_core::secret::Secret;
use keyring_core::api::CredentialStoreApi;
use zeroize::Zeroize;

use crate::{Error, SecretStore};

pub(crate) use platform::{LOCKED_ADVICE, UNAVAILABLE_ADVICE};

/// The service under which the keychain shows our entries.
pub const SERVICE: &str = "dev.claude-bottle";

/// Keeps values in the keychain of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct Keychain;

impl Keychain {
    /// Names the keychain, without opening it.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl SecretStore for Keychain {
    fn probe(&self) -> Result<(), Problem> {
        platform::probe()
    }

    fn set(&self, account: &str, value: &Secret<String>) -> Result<(), Error> {
        let kept = entry(account)?.set_secret(value.expose().as_bytes());
        kept.map_err(|error| refused("keep", account, error))
    }

    fn get(&self, account: &str) -> Result<Option<Secret<String>>, Error> {
        read(account)
    }

    fn remove(&self, account: &str) -> Result<bool, Error> {
        match entry(account)?.delete_credential() {
            Ok(()) => Ok(true),
            Err(keyring_core::Error::NoEntry) => Ok(false),
            Err(error) => Err(refused("remove", account, error)),
        }
    }
}

fn entry(account: &str) -> Result<keyring_core::Entry, Error> {
    let store = platform::Store::new().map_err(|error| Error::Unavailable {
        source: Box::new(error),
    })?;
    let label = format!("claude-bottle: {account}");
    store
        .build(SERVICE, account, platform::modifiers(&label).as_ref())
        .map_err(|error| refused("find", account, error))
}

fn read(account: &str) -> Result<Option<Secret<String>>, Error> {
    match entry(account)?.get_secret() {
        Ok(bytes) => text(account, bytes).map(Some),
        Err(keyring_core::Error::NoEntry) => Ok(None),
        Err(error) => Err(refused("read", account, error)),
    }
}

fn text(account: &str, bytes: Vec<u8>) -> Result<Secret<String>, Error> {
    String::from_utf8(bytes).map(Secret::new).map_err(|error| {
        error.into_bytes().zeroize();
        Error::Damaged {
            account: account.to_owned(),
        }
    })
}

/// Translates a refusal. Two of the library's errors carry the stored bytes and show them in `Debug`: those are wiped here.
fn refused(action: &'static str, account: &str, error: keyring_core::Error) -> Error {
    let account = account.to_owned();
    match error {
        keyring_core::Error::BadEncoding(mut bytes)
        | keyring_core::Error::BadDataFormat(mut bytes, _) => {
            bytes.zeroize();
            Error::Damaged { account }
        }
        keyring_core::Error::NoStorageAccess(source) => Error::Locked { source },
        keyring_core::Error::PlatformFailure(source) if platform::is_locked(source.as_ref()) => {
            Error::Locked { source }
        }
        keyring_core::Error::PlatformFailure(source) => Error::Keychain {
            action,
            account,
            source,
        },
        error @ (keyring_core::Error::NoEntry
        | keyring_core::Error::BadStoreFormat(_)
        | keyring_core::Error::TooLong(..)
        | keyring_core::Error::Invalid(..)
        | keyring_core::Error::Ambiguous(_)
        | keyring_core::Error::NoDefaultStore
        | keyring_core::Error::NotSupportedByStore(_)
        | _) => Error::Keychain {
            action,
            account,
            source: Box::new(error),
        },
    }
}
