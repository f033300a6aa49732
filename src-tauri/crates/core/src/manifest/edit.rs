//! Changes single values of a manifest's text and leaves every other byte as the person wrote it: comments, quotes, order, line ends.
//!
//! Each edit is spliced into the text at the place where the parser saw the value, and carried out on what the text means as well. The
//! result is read again and has to mean exactly that; an edit that cannot be placed so is refused, and the text stays as it was. That
//! check is why this is our own: `yamlpatch` reads with tree-sitter and a second YAML parser, and `yaml-edit` with a third, so that what
//! was edited and what is obeyed could be two readings of one file; both bring far more code than the few shapes that a manifest has.

mod fresh;
mod model;
mod place;
mod route;
mod scalar;

use serde::{Deserialize, Serialize};

use self::fresh::Fresh;
use self::model::Model;
use self::place::Source;
use super::fields::RouteField;
use super::{Fault, ManifestError, agent, bottle};
use crate::advice::Advice;

/// Which of the two kinds of manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// An agent.
    Agent,
    /// A bottle.
    Bottle,
}

impl Kind {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Bottle => "bottle",
        }
    }

    const fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Agent => agent::AGENT_KEYS,
            Self::Bottle => bottle::BOTTLE_KEYS,
        }
    }
}

/// One change. Segments of a path are keys, or places in a list counted from 0.
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    /// Gives a key its value, and makes what leads there.
    Set {
        /// Where.
        path: Vec<String>,
        /// What.
        value: FieldValue,
    },
    /// Takes a key or an item out. One that is not there is a success.
    Remove {
        /// Where.
        path: Vec<String>,
    },
    /// Adds to the end of a list, which is made where it is missing.
    Append {
        /// The list.
        path: Vec<String>,
        /// The item.
        value: FieldValue,
    },
    /// Replaces what stands below the frontmatter.
    Body {
        /// The new text.
        text: String,
    },
}

/// A value as a form gives it.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldValue {
    /// Text.
    Text(String),
    /// A number.
    Number(f64),
    /// A list of texts.
    List(Vec<String>),
    /// A route.
    Route(RouteField),
}

/// Why an edit is not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The text cannot be read, so there is no place to edit.
    #[error(transparent)]
    Unreadable(#[from] Box<ManifestError>),
    /// A path leads through a list that is shorter.
    #[error("there is no item at {path}, the list has {count}")]
    NoSuchItem {
        /// The rest of the path.
        path: String,
        /// How many there are.
        count: usize,
    },
    /// A path leads through a value that holds no keys.
    #[error("{path} cannot be written below a plain value")]
    NoContainer {
        /// The rest of the path.
        path: String,
    },
    /// The value cannot be put in or taken out without changing something else.
    #[error("{path} cannot be changed without touching what stands around it")]
    Tangled {
        /// The path.
        path: String,
    },
    /// A value that no manifest can hold.
    #[error("the value of {path} has a character that a manifest cannot hold, or is no number")]
    BadValue {
        /// The path.
        path: String,
    },
}

impl Advice for EditError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(error) => error.code(),
            Self::NoSuchItem { .. } | Self::NoContainer { .. } | Self::Tangled { .. } => {
                "edit_refused"
            }
            Self::BadValue { .. } => "edit_value_refused",
        }
    }

    fn advice(&self) -> String {
        match self {
            Self::Unreadable(error) => error.advice(),
            Self::NoSuchItem { .. } | Self::NoContainer { .. } | Self::Tangled { .. } => {
                "Make this change in the text itself.".into()
            }
            Self::BadValue { .. } => "Remove control characters from the value.".into(),
        }
    }
}

/// Carries edits out one after another; all of them or none. Keys that are new go to the end, in the order of the documentation.
///
/// # Errors
/// [`EditError`]; the text is then unchanged.
pub fn edit(kind: Kind, text: &str, edits: &[Edit]) -> Result<String, EditError> {
    let held = Source::read(text)?.model();
    let mut ordered: Vec<&Edit> = edits.iter().collect();
    let all_new = ordered.iter().all(|edit| is_new(&held, edit));
    if all_new {
        ordered.sort_by_key(|edit| rank(kind, edit));
    }
    let mut edited = text.to_owned();
    for edit in ordered {
        edited = one(&edited, edit)?;
    }
    Ok(edited)
}

/// Whether an edit makes a new key at the top, so that its place in the order of edits means nothing else.
fn is_new(held: &Model, edit: &Edit) -> bool {
    match edit {
        Edit::Set { path, .. } => path.get(..1).is_some_and(|top| held.get(top).is_none()),
        Edit::Remove { .. } | Edit::Append { .. } | Edit::Body { .. } => false,
    }
}

fn rank(kind: Kind, edit: &Edit) -> Option<usize> {
    match edit {
        Edit::Set { path, .. } => {
            let top = path.first()?;
            kind.keys().iter().position(|key| key == top)
        }
        Edit::Remove { .. } | Edit::Append { .. } | Edit::Body { .. } => None,
    }
}

