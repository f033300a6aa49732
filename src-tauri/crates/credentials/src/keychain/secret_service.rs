//! The Secret Service of a Linux desktop, reached over the session bus: GNOME Keyring, KWallet, KeePassXC.

use std::collections::HashMap;
use std::error::Error as StdError;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use bottle_core::backend::Problem;
use secret_service::blocking::SecretService;
use secret_service::{EncryptionType, Error as ServiceError};

pub(super) use zbus_secret_service_keyring_store::Store;

/// How long [`probe`] waits for the Secret Service. One that runs answers in milliseconds.
const PROBE_DEADLINE: Duration = Duration::from_secs(5);

pub(crate) const UNAVAILABLE_ADVICE: &str = "Start a Secret Service on the session bus, such as gnome-keyring (`dbus-run-session -- sh -c 'gnome-keyring-daemon --unlock && exec sh'` where there is no desktop), and try again.";
pub(crate) const LOCKED_ADVICE: &str = "Unlock the keychain, by logging in to the desktop or with `gnome-keyring-daemon --unlock`, and try again.";

/// The label is what the person reads in the desktop's keychain program.
pub(super) fn modifiers(label: &str) -> Option<HashMap<&str, &str>> {
    Some(HashMap::from([("label", label)]))
}

/// A lock that the store reports as a plain failure of the platform, which it does while creating an entry.
pub(super) fn is_locked(error: &(dyn StdError + Send + Sync + 'static)) -> bool {
    error.downcast_ref::<ServiceError>().is_some_and(|error| {
        matches!(
            error,
            ServiceError::Locked | ServiceError::Prompt | ServiceError::NoResult
        )
    })
}

/// Looks at the default collection only: reading its state asks the person nothing, unlocking it would.
///
/// A bus that starts a service which never comes up holds its callers for two minutes, so the looking has a deadline of its own.
pub(super) fn probe() -> Result<(), Problem> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        // The other end is gone where the deadline passed: then nobody wants to know.
        sender.send(look()).ok();
    });
    receiver.recv_timeout(PROBE_DEADLINE).unwrap_or_else(|_| {
        Err(problem(
            "keychain_unavailable",
            "The Secret Service does not answer.",
            UNAVAILABLE_ADVICE,
        ))
    })
}

fn look() -> Result<(), Problem> {
    let unavailable = |what| problem("keychain_unavailable", what, UNAVAILABLE_ADVICE);
    let locked = |what| problem("keychain_locked", what, LOCKED_ADVICE);
    let service = SecretService::connect(EncryptionType::Plain)
        .map_err(|_| unavailable("No Secret Service answers on the session bus."))?;
    match service
        .get_default_collection()
        .and_then(|collection| collection.is_locked())
    {
        Ok(false) => Ok(()),
        Ok(true) => Err(locked("The default keychain is locked.")),
        Err(ServiceError::NoResult) => {
            Err(locked("The Secret Service has no default keychain yet."))
        }
        Err(_) => Err(unavailable(
            "The Secret Service answers, but does not show its default keychain.",
        )),
    }
}

fn problem(code: &str, what: &str, advice: &str) -> Problem {
    Problem {
        code: code.to_owned(),
        what: what.to_owned(),
        advice: advice.to_owned(),
    }
}
