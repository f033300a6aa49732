//! How a refusal looks: a status, a JSON body that people and agents understand, and an event.

use std::borrow::Cow;

use bottle_core::advice::Advice as _;
use bottle_core::event::SecurityEvent;
use bottle_core::id::CredentialName;
use bottle_core::policy::Verdict;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};
use hyper::ext::ReasonPhrase;
use serde::Serialize;

use super::body::Body;
use super::headers::RULE_HEADER;
use crate::error::SidecarError;
use crate::vault::Unusable;

/// The word of egress in events.
pub(super) const DAEMON: &str = "egress";
/// Longest method, host or path in an event, in characters.
const SHOWN: usize = 256;
/// Longest sentence in a status line, in bytes: all of a refusal but for the longest names.
const PHRASE: usize = 400;
/// The rule by which the policy refuses a host that it does not name.
const NO_ROUTE: &str = "no-route";

/// What was asked for, as far as it may be shown.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) host: String,
    pub(super) method: String,
    pub(super) path: String,
}

impl Asked {
    /// Keeps what may be shown: never a query.
    pub(super) fn new(host: &str, method: &http::Method, path: &str) -> Self {
        Self {
            host: shown(host),
            method: shown(method.as_str()),
            path: shown(path),
        }
    }

    /// Something that could not be read.
    pub(super) fn unread(host: &str) -> Self {
        Self {
            host: shown(host),
            method: String::new(),
            path: String::new(),
        }
    }

    /// A tunnel that was asked for.
    pub(super) fn tunnel(host: &str) -> Self {
        Self::new(host, &http::Method::CONNECT, "")
    }
}

fn shown(text: &str) -> String {
    if text.len() <= SHOWN {
        return text.to_owned();
    }
    match text.char_indices().nth(SHOWN) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}

/// A refusal, or the failure of something that was allowed.
#[derive(Debug, Clone)]
pub(super) struct Denial {
    status: StatusCode,
    rule: Cow<'static, str>,
    reason: String,
    ask: Cow<'static, str>,
}

impl Denial {
    /// A refusal by a rule of the door itself.
    pub(super) fn new(rule: &'static str, reason: impl Into<String>) -> Self {
        Self {
            status: StatusCode::FORBIDDEN,
            rule: Cow::Borrowed(rule),
            reason: reason.into(),
            ask: Cow::Borrowed(ask(rule)),
        }
    }

    /// A refusal by the policy; none where it allows.
    pub(super) fn of(verdict: &Verdict) -> Option<Self> {
        match verdict {
            Verdict::Allow { .. } => None,
            Verdict::Deny { rule, reason } => Some(Self {
                status: StatusCode::FORBIDDEN,
                rule: Cow::Owned(rule.clone()),
                reason: reason.clone(),
                ask: Cow::Borrowed(ask(rule)),
            }),
        }
    }

    /// A route whose credential cannot be put in.
    pub(super) fn credential(name: &CredentialName, why: Unusable) -> Self {
        let reason = match why {
            Unusable::Missing => format!("the credential {name} for this host is not there"),
            Unusable::NotForClaude => {
                format!("the credential {name} is not stored as one of Claude")
            }
        };
        let ask = format!(
            "Ask the person to store it outside the bottle with `claude-bottle credential add {name}`."
        );
        Self {
            ask: Cow::Owned(ask),
            ..Self::new("credential-missing", reason)
        }
    }

    /// What stands for an upstream that failed: only a refused address is a refusal.
    pub(super) fn upstream(error: &SidecarError) -> Self {
        if matches!(error, SidecarError::AddressRefused { .. }) {
            return Self::new("address", error.to_string());
        }
        let status = if matches!(error, SidecarError::Silent { .. }) {
            StatusCode::GATEWAY_TIMEOUT
        } else {
            StatusCode::BAD_GATEWAY
        };
        Self {
            status,
            rule: Cow::Borrowed("upstream"),
            reason: error.to_string(),
            ask: Cow::Owned(error.advice()),
        }
    }

    /// Whether a guard refused, in contrast to something having failed.
    pub(super) fn is_refusal(&self) -> bool {
        self.status == StatusCode::FORBIDDEN
    }

    /// Whether nothing else is wrong than that the policy does not name the host.
    pub(super) fn is_for_unopened_host(&self) -> bool {
        self.rule == NO_ROUTE
    }

    /// The event of it.
    pub(super) fn event(&self, asked: Asked) -> SecurityEvent {
        SecurityEvent::Denied {
            daemon: DAEMON.to_owned(),
            host: asked.host,
            method: asked.method,
            path: asked.path,
            rule: self.rule.clone().into_owned(),
            reason: self.reason.clone(),
        }
    }

    /// The response of it. Its outer shape is that of the vendor's API, so that claude shows the sentence.
    pub(super) fn response(&self, host: &str) -> Response<Body> {
        let kind = if self.is_refusal() {
            "denied_by_bottle"
        } else {
            "upstream_failed"
        };
        let message = format!("{}. {}", self.reason, self.ask);
        let phrase = phrase(&message);
        let told = Told {
            kind: "error",
            error: Why {
                kind,
                message,
                rule: &self.rule,
                host,
                ask: &self.ask,
            },
        };
        // Text alone always makes JSON.
        let mut text = serde_json::to_vec(&told).unwrap_or_default();
        text.push(b'\n');
        let mut response = Response::new(Body::whole(text));
        *response.status_mut() = self.status;
        if let Some(phrase) = phrase {
            response.extensions_mut().insert(phrase);
        }
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        // A rule of the policy holds a host pattern, which is plain ASCII.
        if let Ok(rule) = HeaderValue::from_str(&self.rule) {
            headers.insert(RULE_HEADER, rule);
        }
        response
    }
}

/// The body of a refusal, what matters to a person first.
#[derive(Serialize)]
struct Told<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    error: Why<'a>,
}

#[derive(Serialize)]
struct Why<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    message: String,
    rule: &'a str,
    host: &'a str,
    ask: &'a str,
}

/// The sentence for the status line of HTTP/1, of which some programs show more than of the body.
fn phrase(message: &str) -> Option<ReasonPhrase> {
    let printable = message.bytes().filter(|byte| matches!(byte, b' '..=b'~'));
    ReasonPhrase::try_from(printable.take(PHRASE).collect::<Vec<u8>>()).ok()
}

/// What the one who asked can do about a refusal.
fn ask(rule: &str) -> &'static str {
    match rule {
        NO_ROUTE => {
            "Ask the person to add the host to `egress.routes` of the bottle, outside; it cannot be opened from inside."
        }
        "address" => "Use the name of a host that is open in this bottle and has a public address.",
        "paused" => "The person has stopped all traffic; wait until it is let on again.",
        "no-policy" => "Wait a moment and try again: the bottle is still being set up.",
        "plain-http-with-credential" => "Use https:// for this host.",
        "bad-path" => "Send the path in its plain form.",
        "host-mismatch" | "sni-mismatch" => {
            "Use one connection for one host, with the same name everywhere."
        }
        "upgrade" => "Send the request without `Upgrade`; only WebSockets are let through.",
        "not-tls" => {
            "Only HTTPS passes a tunnel; for git use the https:// URL of a declared remote."
        }
        "not-a-proxy-request" => "Use this address as an HTTP proxy, as HTTPS_PROXY says.",
        rule if rule.starts_with("host/") => {
            "Ask the person to widen `matches` of this host in the bottle, outside."
        }
        _ => "Send a well-formed request.",
    }
}