fn one(text: &str, edit: &Edit) -> Result<String, EditError> {
    match edit {
        Edit::Set {
            path,
            value: FieldValue::Route(route),
        } => route::set(text, path, route),
        Edit::Set {
            path,
            value: FieldValue::List(items),
        } => set_list(text, path, items),
        Edit::Set { path, value } => step(text, &Step::Set(path.clone(), fresh(path, value)?)),
        Edit::Append { path, value } => {
            step(text, &Step::Append(path.clone(), fresh(path, value)?))
        }
        Edit::Remove { path } => step(text, &Step::Remove(path.clone())),
        Edit::Body { text: body } => Ok(Source::read(text)?.with_body(body)),
    }
}

fn fresh(path: &[String], value: &FieldValue) -> Result<Fresh, EditError> {
    let bad = || EditError::BadValue {
        path: path.join("."),
    };
    match value {
        FieldValue::Text(text) => Ok(Fresh::Text(text.clone())),
        FieldValue::Number(number) if number.is_finite() => Ok(Fresh::Number(number.to_string())),
        FieldValue::Number(_) => Err(bad()),
        FieldValue::List(items) => Ok(texts(items)),
        FieldValue::Route(route) => Ok(route::fresh(route)),
    }
}

fn texts(items: &[String]) -> Fresh {
    Fresh::List(items.iter().cloned().map(Fresh::Text).collect())
}

/// Changes a list of texts item by item, so that the comments of those that stay, stay.
fn set_list(text: &str, path: &[String], items: &[String]) -> Result<String, EditError> {
    let whole = || step(text, &Step::Set(path.to_vec(), texts(items)));
    let model = Source::read(text)?.model();
    let Some(held) = model.get(path).and_then(Model::texts) else {
        return whole();
    };
    if held.is_empty() {
        return whole();
    }
    let item = |index: usize| [path, &[index.to_string()]].concat();
    let mut edited = text.to_owned();
    if items.is_empty() {
        for index in (0..held.len()).rev() {
            edited = step(&edited, &Step::Remove(item(index)))?;
        }
        return Ok(edited);
    }
    let mut kept: Vec<&str> = Vec::new();
    for (index, old) in held.iter().enumerate().rev() {
        let stays = items.iter().any(|new| new == old);
        // At least one stays, or the list itself would go.
        if !stays && (index > 0 || !kept.is_empty()) {
            edited = step(&edited, &Step::Remove(item(index)))?;
        } else {
            kept.insert(0, old);
        }
    }
    for (index, new) in items.iter().enumerate() {
        match kept.get(index) {
            Some(old) if old == new => {}
            Some(_) => edited = step(&edited, &Step::Set(item(index), Fresh::Text(new.clone())))?,
            None => {
                edited = step(
                    &edited,
                    &Step::Append(path.to_vec(), Fresh::Text(new.clone())),
                )?
            }
        }
    }
    for index in (items.len()..kept.len()).rev() {
        edited = step(&edited, &Step::Remove(item(index)))?;
    }
    Ok(edited)
}

/// The three changes that everything else is made of.
enum Step {
    Set(Vec<String>, Fresh),
    Append(Vec<String>, Fresh),
    Remove(Vec<String>),
}

/// Carries one step out on text and meaning, and compares.
fn step(text: &str, step: &Step) -> Result<String, EditError> {
    let source = Source::read(text)?;
    let mut expected = source.model();
    let (path, edited) = match step {
        Step::Set(path, value) => {
            expected.set(path, Model::of_fresh(value))?;
            (path, source.set(path, value))
        }
        Step::Append(path, value) => {
            let count = match expected.get(path) {
                Some(Model::List(items)) => items.len(),
                Some(Model::Nothing) | None => 0,
                Some(Model::Map(entries)) if entries.is_empty() => 0,
                Some(Model::Text(_) | Model::Map(_)) => {
                    return Err(EditError::NoContainer {
                        path: path.join("."),
                    });
                }
            };
            let item = [path.as_slice(), &[count.to_string()]].concat();
            expected.set(&item, Model::of_fresh(value))?;
            (path, source.append(path, value))
        }
        Step::Remove(path) => {
            if expected.get(path).is_none() {
                return Ok(text.to_owned());
            }
            expected.remove(path);
            (path, source.remove(path))
        }
    };
    let tangled = || EditError::Tangled {
        path: path.join("."),
    };
    let edited = edited.ok_or_else(tangled)?;
    match Source::read(&edited) {
        Ok(read) if read.model() == expected && read.body() == source.body() => Ok(edited),
        Ok(_) => Err(tangled()),
        Err(error) if *error.fault == Fault::ControlCharacter => Err(EditError::BadValue {
            path: path.join("."),
        }),
        Err(_) => Err(tangled()),
    }
}
