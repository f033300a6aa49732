//! Reads `egress.routes`: which hosts a bottle opens, for which requests, and which credential is put in.

use super::error::Fault;
use super::value::Value;
use super::{Location, ManifestError, Position};
use crate::id::CredentialName;
use crate::policy::{Auth, AuthScheme, HostPattern, Match, OnFinding, Route, Upstream, ambiguity};

const ROUTE_KEYS: &[&str] = &["host", "matches", "auth", "on_finding", "upstream"];
/// Longest method that is read, in characters; the longest registered one has 17.
const MAX_METHOD: usize = 20;

/// Reads the value of `egress`.
pub(super) fn read(egress: Value<'_>, location: Location) -> Result<Vec<Route>, ManifestError> {
    let fields = egress.fields(&["routes"])?;
    let items = fields.read("routes", Value::list)?.unwrap_or_default();
    let mut seen: Vec<(HostPattern, Position)> = Vec::with_capacity(items.len());
    let mut routes = Vec::with_capacity(items.len());
    for item in items {
        let route = read_route(item, location)?;
        if let Some((_, first)) = seen.iter().find(|(host, _)| *host == route.host) {
            let name = route.host.to_string();
            return Err(item.refuse(Fault::Repeated {
                what: "host",
                name,
                first: *first,
            }));
        }
        seen.push((route.host.clone(), item.at()));
        routes.push(route);
    }
    Ok(routes)
}

fn read_route(item: Value<'_>, location: Location) -> Result<Route, ManifestError> {
    let fields = item.fields(ROUTE_KEYS)?;
    if let Some(upstream) = fields.get("upstream")
        && location != Location::BuiltIn
    {
        return Err(upstream.refuse(Fault::BuiltInOnly { key: "upstream" }));
    }
    Ok(Route {
        host: fields.need("host")?.parse(HostPattern::new)?,
        matches: fields.read("matches", read_matches)?.unwrap_or_default(),
        auth: fields.read("auth", read_auth)?,
        on_finding: fields
            .read("on_finding", read_on_finding)?
            .unwrap_or_default(),
        upstream: fields.read("upstream", |value| {
            value.word(&[("scripted", Upstream::Scripted)])
        })?,
    })
}

fn read_matches(matches: Value<'_>) -> Result<Vec<Match>, ManifestError> {
    matches.filled_list()?.into_iter().map(read_match).collect()
}

fn read_match(item: Value<'_>) -> Result<Match, ManifestError> {
    let fields = item.fields(&["paths", "methods"])?;
    let paths = fields.read("paths", |paths| {
        paths.filled_list()?.into_iter().map(read_path).collect()
    })?;
    let methods = fields.read("methods", |methods| {
        methods
            .filled_list()?
            .into_iter()
            .map(read_method)
            .collect()
    })?;
    if paths.is_none() && methods.is_none() {
        return Err(item.bad(
            "has an item without 'paths' and 'methods'",
            "one of the two",
        ));
    }
    Ok(Match {
        paths: paths.unwrap_or_default(),
        methods: methods.unwrap_or_default(),
    })
}

/// A pattern that no checked path can ever equal is a mistake, and is said to be one here.
fn read_path(item: Value<'_>) -> Result<String, ManifestError> {
    const INSTEAD: &str = "a path such as '/v1/*'";
    let path = item.line()?;
    if path.contains('?') {
        return Err(item.bad(
            "has a query, and only the path before it is compared",
            INSTEAD,
        ));
    }
    if ambiguity(path).is_some() {
        return Err(item.bad("has a path that no plain request can have", INSTEAD));
    }
    Ok(path.to_owned())
}

fn read_method(item: Value<'_>) -> Result<String, ManifestError> {
    let method = item.line()?;
    if method.len() > MAX_METHOD || !method.bytes().all(|b| b.is_ascii_uppercase() || b == b'-') {
        return Err(item.bad(
            "has a method that is not in capitals",
            "a method such as GET",
        ));
    }
    Ok(method.to_owned())
}

fn read_auth(auth: Value<'_>) -> Result<Auth, ManifestError> {
    let fields = auth.fields(&["scheme", "credential"])?;
    let scheme = fields.need("scheme")?.word(&[
        ("claude", AuthScheme::Claude),
        ("bearer", AuthScheme::Bearer),
        ("basic", AuthScheme::Basic),
        ("x-api-key", AuthScheme::XApiKey),
    ])?;
    Ok(Auth {
        scheme,
        credential: fields.need("credential")?.parse(CredentialName::new)?,
    })
}

fn read_on_finding(value: Value<'_>) -> Result<OnFinding, ManifestError> {
    value.word(&[
        ("block", OnFinding::Block),
        ("redact", OnFinding::Redact),
        ("hold", OnFinding::Hold),
    ])
}
