//! The egress policy as data and as a pure function: `(Policy, Request) -> Verdict`.
//!
//! Missing or empty means deny. The function decides over names, methods and paths only; addresses are checked after resolution by
//! [`address::verdict`], and bytes by the guards that follow.

pub mod address;
mod compare;
mod decide;
pub mod host;

use serde::{Deserialize, Serialize};

pub use compare::{Wider, compare};
pub(crate) use decide::ambiguity;
pub use decide::{Request, Verdict, decide, decide_connect};
pub use host::{HostPattern, InvalidHost};

use crate::id::CredentialName;

/// Everything that egress lets out. The default lets nothing out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// The open hosts. More exact patterns win over wider ones; among equals the first wins.
    pub routes: Vec<Route>,
}

/// One open host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// Which names it stands for.
    pub host: HostPattern,
    /// Which requests pass; all of them where the list is empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub matches: Vec<Match>,
    /// The credential that is put in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<Auth>,
    /// What to do when a guard finds something.
    #[serde(default)]
    pub on_finding: OnFinding,
    /// What answers in place of the real host. Only the product's own demo bottle may name one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<Upstream>,
}

/// A shape of requests that passes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Match {
    /// Path patterns, `*` within and across segments, such as `/v1/*`; any path where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// Methods in capitals; any method where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub methods: Vec<String>,
}

/// Which credential is put in, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    /// How the value is sent.
    pub scheme: AuthScheme,
    /// The name under which it is kept.
    pub credential: CredentialName,
}

/// How a credential is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuthScheme {
    /// Claude's own: bearer for an OAuth token, `x-api-key` for an API key, by the kind of the stored credential.
    Claude,
    /// `Authorization: Bearer VALUE`.
    Bearer,
    /// `Authorization: Basic base64(VALUE)`, where the value is `user:password`.
    Basic,
    /// `x-api-key: VALUE`.
    XApiKey,
}

/// What happens when a guard finds something in what is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnFinding {
    /// Refuse the request.
    #[default]
    Block,
    /// Take the finding out and send the rest.
    Redact,
    /// Ask the person.
    Hold,
}

/// What answers in place of a real host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Upstream {
    /// The scripted Messages API that runs in the bundle.
    Scripted,
}
