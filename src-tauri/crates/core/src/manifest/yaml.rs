//! Reads the frontmatter's YAML into a tree in which every key and value knows its place.
//!
//! Takes the small part of YAML that a person needs for settings: mappings, lists and plain or quoted text. Anchors, aliases, merge
//! keys, tags and several documents are refused, so that what is read is what stands there, and its size is the file's. Numbers and
//! booleans stay the text that was written; only a key knows what it takes.

use std::ops::Range;

use granit_parser::{ErrorKind, Event, Marker, Parser, ScalarStyle, ScanError, Span, StrInput};

use super::error::Fault;
use super::{MAX_KEYS, ManifestError, Position};

/// Deepest nesting that is read; the deepest value there is lies at 7.
const MAX_DEPTH: usize = 16;

/// A value and its place.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) at: Position,
    /// The bytes that it takes, without what follows it on its line; empty where nothing is written.
    pub(super) range: Range<usize>,
    pub(super) kind: Kind,
}

/// What a value is.
#[derive(Debug)]
pub(super) enum Kind {
    /// Nothing, `~` or `null`.
    Nothing,
    /// Text, a number or a boolean, as written.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A mapping, in the order written.
    Map(Vec<Entry>),
}

/// A key with its value.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) at: Position,
    /// The bytes of the key.
    pub(super) range: Range<usize>,
    pub(super) value: Node,
}

/// Reads one document.
pub(super) fn read(file: &str, yaml: &str) -> Result<Node, ManifestError> {
    let options = granit_parser::options! {
        disallow_directives: true,
        // One more than ours, so that the error is ours.
        flow_nesting_limit: MAX_DEPTH + 1,
        block_nesting_limit: MAX_DEPTH + 1,
    };
    let events = Parser::new_from_str_with_options(yaml, options);
    Composer {
        file,
        yaml,
        events,
        counted: 0,
    }
    .document()
}

struct Composer<'t> {
    file: &'t str,
    yaml: &'t str,
    events: Parser<'t, StrInput<'t>>,
    counted: usize,
}

