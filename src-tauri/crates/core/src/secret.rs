//! A value that must not be seen: not printed, not serialised, wiped when it goes.

use std::fmt;

use zeroize::{Zeroize, Zeroizing};

/// Holds a secret. `Debug` prints `<redacted>`, there is no `Display` and no `Serialize`, and the memory is zeroed on drop.
#[derive(Clone)]
pub struct Secret<T: Zeroize>(Zeroizing<T>);

impl<T: Zeroize> Secret<T> {
    /// Takes a value into hiding.
    pub fn new(value: T) -> Self {
        Self(Zeroizing::new(value))
    }

    /// Shows the value to the one caller that has to use it: grep for `expose` to see every place.
    #[must_use]
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}
