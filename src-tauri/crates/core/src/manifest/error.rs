//! What can be wrong with a manifest, always with file, line and column, so that an editor can underline it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{MAX_KEYS, MAX_MANIFEST};
use crate::advice::Advice;
use crate::id::{BottleName, InvalidName};
use crate::policy::InvalidHost;

/// A place in a file. Both count from 1; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position {
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

impl Position {
    /// The first character of a file.
    pub const START: Self = Self { line: 1, column: 1 };
}

impl Default for Position {
    fn default() -> Self {
        Self::START
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// A manifest that is refused: what is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{position}: {fault}")]
pub struct ManifestError {
    /// The file, as it is shown to the person.
    pub file: String,
    /// Where in the file.
    pub position: Position,
    /// What is wrong there. Part of this error's own words, so not named as a cause again.
    pub fault: Box<Fault>,
}

impl ManifestError {
    pub(super) fn new(file: &str, position: Position, fault: Fault) -> Self {
        Self {
            file: file.to_owned(),
            position,
            fault: Box::new(fault),
        }
    }
}

/// What is wrong with a manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// More than [`MAX_MANIFEST`] bytes.
    #[error("the file has {bytes} bytes, and at most {MAX_MANIFEST} are read")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// More than [`MAX_KEYS`] keys and list items.
    #[error("there are more than {MAX_KEYS} keys and list items")]
    TooManyKeys,
    /// Nested too deeply for any key that there is.
    #[error("the keys are nested too deeply")]
    TooDeep,
    /// No frontmatter.
    #[error("the file does not begin with a line '---'")]
    NoFrontmatter,
    /// Frontmatter without an end.
    #[error("the frontmatter has no closing line '---'")]
    UnclosedFrontmatter,
    /// The frontmatter is not YAML.
    #[error("this is not valid YAML: {detail}")]
    Syntax {
        /// What the parser says, without a value.
        detail: String,
    },
    /// A part of YAML that manifests do without.
    #[error("{what} cannot be used in a manifest")]
    Unsupported {
        /// Which part.
        what: &'static str,
    },
    /// A character that no value needs and that can hide text.
    #[error("the text has a control character")]
    ControlCharacter,
    /// A key that does not exist.
    #[error(
        "unknown key '{key}'{}",
        nearest.map(|key| format!(", did you mean '{key}'")).unwrap_or_default()
    )]
    UnknownKey {
        /// What was written.
        key: String,
        /// The valid key that is most like it.
        nearest: Option<&'static str>,
        /// All keys that are valid there.
        valid: &'static [&'static str],
    },
    /// A key that stands twice.
    #[error("the key '{key}' is already given at {first}")]
    DuplicateKey {
        /// Which.
        key: String,
        /// Where it stands first.
        first: Position,
    },
    /// A key that has to be there.
    #[error("the key '{key}' is missing")]
    MissingKey {
        /// Which.
        key: &'static str,
    },
    /// Another kind of value than the key takes.
    #[error("'{key}' takes {expected}, not {found}")]
    WrongKind {
        /// Which key.
        key: String,
        /// What it takes.
        expected: &'static str,
        /// What was written.
        found: &'static str,
    },
    /// A word that is not one of those that the key takes.
    #[error(
        "'{given}' is not a value of '{key}'{}",
        nearest.map(|word| format!(", did you mean '{word}'")).unwrap_or_default()
    )]
    UnknownWord {
        /// Which key.
        key: String,
        /// What was written.
        given: String,
        /// The valid word that is most like it.
        nearest: Option<&'static str>,
        /// All words that it takes.
        valid: Vec<&'static str>,
    },
    /// A name that does not follow the rules.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// A host that does not follow the rules.
    #[error(transparent)]
    Host(#[from] InvalidHost),
    /// A value that does not fit its key.
    #[error("'{key}' {problem}")]
    BadValue {
        /// Which key.
        key: String,
        /// What is wrong, going on from the key.
        problem: &'static str,
        /// What to write instead.
        instead: &'static str,
    },
    /// Two entries of a list for the same thing.
    #[error("the {what} '{name}' is already listed at {first}")]
    Repeated {
        /// What kind of thing.
        what: &'static str,
        /// Which.
        name: String,
        /// Where it stands first.
        first: Position,
    },
    /// A variable that claude-bottle sets or guards by itself.
    #[error("the variable '{name}' cannot be set: {why}")]
    ReservedVariable {
        /// Which.
        name: String,
        /// Why not.
        why: &'static str,
    },
    /// A key that only the built-in demo may use.
    #[error("'{key}' belongs to the built-in demo alone")]
    BuiltInOnly {
        /// Which key.
        key: &'static str,
    },
    /// A bottle that came with a repository.
    #[error(
        "a bottle that comes with a repository is never used, because it could redirect your tokens"
    )]
    BottleInRepository,
    /// A `name` that is not the file's.
    #[error("the name '{written}' differs from the file's name '{file_name}'")]
    NameDiffers {
        /// What was written.
        written: String,
        /// The stem of the file.
        file_name: String,
    },
    /// A bottle that does not exist.
    #[error(
        "there is no bottle '{name}'{}",
        nearest.as_ref().map(|name| format!(", did you mean '{name}'")).unwrap_or_default()
    )]
    UnknownBottle {
        /// Which.
        name: BottleName,
        /// The bottle whose name is most like it.
        nearest: Option<BottleName>,
    },
    /// Bottles that extend each other in a circle.
    #[error("the bottles extend each other in a circle: {}", arrows(chain))]
    Cycle {
        /// The circle, the first one again at its end.
        chain: Vec<BottleName>,
    },
    /// Too long a chain of `extends`.
    #[error("the chain of 'extends' is longer than {limit} bottles")]
    TooManyParents {
        /// Most that are followed.
        limit: usize,
    },
}

