//! The HTTP side: which request gets what, who is admitted, and how an answer is streamed.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bottle_core::claude::ClaudeKind;
use bytes::Bytes;
use futures_util::stream;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, Limited, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::json;
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::reply::{Event, Reply};
use super::{Conversation, choose};

/// Longest body that is read, in bytes; the vendor's own limit is of this size.
const MAX_BODY: usize = 32 << 20;
/// How long a client may take for the head of a request.
const HEAD_LIMIT: Duration = Duration::from_secs(30);
/// Pause after the kernel refused to hand out a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

type Answer = Response<UnsyncBoxBody<Bytes, Infallible>>;

/// Knows the credential that egress puts in.
pub trait Admits: Send + Sync + 'static {
    /// Whether this is it, the bare value without a scheme.
    fn admits(&self, presented: &str) -> bool;
}

impl<F: Fn(&str) -> bool + Send + Sync + 'static> Admits for F {
    fn admits(&self, presented: &str) -> bool {
        self(presented)
    }
}

struct Vendor<A> {
    door: A,
    answered: AtomicU64,
}

/// Serves the scripted API until it is cancelled; open answers end with it.
pub async fn serve<A: Admits>(listener: UnixListener, door: A, cancel: CancellationToken) {
    let vendor = Arc::new(Vendor {
        door,
        answered: AtomicU64::new(first_number()),
    });
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            () = cancel.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok((client, _)) => drop(open.spawn(attend(client, Arc::clone(&vendor)))),
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
            Some(_) = open.join_next(), if !open.is_empty() => {}
        }
    }
    open.shutdown().await;
}

/// Where the numbers of answers begin: a conversation that goes on in another life of the bundle must not see an id of a tool's use
/// again, for claude would take the whole answer for broken.
fn first_number() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(0))
}

async fn attend<A: Admits>(client: UnixStream, vendor: Arc<Vendor<A>>) {
    let service = service_fn(move |request| {
        let vendor = Arc::clone(&vendor);
        async move { Ok::<_, Infallible>(vendor.answer(request).await) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_LIMIT)
        .serve_connection(TokioIo::new(client), service)
        .await;
    // A client that went away is no event: the demo's table says what arrived.
    drop(served);
}

impl<A: Admits> Vendor<A> {
    async fn answer(&self, request: Request<Incoming>) -> Answer {
        let path = request.uri().path();
        let looks = matches!(*request.method(), Method::GET | Method::HEAD);
        if looks && path.ends_with("/hello") {
            return whole(StatusCode::OK, &json!({}));
        }
        if *request.method() != Method::POST || path != "/v1/messages" {
            return refuse(StatusCode::NOT_FOUND, "not_found_error", "Not found");
        }
        if !self.admitted(request.headers()) {
            let why = "the credential of the scripted API did not arrive";
            return refuse(StatusCode::UNAUTHORIZED, "authentication_error", why);
        }
        let Ok(body) = Limited::new(request.into_body(), MAX_BODY).collect().await else {
            let why = "the body is too large or broke off";
            return refuse(StatusCode::PAYLOAD_TOO_LARGE, "request_too_large", why);
        };
        match Conversation::read(&body.to_bytes()) {
            Ok(conversation) => self.reply(&conversation),
            Err(why) => refuse(
                StatusCode::BAD_REQUEST,
                "invalid_request_error",
                &why.to_string(),
            ),
        }
    }

    /// The expected value under one of the vendor's headers, and a placeholder under none.
    fn admitted(&self, headers: &HeaderMap) -> bool {
        let bearer = headers.get_all(AUTHORIZATION).iter().map(|value| {
            value
                .to_str()
                .ok()
                .and_then(|value| value.strip_prefix("Bearer "))
                .unwrap_or_default()
        });
        let key = headers
            .get_all("x-api-key")
            .iter()
            .map(|key| key.to_str().unwrap_or_default());
        let presented: Vec<&str> = bearer.chain(key).collect();
        let placeholders =
            [ClaudeKind::OauthToken, ClaudeKind::ApiKey].map(ClaudeKind::placeholder);
        !presented.is_empty()
            && presented
                .iter()
                .all(|value| !placeholders.contains(value) && self.door.admits(value))
    }

    fn reply(&self, conversation: &Conversation) -> Answer {
        let reply = Reply {
            model: conversation.model.clone(),
            number: self.answered.fetch_add(1, Ordering::Relaxed),
            blocks: choose(conversation).answer(conversation),
        };
        if conversation.stream {
            streamed(reply.events())
        } else {
            whole(StatusCode::OK, &reply.message())
        }
    }
}

fn streamed(events: Vec<Event>) -> Answer {
    let frames = stream::unfold(events.into_iter(), |mut events| async move {
        let Event { gap, bytes } = events.next()?;
        if !gap.is_zero() {
            tokio::time::sleep(gap).await;
        }
        Some((Ok(Frame::data(bytes)), events))
    });
    with_type("text/event-stream", StreamBody::new(frames).boxed_unsync())
}

fn whole(status: StatusCode, body: &serde_json::Value) -> Answer {
    let mut answer = with_type(
        "application/json",
        Full::new(Bytes::from(body.to_string())).boxed_unsync(),
    );
    *answer.status_mut() = status;
    answer
}

fn with_type(kind: &'static str, body: UnsyncBoxBody<Bytes, Infallible>) -> Answer {
    let mut answer = Response::new(body);
    answer
        .headers_mut()
        .insert(CONTENT_TYPE, http::HeaderValue::from_static(kind));
    answer
}

/// An error in the vendor's words, which claude shows to the person.
fn refuse(status: StatusCode, kind: &str, message: &str) -> Answer {
    whole(
        status,
        &json!({"type": "error", "error": {"type": kind, "message": message}}),
    )
}
