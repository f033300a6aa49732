//! What a place for secrets has to do. It holds values by account and knows nothing of names, kinds or indexes.

use std::fmt;

use bottle_core::backend::Problem;
use bottle_core::secret::Secret;

use crate::Error;

/// A place that keeps secret values by account.
///
/// Invariants: a value that was set is what `get` returns until it is set again or removed; values of other accounts never change;
/// no value shows up in `Debug` or in an error. Calls may block, also on the person, and cannot be cancelled.
pub trait SecretStore: fmt::Debug + Send + Sync {
    /// Says whether values can be kept now, or why not. Must not ask the person anything.
    ///
    /// # Errors
    /// The [`Problem`], where there is one.
    fn probe(&self) -> Result<(), Problem>;

    /// Keeps a value, in the place of an older one.
    ///
    /// # Errors
    /// An [`Error`] that says why the store refused.
    fn set(&self, account: &str, value: &Secret<String>) -> Result<(), Error>;

    /// Fetches a value, or `None` where none is kept.
    ///
    /// # Errors
    /// An [`Error`] that says why the store refused.
    fn get(&self, account: &str) -> Result<Option<Secret<String>>, Error>;

    /// Forgets a value; says whether there was one.
    ///
    /// # Errors
    /// An [`Error`] that says why the store refused.
    fn remove(&self, account: &str) -> Result<bool, Error>;
}
