//! The decision itself: which route a request falls under, and whether that route lets it pass.
//!
//! Pure and total: every input gives a verdict, and whatever is not plainly allowed is denied. The most exact pattern that fits a
//! host is the only one that is asked, so that a narrow route is never widened by a wide one beside it.

use super::host::{is_address, shown};
use super::{Match, Policy, Route};

/// What is known of a request when it is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request<'a> {
    /// The host's name, without port.
    pub host: &'a str,
    /// The port.
    pub port: u16,
    /// The method, as sent.
    pub method: &'a str,
    /// Path and query in origin form, as sent.
    pub path: &'a str,
    /// Whether it is sent on through TLS.
    pub tls: bool,
}

/// What the policy says of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It passes.
    Allow {
        /// The rule that allows it: `host/<pattern>`.
        rule: String,
        /// The place of the route in [`Policy::routes`].
        route: usize,
    },
    /// It does not.
    Deny {
        /// The rule that refuses it: `no-route`, `address`, `bad-path`, `plain-http-with-credential` or `host/<pattern>`.
        rule: String,
        /// Why, in a sentence without full stop that a person and an agent understand.
        reason: String,
    },
}

impl Verdict {
    /// Whether it passes.
    #[must_use]
    pub const fn is_allowed(&self) -> bool {
        matches!(self, Self::Allow { .. })
    }

    /// The rule that decided.
    #[must_use]
    pub fn rule(&self) -> &str {
        match self {
            Self::Allow { rule, .. } | Self::Deny { rule, .. } => rule,
        }
    }

    fn deny(rule: impl Into<String>, reason: String) -> Self {
        Self::Deny {
            rule: rule.into(),
            reason,
        }
    }
}

/// Decides a request whose method and path are known.
#[must_use]
pub fn decide(policy: &Policy, request: &Request<'_>) -> Verdict {
    let (index, route) = match find(policy, request.host, request.port) {
        Ok(found) => found,
        Err(denied) => return denied,
    };
    if route.auth.is_some() && !request.tls {
        return Verdict::deny(
            "plain-http-with-credential",
            format!(
                "{} is opened with a credential, so only HTTPS is let through",
                route.host
            ),
        );
    }
    let rule = format!("host/{}", route.host);
    if route.matches.is_empty() {
        return Verdict::Allow { rule, route: index };
    }
    let path = request
        .path
        .split_once('?')
        .map_or(request.path, |(path, _query)| path);
    if route.matches.iter().any(|shape| !shape.paths.is_empty())
        && let Some(what) = ambiguity(path)
    {
        let host = &route.host;
        return Verdict::deny(
            "bad-path",
            format!("the path has {what}, and only plain paths can be checked for {host}"),
        );
    }
    if route
        .matches
        .iter()
        .any(|shape| fits(shape, request.method, path))
    {
        return Verdict::Allow { rule, route: index };
    }
    let reason = format!(
        "{} {} is not open on {} in this bottle; open there: {}",
        shown(request.method),
        shown(path),
        route.host,
        described(route),
    );
    Verdict::deny(rule, reason)
}

/// Decides a `CONNECT`, before any request in the tunnel was seen: it passes where some route stands for the host and port. Each
/// request in the tunnel is decided again by [`decide`].
#[must_use]
pub fn decide_connect(policy: &Policy, host: &str, port: u16) -> Verdict {
    match find(policy, host, port) {
        Ok((route, found)) => Verdict::Allow {
            rule: format!("host/{}", found.host),
            route,
        },
        Err(denied) => denied,
    }
}

fn find<'p>(policy: &'p Policy, host: &str, port: u16) -> Result<(usize, &'p Route), Verdict> {
    if is_address(host) {
        let reason = format!(
            "{} is an address, and a bottle opens names only",
            shown(host)
        );
        return Err(Verdict::deny("address", reason));
    }
    let mut best: Option<(usize, &Route)> = None;
    for (index, route) in policy.routes.iter().enumerate() {
        let wins = best.is_none_or(|(_, held)| route.host.exactness() > held.host.exactness());
        if wins && route.host.matches(host, port) {
            best = Some((index, route));
        }
    }
    best.ok_or_else(|| {
        let host = shown(host);
        let reason = match port {
            80 | 443 => format!("{host} is not open in this bottle"),
            _ => format!("{host} is not open on port {port} in this bottle"),
        };
        Verdict::deny("no-route", reason)
    })
}

fn fits(shape: &Match, method: &str, path: &str) -> bool {
    let method_fits = shape.methods.is_empty() || shape.methods.iter().any(|m| m == method);
    let path_fits = shape.paths.is_empty() || shape.paths.iter().any(|p| glob(p, path));
    method_fits && path_fits
}

/// Compares with a pattern in which `*` stands for any characters, none included.
pub(super) fn glob(pattern: &str, text: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut rest) = text.strip_prefix(head) else {
        return false;
    };
    let mut parts = tail.split('*');
    let last = parts.next_back().unwrap_or_default();
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else {
            return false;
        };
        rest = after;
    }
    rest.ends_with(last)
}

/// Says what makes a path mean different things to us and to the server, where something does.
pub(crate) fn ambiguity(path: &str) -> Option<&'static str> {
    if !path.starts_with('/') {
        return Some("no slash at its start");
    }
    if path
        .bytes()
        .any(|b| b.is_ascii_control() || !b.is_ascii() || b == b' ')
    {
        return Some("control characters, spaces or letters outside ASCII");
    }
    if path.contains(['\\', '#']) {
        return Some("a backslash or a hash");
    }
    if path.contains("//") {
        return Some("a double slash");
    }
    if path.split('/').any(is_dot_segment) {
        return Some("a dot segment, or parameters without a name");
    }
    path.split('%')
        .skip(1)
        .any(hides)
        .then_some("an encoded slash, dot, percent or control character")
}

/// Servers that know path parameters drop what follows a `;`: `..;x` becomes a dot segment, and `;x` an empty one.
fn is_dot_segment(segment: &str) -> bool {
    segment.starts_with(';') || segment.split(';').any(|part| matches!(part, "." | ".."))
}

/// Takes what follows a `%`; true where the encoded byte changes the path's shape once decoded, or is no byte at all.
fn hides(after: &str) -> bool {
    let digits = after
        .get(..2)
        .filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
    let byte = digits.and_then(|d| u8::from_str_radix(d, 16).ok());
    byte.is_none_or(|b| b.is_ascii_control() || matches!(b, b'/' | b'\\' | b'.' | b'%' | b';'))
}

fn described(route: &Route) -> String {
    let any = |list: &[String]| {
        if list.is_empty() {
            "*".to_owned()
        } else {
            list.join(",")
        }
    };
    let shapes: Vec<String> = route
        .matches
        .iter()
        .map(|shape| format!("{} {}", any(&shape.methods), any(&shape.paths)))
        .collect();
    shapes.join("; ")
}
