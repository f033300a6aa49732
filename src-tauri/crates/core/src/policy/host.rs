//! Host patterns: the names that a bottle opens, and the only place that says whether a name falls under one.
//!
//! A pattern is a whole name or every name below one, never an address: what has no name cannot be reviewed by a person, and the
//! address rules apply after resolution. It knows nothing of paths, methods or credentials.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Longest DNS name in characters (RFC 1035 with the last dot left out).
const MAX_HOST: usize = 253;
/// Longest label of a DNS name in characters (RFC 1035).
const MAX_LABEL: usize = 63;
/// The ports that a pattern without a port stands for: HTTPS and HTTP.
const DEFAULT_PORTS: [u16; 2] = [443, 80];

/// A host pattern that does not follow the rules.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidHost {
    /// Nothing was given.
    #[error("the host is empty")]
    Empty,
    /// The name or a label is longer than DNS allows.
    #[error(
        "the host '{given}' is longer than DNS allows ({MAX_HOST} in all, {MAX_LABEL} between dots)"
    )]
    TooLong {
        /// The start of what was given.
        given: String,
    },
    /// A scheme, a path, a user or a query stands next to the name.
    #[error("'{given}' is more than a host; write the name alone, such as 'example.com'")]
    NotOnlyAHost {
        /// What was given.
        given: String,
    },
    /// An address in any spelling.
    #[error("'{given}' is an address; only names can be opened")]
    Address {
        /// What was given.
        given: String,
    },
    /// A letter in capitals.
    #[error("the host '{given}' has capital letters; write '{lower}'")]
    Capitals {
        /// What was given.
        given: String,
        /// The same in lower case.
        lower: String,
    },
    /// A letter outside ASCII.
    #[error("the host '{given}' has letters outside a-z; write its punycode form ('xn--…')")]
    NotAscii {
        /// What was given.
        given: String,
    },
    /// A dot at the end.
    #[error("the host '{given}' ends with a dot; leave it out")]
    TrailingDot {
        /// What was given.
        given: String,
    },
    /// A wildcard that is not `*.` before a name of two parts or more.
    #[error("the wildcard '{given}' is too wide or in the wrong place; write '*.example.com'")]
    Wildcard {
        /// What was given.
        given: String,
    },
    /// A name of one part, which the resolver would complete by itself.
    #[error("the host '{given}' has no domain; write the full name, such as 'example.com'")]
    NoDomain {
        /// What was given.
        given: String,
    },
    /// A label that DNS does not allow.
    #[error("the host '{given}' may hold only a-z, 0-9, dots, and hyphens within its parts")]
    BadCharacter {
        /// What was given.
        given: String,
    },
    /// A port that is not 1 to 65535 in plain digits.
    #[error("the port of '{given}' is not a number from 1 to 65535")]
    Port {
        /// What was given.
        given: String,
    },
}

/// A name, or `*.` and a name for everything below it but not itself, with an optional `:port`.
///
/// Ordered as its text is, so that a list of patterns and the list of their texts sort alike.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostPattern {
    text: String,
    wildcard: bool,
    name: String,
    port: Option<u16>,
}

/// How exact a pattern is; the greater wins. Whole names before wildcards, longer before shorter, with a port before without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Exactness {
    whole: bool,
    length: usize,
    port: bool,
}

