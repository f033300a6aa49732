//! A store that lives as long as the process: for tests, which must never touch the person's keychain.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bottle_core::backend::Problem;
use bottle_core::secret::Secret;

use crate::{Error, SecretStore};

/// Keeps values in memory and loses them on drop.
#[derive(Default)]
pub struct MemoryStore {
    values: Mutex<HashMap<String, Secret<String>>>,
}

impl MemoryStore {
    /// Makes an empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn values(&self) -> MutexGuard<'_, HashMap<String, Secret<String>>> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore")
            .field("values", &self.values().len())
            .finish()
    }
}

impl SecretStore for MemoryStore {
    fn probe(&self) -> Result<(), Problem> {
        Ok(())
    }

    fn set(&self, account: &str, value: &Secret<String>) -> Result<(), Error> {
        drop(self.values().insert(account.to_owned(), value.clone()));
        Ok(())
    }

    fn get(&self, account: &str) -> Result<Option<Secret<String>>, Error> {
        Ok(self.values().get(account).cloned())
    }

    fn remove(&self, account: &str) -> Result<bool, Error> {
        Ok(self.values().remove(account).is_some())
    }
}
