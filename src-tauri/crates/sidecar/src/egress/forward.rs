//! One request: what it asks for, whether it may, and what comes back.
//!
//! Order matters and is the same for all: names must agree, the policy decides, the guest's credentials are taken out and the
//! real one is put in, and only then is a connection opened.

use std::sync::Arc;

use bottle_core::event::SecurityEvent;
use bottle_core::policy::{self, Policy, Route, Upstream, Verdict};
use http::header::HOST;
use http::{Method, Request, Response};
use hyper::body::Incoming;

use super::authority::{Authority, BadAuthority};
use super::body::Body;
use super::connection::{Connection, Inside, Next, Place};
use super::deny::{Asked, DAEMON, Denial};
use super::headers::{self, Upgrade};
use super::target::{Target, Way};
use super::websocket;
use crate::state::{Rules, Tunnel};

/// Answers one request of the guest.
pub(super) async fn answer(
    connection: &Arc<Connection>,
    request: Request<Incoming>,
) -> Response<Body> {
    match &connection.place {
        Place::Door if request.method() == Method::CONNECT => open_tunnel(connection, request),
        Place::Door => plain(connection, request).await,
        Place::Inside(inside) => {
            let asked = Asked::new(
                inside.authority.host(),
                request.method(),
                request.uri().path(),
            );
            if let Err(denial) = agrees(inside, &request) {
                return connection.egress.refuse(asked, &denial);
            }
            let ways = Ways {
                real: &inside.real,
                scripted: Some(&inside.scripted),
            };
            decide(connection, &ways, asked, request).await
        }
    }
}

/// Where a request may be led.
struct Ways<'a> {
    real: &'a Target,
    scripted: Option<&'a Target>,
}

/// Answers `CONNECT`. Nothing is dialled yet: that is up to the requests in the tunnel, which are decided one by one.
fn open_tunnel(connection: &Arc<Connection>, mut request: Request<Incoming>) -> Response<Body> {
    let egress = &connection.egress;
    let given = request.uri().authority().map_or("", |given| given.as_str());
    let (inside, open) = match admit_tunnel(connection, given) {
        Ok(admitted) => admitted,
        Err((host, denial)) => return egress.refuse(Asked::tunnel(&host), &denial),
    };
    connection.then(Next::Tunnel {
        guest: hyper::upgrade::on(&mut request),
        inside: Box::new(inside),
        open,
    });
    Response::new(Body::default())
}

/// Decides whether there is to be a tunnel. One to a host that is merely not open is let in, so that each request in it can be
/// told so: of a refused `CONNECT` most programs show the status alone.
fn admit_tunnel(
    connection: &Arc<Connection>,
    given: &str,
) -> Result<(Inside, Tunnel), (String, Denial)> {
    let (authority, open) =
        enter(connection, given, None).map_err(|denial| (given.to_owned(), denial))?;
    let host = authority.host().to_owned();
    let rules = connection.egress.state.rules();
    let refusal = match policy_of(&rules) {
        Ok(policy) => Denial::of(&policy::decide_connect(policy, &host, authority.port())),
        Err(denial) => return Err((host, denial)),
    };
    let refusal = match refusal {
        Some(denial) if !(denial.is_for_unopened_host() && authority.is_for_tls()) => {
            return Err((host, denial));
        }
        refusal => refusal,
    };
    let inside = Inside::new(authority, refusal).ok_or_else(|| (host, malformed()))?;
    Ok((inside, open))
}

