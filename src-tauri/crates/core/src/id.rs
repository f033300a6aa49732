//! Names and ids as types, so that an agent's name can never stand where a bottle's is meant.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Longest name of an agent, bottle, skill or credential, in bytes (the Agent Skills format allows 64 for a skill).
pub const MAX_NAME: usize = 64;

/// A name or id that does not follow the rules.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    /// Nothing was given.
    #[error("the {what} is empty")]
    Empty {
        /// What was being named.
        what: &'static str,
    },
    /// More than [`MAX_NAME`] bytes.
    #[error("the {what} is longer than {MAX_NAME} characters")]
    TooLong {
        /// What was being named.
        what: &'static str,
    },
    /// A character outside the set, or one in the wrong place.
    #[error("the {what} '{given}' may hold only a-z, 0-9 and single hyphens between them")]
    BadCharacter {
        /// What was being named.
        what: &'static str,
        /// What was given, cut to [`MAX_NAME`] characters.
        given: String,
    },
}

fn check(what: &'static str, given: &str) -> Result<(), InvalidName> {
    if given.is_empty() {
        return Err(InvalidName::Empty { what });
    }
    if given.len() > MAX_NAME {
        return Err(InvalidName::TooLong { what });
    }
    let fits = given
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !given.starts_with('-')
        && !given.ends_with('-')
        && !given.contains("--");
    if fits {
        Ok(())
    } else {
        let given = given
            .chars()
            .take(MAX_NAME)
            .filter(|c| !c.is_control())
            .collect();
        Err(InvalidName::BadCharacter { what, given })
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $type(String);

        impl $type {
            /// Checks and takes a name.
            ///
            /// # Errors
            /// [`InvalidName`] where it is empty, too long, or holds anything but a-z, 0-9 and inner hyphens.
            pub fn new(name: impl Into<String>) -> Result<Self, InvalidName> {
                let name = name.into();
                check($what, &name)?;
                Ok(Self(name))
            }

            /// Reads the name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $type {
            type Err = InvalidName;
            fn from_str(text: &str) -> Result<Self, InvalidName> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $type {
            type Error = InvalidName;
            fn try_from(text: String) -> Result<Self, InvalidName> {
                Self::new(text)
            }
        }

        impl From<$type> for String {
            fn from(name: $type) -> Self {
                name.0
            }
        }
    };
}

name!(
    /// The name of an agent: the stem of its file.
    AgentName,
    "agent's name"
);
name!(
    /// The name of a bottle: the stem of its file.
    BottleName,
    "bottle's name"
);
name!(
    /// The name of a skill: the name of its folder.
    SkillName,
    "skill's name"
);
name!(
    /// The name under which a credential is kept in the keychain.
    CredentialName,
    "credential's name"
);
name!(
    /// Identifies one claude-bottle home folder, so that two homes on one engine never touch each other's sessions.
    OwnerId,
    "owner's id"
);

/// Number of base-36 characters that end a session's id.
pub const SESSION_SUFFIX: usize = 5;

/// The id of one running or preserved session: `<agent>-<5 base36>`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SessionId(String);

impl SessionId {
    /// Makes an id of an agent's name and random bits, of which the lowest 36^5 values are used.
    #[must_use]
    pub fn generate(agent: &AgentName, mut random: u64) -> Self {
        let mut text = String::with_capacity(agent.0.len() + 1 + SESSION_SUFFIX);
        text.push_str(&agent.0);
        text.push('-');
        for _ in 0..SESSION_SUFFIX {
            let digit = u32::try_from(random % 36).unwrap_or_default();
            text.push(char::from_digit(digit, 36).unwrap_or('0'));
            random /= 36;
        }
        Self(text)
    }

    /// Checks and takes an id.
    ///
    /// # Errors
    /// [`InvalidName`] where it is not an agent's name, a hyphen and five characters of a-z and 0-9.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidName> {
        let text = text.into();
        let bad = || InvalidName::BadCharacter {
            what: "session's id",
            given: text
                .chars()
                .take(MAX_NAME)
                .filter(|c| !c.is_control())
                .collect(),
        };
        let (agent, suffix) = text.rsplit_once('-').ok_or_else(bad)?;
        check("session's id", agent)?;
        let fits = suffix.len() == SESSION_SUFFIX
            && suffix
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if fits { Ok(Self(text)) } else { Err(bad()) }
    }

    /// Reads the id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for SessionId {
    type Err = InvalidName;
    fn from_str(text: &str) -> Result<Self, InvalidName> {
        Self::new(text)
    }
}

impl TryFrom<String> for SessionId {
    type Error = InvalidName;
    fn try_from(text: String) -> Result<Self, InvalidName> {
        Self::new(text)
    }
}

impl From<SessionId> for String {
    fn from(id: SessionId) -> Self {
        id.0
    }
}
