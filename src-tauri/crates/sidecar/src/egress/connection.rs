//! One connection of the guest: what it is for, the HTTP that is spoken on it, and what becomes of it afterwards.
//!
//! A connection begins at the door, where it may become a tunnel; a tunnel carries TLS, and in it the same code serves again.
//! A WebSocket ends the HTTP of either. All of it runs in one task, under one token that closes it and one that asks it to end
//! after what it answers now.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::header::{CONNECTION, HeaderValue};
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;

use super::authority::Authority;
use super::body::Body;
use super::deny::{Asked, Denial};
use super::limits::{BUFFER, CONNECTION_WINDOW, STREAM_WINDOW};
use super::target::{Target, Way};
use super::watch::{Activity, InFlight, Watched};
use super::{Egress, forward, tunnel, websocket};
use crate::state::Tunnel;

/// What a connection is for.
pub(super) enum Place {
    /// Straight from the guest: tunnels, and requests for plain HTTP.
    Door,
    /// Inside TLS to one host: requests to that host.
    Inside(Box<Inside>),
}

/// The one host that a tunnel leads to.
pub(super) struct Inside {
    pub(super) authority: Authority,
    pub(super) real: Target,
    pub(super) scripted: Target,
    /// Why the host is not open, where it was not when the tunnel was asked for.
    pub(super) refusal: Option<Denial>,
}

impl Inside {
    /// Prepares for a host; none where its name cannot stand in a URL.
    pub(super) fn new(authority: Authority, refusal: Option<Denial>) -> Option<Self> {
        Some(Self {
            real: Target::new(Way::Tls, &authority)?,
            scripted: Target::new(Way::Scripted, &authority)?,
            authority,
            refusal,
        })
    }
}

/// One connection, shared by the requests on it.
pub(super) struct Connection {
    pub(super) egress: Arc<Egress>,
    pub(super) place: Place,
    /// Closes the connection and everything on it.
    pub(super) close: CancellationToken,
    /// Asks the connection to end after what it answers now.
    farewell: CancellationToken,
    activity: Arc<Activity>,
    next: Mutex<Option<Next>>,
}

/// What a connection becomes after its last HTTP message.
pub(super) enum Next {
    /// A tunnel to a host.
    Tunnel {
        guest: OnUpgrade,
        inside: Box<Inside>,
        open: Tunnel,
    },
    /// A WebSocket.
    Splice {
        guest: OnUpgrade,
        upstream: OnUpgrade,
    },
}

impl Connection {
    pub(super) fn new(egress: Arc<Egress>, place: Place, close: CancellationToken) -> Arc<Self> {
        Arc::new(Self {
            farewell: egress.stop.child_token(),
            egress,
            place,
            close,
            activity: Arc::default(),
            next: Mutex::default(),
        })
    }

    /// Counts what happens on the connection as busy until it is dropped.
    pub(super) fn busy(&self) -> InFlight {
        self.activity.begin()
    }

    /// Whether a request has come on the connection.
    pub(super) fn was_asked(&self) -> bool {
        self.activity.has_begun()
    }

    /// Makes a response the last one on the connection.
    pub(super) fn end_after(&self, response: &mut Response<Body>) {
        // HTTP/1 says so in the response, where HTTP/2 has no such header and says so in a frame.
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(CONNECTION, close);
        self.farewell.cancel();
    }

    /// Sets what the connection becomes once the current response is sent.
    pub(super) fn then(&self, next: Next) {
        let mut held = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        *held = Some(next);
    }

    /// Serves HTTP/1 to its end, and then what the connection became.
    pub(super) async fn serve_http1<S>(self: Arc<Self>, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let limits = &self.egress.limits;
        let head = Some(limits.head_read);
        let watched = Watched::new(stream, Arc::clone(&self.activity), self.idle(), head);
        let service = service_fn(|request| answer(Arc::clone(&self), request));
        let mut serving = std::pin::pin!(
            http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(None)
                .max_header_size(limits.head_bytes)
                .max_buf_size(BUFFER)
                .serve_connection(TokioIo::new(watched), service)
                .with_upgrades()
        );
        let served = tokio::select! {
            served = serving.as_mut() => served,
            () = self.farewell.cancelled() => {
                serving.as_mut().graceful_shutdown();
                serving.await
            }
        };
        match served {
            Ok(()) => self.become_next().await,
            Err(error) => self.note(&error),
        }
    }

    /// Serves HTTP/2 to its end.
    pub(super) async fn serve_http2<S>(self: Arc<Self>, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let limits = &self.egress.limits;
        let watched = Watched::new(stream, Arc::clone(&self.activity), self.idle(), None);
        let tasks = self.egress.tasks.under(self.close.clone());
        let service = service_fn(|request| answer(Arc::clone(&self), request));
        let mut serving = std::pin::pin!(
            http2::Builder::new(tasks)
                .timer(TokioTimer::new())
                .max_concurrent_streams(limits.streams)
                .max_header_list_size(u32::try_from(limits.head_bytes).unwrap_or(u32::MAX))
                .initial_stream_window_size(STREAM_WINDOW)
                .initial_connection_window_size(CONNECTION_WINDOW)
                .serve_connection(TokioIo::new(watched), service)
        );
        let served = tokio::select! {
            served = serving.as_mut() => served,
            () = self.farewell.cancelled() => {
                serving.as_mut().graceful_shutdown();
                // A client that is idle may never answer the farewell.
                tokio::select! {
                    served = serving => served,
                    () = self.activity.quiet() => Ok(()),
                }
            }
        };
        if let Err(error) = served {
            self.note(&error);
        }
    }

    async fn become_next(self: Arc<Self>) {
        let next = {
            let mut held = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            held.take()
        };
        match next {
            Some(Next::Tunnel {
                guest,
                inside,
                open,
            }) => Box::pin(tunnel::run(self, guest, inside, open)).await,
            Some(Next::Splice { guest, upstream }) => {
                websocket::splice(&self, guest, upstream).await;
            }
            None => {}
        }
    }

    /// A message that cannot be read is refused by the HTTP library; here it becomes an event.
    fn note(&self, error: &hyper::Error) {
        if error.is_parse() {
            let denial = Denial::new("bad-request", "a request could not be read");
            self.egress.denied(Asked::unread(self.name()), &denial);
        }
        tracing::debug!(host = self.name(), %error, "a connection of the guest broke off");
    }

    fn idle(&self) -> Duration {
        let limits = &self.egress.limits;
        match &self.place {
            Place::Inside(inside) if inside.refusal.is_some() => limits.unopened_idle,
            Place::Door | Place::Inside(_) => limits.idle,
        }
    }

    pub(super) fn name(&self) -> &str {
        match &self.place {
            Place::Door => "",
            Place::Inside(inside) => inside.authority.host(),
        }
    }
}

async fn answer(
    connection: Arc<Connection>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    let busy = connection.busy();
    let mut response = forward::answer(&connection, request).await;
    response.body_mut().count(busy);
    Ok(response)
}