impl<'t> Composer<'t> {
    fn document(mut self) -> Result<Node, ManifestError> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::StreamEnd) {
                return Ok(root.unwrap_or(Node {
                    at: Position::START,
                    range: self.yaml.len()..self.yaml.len(),
                    kind: Kind::Nothing,
                }));
            }
            if !matches!(event, Event::DocumentStart(..)) {
                continue;
            }
            if root.is_some() {
                return Err(self.refuse(
                    span,
                    Fault::Unsupported {
                        what: "a second document",
                    },
                ));
            }
            let (event, span) = self.next()?;
            root = Some(self.node(event, span, 0)?);
        }
    }

    fn next(&mut self) -> Result<(Event<'t>, Span), ManifestError> {
        match self.events.next_event() {
            Some(Ok(next)) => Ok(next),
            Some(Err(error)) => {
                let at = position(*error.marker());
                Err(ManifestError::new(self.file, at, syntax(&error)))
            }
            None => {
                let detail = "the frontmatter ends early".to_owned();
                Err(ManifestError::new(
                    self.file,
                    Position::START,
                    Fault::Syntax { detail },
                ))
            }
        }
    }

    fn node(&mut self, event: Event<'t>, span: Span, depth: usize) -> Result<Node, ManifestError> {
        if event.anchor_id().is_some() || event.is_alias() {
            return Err(self.refuse(span, ALIAS));
        }
        if event.tag().is_some() {
            return Err(self.refuse(
                span,
                Fault::Unsupported {
                    what: "a tag ('!')",
                },
            ));
        }
        if depth > MAX_DEPTH {
            return Err(self.refuse(span, Fault::TooDeep));
        }
        let (kind, end) = if let Some((text, style)) = event.scalar() {
            (self.scalar(text, style, span)?, span)
        } else if matches!(event, Event::SequenceStart(..)) {
            self.list(depth)?
        } else if matches!(event, Event::MappingStart(..)) {
            self.map(depth)?
        } else {
            let detail = "a value is missing".to_owned();
            return Err(self.refuse(span, Fault::Syntax { detail }));
        };
        Ok(Node {
            at: position(span.start),
            range: self.range(&kind, span, end),
            kind,
        })
    }

    /// The bytes of a value. A block of keys or items has no end of its own but that of its last part.
    fn range(&self, kind: &Kind, first: Span, last: Span) -> Range<usize> {
        let offset = |at: Marker| at.byte_offset().unwrap_or_default().min(self.yaml.len());
        let start = offset(first.start);
        let written = self.yaml.get(start..offset(last.end)).unwrap_or_default();
        let flow = written.starts_with(['[', '{']);
        let end = match kind {
            Kind::List(items) if !flow => items.last().map_or(start, |item| item.range.end),
            Kind::Map(entries) if !flow => entries
                .last()
                .map_or(start, |entry| entry.value.range.end.max(entry.range.end)),
            Kind::Nothing | Kind::Text(_) | Kind::List(_) | Kind::Map(_) => {
                start + written.trim_end().len()
            }
        };
        start..end
    }

    fn scalar(&self, text: &str, style: ScalarStyle, at: Span) -> Result<Kind, ManifestError> {
        if text
            .chars()
            .any(|c| c.is_control() && !matches!(c, '\n' | '\t'))
        {
            return Err(self.refuse(at, Fault::ControlCharacter));
        }
        let plain = style == ScalarStyle::Plain;
        if plain && matches!(text, "" | "~" | "null" | "Null" | "NULL") {
            return Ok(Kind::Nothing);
        }
        Ok(Kind::Text(text.to_owned()))
    }

    fn list(&mut self, depth: usize) -> Result<(Kind, Span), ManifestError> {
        let mut items = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::SequenceEnd) {
                return Ok((Kind::List(items), span));
            }
            self.count(span)?;
            items.push(self.node(event, span, depth + 1)?);
        }
    }

    fn map(&mut self, depth: usize) -> Result<(Kind, Span), ManifestError> {
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                return Ok((Kind::Map(entries), span));
            }
            self.count(span)?;
            let name = self.node(event, span, depth + 1)?;
            let range = name.range.clone();
            let Kind::Text(key) = name.kind else {
                return Err(self.refuse(
                    span,
                    Fault::Unsupported {
                        what: "a key that is no word",
                    },
                ));
            };
            if key == "<<" {
                return Err(self.refuse(span, ALIAS));
            }
            if let Some(earlier) = entries.iter().find(|entry| entry.key == key) {
                return Err(self.refuse(
                    span,
                    Fault::DuplicateKey {
                        key,
                        first: earlier.at,
                    },
                ));
            }
            let (event, span) = self.next()?;
            let value = self.node(event, span, depth + 1)?;
            entries.push(Entry {
                key,
                at: name.at,
                range,
                value,
            });
        }
    }

    fn count(&mut self, at: Span) -> Result<(), ManifestError> {
        self.counted += 1;
        if self.counted > MAX_KEYS {
            Err(self.refuse(at, Fault::TooManyKeys))
        } else {
            Ok(())
        }
    }

    fn refuse(&self, at: Span, fault: Fault) -> ManifestError {
        ManifestError::new(self.file, position(at.start), fault)
    }
}

fn syntax(error: &ScanError) -> Fault {
    let kind = error.kind();
    if matches!(kind, ErrorKind::RecursionLimitExceeded) {
        Fault::TooDeep
    } else if matches!(kind, ErrorKind::UnknownAnchor) {
        ALIAS
    } else {
        Fault::Syntax {
            detail: error.info(),
        }
    }
}

const ALIAS: Fault = Fault::Unsupported {
    what: "an anchor or alias ('&', '*', '<<')",
};

fn position(at: Marker) -> Position {
    let line = u32::try_from(at.line()).unwrap_or(u32::MAX);
    let column = u32::try_from(at.col()).map_or(u32::MAX, |column| column.saturating_add(1));
    Position {
        line: line.max(1),
        column,
    }
}
