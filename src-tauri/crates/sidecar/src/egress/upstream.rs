//! Sends requests to upstreams: opens connections or uses open ones again, and speaks HTTP/1 or HTTP/2, whichever they offer.
//!
//! Everything was decided before. It trusts only what verifies: a certificate for the very name that was asked for.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request, Response};
use hyper::body::{Body as _, Incoming};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::body::Body;
use super::dial::Dial;
use super::limits::{BUFFER, CONNECTION_WINDOW, Limits, STREAM_WINDOW};
use super::pool::{Lease, Pool, Sender};
use super::target::{Target, Way};
use super::tasks::Tasks;
use crate::error::SidecarError;

/// A ping after so long without an answer on a connection of HTTP/2 in use finds one that is dead.
const PING: Duration = Duration::from_secs(30);

/// The way out.
pub(super) struct Upstreams {
    dialer: Arc<dyn Dial>,
    tls: Arc<ClientConfig>,
    tls_http1: Arc<ClientConfig>,
    scripted: Option<PathBuf>,
    pool: Arc<Pool>,
    tasks: Tasks,
    limits: Limits,
}

/// What a connection may speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speak {
    /// HTTP/2 where it is offered.
    Any,
    /// HTTP/1 alone, for upgrades.
    Http1,
}

impl Upstreams {
    pub(super) fn new(
        dialer: Arc<dyn Dial>,
        tls: ClientConfig,
        scripted: Option<PathBuf>,
        tasks: Tasks,
        limits: Limits,
    ) -> Self {
        let speaking = |protocols: &[&[u8]]| {
            let mut tls = tls.clone();
            tls.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
            Arc::new(tls)
        };
        Self {
            tls: speaking(&[b"h2", b"http/1.1"]),
            tls_http1: speaking(&[b"http/1.1"]),
            pool: Arc::new(Pool::new(limits.idle_upstreams, limits.upstream_idle)),
            dialer,
            scripted,
            tasks,
            limits,
        }
    }

    /// Drops connections that have waited for too long.
    pub(super) fn sweep(&self) {
        self.pool.sweep();
    }

    /// Takes a waiting connection or opens one; also says whether it was used before.
    pub(super) async fn connection(&self, target: &Target) -> Result<(Sender, bool), SidecarError> {
        match self.pool.checkout(target.key()) {
            Some(sender) => Ok((sender, true)),
            None => Ok((self.open(target, Speak::Any).await?, false)),
        }
    }

    /// Sends a request. A connection that turns out to be dead is replaced once, where nothing of a body was sent.
    pub(super) async fn send(
        &self,
        target: &Target,
        (sender, used): (Sender, bool),
        mut request: Request<Body>,
    ) -> Result<Response<Body>, SidecarError> {
        let again = if used { replayed(&request) } else { None };
        let failed = match self.exchange(target, sender, request).await {
            Ok(response) => return Ok(response),
            Err(failed) => failed,
        };
        request = match (failed.unsent, again) {
            (Some(unsent), _) if used => *unsent,
            (None, Some(again)) if failed.may_repeat => again,
            _ => return Err(failed.error),
        };
        let sender = self.open(target, Speak::Any).await?;
        let answer = self.exchange(target, sender, request).await;
        answer.map_err(|failed| failed.error)
    }

    async fn exchange(
        &self,
        target: &Target,
        sender: Sender,
        mut request: Request<Body>,
    ) -> Result<Response<Body>, Failed> {
        match sender {
            Sender::H1(mut sender) => {
                target.address_http1(&mut request);
                let sent = timeout(self.limits.response_head, sender.try_send_request(request));
                let response = Failed::of(target, sent.await)?;
                let lease = Lease::new(&self.pool, target.key().clone(), sender);
                Ok(response.map(|body| self.body(body).with_lease(lease)))
            }
            Sender::H2(mut sender) => {
                target.address_http2(&mut request);
                let sent = timeout(self.limits.response_head, sender.try_send_request(request));
                let response = Failed::of(target, sent.await)?;
                Ok(response.map(|body| self.body(body)))
            }
        }
    }

    /// Sends a request that asks for an upgrade, on a connection of its own.
    pub(super) async fn send_upgrade(
        &self,
        target: &Target,
        mut request: Request<Body>,
    ) -> Result<Response<Incoming>, SidecarError> {
        let Sender::H1(mut sender) = self.open(target, Speak::Http1).await? else {
            return Err(silent(target));
        };
        target.address_http1(&mut request);
        let sent = timeout(self.limits.response_head, sender.send_request(request));
        sent.await
            .map_err(|_late| silent(target))?
            .map_err(|source| broken(target, source))
    }

    fn body(&self, incoming: Incoming) -> Body {
        Body::download(incoming, self.limits.body_idle)
    }

