//! A secret on its way in: it goes from the message straight into hiding and cannot come out again.

use bottle_core::secret::Secret;
use serde::{Deserialize, Deserializer};
use specta::datatype::DataType;
use specta::{Type, Types};

/// A value that the person typed or pasted. It has no `Serialize`, and its `Debug` shows nothing.
#[derive(Debug)]
pub struct SecretInput(Secret<String>);

impl SecretInput {
    /// Hands the secret on.
    #[must_use]
    pub const fn secret(&self) -> &Secret<String> {
        &self.0
    }
}

impl<'de> Deserialize<'de> for SecretInput {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|value| Self(Secret::new(value)))
    }
}

impl Type for SecretInput {
    fn definition(types: &mut Types) -> DataType {
        String::definition(types)
    }
}
