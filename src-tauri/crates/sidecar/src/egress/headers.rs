//! What is taken out of a request before it leaves, and out of a response before it enters.
//!
//! The guest's own credentials are taken out on *every* route: an open host must not become a way to carry a token that was
//! found, and what is put in must be the only one. How a message is framed on one side says nothing about the other side.

use http::header::{
    CONNECTION, CONTENT_LENGTH, COOKIE, EXPECT, HOST, HeaderMap, HeaderName, HeaderValue,
    PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRANSFER_ENCODING, UPGRADE,
};
use http::{StatusCode, header};

/// Names the rule in a refusal.
pub const RULE_HEADER: HeaderName = HeaderName::from_static("x-claude-bottle-rule");

/// Headers that carry a credential somewhere, and are never the guest's to send.
static CREDENTIALS: [HeaderName; 24] = [
    header::AUTHORIZATION,
    PROXY_AUTHORIZATION,
    COOKIE,
    HeaderName::from_static("x-api-key"),
    HeaderName::from_static("api-key"),
    HeaderName::from_static("apikey"),
    HeaderName::from_static("x-apikey"),
    HeaderName::from_static("x-api-token"),
    HeaderName::from_static("x-access-token"),
    HeaderName::from_static("x-auth-token"),
    HeaderName::from_static("x-auth-key"),
    HeaderName::from_static("x-authorization"),
    HeaderName::from_static("x-goog-api-key"),
    HeaderName::from_static("x-amz-security-token"),
    HeaderName::from_static("x-github-token"),
    HeaderName::from_static("private-token"),
    HeaderName::from_static("job-token"),
    HeaderName::from_static("deploy-token"),
    HeaderName::from_static("x-vault-token"),
    HeaderName::from_static("x-figma-token"),
    HeaderName::from_static("x-shopify-access-token"),
    HeaderName::from_static("circle-token"),
    HeaderName::from_static("dd-api-key"),
    HeaderName::from_static("ocp-apim-subscription-key"),
];

/// Headers that are about one connection and never travel on (RFC 9110, 7.6.1, and what older proxies use).
static HOP_BY_HOP: [HeaderName; 10] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    PROXY_AUTHENTICATE,
    HeaderName::from_static("proxy-authentication-info"),
    TE,
    TRANSFER_ENCODING,
    UPGRADE,
    HeaderName::from_static("http2-settings"),
    EXPECT,
];

/// Leaves of a request's headers what may travel on, without `Host` and without any length: both are made anew.
pub fn clean_request(headers: &mut HeaderMap) {
    let trailers = accepts_trailers(headers);
    remove_named_by_connection(headers);
    remove(headers, is_never_sent);
    if trailers {
        headers.insert(TE, HeaderValue::from_static("trailers"));
    }
}

/// Leaves of a response's headers what may travel on. A length is made anew where there is a body to count.
pub fn clean_response(headers: &mut HeaderMap, status: StatusCode, to_head: bool) {
    let is_counted = !to_head && status != StatusCode::NOT_MODIFIED;
    remove_named_by_connection(headers);
    remove(headers, |name| {
        // Only the door says which rule of the door it was.
        HOP_BY_HOP.contains(name) || name == RULE_HEADER || (is_counted && name == CONTENT_LENGTH)
    });
}

/// Takes out of a request's trailers what may not stand in its head either.
pub fn clean_trailers(trailers: &mut HeaderMap) {
    remove(trailers, is_never_sent);
}

fn is_never_sent(name: &HeaderName) -> bool {
    HOP_BY_HOP.contains(name)
        || CREDENTIALS.contains(name)
        || name == CONTENT_LENGTH
        || name == HOST
}

/// Takes out headers by name. It compares the few that are there with all that may not be: to look for each of the latter in the
/// map was an eighth of the work of a request.
fn remove(headers: &mut HeaderMap, is_out: impl Fn(&HeaderName) -> bool) {
    while let Some(name) = headers.keys().find(|name| is_out(name)).cloned() {
        headers.remove(name);
    }
}

/// What a request asks its connection to become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upgrade {
    /// Nothing else.
    None,
    /// A WebSocket.
    WebSocket,
    /// Something that the door does not speak.
    Other,
}

/// Reads what a request asks its connection to become.
#[must_use]
pub fn upgrade(headers: &HeaderMap) -> Upgrade {
    let asked = headers.contains_key(UPGRADE) || tokens(headers, &CONNECTION).any(is("upgrade"));
    let mut kinds = headers.get_all(UPGRADE).iter();
    match (kinds.next(), kinds.next()) {
        _ if !asked => Upgrade::None,
        (Some(kind), None)
            if kind.as_bytes().eq_ignore_ascii_case(b"websocket")
                && tokens(headers, &CONNECTION).any(is("upgrade")) =>
        {
            Upgrade::WebSocket
        }
        _ => Upgrade::Other,
    }
}

fn accepts_trailers(headers: &HeaderMap) -> bool {
    tokens(headers, &TE).any(is("trailers"))
}

fn remove_named_by_connection(headers: &mut HeaderMap) {
    if !headers.contains_key(CONNECTION) {
        return;
    }
    let named: Vec<HeaderName> = tokens(headers, &CONNECTION)
        .filter_map(|token| HeaderName::from_bytes(token.as_bytes()).ok())
        .collect();
    for name in named {
        headers.remove(name);
    }
}

fn tokens<'h>(headers: &'h HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'h str> {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

fn is(word: &'static str) -> impl Fn(&str) -> bool {
    move |token| token.eq_ignore_ascii_case(word)
}