/// Answers a request for plain HTTP, which names its host in the request line.
async fn plain(connection: &Arc<Connection>, request: Request<Incoming>) -> Response<Body> {
    let egress = &connection.egress;
    let uri = request.uri();
    let given = uri.authority().map_or("", |given| given.as_str());
    let asked = |host: &str| Asked::new(host, request.method(), uri.path());
    let entered = if uri.scheme_str() == Some("http") {
        enter(connection, given, Some(Way::Plain.scheme_port()))
    } else {
        let reason = "this is the door of a bottle, and it was not used as a proxy for http://";
        Err(Denial::new("not-a-proxy-request", reason))
    };
    let (authority, open) = match entered {
        Ok(entered) => entered,
        Err(denial) => return egress.refuse(asked(given), &denial),
    };
    let asked = asked(authority.host());
    let named = one_host(&request);
    let target = Target::new(Way::Plain, &authority)
        .filter(|_| named.is_some_and(|host| authority.is_named_by(host, 80)));
    let Some(target) = target else {
        return egress.refuse(asked, &mismatch(&authority));
    };
    let ways = Ways {
        real: &target,
        scripted: None,
    };
    let mut response = decide(connection, &ways, asked, request).await;
    response.body_mut().keep(open);
    response
}

/// Reads the host that is asked for and enters it in the list of what a change of rules closes.
fn enter(
    connection: &Arc<Connection>,
    given: &str,
    default_port: Option<u16>,
) -> Result<(Authority, Tunnel), Denial> {
    let authority = Authority::parse(given, default_port).map_err(|bad| match bad {
        BadAuthority::Address => Denial::new(
            "address",
            "an address was asked for, and a bottle opens names only",
        ),
        BadAuthority::Shape => malformed(),
    })?;
    let close = connection.close.clone();
    let state = &connection.egress.state;
    let open = state.open_tunnel(authority.host(), authority.port(), close);
    Ok((authority, open))
}

fn malformed() -> Denial {
    Denial::new(
        "bad-authority",
        "what was asked for is not a plain host name and port",
    )
}

/// Checks that a request in a tunnel is for the tunnel's host, wherever it names one.
fn agrees<B>(inside: &Inside, request: &Request<B>) -> Result<(), Denial> {
    let port = Way::Tls.scheme_port();
    let named = |given: &[u8]| inside.authority.is_named_by(given, port);
    let uri = request.uri();
    if request.method() == Method::CONNECT {
        let reason = "a tunnel was asked for inside a tunnel";
        return Err(Denial::new("nested-connect", reason));
    }
    let in_line = match uri.authority() {
        Some(given) => uri.scheme_str() == Some("https") && named(given.as_str().as_bytes()),
        None => true,
    };
    let given = request.headers().contains_key(HOST);
    let in_header = match one_host(request) {
        Some(host) => named(host),
        // HTTP/2 names the host in `:authority`, which stands in the URL here.
        None => !given && request.version() == http::Version::HTTP_2 && uri.authority().is_some(),
    };
    if in_line && in_header {
        Ok(())
    } else {
        Err(mismatch(&inside.authority))
    }
}

fn one_host<B>(request: &Request<B>) -> Option<&[u8]> {
    let mut hosts = request.headers().get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => Some(host.as_bytes()),
        _ => None,
    }
}

fn mismatch(authority: &Authority) -> Denial {
    let host = authority.host();
    let reason = format!("the request names another host than {host}, where it was sent to");
    Denial::new("host-mismatch", reason)
}

fn policy_of(rules: &Rules) -> Result<&Policy, Denial> {
    match &rules.policy {
        _ if rules.paused => Err(Denial::new(
            "paused",
            "all traffic of this bottle is stopped",
        )),
        Some(policy) => Ok(policy),
        None => Err(Denial::new("no-policy", "this bottle has no policy yet")),
    }
}

