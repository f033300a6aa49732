//! What is left where the keychain took a value and the index then failed: what was there before.

use std::error::Error as _;
use std::sync::Arc;

use bottle_core::advice::Advice;
use bottle_core::backend::Problem;
use bottle_core::path::HostPath;
use bottle_core::secret::Secret;
use bottle_credentials::{Credentials, Error, IfPresent, MemoryStore, SecretStore};

use super::{CANARY, Home, name, secret};

/// Breaks the index when it takes a value, and refuses what comes after where it was told to.
#[derive(Debug)]
struct Saboteur {
    inner: Arc<MemoryStore>,
    index: HostPath,
    refuse_undo: bool,
}

impl Saboteur {
    fn broke(&self) -> bool {
        self.index.as_path().is_dir()
    }

    fn refusal() -> Error {
        Error::Locked {
            source: "refused".into(),
        }
    }
}

impl SecretStore for Saboteur {
    fn probe(&self) -> Result<(), Problem> {
        Ok(())
    }

    fn set(&self, account: &str, value: &Secret<String>) -> Result<(), Error> {
        if self.broke() {
            return if self.refuse_undo {
                Err(Self::refusal())
            } else {
                self.inner.set(account, value)
            };
        }
        self.inner.set(account, value)?;
        if self.index.as_path().exists() {
            std::fs::remove_file(&self.index).unwrap();
        }
        std::fs::create_dir(&self.index).unwrap();
        Ok(())
    }

    fn get(&self, account: &str) -> Result<Option<Secret<String>>, Error> {
        self.inner.get(account)
    }

    fn remove(&self, account: &str) -> Result<bool, Error> {
        if self.refuse_undo {
            Err(Self::refusal())
        } else {
            self.inner.remove(account)
        }
    }
}

fn sabotaged(home: &Home, refuse_undo: bool) -> Credentials {
    let inner = home.store.clone();
    home.over(Arc::new(Saboteur {
        inner,
        index: home.index(),
        refuse_undo,
    }))
}

#[test]
fn a_failing_index_takes_a_new_value_back() {
    let home = Home::new();
    let result = sabotaged(&home, false).add(&name("github"), &secret("value"), IfPresent::Fail);
    assert_eq!(result.unwrap_err().code(), "credential_index_failed");
    assert!(home.store.get("home-1/github").unwrap().is_none());
}

#[test]
fn a_failing_index_puts_the_old_value_back() {
    let home = Home::new();
    home.credentials()
        .add(&name("github"), &secret("old"), IfPresent::Fail)
        .unwrap();
    let error = sabotaged(&home, false)
        .replace(&name("github"), &secret("new"))
        .unwrap_err();
    assert_eq!(error.code(), "credential_index_failed");
    assert_eq!(
        home.store.get("home-1/github").unwrap().unwrap().expose(),
        "old"
    );
}

#[test]
fn a_change_that_cannot_be_undone_says_so() {
    let home = Home::new();
    let error = sabotaged(&home, true)
        .add(&name("github"), &secret(CANARY), IfPresent::Fail)
        .unwrap_err();
    assert_eq!(error.code(), "credential_half_kept");
    let cause = error.source().unwrap().to_string();
    assert_eq!(cause, "the keychain is locked or refused access");
    assert!(!format!("{error} {error:?}").contains(CANARY));
}
