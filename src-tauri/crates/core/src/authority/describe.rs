//! The words for what a start grants.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::{Authority, AuthorityItem, Grants, RouteFact, Widening, on_finding_word, widenings};
use crate::backend::Runtime;
use crate::manifest::PushMode;
use crate::policy::{AuthScheme, OnFinding, Route, Upstream, Wider};

/// Describes what a start grants; `before` is the last one with its time in seconds since 1970.
#[must_use]
pub fn describe(
    now: &Grants,
    before: Option<(&Grants, f64)>,
    workspace: Option<String>,
) -> Authority {
    let wider = before
        .map(|(before, _)| widenings(before, now))
        .unwrap_or_default();
    let mut routes: Vec<RouteFact> = now
        .policy
        .routes
        .iter()
        .map(|held| route(held, &wider))
        .collect();
    routes.sort_by(|a, b| a.host.cmp(&b.host));
    Authority {
        routes,
        credentials: credentials(now, &wider),
        git_remotes: remotes(now, &wider),
        workspace,
        resources: resources(now, &wider),
        guards: guards(now, &wider),
        widened: wider.iter().map(ToString::to_string).collect(),
        last_start: before.map(|(_, at)| at),
    }
}

fn route(route: &Route, wider: &[Widening]) -> RouteFact {
    let host = route.host.to_string();
    // All shapes together: what passes nowhere is not listed, and a shape that passes everything clears the list.
    let listed = |lists: Vec<&Vec<String>>| {
        if lists.iter().any(|list| list.is_empty()) {
            return Vec::new();
        }
        let all: BTreeSet<&String> = lists.into_iter().flatten().collect();
        all.into_iter().cloned().collect()
    };
    RouteFact {
        methods: listed(route.matches.iter().map(|shape| &shape.methods).collect()),
        paths: listed(route.matches.iter().map(|shape| &shape.paths).collect()),
        credential: route.auth.as_ref().map(|auth| auth.credential.to_string()),
        scheme: route
            .auth
            .as_ref()
            .map(|auth| scheme_word(auth.scheme).to_owned()),
        scripted: route.upstream == Some(Upstream::Scripted),
        wider: wider
            .iter()
            .any(|widening| matches!(widening, Widening::Egress(wider) if wider.host() == host)),
        host,
    }
}

const fn scheme_word(scheme: AuthScheme) -> &'static str {
    match scheme {
        AuthScheme::Claude => "claude",
        AuthScheme::Bearer => "bearer",
        AuthScheme::Basic => "basic",
        AuthScheme::XApiKey => "x-api-key",
    }
}

fn credentials(now: &Grants, wider: &[Widening]) -> Vec<AuthorityItem> {
    let mut hosts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for route in &now.policy.routes {
        if let Some(auth) = &route.auth {
            hosts
                .entry(auth.credential.as_str())
                .or_default()
                .push(route.host.as_str());
        }
    }
    let is_new = |name: &str| {
        wider.iter().any(|widening| {
            matches!(widening, Widening::Egress(Wider::Credential { credential, .. }) if credential.as_str() == name)
        })
    };
    let item = |(name, hosts): (&str, Vec<&str>)| AuthorityItem {
        text: name.to_owned(),
        detail: Some(format!(
            "put in outside the bottle for {}",
            hosts.join(", ")
        )),
        wider: is_new(name),
    };
    hosts.into_iter().map(item).collect()
}

fn remotes(now: &Grants, wider: &[Widening]) -> Vec<AuthorityItem> {
    let push = |mode| match mode {
        PushMode::Hold => "a push waits for you",
        PushMode::Scan => "a push is scanned and goes on",
    };
    now.remotes
        .iter()
        .map(|(name, remote)| {
            AuthorityItem {
            text: name.clone(),
            detail: Some(format!("{}; {}", remote.url, push(remote.push))),
            wider: wider.iter().any(|widening| {
                matches!(widening, Widening::Remote(own) | Widening::Push(own) if own == name)
            }),
        }
        })
        .collect()
}

fn resources(now: &Grants, wider: &[Widening]) -> Vec<AuthorityItem> {
    let is_wider = |is: fn(&Widening) -> bool| wider.iter().any(is);
    let resources = now.resources;
    let mut items = vec![
        AuthorityItem {
            text: format!("{} processors", resources.cpus),
            detail: None,
            wider: is_wider(|widening| matches!(widening, Widening::Cpus(..))),
        },
        AuthorityItem {
            text: format!("{} of memory", size(resources.memory_mib)),
            detail: None,
            wider: is_wider(|widening| matches!(widening, Widening::Memory(..))),
        },
    ];
    let more_disk = is_wider(|widening| matches!(widening, Widening::Disk));
    if resources.disk_mib.is_some() || more_disk {
        let text = resources.disk_mib.map_or_else(
            || "as much disk as the engine has".to_owned(),
            |mib| format!("{} of disk", size(mib)),
        );
        items.push(AuthorityItem {
            text,
            detail: None,
            wider: more_disk,
        });
    }
    items
}

