//! Splits a manifest into its YAML and its Markdown, before either is read.
//!
//! The YAML keeps its opening fence, which is also YAML's own mark of a document's start: so the parser's lines are the file's.

use super::error::Fault;
use super::{MAX_MANIFEST, ManifestError, Position};

const FENCE: &str = "---";
pub(super) const BYTE_ORDER_MARK: char = '\u{feff}';

/// A manifest's two halves.
pub(super) struct Halves<'t> {
    /// The YAML with its opening fence, without the closing one.
    pub(super) yaml: &'t str,
    /// The closing fence and all that follows, as written.
    pub(super) rest: &'t str,
    /// The Markdown, trimmed, with plain line ends.
    pub(super) body: String,
}

/// Splits a manifest at its fences.
pub(super) fn split<'t>(file: &str, text: &'t str) -> Result<Halves<'t>, ManifestError> {
    let refuse = |fault| ManifestError::new(file, Position::START, fault);
    if text.len() > MAX_MANIFEST {
        return Err(refuse(Fault::TooLarge { bytes: text.len() }));
    }
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let mut lines = text.split_inclusive('\n');
    let opening = lines.next().filter(|line| is_fence(line));
    let Some(opening) = opening else {
        return Err(refuse(Fault::NoFrontmatter));
    };
    let mut end = opening.len();
    for line in lines {
        if is_fence(line) {
            let (yaml, rest) = text.split_at(end);
            let body = rest.get(line.len()..).unwrap_or_default();
            return Ok(Halves {
                yaml,
                rest,
                body: body.replace("\r\n", "\n").trim().to_owned(),
            });
        }
        end += line.len();
    }
    Err(refuse(Fault::UnclosedFrontmatter))
}

fn is_fence(line: &str) -> bool {
    line.trim_end() == FENCE
}
