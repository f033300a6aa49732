//! What a bottle may do, as the person reads it.

use bottle_core::authority;
use bottle_core::policy::{AuthScheme, Route, Upstream};
use serde::Serialize;
use specta::Type;
use specta_typescript::Number;

use super::all;

/// An open host.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RouteFact {
    /// Which names it stands for.
    pub host: String,
    /// Methods that pass; all where empty.
    pub methods: Vec<String>,
    /// Paths that pass; all where empty.
    pub paths: Vec<String>,
    /// The credential that is put in.
    pub credential: Option<String>,
    /// How it is sent.
    pub scheme: Option<String>,
    /// Whether the demo's scripted API answers.
    pub scripted: bool,
    /// Whether it is wider than what the agent last started with.
    pub wider: bool,
}

impl From<authority::RouteFact> for RouteFact {
    fn from(route: authority::RouteFact) -> Self {
        Self {
            host: route.host,
            methods: route.methods,
            paths: route.paths,
            credential: route.credential,
            scheme: route.scheme,
            scripted: route.scripted,
            wider: route.wider,
        }
    }
}

impl From<&Route> for RouteFact {
    fn from(route: &Route) -> Self {
        let matches = || route.matches.iter();
        // A shape without methods or paths lets all of them pass, whatever the others say.
        let methods = matches().all(|shape| !shape.methods.is_empty());
        let paths = matches().all(|shape| !shape.paths.is_empty());
        Self {
            host: route.host.to_string(),
            methods: matches()
                .filter(|_| methods)
                .flat_map(|shape| shape.methods.clone())
                .collect(),
            paths: matches()
                .filter(|_| paths)
                .flat_map(|shape| shape.paths.clone())
                .collect(),
            credential: route.auth.as_ref().map(|auth| auth.credential.to_string()),
            scheme: route.auth.as_ref().map(|auth| scheme(auth.scheme).into()),
            scripted: route.upstream == Some(Upstream::Scripted),
            wider: false,
        }
    }
}

const fn scheme(scheme: AuthScheme) -> &'static str {
    match scheme {
        AuthScheme::Claude => "claude",
        AuthScheme::Bearer => "bearer",
        AuthScheme::Basic => "basic",
        AuthScheme::XApiKey => "x-api-key",
    }
}

/// One thing that a bottle may do.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AuthorityItem {
    /// What.
    pub text: String,
    /// More about it.
    pub detail: Option<String>,
    /// Whether it is wider than at the last start.
    pub wider: bool,
}

impl From<authority::AuthorityItem> for AuthorityItem {
    fn from(item: authority::AuthorityItem) -> Self {
        Self {
            text: item.text,
            detail: item.detail,
            wider: item.wider,
        }
    }
}

/// Everything that a bottle may do.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Authority {
    /// Open hosts.
    pub routes: Vec<RouteFact>,
    /// Credentials that are put in outside.
    pub credentials: Vec<AuthorityItem>,
    /// Git remotes behind the gate.
    pub git_remotes: Vec<AuthorityItem>,
    /// The project folder that is copied in.
    pub workspace: Option<String>,
    /// What the guest may use of the machine.
    pub resources: Vec<AuthorityItem>,
    /// What stands between.
    pub guards: Vec<AuthorityItem>,
    /// Each widening since the last start, in one sentence.
    pub widened: Vec<String>,
    /// When the agent last started, in seconds since 1970.
    #[specta(type = Option<Number>)]
    pub last_start: Option<f64>,
}

impl From<authority::Authority> for Authority {
    fn from(authority: authority::Authority) -> Self {
        Self {
            routes: all(authority.routes),
            credentials: all(authority.credentials),
            git_remotes: all(authority.git_remotes),
            workspace: authority.workspace,
            resources: all(authority.resources),
            guards: all(authority.guards),
            widened: authority.widened,
            last_start: authority.last_start,
        }
    }
}
