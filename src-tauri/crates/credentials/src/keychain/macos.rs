//! The login keychain of macOS. No test of this project opens a real one: this module is type-checked, not run, by CI.

use std::collections::HashMap;
use std::error::Error as StdError;

use bottle_core::backend::Problem;

pub(super) use apple_native_keyring_store::keychain::Store;

use crate::Error;

pub(crate) const UNAVAILABLE_ADVICE: &str =
    "Log in to the desktop once, so that macOS creates the login keychain, and try again.";
pub(crate) const LOCKED_ADVICE: &str = "Unlock the login keychain with `security unlock-keychain` or in Keychain Access, and try again.";

/// The keychain takes an entry's label from the service: there is nothing to set.
pub(super) fn modifiers(_label: &str) -> Option<HashMap<&str, &str>> {
    None
}

/// A session without a screen cannot show the dialog that unlocks the keychain; macOS reports that as a plain failure.
pub(super) fn is_locked(error: &(dyn StdError + Send + Sync + 'static)) -> bool {
    const INTERACTION_NOT_ALLOWED: i32 = -25308;
    const AUTHENTICATION_FAILED: i32 = -25293;
    const USER_CANCELED: i32 = -128;
    error
        .downcast_ref::<security_framework::base::Error>()
        .is_some_and(|error| {
            matches!(
                error.code(),
                INTERACTION_NOT_ALLOWED | AUTHENTICATION_FAILED | USER_CANCELED
            )
        })
}

/// Asks for an entry that is never there: a keychain that can say so can be used.
pub(super) fn probe() -> Result<(), Problem> {
    super::read("probe").map(drop).map_err(|error| {
        let (code, what, advice) = if matches!(error, Error::Locked { .. }) {
            (
                "keychain_locked",
                "The login keychain is locked.",
                LOCKED_ADVICE,
            )
        } else {
            (
                "keychain_unavailable",
                "The login keychain cannot be used.",
                UNAVAILABLE_ADVICE,
            )
        };
        Problem {
            code: code.to_owned(),
            what: what.to_owned(),
            advice: advice.to_owned(),
        }
    })
}
