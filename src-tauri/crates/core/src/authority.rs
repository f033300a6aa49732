//! What a session may do to the world outside of its bottle, as a person reads it, and how that is wider than at the last start.
//!
//! Wider are: a host that was closed, a method or path that was closed, a credential that was not put in there, a guard that does less,
//! a remote or an address of one that was not there, a push that no longer waits, more processors, memory or disk, a runtime without a
//! kernel of its own, and a variable of this machine that was not passed in. The project folder is chosen anew at each start and is
//! shown, not compared. An agent that never started has nothing to be compared with.

mod describe;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::backend::{Resources, Runtime};
use crate::manifest::{self, Bottle, EnvValue, GitRemote, PipelockMode, PushMode};
use crate::policy::{self, OnFinding, Policy, Wider};

pub use describe::describe;

/// Everything of a start that can be wider than another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grants {
    /// What can leave.
    pub policy: Policy,
    /// Remotes behind the git gate, by name.
    pub remotes: BTreeMap<String, Remote>,
    /// What the guest may use.
    pub resources: Resources,
    /// The runtime that the bottle asks for.
    pub runtime: Option<Runtime>,
    /// Whether a second opinion on every destination is asked.
    pub second_opinion: bool,
    /// Variables of this machine that are passed in.
    pub host_variables: BTreeSet<String>,
}

/// A remote behind the git gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remote {
    /// Its address.
    pub url: String,
    /// The credential or the name of the key that is used.
    pub secret: Option<String>,
    /// What happens to a push.
    pub push: PushMode,
}

impl Grants {
    /// What a resolved bottle grants.
    #[must_use]
    pub fn of(bottle: &Bottle) -> Self {
        let limits = bottle.resources;
        let variable = |value: &EnvValue| match value {
            EnvValue::HostVariable(name) => Some(name.clone()),
            EnvValue::Literal(_) | EnvValue::Question(_) => None,
        };
        Self {
            policy: Policy {
                routes: bottle.routes.clone(),
            },
            remotes: bottle.git_remotes.iter().map(remote).collect(),
            resources: Resources {
                cpus: limits.cpus.unwrap_or(manifest::DEFAULT_CPUS),
                memory_mib: limits.memory_mib.unwrap_or(manifest::DEFAULT_MEMORY_MIB),
                disk_mib: limits.disk_mib,
            },
            runtime: bottle.runtime,
            second_opinion: bottle
                .pipelock
                .is_some_and(|pipelock| pipelock.mode == PipelockMode::Strict),
            host_variables: bottle.env.values().filter_map(variable).collect(),
        }
    }
}

fn remote(remote: &GitRemote) -> (String, Remote) {
    let secret = remote.credential.as_ref().map(ToString::to_string);
    let held = Remote {
        url: remote.url.clone(),
        secret: secret.or_else(|| remote.identity.clone()),
        push: remote.push,
    };
    (remote.name.clone(), held)
}

/// One way in which a start is wider than another.
#[derive(Debug, Clone, PartialEq)]
pub enum Widening {
    /// In what can leave.
    Egress(Wider),
    /// A remote that was not there, or that goes elsewhere or with another key.
    Remote(String),
    /// A push that was held before.
    Push(String),
    /// More processors, from and to.
    Cpus(f64, f64),
    /// More memory in MiB, from and to.
    Memory(u32, u32),
    /// More disk.
    Disk,
    /// The guest no longer has a kernel of its own.
    Runtime,
    /// Nobody is asked for a second opinion any more.
    SecondOpinion,
    /// A variable of this machine.
    HostVariable(String),
}

/// Says how `now` is wider than `before`; empty where it is not.
#[must_use]
pub fn widenings(before: &Grants, now: &Grants) -> Vec<Widening> {
    let egress = policy::compare(&before.policy, &now.policy);
    let mut wider: Vec<Widening> = egress.into_iter().map(Widening::Egress).collect();
    for (name, remote) in &now.remotes {
        match before.remotes.get(name) {
            Some(old) if old.url == remote.url && old.secret == remote.secret => {
                if old.push == PushMode::Hold && remote.push == PushMode::Scan {
                    wider.push(Widening::Push(name.clone()));
                }
            }
            Some(_) | None => wider.push(Widening::Remote(name.clone())),
        }
    }
    let (old, new) = (before.resources, now.resources);
    if new.cpus > old.cpus {
        wider.push(Widening::Cpus(old.cpus, new.cpus));
    }
    if new.memory_mib > old.memory_mib {
        wider.push(Widening::Memory(old.memory_mib, new.memory_mib));
    }
    // Without a limit the guest may fill the engine's disk.
    let more_disk = match (old.disk_mib, new.disk_mib) {
        (Some(old), Some(new)) => new > old,
        (Some(_), None) => true,
        (None, _) => false,
    };
    if more_disk {
        wider.push(Widening::Disk);
    }
    if before.runtime == Some(Runtime::Runsc) && now.runtime != Some(Runtime::Runsc) {
        wider.push(Widening::Runtime);
    }
    if before.second_opinion && !now.second_opinion {
        wider.push(Widening::SecondOpinion);
    }
    let passed = now.host_variables.difference(&before.host_variables);
    wider.extend(passed.cloned().map(Widening::HostVariable));
    wider
}

/// What a session may do, for a person. The texts are whole sentences or names; nothing secret is in them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Authority {
    /// Open hosts, sorted.
    pub routes: Vec<RouteFact>,
    /// Credentials that are put in outside.
    pub credentials: Vec<AuthorityItem>,
    /// Git remotes behind the gate.
    pub git_remotes: Vec<AuthorityItem>,
    /// The project folder that is copied in.
    pub workspace: Option<String>,
    /// What the guest may use of the machine.
    pub resources: Vec<AuthorityItem>,
    /// What watches and holds it.
    pub guards: Vec<AuthorityItem>,
    /// Each way in which it is wider than the last start, in one sentence.
    pub widened: Vec<String>,
    /// When the agent last started, in seconds since 1970.
    pub last_start: Option<f64>,
}

/// An open host, for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RouteFact {
    /// The host pattern.
    pub host: String,
    /// Methods that pass; all where empty.
    pub methods: Vec<String>,
    /// Paths that pass; all where empty.
    pub paths: Vec<String>,
    /// The credential that is put in.
    pub credential: Option<String>,
    /// How it is sent.
    pub scheme: Option<String>,
    /// Whether the scripted API of the demo answers.
    pub scripted: bool,
    /// Whether it is wider than at the last start.
    pub wider: bool,
}

/// One thing that a session has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthorityItem {
    /// What it is.
    pub text: String,
    /// More about it.
    pub detail: Option<String>,
    /// Whether it is wider than at the last start.
    pub wider: bool,
}

/// The word for what a guard does with what it finds.
const fn on_finding_word(on_finding: OnFinding) -> &'static str {
    match on_finding {
        OnFinding::Block => "block",
        OnFinding::Redact => "redact",
        OnFinding::Hold => "hold",
    }
}