fn arrows(chain: &[BottleName]) -> String {
    chain
        .iter()
        .map(BottleName::as_str)
        .collect::<Vec<_>>()
        .join(" -> ")
}

impl Advice for ManifestError {
    fn code(&self) -> &'static str {
        match *self.fault {
            Fault::TooLarge { .. } | Fault::TooManyKeys | Fault::TooDeep => "manifest_too_large",
            Fault::NoFrontmatter | Fault::UnclosedFrontmatter | Fault::Syntax { .. } => {
                "manifest_syntax"
            }
            Fault::UnknownKey { .. } => "manifest_unknown_key",
            Fault::UnknownBottle { .. } => "bottle_missing",
            Fault::Cycle { .. } | Fault::TooManyParents { .. } => "bottle_cycle",
            Fault::BottleInRepository => "bottle_in_repository",
            Fault::Unsupported { .. }
            | Fault::ControlCharacter
            | Fault::DuplicateKey { .. }
            | Fault::MissingKey { .. }
            | Fault::WrongKind { .. }
            | Fault::UnknownWord { .. }
            | Fault::Name(_)
            | Fault::Host(_)
            | Fault::BadValue { .. }
            | Fault::Repeated { .. }
            | Fault::ReservedVariable { .. }
            | Fault::BuiltInOnly { .. }
            | Fault::NameDiffers { .. } => "manifest_invalid",
        }
    }

    fn advice(&self) -> String {
        let place = format!("{}:{}", self.file, self.position);
        match &*self.fault {
            Fault::TooLarge { .. } | Fault::TooManyKeys | Fault::TooDeep => {
                format!("Make {} smaller, or split it with 'extends'.", self.file)
            }
            Fault::NoFrontmatter | Fault::UnclosedFrontmatter => {
                format!("Put the keys of {} between two lines '---' at its top.", self.file)
            }
            Fault::Syntax { .. } => format!("Mend the YAML at {place}."),
            Fault::Unsupported { .. } => format!("Write the value out in full at {place}."),
            Fault::ControlCharacter => format!("Remove the character at {place}."),
            Fault::UnknownKey { valid, .. } => format!("Use one of: {}.", valid.join(", ")),
            Fault::UnknownWord { valid, .. } => format!("Use one of: {}.", valid.join(", ")),
            Fault::DuplicateKey { .. } | Fault::Repeated { .. } => {
                format!("Keep one of the two and remove the one at {place}.")
            }
            Fault::MissingKey { key } => format!("Add '{key}' at {place}."),
            Fault::WrongKind { expected, .. } => format!("Write {expected} at {place}."),
            Fault::Name(_) => format!("Choose a name such as 'my-name-2' at {place}."),
            Fault::Host(_) => format!("Write a host such as 'example.com' at {place}."),
            Fault::BadValue { instead, .. } => format!("Write {instead} at {place}."),
            Fault::ReservedVariable { .. } | Fault::BuiltInOnly { .. } => {
                format!("Remove it at {place}.")
            }
            Fault::BottleInRepository => {
                "Read the file, and copy it to ~/.claude-bottle/bottles/ if you trust every line of it.".into()
            }
            Fault::NameDiffers { file_name, .. } => {
                format!("Write '{file_name}' at {place}, or rename the file.")
            }
            Fault::UnknownBottle { name, .. } => {
                format!("Make ~/.claude-bottle/bottles/{name}.md, or correct the name at {place}.")
            }
            Fault::Cycle { .. } | Fault::TooManyParents { .. } => {
                format!("Remove the 'extends' at {place}, or point it at another bottle.")
            }
        }
    }
}
