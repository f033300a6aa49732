//! Credentials by name: the values lie in the keychain of the operating system, a small index file beside the user's other files
//! remembers which names there are and of what kind.
//!
//! [`Credentials`] is the only way in. It knows a [`SecretStore`] as a trait, so tests give it [`MemoryStore`] and programs give
//! it [`Keychain`]. It knows nothing of bottles, routes or sessions, and prints nothing. Every call may block, on the disk or on
//! a keychain that asks the person: an async caller wraps it in a blocking task.

mod error;
mod index;
mod keychain;
mod memory;
mod source;
mod store;
mod value;

use std::sync::Arc;
use std::time::SystemTime;

use bottle_core::backend::Problem;
use bottle_core::id::{CredentialName, OwnerId};
use bottle_core::path::HostPath;
use bottle_core::secret::Secret;

pub use error::Error;
pub use keychain::{Keychain, SERVICE};
pub use memory::MemoryStore;
pub use store::SecretStore;
pub use value::{Kind, MAX_VALUE};

use index::{Index, Noted};

/// What may be told of a credential: all but its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Its name, which manifests refer to.
    pub name: CredentialName,
    /// What it is, as read from its shape.
    pub kind: Kind,
    /// When it was added or last replaced, in seconds since 1970.
    pub created_at: u64,
}

/// What to do where a credential of that name is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfPresent {
    /// Leave it as it is and fail with [`Error::Exists`].
    Fail,
    /// Put the new value in its place.
    Replace,
}

/// The credentials of one claude-bottle home.
#[derive(Debug)]
pub struct Credentials {
    store: Arc<dyn SecretStore>,
    index: Index,
    owner: OwnerId,
    clock: fn() -> SystemTime,
}

impl Credentials {
    /// Opens the credentials that `index` lists. Touches neither the file nor the store before it is asked for something.
    ///
    /// Two homes with different owners never see each other's values, though they share a keychain.
    #[must_use]
    pub fn open(store: Arc<dyn SecretStore>, index: HostPath, owner: OwnerId) -> Self {
        Self {
            store,
            index: Index::at(index),
            owner,
            clock: SystemTime::now,
        }
    }

    /// Tells the time by another clock.
    #[must_use]
    pub fn with_clock(self, clock: fn() -> SystemTime) -> Self {
        Self { clock, ..self }
    }

    /// Says whether values can be kept, or why not and what to do. Never asks the person anything.
    ///
    /// # Errors
    /// The [`Problem`], where there is one.
    pub fn probe(&self) -> Result<(), Problem> {
        self.store.probe()
    }

    /// Keeps a value under a name and returns what it was taken for. Blanks and line ends around the value are cut off.
    ///
    /// # Errors
    /// [`Error::Exists`] where the name is taken and was not to be replaced; the errors of an unfit value, of the keychain and of
    /// the index. After any of them, what was kept before is still there.
    pub fn add(
        &self,
        name: &CredentialName,
        value: &Secret<String>,
        if_present: IfPresent,
    ) -> Result<Credential, Error> {
        let value = value::checked(name, value)?;
        let kind = Kind::of(&value);
        let created_at = self.seconds();
        let guard = self.index.lock()?;
        let mut names = guard.read()?;
        if if_present == IfPresent::Fail && names.contains_key(name) {
            return Err(Error::Exists { name: name.clone() });
        }
        let account = self.account(name);
        let before = self.store.get(&account)?;
        self.store.set(&account, &value)?;
        names.insert(name.clone(), Noted { kind, created_at });
        if let Err(index) = guard.write(&names) {
            let undone = match &before {
                Some(old) => self.store.set(&account, old),
                None => self.store.remove(&account).map(drop),
            };
            return Err(match undone {
                Ok(()) => index,
                Err(keychain) => Error::HalfKept {
                    name: name.clone(),
                    index: Box::new(index),
                    source: Box::new(keychain),
                },
            });
        }
        Ok(Credential {
            name: name.clone(),
            kind,
            created_at,
        })
    }

    /// Puts a new value in the place of one that is there.
    ///
    /// # Errors
    /// [`Error::Missing`] where there is none of that name, and those of [`Credentials::add`].
    pub fn replace(
        &self,
        name: &CredentialName,
        value: &Secret<String>,
    ) -> Result<Credential, Error> {
        self.find(name)?;
        self.add(name, value, IfPresent::Replace)
    }

    /// Forgets a credential; says whether there was one. One that is gone already is a success.
    ///
    /// # Errors
    /// Those of the keychain and of the index. The name stays listed until its value is gone.
    pub fn remove(&self, name: &CredentialName) -> Result<bool, Error> {
        let guard = self.index.lock()?;
        let mut names = guard.read()?;
        let held = self.store.remove(&self.account(name))?;
        let listed = names.remove(name).is_some();
        if listed {
            guard.write(&names)?;
        }
        Ok(held || listed)
    }

    /// Lists all credentials by name, in order.
    ///
    /// # Errors
    /// Those of the index.
    pub fn list(&self) -> Result<Vec<Credential>, Error> {
        let names = self.index.read()?;
        Ok(names
            .into_iter()
            .map(|(name, noted)| noted.credential(name))
            .collect())
    }

    /// Tells what is known of one credential, without its value and without asking the keychain.
    ///
    /// # Errors
    /// [`Error::Missing`] where there is none of that name, and those of the index.
    pub fn find(&self, name: &CredentialName) -> Result<Credential, Error> {
        let noted = self.index.read()?.remove(name);
        noted
            .map(|noted| noted.credential(name.clone()))
            .ok_or_else(|| Error::Missing { name: name.clone() })
    }

    /// Fetches the value of a credential.
    ///
    /// # Errors
    /// [`Error::Missing`] where there is none of that name, [`Error::Lost`] where the keychain does not have it any more, and
    /// those of the keychain and of the index.
    pub fn get(&self, name: &CredentialName) -> Result<Secret<String>, Error> {
        self.find(name)?;
        self.store
            .get(&self.account(name))?
            .ok_or_else(|| Error::Lost { name: name.clone() })
    }

    fn account(&self, name: &CredentialName) -> String {
        format!("{}/{name}", self.owner)
    }

    fn seconds(&self) -> u64 {
        (self.clock)()
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |since| since.as_secs())
    }
}