fn guards(now: &Grants, wider: &[Widening]) -> Vec<AuthorityItem> {
    let is_wider = |is: fn(&Widening) -> bool| wider.iter().any(is);
    let steady = |text: &str, detail: &str| AuthorityItem {
        text: text.to_owned(),
        detail: Some(detail.to_owned()),
        wider: false,
    };
    let mut items = vec![
        steady(
            "No network card",
            "what is not listed here cannot be reached",
        ),
        steady(
            "Every request is decided outside",
            "TLS is opened with a certificate of the session alone",
        ),
        steady(
            "Proven before claude starts",
            "a self-test in the bottle tries to get out",
        ),
    ];
    if let Some(runtime) = now.runtime {
        let detail = match runtime {
            Runtime::Runc => "the guest shares the engine's kernel",
            Runtime::Runsc => "the guest has a kernel of its own in user space",
        };
        items.push(AuthorityItem {
            text: format!("Runtime {}", runtime.as_str()),
            detail: Some(detail.to_owned()),
            wider: is_wider(|widening| matches!(widening, Widening::Runtime)),
        });
    }
    if now.second_opinion || is_wider(|widening| matches!(widening, Widening::SecondOpinion)) {
        let word = if now.second_opinion { "strict" } else { "off" };
        items.push(AuthorityItem {
            text: format!("Second opinion on destinations: {word}"),
            detail: None,
            wider: !now.second_opinion,
        });
    }
    for route in now
        .policy
        .routes
        .iter()
        .filter(|route| route.on_finding != OnFinding::Block)
    {
        items.push(AuthorityItem {
            text: format!("Findings on {}: {}", route.host, on_finding_word(route.on_finding)),
            detail: None,
            wider: wider.iter().any(|widening| {
                matches!(widening, Widening::Egress(Wider::Guard { host }) if host == route.host.as_str())
            }),
        });
    }
    for name in &now.host_variables {
        items.push(AuthorityItem {
            text: format!("Variable {name} of this machine goes in"),
            detail: None,
            wider: wider
                .iter()
                .any(|widening| matches!(widening, Widening::HostVariable(own) if own == name)),
        });
    }
    items
}

fn size(mib: u32) -> String {
    if mib >= 1024 && mib.is_multiple_of(1024) {
        format!("{} GiB", mib / 1024)
    } else {
        format!("{mib} MiB")
    }
}

/// All of them, or the words for all.
fn listed(items: &[String], all: &str) -> String {
    if items.is_empty() {
        all.to_owned()
    } else {
        items.join(", ")
    }
}

impl fmt::Display for Widening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Egress(Wider::Host { host }) => write!(f, "{host} is open now."),
            Self::Egress(Wider::Methods { host, methods }) => {
                write!(f, "{host} takes {} now.", listed(methods, "every method"))
            }
            Self::Egress(Wider::Paths { host, paths }) => {
                write!(f, "{host} is open for {} now.", listed(paths, "every path"))
            }
            Self::Egress(Wider::Credential { host, credential }) => {
                write!(f, "The credential {credential} is put in for {host} now.")
            }
            Self::Egress(Wider::Guard { host }) => {
                write!(
                    f,
                    "What a guard finds on {host} is not simply refused any more."
                )
            }
            Self::Remote(name) => write!(
                f,
                "The git remote {name} is new, or goes to another place or with another key."
            ),
            Self::Push(name) => write!(f, "A push to {name} does not wait for you any more."),
            Self::Cpus(old, new) => write!(f, "It may use {new} processors instead of {old}."),
            Self::Memory(old, new) => write!(
                f,
                "It may use {} of memory instead of {}.",
                size(*new),
                size(*old)
            ),
            Self::Disk => f.write_str("It may use more disk."),
            Self::Runtime => f.write_str("The guest has no kernel of its own any more."),
            Self::SecondOpinion => {
                f.write_str("Nobody is asked for a second opinion on destinations any more.")
            }
            Self::HostVariable(name) => {
                write!(f, "The variable {name} of this machine goes in now.")
            }
        }
    }
}
