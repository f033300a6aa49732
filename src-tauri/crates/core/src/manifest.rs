//! Bottles and agents as people write them: Markdown with YAML frontmatter.
//!
//! [`parse_bottle`] and [`parse_agent`] take text and say what it means or, with file, line and column, why not; [`resolve()`] overlays
//! a bottle on what it extends. Reading files is the caller's, and so is saying where a file came from ([`Location`]).

mod agent;
mod bottle;
pub mod edit;
mod env;
mod error;
pub mod fields;
mod frontmatter;
mod git;
mod resolve;
mod routes;
mod value;
mod yaml;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use agent::parse_agent;
pub use bottle::parse_bottle;
pub use edit::{Edit, EditError, FieldValue, Kind, edit};
pub use env::reserved_variable;
pub use error::{Fault, ManifestError, Position};
pub use resolve::{Library, resolve, resolve_for};
pub use value::nearest;

use crate::backend::{BackendName, Runtime};
use crate::id::{AgentName, BottleName, CredentialName, SkillName};
use crate::policy::Route;

/// Largest manifest, in bytes. A prompt of this size already is larger than any model reads.
pub const MAX_MANIFEST: usize = 1 << 20;
/// Most keys and list items of all levels together in one frontmatter.
pub const MAX_KEYS: usize = 2_000;

/// Processors of a bottle that does not say how many.
pub const DEFAULT_CPUS: f64 = 2.0;
/// Memory of a bottle that does not say how much, in MiB.
pub const DEFAULT_MEMORY_MIB: u32 = 4096;

/// Where a manifest was found, which decides what it may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Location {
    /// Part of the program: the demo.
    BuiltIn,
    /// The person's own folder.
    Home,
    /// A repository: may bring agents and skills, never a bottle.
    Repository,
}

/// A bottle as written, before `extends` is followed. `None` and empty mean: not said here.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bottle {
    /// The bottle to overlay.
    pub extends: Option<BottleName>,
    /// Where the file says so, for errors that are found only when the parent is looked up.
    pub extends_at: Position,
    /// What runs it.
    pub backend: Option<BackendName>,
    /// The guest's runtime.
    pub runtime: Option<Runtime>,
    /// What the guest may use.
    pub resources: ResourceLimits,
    /// Variables of claude.
    pub env: BTreeMap<String, EnvValue>,
    /// Open hosts.
    pub routes: Vec<Route>,
    /// Who commits are by.
    pub git_user: Option<GitUser>,
    /// Remotes behind the gate.
    pub git_remotes: Vec<GitRemote>,
    /// The second opinion on destinations.
    pub pipelock: Option<Pipelock>,
    /// Where the image comes from: a Dockerfile's path or a reference.
    pub image: Option<String>,
    /// What the person wrote below the frontmatter: notes, not read by the program.
    pub notes: String,
}

/// Limits as written.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ResourceLimits {
    /// Processors.
    pub cpus: Option<f64>,
    /// Memory in MiB.
    pub memory_mib: Option<u32>,
    /// Disk in MiB.
    pub disk_mib: Option<u32>,
}

/// Where a variable's value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnvValue {
    /// The text itself.
    Literal(String),
    /// `?question`: the person is asked at each start.
    Question(String),
    /// `${HOST_VAR}`: taken from the host's environment at each start.
    HostVariable(String),
}

/// Who commits are by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GitUser {
    /// `user.name`.
    pub name: String,
    /// `user.email`.
    pub email: String,
}

/// A remote behind the gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitRemote {
    /// Its name.
    pub name: String,
    /// Its address.
    pub url: String,
    /// A credential for HTTPS.
    pub credential: Option<CredentialName>,
    /// The name of a key for SSH.
    pub identity: Option<String>,
    /// The host's public key for SSH.
    pub host_key: Option<String>,
    /// What happens to a push.
    pub push: PushMode,
}

/// What happens to a push.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PushMode {
    /// It is scanned and waits for the person.
    #[default]
    Hold,
    /// It is scanned and goes on.
    Scan,
}

/// The second opinion on destinations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pipelock {
    /// Whether it runs.
    #[serde(default)]
    pub mode: PipelockMode,
    /// Whether it opens TLS itself.
    #[serde(default)]
    pub tls_interception: bool,
}

/// Whether pipelock runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PipelockMode {
    /// It must agree.
    #[default]
    Strict,
    /// It does not run.
    Off,
}

/// An agent as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    /// Its name: the file's stem; a `name` in the frontmatter must agree.
    pub name: AgentName,
    /// Its bottle.
    pub bottle: BottleName,
    /// Where the file says so, for errors that are found only when the bottle is looked up.
    pub bottle_at: Position,
    /// Its skills, in the order written, without duplicates.
    pub skills: Vec<SkillName>,
    /// What it is for, in one line, where said.
    pub description: Option<String>,
    /// The model, where said.
    pub model: Option<String>,
    /// Its colour, where said; only for Claude Code's own use of the file.
    pub color: Option<String>,
    /// Who commits are by; overlays the bottle's.
    pub git_user: Option<GitUser>,
    /// The system prompt: the body, trimmed.
    pub prompt: String,
}
