//! Whether one policy lets out what another one did not, host by host.
//!
//! Patterns are whole names or everything below a name, so that all hosts there are fall into a few classes: each name that some pattern
//! spells out, and for each wildcard the names below it that no other pattern knows. One host of each class, on each port that some
//! pattern opens, is looked up in both policies as a request would be. That also sees what a look at single routes misses: a narrow route
//! that is taken away hands its host to the wildcard beside it.
//!
//! What a host opens is wider when some shape of requests is not covered by one single shape of before: its method has to be listed
//! there (or all be), and its path pattern has to fall under one pattern there. Two patterns that cover a third only together count as
//! wider; a false alarm is the better mistake. A credential is wider when it is another or new, a guard when it does something else than
//! block and something else than before.

use std::collections::BTreeSet;

use super::decide::{Verdict, decide_connect, glob};
use super::{Match, OnFinding, Policy, Route};
use crate::id::CredentialName;

/// Begins a label that stands for all names that no pattern spells out.
const NOBODY: &str = "nobody";
/// Stands for any text in a pattern that is held against another: no pattern can hold it.
const ANY: char = '\u{0}';
/// The ports of a pattern that names none.
const USUAL_PORTS: [u16; 2] = [443, 80];

/// How a policy is wider than another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wider {
    /// A host that was closed.
    Host {
        /// The host pattern that opens it now.
        host: String,
    },
    /// Methods that were closed on a host that was open.
    Methods {
        /// The host pattern.
        host: String,
        /// Which; empty for all.
        methods: Vec<String>,
    },
    /// Paths that were closed on a host that was open.
    Paths {
        /// The host pattern.
        host: String,
        /// Which; empty for all.
        paths: Vec<String>,
    },
    /// A credential that was not put in there.
    Credential {
        /// The host pattern.
        host: String,
        /// Which.
        credential: CredentialName,
    },
    /// What a guard finds is no longer simply refused.
    Guard {
        /// The host pattern.
        host: String,
    },
}

impl Wider {
    /// The host pattern that it is about.
    #[must_use]
    pub fn host(&self) -> &str {
        match self {
            Self::Host { host }
            | Self::Methods { host, .. }
            | Self::Paths { host, .. }
            | Self::Credential { host, .. }
            | Self::Guard { host } => host,
        }
    }
}

/// Says how `now` is wider than `before`; empty where it is not.
#[must_use]
pub fn compare(before: &Policy, now: &Policy) -> Vec<Wider> {
    let mut wider = BTreeSet::new();
    for (host, port) in classes(before, now) {
        let Some(opened) = route(now, &host, port) else {
            continue;
        };
        match route(before, &host, port) {
            None => {
                wider.insert(Wider::Host {
                    host: opened.host.to_string(),
                });
                wider.extend(credential(None, opened));
            }
            Some(held) => wider.extend(routes(held, opened)),
        }
    }
    wider.into_iter().collect()
}

/// One host and port of each class that either policy tells apart.
fn classes(before: &Policy, now: &Policy) -> BTreeSet<(String, u16)> {
    let all = || {
        before
            .routes
            .iter()
            .chain(&now.routes)
            .map(|route| &route.host)
    };
    let ports: BTreeSet<u16> = all()
        .filter_map(super::HostPattern::port)
        .chain(USUAL_PORTS)
        .collect();
    // As long as there is a pattern with that name, the label grows.
    let mut nobody = NOBODY.to_owned();
    while all().any(|pattern| pattern.name().split('.').any(|label| label == nobody)) {
        nobody.push('x');
    }
    let nobody = &nobody;
    let host = |pattern: &super::HostPattern| {
        if pattern.is_wildcard() {
            format!("{nobody}.{}", pattern.name())
        } else {
            pattern.name().to_owned()
        }
    };
    all()
        .flat_map(|pattern| {
            let host = host(pattern);
            ports.iter().map(move |port| (host.clone(), *port))
        })
        .collect()
}

fn route<'p>(policy: &'p Policy, host: &str, port: u16) -> Option<&'p Route> {
    match decide_connect(policy, host, port) {
        Verdict::Allow { route, .. } => policy.routes.get(route),
        Verdict::Deny { .. } => None,
    }
}

fn routes(held: &Route, opened: &Route) -> Vec<Wider> {
    let host = || opened.host.to_string();
    let mut wider = Vec::new();
    for shape in shapes(opened) {
        if pairs(&shape).all(|(method, path)| covered(held, method, path)) {
            continue;
        }
        let methods: Vec<String> = methods(&shape)
            .filter(|method| !shapes(held).iter().any(|old| has_method(old, *method)))
            .flatten()
            .map(str::to_owned)
            .collect();
        let all_methods =
            shape.methods.is_empty() && !shapes(held).iter().any(|old| old.methods.is_empty());
        if all_methods || !methods.is_empty() {
            wider.push(Wider::Methods {
                host: host(),
                methods,
            });
        } else {
            wider.push(Wider::Paths {
                host: host(),
                paths: new_paths(held, &shape),
            });
        }
    }
    wider.extend(credential(Some(held), opened));
    if opened.on_finding != OnFinding::Block && opened.on_finding != held.on_finding {
        wider.push(Wider::Guard { host: host() });
    }
    wider
}

fn credential(held: Option<&Route>, opened: &Route) -> Option<Wider> {
    let auth = opened.auth.as_ref()?;
    let same = held.is_some_and(|held| held.auth.as_ref() == Some(auth));
    (!same).then(|| Wider::Credential {
        host: opened.host.to_string(),
        credential: auth.credential.clone(),
    })
}

/// The shapes of a route; one that lets everything pass where none is said.
fn shapes(route: &Route) -> Vec<Match> {
    if route.matches.is_empty() {
        vec![Match::default()]
    } else {
        route.matches.clone()
    }
}

fn methods(shape: &Match) -> impl Iterator<Item = Option<&str>> {
    let any = shape.methods.is_empty().then_some(None);
    any.into_iter()
        .chain(shape.methods.iter().map(|method| Some(method.as_str())))
}

fn paths(shape: &Match) -> impl Iterator<Item = Option<&str>> {
    let any = shape.paths.is_empty().then_some(None);
    any.into_iter()
        .chain(shape.paths.iter().map(|path| Some(path.as_str())))
}

fn pairs(shape: &Match) -> impl Iterator<Item = (Option<&str>, Option<&str>)> {
    methods(shape).flat_map(|method| paths(shape).map(move |path| (method, path)))
}

fn covered(held: &Route, method: Option<&str>, path: Option<&str>) -> bool {
    shapes(held)
        .iter()
        .any(|old| has_method(old, method) && has_path(old, path))
}

fn has_method(shape: &Match, method: Option<&str>) -> bool {
    shape.methods.is_empty()
        || method.is_some_and(|method| shape.methods.iter().any(|old| old == method))
}

/// A pattern lies within another one when the other matches it with a text in place of each `*` that only a `*` can match.
fn has_path(shape: &Match, path: Option<&str>) -> bool {
    shape.paths.is_empty()
        || path.is_some_and(|path| {
            let text = path.replace('*', &ANY.to_string());
            shape.paths.iter().any(|old| glob(old, &text))
        })
}

fn new_paths(held: &Route, shape: &Match) -> Vec<String> {
    let closed = |path: Option<&str>| methods(shape).any(|method| !covered(held, method, path));
    let listed = paths(shape).filter(|path| closed(*path));
    listed.flatten().map(str::to_owned).collect()
}
