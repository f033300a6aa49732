//! A value on its way from YAML to a type: it knows its key and its place, so that every refusal can name both.
//!
//! Knows kinds of values (text, words, lists, keys), not what any key means.

use strsim::damerau_levenshtein;

use super::error::Fault;
use super::yaml::{Entry, Kind, Node};
use super::{ManifestError, Position};

/// Most edits between what was written and the word that is proposed in its place.
const MAX_EDITS: usize = 3;

/// A value under a key.
#[derive(Clone, Copy)]
pub(super) struct Value<'n> {
    file: &'n str,
    key: &'n str,
    node: &'n Node,
}

/// The keys of a mapping, known to be valid ones.
pub(super) struct Fields<'n> {
    file: &'n str,
    at: Position,
    entries: &'n [Entry],
}

impl<'n> Value<'n> {
    /// The whole frontmatter.
    pub(super) const fn root(file: &'n str, node: &'n Node) -> Self {
        Self {
            file,
            key: "the frontmatter",
            node,
        }
    }

    /// Where it stands.
    pub(super) const fn at(self) -> Position {
        self.node.at
    }

    /// Makes the error that refuses it.
    pub(super) fn refuse(self, fault: Fault) -> ManifestError {
        ManifestError::new(self.file, self.node.at, fault)
    }

    /// Makes the error of a value that does not fit.
    pub(super) fn bad(self, problem: &'static str, instead: &'static str) -> ManifestError {
        self.refuse(Fault::BadValue {
            key: self.key.to_owned(),
            problem,
            instead,
        })
    }

    /// Reads it with a type's own parser.
    pub(super) fn parse<T, E: Into<Fault>>(
        self,
        parse: impl FnOnce(&'n str) -> Result<T, E>,
    ) -> Result<T, ManifestError> {
        parse(self.line()?).map_err(|error| self.refuse(error.into()))
    }

    /// Reads a mapping with no other keys than these.
    pub(super) fn fields(
        self,
        valid: &'static [&'static str],
    ) -> Result<Fields<'n>, ManifestError> {
        let entries = self.entries()?;
        for entry in entries {
            if !valid.contains(&entry.key.as_str()) {
                let fault = Fault::UnknownKey {
                    nearest: nearest(&entry.key, valid.iter().copied()),
                    key: entry.key.chars().take(64).collect(),
                    valid,
                };
                return Err(ManifestError::new(self.file, entry.at, fault));
            }
        }
        Ok(Fields {
            file: self.file,
            at: self.node.at,
            entries,
        })
    }

    /// Reads a mapping with keys of the person's own.
    pub(super) fn pairs(
        self,
    ) -> Result<impl Iterator<Item = (&'n str, Position, Self)>, ManifestError> {
        let file = self.file;
        Ok(self.entries()?.iter().map(move |entry| {
            (
                entry.key.as_str(),
                entry.at,
                Self {
                    file,
                    key: &entry.key,
                    node: &entry.value,
                },
            )
        }))
    }

    fn entries(self) -> Result<&'n [Entry], ManifestError> {
        match &self.node.kind {
            Kind::Map(entries) => Ok(entries),
            Kind::Nothing => Ok(&[]),
            Kind::Text(_) | Kind::List(_) => Err(self.wrong("keys with values")),
        }
    }

    /// Reads a list; each item answers to the list's key.
    pub(super) fn list(self) -> Result<Vec<Self>, ManifestError> {
        match &self.node.kind {
            Kind::List(items) => Ok(items.iter().map(|node| Self { node, ..self }).collect()),
            Kind::Nothing => Ok(Vec::new()),
            Kind::Text(_) | Kind::Map(_) => Err(self.wrong("a list")),
        }
    }

    /// Reads a list that would mean its opposite if it were empty.
    pub(super) fn filled_list(self) -> Result<Vec<Self>, ManifestError> {
        let items = self.list()?;
        if items.is_empty() {
            return Err(self.bad(
                "is an empty list",
                "at least one item, or leave the key out",
            ));
        }
        Ok(items)
    }

    /// Reads text of any length, which may be empty.
    pub(super) fn text(self) -> Result<&'n str, ManifestError> {
        match &self.node.kind {
            Kind::Text(text) => Ok(text),
            Kind::Nothing | Kind::List(_) | Kind::Map(_) => Err(self.wrong("text")),
        }
    }

    /// Reads text of one line that is not empty.
    pub(super) fn line(self) -> Result<&'n str, ManifestError> {
        let text = self.text()?;
        if text.trim().is_empty() {
            return Err(self.bad("is empty", "text"));
        }
        if text.contains('\n') {
            return Err(self.bad("has more than one line", "text of one line"));
        }
        Ok(text)
    }

    /// Reads `true` or `false`.
    pub(super) fn flag(self) -> Result<bool, ManifestError> {
        match self.text()? {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(self.wrong("true or false")),
        }
    }

    /// Reads one of a few words.
    pub(super) fn word<T: Copy>(self, words: &[(&'static str, T)]) -> Result<T, ManifestError> {
        let given = self.line()?;
        let found = words.iter().find(|(word, _)| *word == given);
        found.map(|(_, meaning)| *meaning).ok_or_else(|| {
            self.refuse(Fault::UnknownWord {
                key: self.key.to_owned(),
                given: given.chars().take(64).collect(),
                nearest: nearest(given, words.iter().map(|(word, _)| *word)),
                valid: words.iter().map(|(word, _)| *word).collect(),
            })
        })
    }

    /// Whether it is keys with values.
    pub(super) const fn is_map(self) -> bool {
        matches!(self.node.kind, Kind::Map(_))
    }

    fn wrong(self, expected: &'static str) -> ManifestError {
        let found = match self.node.kind {
            Kind::Nothing => "nothing",
            Kind::Text(_) => "text",
            Kind::List(_) => "a list",
            Kind::Map(_) => "keys with values",
        };
        self.refuse(Fault::WrongKind {
            key: self.key.to_owned(),
            expected,
            found,
        })
    }
}

impl<'n> Fields<'n> {
    /// Looks a key up.
    pub(super) fn get(&self, key: &str) -> Option<Value<'n>> {
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        Some(Value {
            file: self.file,
            key: &entry.key,
            node: &entry.value,
        })
    }

    /// Looks a key up that has to be there.
    pub(super) fn need(&self, key: &'static str) -> Result<Value<'n>, ManifestError> {
        let missing = || ManifestError::new(self.file, self.at, Fault::MissingKey { key });
        self.get(key).ok_or_else(missing)
    }

    /// Reads a key where it is given.
    pub(super) fn read<T>(
        &self,
        key: &str,
        read: impl FnOnce(Value<'n>) -> Result<T, ManifestError>,
    ) -> Result<Option<T>, ManifestError> {
        self.get(key).map(read).transpose()
    }
}

/// Finds the word that is most like what was written, where one is like it at all.
pub fn nearest<'w>(given: &str, words: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    // Comparing costs the product of both lengths, and nothing long is a slip of the finger.
    if given.len() > 64 {
        return None;
    }
    let given = given.to_lowercase();
    words
        .into_iter()
        .map(|word| (damerau_levenshtein(&given, word), word))
        .filter(|(edits, word)| *edits <= MAX_EDITS && edits * 2 <= word.len().max(2))
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, word)| word)
}
