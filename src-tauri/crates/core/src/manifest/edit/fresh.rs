//! A value that is about to be written: what it means, and how it looks as a block or on one line.

use super::scalar::{self, Quotes};

/// Lists that read better on one line, as the templates write them.
const ON_ONE_LINE: &[&str] = &["paths", "methods"];
/// Columns between a key and what is nested below it.
pub(super) const STEP: usize = 2;

/// A value to write.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Fresh {
    /// Text, quoted where it has to be.
    Text(String),
    /// A number, never quoted.
    Number(String),
    /// A list.
    List(Vec<Self>),
    /// Keys with values, in this order.
    Map(Vec<(String, Self)>),
}

impl Fresh {
    /// Wraps it in the keys that lead to it; `0` leads into a list.
    pub(super) fn below(self, path: &[String]) -> Self {
        path.iter().rev().fold(self, |value, key| {
            if key == "0" {
                Self::List(vec![value])
            } else {
                Self::Map(vec![(key.clone(), value)])
            }
        })
    }

    /// On one line.
    pub(super) fn inline(&self, quotes: Quotes) -> String {
        match self {
            Self::Text(text) => scalar::write(text, quotes),
            Self::Number(number) => number.clone(),
            Self::List(items) => {
                let items: Vec<_> = items
                    .iter()
                    .map(|item| item.inline(Quotes::AsNeeded))
                    .collect();
                format!("[{}]", items.join(", "))
            }
            Self::Map(entries) => {
                let entry = |(key, value): &(String, Self)| {
                    format!("{}: {}", key_text(key), value.inline(Quotes::AsNeeded))
                };
                let entries: Vec<_> = entries.iter().map(entry).collect();
                format!("{{{}}}", entries.join(", "))
            }
        }
    }

    /// As the lines of an entry of a block, the first without its indentation.
    pub(super) fn entry(&self, key: &str, column: usize) -> Vec<String> {
        let name = key_text(key);
        match self {
            Self::List(items) if !items.is_empty() && !ON_ONE_LINE.contains(&key) => {
                let mut lines = vec![format!("{name}:")];
                for item in items {
                    lines.extend(indented(item.item(column + STEP), column + STEP));
                }
                lines
            }
            Self::Map(entries) if !entries.is_empty() => {
                let mut lines = vec![format!("{name}:")];
                for (key, value) in entries {
                    lines.extend(indented(value.entry(key, column + STEP), column + STEP));
                }
                lines
            }
            Self::Text(_) | Self::Number(_) | Self::List(_) | Self::Map(_) => {
                vec![format!("{name}: {}", self.inline(Quotes::AsNeeded))]
            }
        }
    }

    /// As the lines of an item of a block, the first without its indentation.
    pub(super) fn item(&self, column: usize) -> Vec<String> {
        let Self::Map(entries) = self else {
            return vec![format!("- {}", self.inline(Quotes::AsNeeded))];
        };
        let mut lines = Vec::new();
        for (key, value) in entries {
            for (index, line) in value.entry(key, column + STEP).into_iter().enumerate() {
                let lead = if lines.is_empty() { "- " } else { "" };
                let indent = if lines.is_empty() || index > 0 {
                    0
                } else {
                    column + STEP
                };
                lines.push(format!("{lead}{:indent$}{line}", ""));
            }
        }
        if lines.is_empty() {
            lines.push("- {}".to_owned());
        }
        lines
    }
}

/// Gives the first line its indentation; the others have theirs.
fn indented(lines: Vec<String>, column: usize) -> impl Iterator<Item = String> {
    lines.into_iter().enumerate().map(move |(index, line)| {
        let indent = if index == 0 { column } else { 0 };
        format!("{:indent$}{line}", "")
    })
}

fn key_text(key: &str) -> String {
    scalar::write(key, Quotes::AsNeeded)
}
