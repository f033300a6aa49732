//! Hands credentials to the engine by the trait that it knows.

use bottle_core::advice::Advice;
use bottle_core::claude::ClaudeKind;
use bottle_core::credential::{CredentialLookupError, CredentialSource};
use bottle_core::id::CredentialName;
use bottle_core::secret::Secret;

use crate::{Credentials, Error, Kind};

impl CredentialSource for Credentials {
    fn kind(&self, name: &CredentialName) -> Result<Option<ClaudeKind>, CredentialLookupError> {
        let found = self.find(name).map_err(|error| lookup_error(name, error))?;
        Ok(match found.kind {
            Kind::Claude(kind) => Some(kind),
            Kind::Plain => None,
        })
    }

    fn reveal(&self, name: &CredentialName) -> Result<Secret<String>, CredentialLookupError> {
        self.get(name).map_err(|error| lookup_error(name, error))
    }
}

fn lookup_error(name: &CredentialName, error: Error) -> CredentialLookupError {
    let name = name.clone();
    if matches!(error, Error::Missing { .. }) {
        return CredentialLookupError::Missing { name };
    }
    CredentialLookupError::Keychain {
        name,
        fix: error.advice(),
        source: Box::new(error),
    }
}