impl HostPattern {
    /// Checks and takes a pattern.
    ///
    /// # Errors
    /// [`InvalidHost`] says which rule it breaks.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidHost> {
        let text = text.into();
        check_shape(&text)?;
        let (host, port) = split_port(&text)?;
        let (wildcard, name) = match host.strip_prefix("*.") {
            Some(name) => (true, name),
            None => (false, host),
        };
        if name.contains('*') || (wildcard && !name.contains('.')) {
            return Err(InvalidHost::Wildcard {
                given: shown(&text),
            });
        }
        check_name(name, &text)?;
        let name = name.to_owned();
        Ok(Self {
            wildcard,
            name,
            port,
            text,
        })
    }

    /// Reads the pattern as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it stands for every name below [`Self::name`] instead of that name.
    #[must_use]
    pub const fn is_wildcard(&self) -> bool {
        self.wildcard
    }

    /// The name without wildcard and port.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The port that it is bound to, where it names one.
    #[must_use]
    pub const fn port(&self) -> Option<u16> {
        self.port
    }

    /// Says whether a host and port fall under the pattern. Without a port of its own it stands for 443 and 80.
    #[must_use]
    pub fn matches(&self, host: &str, port: u16) -> bool {
        let port_fits = self
            .port
            .map_or_else(|| DEFAULT_PORTS.contains(&port), |bound| bound == port);
        port_fits && self.matches_name(host)
    }

    fn matches_name(&self, host: &str) -> bool {
        if !self.wildcard {
            return host.eq_ignore_ascii_case(&self.name);
        }
        let host = host.to_ascii_lowercase();
        host.strip_suffix(&self.name)
            .and_then(|below| below.strip_suffix('.'))
            .is_some_and(|below| below.split('.').all(is_label))
    }

    pub(super) fn exactness(&self) -> Exactness {
        Exactness {
            whole: !self.wildcard,
            length: self.name.len(),
            port: self.port.is_some(),
        }
    }
}

/// Says whether a host as a request gives it is an address in any spelling that some resolver takes for one.
pub(super) fn is_address(host: &str) -> bool {
    if host.contains([':', '[', ']']) {
        return true;
    }
    let last = host
        .trim_end_matches('.')
        .rsplit('.')
        .next()
        .unwrap_or_default();
    let hexadecimal = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    let decimal = !last.is_empty() && last.bytes().all(|b| b.is_ascii_digit());
    decimal || hexadecimal.is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Cuts foreign text to what may stand in a message: no control characters, no more than a name's length.
pub(super) fn shown(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(MAX_HOST)
        .collect()
}

fn check_shape(text: &str) -> Result<(), InvalidHost> {
    let given = || shown(text);
    if text.is_empty() {
        return Err(InvalidHost::Empty);
    }
    if text.contains("://") || text.contains(['/', '@', '?', '#']) {
        return Err(InvalidHost::NotOnlyAHost { given: given() });
    }
    if text.contains(['[', ']']) || text.matches(':').count() > 1 {
        return Err(InvalidHost::Address { given: given() });
    }
    if !text.is_ascii() {
        return Err(InvalidHost::NotAscii { given: given() });
    }
    if text.bytes().any(|b| b.is_ascii_uppercase()) {
        return Err(InvalidHost::Capitals {
            given: given(),
            lower: given().to_ascii_lowercase(),
        });
    }
    Ok(())
}

fn split_port(text: &str) -> Result<(&str, Option<u16>), InvalidHost> {
    let Some((host, digits)) = text.split_once(':') else {
        return Ok((text, None));
    };
    let plain = digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
    match digits.parse() {
        Ok(port) if plain => Ok((host, Some(port))),
        _ => Err(InvalidHost::Port { given: shown(text) }),
    }
}

fn check_name(name: &str, text: &str) -> Result<(), InvalidHost> {
    let given = || shown(text);
    if name.is_empty() {
        return Err(InvalidHost::Empty);
    }
    if name.ends_with('.') {
        return Err(InvalidHost::TrailingDot { given: given() });
    }
    if name.len() > MAX_HOST || name.split('.').any(|label| label.len() > MAX_LABEL) {
        return Err(InvalidHost::TooLong { given: given() });
    }
    if is_address(name) {
        return Err(InvalidHost::Address { given: given() });
    }
    if !name.split('.').all(is_label) {
        return Err(InvalidHost::BadCharacter { given: given() });
    }
    if !name.contains('.') {
        return Err(InvalidHost::NoDomain { given: given() });
    }
    Ok(())
}

fn is_label(label: &str) -> bool {
    !label.is_empty()
        && label.len() <= MAX_LABEL
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for HostPattern {
    type Err = InvalidHost;
    fn from_str(text: &str) -> Result<Self, InvalidHost> {
        Self::new(text)
    }
}

impl TryFrom<String> for HostPattern {
    type Error = InvalidHost;
    fn try_from(text: String) -> Result<Self, InvalidHost> {
        Self::new(text)
    }
}

impl From<HostPattern> for String {
    fn from(pattern: HostPattern) -> Self {
        pattern.text
    }
}
