//! Where a value stands in the text, and the splice that changes it there and nowhere else.
//!
//! Every function gives `None` where it finds no place that it is sure of; the caller checks what the others give.

use std::ops::Range;

use super::fresh::{Fresh, STEP};
use super::model::Model;
use super::scalar::Quotes;
use crate::manifest::yaml::{Entry, Kind, Node};
use crate::manifest::{ManifestError, frontmatter, yaml};

/// Name of the text in errors; the caller knows the real one.
const FILE: &str = "the text";

/// A manifest's text with the places of its values.
pub(super) struct Source<'t> {
    mark: &'t str,
    yaml: &'t str,
    rest: &'t str,
    body: String,
    root: Node,
    newline: &'static str,
}

/// A value with what surrounds it.
#[derive(Clone, Copy)]
struct Spot<'n> {
    node: &'n Node,
    /// Where a value can be written when there is none: behind the colon or the dash.
    after: usize,
    /// Where the values below it are indented from; `None` at the top.
    column: Option<usize>,
    /// Whether brackets surround it.
    flow: bool,
}

impl<'t> Source<'t> {
    /// Reads a text.
    pub(super) fn read(text: &'t str) -> Result<Self, Box<ManifestError>> {
        let halves = frontmatter::split(FILE, text)?;
        let root = yaml::read(FILE, halves.yaml)?;
        let marked = text.starts_with(frontmatter::BYTE_ORDER_MARK);
        let mark = if marked {
            frontmatter::BYTE_ORDER_MARK.len_utf8()
        } else {
            0
        };
        let first = halves.yaml.lines().next().map_or(0, str::len);
        let carriage = halves
            .yaml
            .get(first..)
            .is_some_and(|rest| rest.starts_with("\r\n"));
        Ok(Self {
            mark: text.get(..mark).unwrap_or_default(),
            yaml: halves.yaml,
            rest: halves.rest,
            body: halves.body,
            root,
            newline: if carriage { "\r\n" } else { "\n" },
        })
    }

    pub(super) fn model(&self) -> Model {
        Model::of(&self.root)
    }

    pub(super) fn body(&self) -> &str {
        &self.body
    }

    /// Replaces what stands below the frontmatter and keeps the blank lines around it.
    pub(super) fn with_body(&self, body: &str) -> String {
        let fence = self.rest.find('\n').map_or(self.rest.len(), |at| at + 1);
        let (fence, old) = self.rest.split_at(fence);
        let body = body
            .replace("\r\n", "\n")
            .trim()
            .replace('\n', self.newline);
        let mut text = [self.mark, self.yaml, fence].concat();
        if !fence.ends_with('\n') {
            text.push_str(self.newline);
        }
        let core = old.trim();
        if core.is_empty() {
            if !body.is_empty() {
                let lead = if old.is_empty() { self.newline } else { old };
                text.extend([lead, &body, self.newline]);
            } else {
                text.push_str(old);
            }
            return text;
        }
        let (lead, behind) = old.split_once(core).unwrap_or_default();
        text.extend([lead, &body, behind]);
        text
    }

    /// Gives a key or item its value.
    pub(super) fn set(&self, path: &[String], value: &Fresh) -> Option<String> {
        let mut spot = self.top();
        for (depth, segment) in path.iter().enumerate() {
            match self.part(spot, segment) {
                Some(part) => spot = part,
                None => {
                    let below = path.get(depth + 1..)?;
                    return self.add(spot, segment, &value.clone().below(below));
                }
            }
        }
        self.replace(spot, value)
    }

    /// Adds an item to a list.
    pub(super) fn append(&self, path: &[String], value: &Fresh) -> Option<String> {
        let mut spot = self.top();
        for (depth, segment) in path.iter().enumerate() {
            match self.part(spot, segment) {
                Some(part) => spot = part,
                None => {
                    let below = path.get(depth + 1..)?;
                    let list = Fresh::List(vec![value.clone()]).below(below);
                    return self.add(spot, segment, &list);
                }
            }
        }
        self.add_item(spot, value)
    }

