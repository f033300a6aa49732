//! Paths on the host and paths in the guest as different types.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// A path on the machine that claude-bottle runs on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HostPath(PathBuf);

impl HostPath {
    /// Takes a host path as it is.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Reads it as a standard path.
    #[must_use]
    pub fn as_path(&self) -> &Path {
        &self.0
    }

    /// Joins one more relative part to it.
    #[must_use]
    pub fn join(&self, part: impl AsRef<Path>) -> Self {
        Self(self.0.join(part))
    }
}

impl AsRef<Path> for HostPath {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl fmt::Display for HostPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}

/// A guest path that is not absolute, or that has `.`, `..`, empty or NUL parts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{given}' is not an absolute, plain path in the guest")]
pub struct InvalidGuestPath {
    /// What was given.
    pub given: String,
}

/// An absolute, normal path inside a bottle, always with `/` between its parts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GuestPath(String);

impl GuestPath {
    /// Checks and takes an absolute path.
    ///
    /// # Errors
    /// [`InvalidGuestPath`] where it is relative, or has `.`, `..`, empty parts or a NUL.
    pub fn new(path: impl Into<String>) -> Result<Self, InvalidGuestPath> {
        let given = path.into();
        let plain = given.strip_prefix('/').is_some_and(|rest| {
            rest.split('/')
                .all(|part| !matches!(part, "" | "." | "..") && !part.contains('\0'))
        });
        if plain || given == "/" {
            Ok(Self(given))
        } else {
            Err(InvalidGuestPath { given })
        }
    }

    /// Reads it as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Joins one more part.
    ///
    /// # Errors
    /// [`InvalidGuestPath`] where the part would leave the folder.
    pub fn join(&self, part: &str) -> Result<Self, InvalidGuestPath> {
        Self::new(format!("{}/{part}", self.0.trim_end_matches('/')))
    }
}

impl fmt::Display for GuestPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for GuestPath {
    type Error = InvalidGuestPath;
    fn try_from(text: String) -> Result<Self, InvalidGuestPath> {
        Self::new(text)
    }
}

impl From<GuestPath> for String {
    fn from(path: GuestPath) -> Self {
        path.0
    }
}