    async fn open(&self, target: &Target, speak: Speak) -> Result<Sender, SidecarError> {
        match (target.key().way, &self.scripted) {
            (Way::Tls, _) => {
                let stream = self.open_tls(target, speak).await?;
                if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
                    return self.start_http2(target, stream).await;
                }
                self.start_http1(target, stream).await
            }
            (Way::Plain, _) => {
                let stream = self.dial(target).await?;
                self.start_http1(target, stream).await
            }
            (Way::Scripted, Some(path)) => {
                let stream = self.open_scripted(target, path).await?;
                self.start_http1(target, stream).await
            }
            (Way::Scripted, None) => Err(SidecarError::Unreachable {
                host: target.name().to_owned(),
                source: io::ErrorKind::NotFound.into(),
            }),
        }
    }

    async fn dial(&self, target: &Target) -> Result<TcpStream, SidecarError> {
        let stream = self.dialer.dial(target.name(), target.port()).await?;
        // Without it small writes wait for an acknowledgement; a connection works without it.
        let _set = stream.set_nodelay(true).is_ok();
        Ok(stream)
    }

    async fn open_tls(
        &self,
        target: &Target,
        speak: Speak,
    ) -> Result<TlsStream<TcpStream>, SidecarError> {
        let unreachable = |source| SidecarError::Unreachable {
            host: target.name().to_owned(),
            source,
        };
        let name = ServerName::try_from(target.name().to_owned())
            .map_err(|_bad| unreachable(io::ErrorKind::InvalidInput.into()))?;
        let tls = match speak {
            Speak::Any => &self.tls,
            Speak::Http1 => &self.tls_http1,
        };
        let stream = self.dial(target).await?;
        let handshake = TlsConnector::from(Arc::clone(tls)).connect(name, stream);
        timeout(self.limits.connect, handshake)
            .await
            .map_err(|_late| silent(target))?
            .map_err(unreachable)
    }

    async fn open_scripted(
        &self,
        target: &Target,
        path: &Path,
    ) -> Result<UnixStream, SidecarError> {
        let opened = UnixStream::connect(path).await;
        opened.map_err(|source| SidecarError::Unreachable {
            host: target.name().to_owned(),
            source,
        })
    }

    async fn start_http1(
        &self,
        target: &Target,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    ) -> Result<Sender, SidecarError> {
        let opened = http1::Builder::new()
            .max_header_size(self.limits.head_bytes)
            .max_buf_size(BUFFER)
            .handshake(TokioIo::new(stream));
        let (sender, connection) = opened.await.map_err(|source| broken(target, source))?;
        self.tasks.start(async move {
            // Its errors reach the request that they break.
            let _ended = connection.with_upgrades().await.is_ok();
        });
        Ok(Sender::H1(sender))
    }

    async fn start_http2(
        &self,
        target: &Target,
        stream: TlsStream<TcpStream>,
    ) -> Result<Sender, SidecarError> {
        let head_bytes = u32::try_from(self.limits.head_bytes).unwrap_or(u32::MAX);
        let opened = http2::Builder::new(self.tasks.clone())
            .timer(TokioTimer::new())
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_header_list_size(head_bytes)
            .keep_alive_interval(PING)
            .handshake(TokioIo::new(stream));
        let (sender, connection) = opened.await.map_err(|source| broken(target, source))?;
        self.tasks.start(async move {
            let _ended = connection.await.is_ok();
        });
        Ok(Sender::H2(self.pool.share(target.key(), sender)))
    }
}

/// An exchange that did not come about.
struct Failed {
    error: SidecarError,
    /// The request, where nothing of it was sent.
    unsent: Option<Box<Request<Body>>>,
    /// Whether the connection broke before any answer.
    may_repeat: bool,
}

type Sent<T> = Result<
    Result<T, hyper::client::conn::TrySendError<Request<Body>>>,
    tokio::time::error::Elapsed,
>;

impl Failed {
    fn of<T>(target: &Target, sent: Sent<T>) -> Result<T, Self> {
        match sent {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(mut failed)) => Err(Self {
                unsent: failed.take_message().map(Box::new),
                may_repeat: is_stale(failed.error()),
                error: broken(target, failed.into_error()),
            }),
            Err(_late) => Err(Self {
                error: silent(target),
                unsent: None,
                may_repeat: false,
            }),
        }
    }
}

/// Whether an error is that of a connection which the other side had closed while it waited.
fn is_stale(error: &hyper::Error) -> bool {
    let cut = std::error::Error::source(error)
        .and_then(|cause| cause.downcast_ref::<io::Error>())
        .is_some_and(|cause| {
            matches!(
                cause.kind(),
                io::ErrorKind::ConnectionReset
                    | io::ErrorKind::ConnectionAborted
                    | io::ErrorKind::BrokenPipe
                    | io::ErrorKind::UnexpectedEof
            )
        });
    cut || error.is_canceled() || error.is_closed() || error.is_incomplete_message()
}

/// A copy of a request that may be sent twice: without body, and meaning the same when repeated.
fn replayed(request: &Request<Body>) -> Option<Request<Body>> {
    let harmless = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    if !harmless || !request.body().is_end_stream() {
        return None;
    }
    let mut again = Request::new(Body::default());
    *again.method_mut() = request.method().clone();
    *again.uri_mut() = request.uri().clone();
    *again.headers_mut() = request.headers().clone();
    Some(again)
}

fn silent(target: &Target) -> SidecarError {
    SidecarError::Silent {
        host: target.name().to_owned(),
    }
}

fn broken(target: &Target, source: hyper::Error) -> SidecarError {
    SidecarError::Broken {
        host: target.name().to_owned(),
        source,
    }
}