    /// Takes a key or item out, with its own lines.
    pub(super) fn remove(&self, path: &[String]) -> Option<String> {
        let (last, above) = path.split_last()?;
        let mut spot = self.top();
        for segment in above {
            spot = self.part(spot, segment)?;
        }
        match &spot.node.kind {
            Kind::Map(entries) => {
                let index = entries.iter().position(|entry| entry.key == *last)?;
                let parts: Vec<_> = entries
                    .iter()
                    .map(|entry| Some(entry.range.start..self.end_of_entry(entry)?))
                    .collect::<Option<_>>()?;
                self.take_out(spot.node, &parts, index)
            }
            Kind::List(items) => {
                let index = last.parse::<usize>().ok()?;
                let flow = self.is_flow(spot.node);
                let parts: Vec<_> = items
                    .iter()
                    .map(|item| {
                        let start = if flow {
                            item.range.start
                        } else {
                            self.dash(item)?
                        };
                        Some(start..self.end(item)?)
                    })
                    .collect::<Option<_>>()?;
                self.take_out(spot.node, &parts, index)
            }
            Kind::Nothing | Kind::Text(_) => None,
        }
    }

    fn top(&self) -> Spot<'_> {
        Spot {
            node: &self.root,
            after: self.yaml.len(),
            column: None,
            flow: false,
        }
    }

    fn part<'n>(&self, spot: Spot<'n>, segment: &str) -> Option<Spot<'n>> {
        let flow = spot.flow || self.is_flow(spot.node);
        match &spot.node.kind {
            Kind::Map(entries) => {
                let entry = entries.iter().find(|entry| entry.key == segment)?;
                Some(Spot {
                    node: &entry.value,
                    after: self.behind_colon(entry)?,
                    column: Some(self.column(entry.range.start)),
                    flow,
                })
            }
            Kind::List(items) => {
                let node = items.get(segment.parse::<usize>().ok()?)?;
                let dash = if flow {
                    node.range.start
                } else {
                    self.dash(node)?
                };
                Some(Spot {
                    node,
                    after: if flow { dash } else { dash + 1 },
                    column: Some(self.column(dash)),
                    flow,
                })
            }
            Kind::Nothing | Kind::Text(_) => None,
        }
    }

    /// Writes a key that is not there yet, or the item behind the last one.
    fn add(&self, spot: Spot<'_>, segment: &str, value: &Fresh) -> Option<String> {
        match &spot.node.kind {
            Kind::List(_) => self.add_item(spot, value),
            Kind::Text(_) => None,
            Kind::Nothing if segment == "0" => self.add_item(spot, value),
            Kind::Nothing => {
                let map = Fresh::Map(vec![(segment.to_owned(), value.clone())]);
                self.fill(spot, &map, |column| value.entry(segment, column))
            }
            Kind::Map(entries) if spot.flow || self.is_flow(spot.node) => {
                let map = Fresh::Map(vec![(segment.to_owned(), value.clone())]);
                let written = map.inline(Quotes::AsNeeded);
                let written = written.strip_prefix('{')?.strip_suffix('}')?;
                let last = match entries.last() {
                    Some(entry) => Some(self.end_of_entry(entry)?),
                    None => None,
                };
                self.add_between_brackets(spot.node, last, written)
            }
            Kind::Map(entries) => {
                let first = entries.first()?;
                let column = self.column(first.range.start);
                let lines = value.entry(segment, column);
                if spot.column.is_none() {
                    return Some(self.insert_lines(self.yaml.len(), column, &lines));
                }
                let end = self.line_end(self.end(spot.node)?);
                Some(self.insert_lines(end, column, &lines))
            }
        }
    }

    fn add_item(&self, spot: Spot<'_>, value: &Fresh) -> Option<String> {
        match &spot.node.kind {
            Kind::Text(_) | Kind::Map(_) => None,
            Kind::Nothing => {
                let list = Fresh::List(vec![value.clone()]);
                self.fill(spot, &list, |column| value.item(column))
            }
            Kind::List(items) if spot.flow || self.is_flow(spot.node) => {
                let last = items.last().map(|item| item.range.end);
                self.add_between_brackets(spot.node, last, &value.inline(Quotes::AsNeeded))
            }
            Kind::List(items) => {
                let column = self.column(self.dash(items.first()?)?);
                let end = self.line_end(self.end(spot.node)?);
                Some(self.insert_lines(end, column, &value.item(column)))
            }
        }
    }

    /// Writes a value where none stands, as a block on the lines below where that can be.
    fn fill(
        &self,
        spot: Spot<'_>,
        value: &Fresh,
        lines: impl FnOnce(usize) -> Vec<String>,
    ) -> Option<String> {
        if spot.flow || !spot.node.range.is_empty() {
            return self.replace(spot, value);
        }
        let Some(column) = spot.column else {
            return Some(self.insert_lines(self.yaml.len(), 0, &lines(0)));
        };
        let column = column + STEP;
        Some(self.insert_lines(self.line_end(spot.after), column, &lines(column)))
    }

    fn replace(&self, spot: Spot<'_>, value: &Fresh) -> Option<String> {
        let node = spot.node;
        let header = self.block_text(spot);
        if node.range.is_empty() && header.is_none() {
            let written = format!(" {}", value.inline(Quotes::AsNeeded));
            return Some(self.splice(spot.after..spot.after, &written));
        }
        let range = match header {
            Some(header) => header.start..header.end.max(node.range.end),
            None => self.start(node)?..self.end(node)?,
        };
        let old = self.yaml.get(range.clone())?;
        let quotes = match node.kind {
            Kind::Text(_) => Quotes::of(old),
            Kind::Nothing | Kind::List(_) | Kind::Map(_) => Quotes::AsNeeded,
        };
        let written = value.inline(quotes);
        let between = self.yaml.get(spot.after..range.start)?;
        if between.contains('\n') && spot.column.is_some() {
            // What stands between are blank lines and comments: they stay, and the value goes up to its key.
            let lines = self.line_start(range.start)..self.line_end(range.end);
            let kept = if between.trim().is_empty() {
                ""
            } else {
                self.yaml.get(spot.after..lines.start)?.trim_end()
            };
            return Some(self.splice(spot.after..lines.end, &format!(" {written}{kept}")));
        }
        Some(self.splice(range, &written))
    }

    fn add_between_brackets(
        &self,
        node: &Node,
        last: Option<usize>,
        written: &str,
    ) -> Option<String> {
        let Some(last) = last else {
            let inside = node.range.start + 1;
            return Some(self.splice(inside..inside, written));
        };
        let behind = self.yaml.get(last..node.range.end)?;
        let spaces = behind.len() - behind.trim_start().len();
        if behind.trim_start().starts_with(',') {
            let comma = last + spaces + 1;
            return Some(self.splice(comma..comma, &format!(" {written}")));
        }
        Some(self.splice(last..last, &format!(", {written}")))
    }

    fn take_out(&self, node: &Node, parts: &[Range<usize>], index: usize) -> Option<String> {
        let part = parts.get(index)?.clone();
        if self.is_flow(node) {
            return self.take_out_of_brackets(node, parts, index);
        }
        let line = self.line_start(part.start);
        if self.yaml.get(line..part.start)?.trim().is_empty() {
            let end = self.line_end(part.end);
            let end = end + self.break_at(end);
            return Some(self.splice(line..end, ""));
        }
        let Some(next) = parts.get(index + 1) else {
            return (parts.len() == 1).then(|| self.splice(part, "{}"));
        };
        // The first key behind a dash: the next one takes its place, if no comment stands between.
        let gap = self.yaml.get(self.line_end(part.end)..next.start)?;
        gap.trim()
            .is_empty()
            .then(|| self.splice(part.start..next.start, ""))
    }

    fn take_out_of_brackets(
        &self,
        node: &Node,
        parts: &[Range<usize>],
        index: usize,
    ) -> Option<String> {
        let part = parts.get(index)?.clone();
        let behind = self.yaml.get(part.end..node.range.end)?;
        let spaces = behind.len() - behind.trim_start_matches(' ').len();
        if behind.trim_start_matches(' ').starts_with(',') {
            let rest = behind.get(spaces + 1..)?;
            let more = rest.len() - rest.trim_start_matches(' ').len();
            return Some(self.splice(part.start..part.end + spaces + 1 + more, ""));
        }
        match index.checked_sub(1).and_then(|before| parts.get(before)) {
            Some(before) => {
                let between = self.yaml.get(before.end..part.start)?;
                (between.trim() == ",").then(|| self.splice(before.end..part.end, ""))
            }
            None => Some(self.splice(part, "")),
        }
    }

    /// Writes lines behind the line that ends at a place, or at the end of the frontmatter.
    fn insert_lines(&self, at: usize, column: usize, lines: &[String]) -> String {
        let mut written = format!("{:column$}", "");
        written.push_str(&lines.join(self.newline));
        if at >= self.yaml.len() {
            written.push_str(self.newline);
        } else {
            written.insert_str(0, self.newline);
        }
        self.splice(at..at, &written)
    }

    fn splice(&self, range: Range<usize>, written: &str) -> String {
        let before = self.yaml.get(..range.start).unwrap_or_default();
        let behind = self.yaml.get(range.end..).unwrap_or_default();
        [self.mark, before, written, behind, self.rest].concat()
    }

    fn is_flow(&self, node: &Node) -> bool {
        let written = self.yaml.get(node.range.start..).unwrap_or_default();
        match node.kind {
            Kind::List(_) | Kind::Map(_) => written.starts_with(['[', '{']),
            Kind::Nothing | Kind::Text(_) => false,
        }
    }

    /// The line that begins a text in block style: the parser gives the place of the text itself.
    fn block_text(&self, spot: Spot<'_>) -> Option<Range<usize>> {
        let behind = self.yaml.get(spot.after..)?;
        let spaces = behind.len() - behind.trim_start_matches([' ', '\t']).len();
        let is_text = matches!(spot.node.kind, Kind::Text(_)) && !spot.flow;
        let start = spot.after + spaces;
        (is_text && behind.get(spaces..)?.starts_with(['|', '>']))
            .then(|| start..self.line_end(start))
    }

    /// Where a value begins: a block of items with the dash of its first.
    fn start(&self, node: &Node) -> Option<usize> {
        match &node.kind {
            Kind::List(items) if !self.is_flow(node) => self.dash(items.first()?),
            Kind::Nothing | Kind::Text(_) | Kind::List(_) | Kind::Map(_) => Some(node.range.start),
        }
    }

    /// Where a value ends, the colon or dash of an empty last part counted in.
    fn end(&self, node: &Node) -> Option<usize> {
        match &node.kind {
            Kind::Map(entries) if !self.is_flow(node) => self.end_of_entry(entries.last()?),
            Kind::List(items) if !self.is_flow(node) => self.end(items.last()?),
            Kind::Nothing | Kind::Text(_) | Kind::List(_) | Kind::Map(_) => Some(node.range.end),
        }
    }

    fn end_of_entry(&self, entry: &Entry) -> Option<usize> {
        if entry.value.range.is_empty() {
            self.behind_colon(entry)
        } else {
            self.end(&entry.value)
        }
    }

    fn behind_colon(&self, entry: &Entry) -> Option<usize> {
        let behind = self.yaml.get(entry.range.end..)?;
        let spaces = behind.len() - behind.trim_start().len();
        behind
            .trim_start()
            .starts_with(':')
            .then(|| entry.range.end + spaces + 1)
    }

    /// Where the dash of an item stands.
    fn dash(&self, item: &Node) -> Option<usize> {
        let before = self.yaml.get(..item.range.start)?.trim_end();
        before.ends_with('-').then(|| before.len() - 1)
    }

    fn line_start(&self, at: usize) -> usize {
        let before = self.yaml.get(..at).unwrap_or_default();
        before.rfind('\n').map_or(0, |newline| newline + 1)
    }

    /// Where the line ends, before its break.
    fn line_end(&self, at: usize) -> usize {
        let behind = self.yaml.get(at..).unwrap_or_default();
        let line = behind.find('\n').unwrap_or(behind.len());
        let line = behind.get(..line).unwrap_or_default();
        at + line.strip_suffix('\r').unwrap_or(line).len()
    }

    fn break_at(&self, at: usize) -> usize {
        let behind = self.yaml.get(at..).unwrap_or_default();
        if behind.starts_with("\r\n") {
            2
        } else {
            usize::from(behind.starts_with('\n'))
        }
    }

    fn column(&self, at: usize) -> usize {
        at - self.line_start(at)
    }
}
