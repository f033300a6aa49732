//! Everything that a session will have, resolved and printable before anything is created.
//!
//! The JSON is the wire form of `start --dry-run --format json`: keys may be added, never renamed; lists are sorted, without
//! duplicates; no value of a secret or of an environment variable is in it.

mod text;

use serde::{Deserialize, Serialize};

use crate::backend::{BackendName, Daemon, Resources, Runtime};
use crate::id::{AgentName, BottleName, SkillName};
use crate::path::HostPath;
use crate::policy::Route;

/// A resolved session, before it exists.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The agent.
    pub agent: AgentName,
    /// Its bottle.
    pub bottle: BottleName,
    /// What runs it.
    pub backend: BackendName,
    /// The guest's runtime; none where the backend has no such choice or no engine was asked.
    pub runtime: Option<Runtime>,
    /// The guest's image: `built-in`, a Dockerfile's path or a reference.
    pub image: String,
    /// The pinned version of claude.
    pub claude: String,
    /// Names of all variables that claude gets, sorted.
    pub env_names: Vec<String>,
    /// Names of those among them that the bottle itself names, sorted.
    pub bottle_env_names: Vec<String>,
    /// Skills that are copied in, sorted, with where each comes from.
    pub skills: Vec<PlannedSkill>,
    /// The agent's prompt.
    pub prompt: PlannedPrompt,
    /// What can leave.
    pub egress: PlannedEgress,
    /// Names of the credentials that are put in outside the bottle, sorted.
    pub credentials: Vec<String>,
    /// Git remotes behind the gate, sorted by name.
    pub git_remotes: Vec<PlannedRemote>,
    /// Whether the git gate runs.
    pub git_gate: bool,
    /// Whether the agent can ask the person.
    pub supervise: bool,
    /// What the guest may use.
    pub resources: Resources,
    /// Parts of the bundle, sorted.
    pub daemons: Vec<Daemon>,
    /// The project folder that is copied in.
    pub workspace: Option<PlannedWorkspace>,
    /// Things that the person should know and that do not stop a start.
    pub warnings: Vec<String>,
}

/// A skill of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedSkill {
    /// Its name.
    pub name: SkillName,
    /// The folder it is copied from.
    pub source: HostPath,
}

/// The prompt of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedPrompt {
    /// The file that holds it.
    pub path: HostPath,
    /// Its length; 0 means that claude gets none.
    pub bytes: u32,
}

/// What can leave the bottle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedEgress {
    /// The resolved allowlist: host patterns, sorted.
    pub hosts: Vec<String>,
    /// The routes in full, in the order of `hosts`.
    pub routes: Vec<Route>,
    /// Who reads the traffic.
    pub tls_interception: TlsInterception,
}

/// The session's certificate authority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsInterception {
    /// Whether TLS is opened in the bundle.
    pub enabled: bool,
    /// SHA-256 of the session's certificate; none before a session exists, because each session makes its own.
    pub ca_fingerprint: Option<String>,
}

/// A git remote of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedRemote {
    /// Its name.
    pub name: String,
    /// Its address.
    pub url: String,
    /// `hold` or `scan`.
    pub push: String,
}

/// The project folder of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedWorkspace {
    /// The folder on this machine; it is copied and never mounted.
    pub source: HostPath,
    /// Where the copy lies in the guest.
    pub destination: String,
}

impl Plan {
    /// The plan as a person reads it, with line ends.
    #[must_use]
    pub fn to_text(&self) -> String {
        text::render(self)
    }

    /// The plan as JSON, indented, with a line end.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}