async fn decide(
    connection: &Arc<Connection>,
    ways: &Ways<'_>,
    asked: Asked,
    mut request: Request<Incoming>,
) -> Response<Body> {
    let egress = &connection.egress;
    let rules = egress.state.rules();
    let admitted = policy_of(&rules).and_then(|policy| admit(policy, ways.real, &request));
    let (route, rule) = match admitted {
        Ok(admitted) => admitted,
        Err(denial) => {
            let mut response = egress.refuse(asked, &denial);
            if denial.is_for_unopened_host() && matches!(connection.place, Place::Inside(_)) {
                connection.end_after(&mut response);
            }
            return response;
        }
    };
    let target = match (route.upstream, ways.scripted) {
        (Some(Upstream::Scripted), Some(scripted)) => scripted,
        (Some(Upstream::Scripted), None) => {
            let denial = Denial::new("bad-request", "the scripted API answers https:// only");
            return egress.refuse(asked, &denial);
        }
        (None, _) => ways.real,
    };
    let upgrade = headers::upgrade(request.headers());
    if upgrade == Upgrade::Other {
        let reason = "the request asks to change to a protocol that cannot be checked";
        return egress.refuse(asked, &Denial::new("upgrade", reason));
    }
    headers::clean_request(request.headers_mut());
    if let Some(auth) = &route.auth {
        match egress.state.vault().header(auth.scheme, &auth.credential) {
            Ok((name, value)) => {
                request.headers_mut().insert(name, value);
            }
            Err(why) => {
                return egress.refuse(asked, &Denial::credential(&auth.credential, why));
            }
        }
    }
    let credential = route.auth.as_ref().map(|auth| auth.credential.to_string());
    let allowed = Allowed {
        asked,
        rule,
        credential,
    };
    match upgrade {
        Upgrade::WebSocket => websocket::open(connection, target, allowed, request).await,
        Upgrade::None | Upgrade::Other => send(connection, target, allowed, request).await,
    }
}

fn admit<'p, B>(
    policy: &'p Policy,
    target: &Target,
    request: &Request<B>,
) -> Result<(&'p Route, String), Denial> {
    let path = request
        .uri()
        .path_and_query()
        .map_or("/", |path| path.as_str());
    let question = policy::Request {
        host: target.name(),
        port: target.port(),
        method: request.method().as_str(),
        path,
        tls: target.key().way != Way::Plain,
    };
    match policy::decide(policy, &question) {
        Verdict::Allow { rule, route } => {
            let route = policy.routes.get(route);
            let route = route.ok_or_else(|| Denial::new("no-route", "the route is gone"))?;
            Ok((route, rule))
        }
        denied @ Verdict::Deny { .. } => {
            Err(Denial::of(&denied)
                .unwrap_or_else(|| Denial::new("no-route", "the policy refused it")))
        }
    }
}

/// A request that the policy lets through, and what its event will say.
pub(super) struct Allowed {
    pub(super) asked: Asked,
    rule: String,
    credential: Option<String>,
}

impl Allowed {
    /// The event of it.
    pub(super) fn event(self) -> SecurityEvent {
        SecurityEvent::Allowed {
            daemon: DAEMON.to_owned(),
            host: self.asked.host,
            method: self.asked.method,
            path: self.asked.path,
            rule: self.rule,
            credential: self.credential,
        }
    }
}

async fn send(
    connection: &Connection,
    target: &Target,
    allowed: Allowed,
    request: Request<Incoming>,
) -> Response<Body> {
    let egress = &connection.egress;
    let to_head = request.method() == Method::HEAD;
    let opened = match egress.upstreams.connection(target).await {
        Ok(opened) => opened,
        Err(error) => return egress.refuse(allowed.asked, &Denial::upstream(&error)),
    };
    egress.state.record(allowed.event());
    let (mut parts, body) = request.into_parts();
    parts.extensions.clear();
    let request = Request::from_parts(parts, Body::upload(body, egress.limits.body_idle));
    match egress.upstreams.send(target, opened, request).await {
        Ok(mut response) => {
            let status = response.status();
            headers::clean_response(response.headers_mut(), status, to_head);
            *response.version_mut() = http::Version::HTTP_11;
            response.extensions_mut().clear();
            response
        }
        Err(error) => egress.failed(target.name(), &Denial::upstream(&error)),
    }
}
