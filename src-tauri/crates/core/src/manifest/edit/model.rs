//! What a frontmatter means, without how it is written: every edit is carried out on this as well, and the two must agree.

use super::EditError;
use super::fresh::Fresh;
use crate::manifest::yaml::{Kind, Node};

/// A value without its place.
#[derive(Debug, Clone)]
pub(super) enum Model {
    Nothing,
    Text(String),
    List(Vec<Self>),
    Map(Vec<(String, Self)>),
}

impl PartialEq for Model {
    /// An empty list and empty keys are written in several ways, nothing at all among them.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::List(a), Self::List(b)) if !a.is_empty() => a == b,
            (Self::Map(a), Self::Map(b)) if !a.is_empty() => a == b,
            (a, b) => a.is_empty() && b.is_empty(),
        }
    }
}

impl Model {
    /// Reads what a node means.
    pub(super) fn of(node: &Node) -> Self {
        match &node.kind {
            Kind::Nothing => Self::Nothing,
            Kind::Text(text) => Self::Text(text.clone()),
            Kind::List(items) => Self::List(items.iter().map(Self::of).collect()),
            Kind::Map(entries) => {
                let entry = |entry: &crate::manifest::yaml::Entry| {
                    (entry.key.clone(), Self::of(&entry.value))
                };
                Self::Map(entries.iter().map(entry).collect())
            }
        }
    }

    /// What a new value means.
    pub(super) fn of_fresh(fresh: &Fresh) -> Self {
        match fresh {
            Fresh::Text(text) | Fresh::Number(text) => Self::Text(text.clone()),
            Fresh::List(items) => Self::List(items.iter().map(Self::of_fresh).collect()),
            Fresh::Map(entries) => {
                let entry = |(key, value): &(String, Fresh)| (key.clone(), Self::of_fresh(value));
                Self::Map(entries.iter().map(entry).collect())
            }
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        match self {
            Self::Nothing => true,
            Self::Text(_) => false,
            Self::List(items) => items.is_empty(),
            Self::Map(entries) => entries.is_empty(),
        }
    }

    /// Looks a part up.
    pub(super) fn get(&self, path: &[String]) -> Option<&Self> {
        let Some((segment, rest)) = path.split_first() else {
            return Some(self);
        };
        let part = match self {
            Self::Map(entries) => entries
                .iter()
                .find(|(key, _)| key == segment)
                .map(|(_, value)| value),
            Self::List(items) => items.get(segment.parse::<usize>().ok()?),
            Self::Nothing | Self::Text(_) => None,
        };
        part?.get(rest)
    }

    /// The texts of a list that holds nothing else.
    pub(super) fn texts(&self) -> Option<Vec<&str>> {
        let Self::List(items) = self else { return None };
        let text = |item: &'_ Self| match item {
            Self::Text(_) => true,
            Self::Nothing | Self::List(_) | Self::Map(_) => false,
        };
        items.iter().all(text).then(|| {
            let texts = items.iter().filter_map(|item| match item {
                Self::Text(text) => Some(text.as_str()),
                Self::Nothing | Self::List(_) | Self::Map(_) => None,
            });
            texts.collect()
        })
    }

    /// Puts a value somewhere, and what leads there where it is missing.
    pub(super) fn set(&mut self, path: &[String], value: Self) -> Result<(), EditError> {
        let Some((segment, rest)) = path.split_first() else {
            *self = value;
            return Ok(());
        };
        if self.is_empty() {
            *self = if segment == "0" {
                Self::List(Vec::new())
            } else {
                Self::Map(Vec::new())
            };
        }
        match self {
            Self::Map(entries) => {
                if let Some((_, held)) = entries.iter_mut().find(|(key, _)| key == segment) {
                    return held.set(rest, value);
                }
                let mut made = Self::Nothing;
                made.set(rest, value)?;
                entries.push((segment.clone(), made));
                Ok(())
            }
            Self::List(items) => {
                let count = items.len();
                let missing = || EditError::NoSuchItem {
                    path: path.join("."),
                    count,
                };
                let index = segment.parse::<usize>().map_err(|_| missing())?;
                if index == count {
                    items.push(Self::Nothing);
                }
                items.get_mut(index).ok_or_else(missing)?.set(rest, value)
            }
            Self::Nothing | Self::Text(_) => Err(EditError::NoContainer {
                path: path.join("."),
            }),
        }
    }

    /// Takes a part out; one that is not there is a success.
    pub(super) fn remove(&mut self, path: &[String]) {
        let Some((segment, rest)) = path.split_first() else {
            return;
        };
        match self {
            Self::Map(entries) if rest.is_empty() => entries.retain(|(key, _)| key != segment),
            Self::Map(entries) => {
                if let Some((_, held)) = entries.iter_mut().find(|(key, _)| key == segment) {
                    held.remove(rest);
                }
            }
            Self::List(items) => {
                let Ok(index) = segment.parse::<usize>() else {
                    return;
                };
                if rest.is_empty() && index < items.len() {
                    items.remove(index);
                } else if let Some(held) = items.get_mut(index) {
                    held.remove(rest);
                }
            }
            Self::Nothing | Self::Text(_) => {}
        }
    }
}
