//! Connections to an engine: a Unix socket, TCP, TLS, or a child `ssh`, all behind one connector for one HTTP client.
//!
//! The API client and the raw streams of `exec` both use it, so whatever reaches an engine also carries terminals. A connection
//! is closed in halves on every kind, because that is how the end of a process's input is told.

mod ssh;
mod tls;

use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::Uri;
use http_body_util::combinators::UnsyncBoxBody;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;
use tower_service::Service;

use crate::endpoint::Endpoint;
use crate::fault::Fault;

/// How long one attempt to connect may take. `ssh` has a limit of its own.
const CONNECT: Duration = Duration::from_secs(10);
/// How long an idle connection through `ssh` is kept: starting one anew takes a handshake and a login.
const SSH_IDLE: Duration = Duration::from_secs(60);

/// A request's body, of whatever kind.
pub(crate) type Body = UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>;
/// The HTTP client of one endpoint.
pub(crate) type HttpClient = Client<Connector, Body>;

/// Where and how to connect.
#[derive(Clone)]
enum Target {
    Unix {
        path: PathBuf,
    },
    Tcp {
        host: String,
        port: u16,
    },
    Tls {
        host: String,
        port: u16,
        name: rustls::pki_types::ServerName<'static>,
        config: TlsConnector,
    },
    Ssh {
        command: Arc<ssh::Command>,
    },
}

/// Opens connections to one endpoint.
#[derive(Clone)]
pub(crate) struct Connector {
    target: Target,
}

/// Makes the HTTP client of an endpoint. Connects to nothing yet.
pub(crate) fn client(
    endpoint: &Endpoint,
    ssh_program: &std::path::Path,
) -> Result<HttpClient, Fault> {
    let target = match endpoint {
        Endpoint::Unix { path } => Target::Unix { path: path.clone() },
        Endpoint::Tcp { host, port } => Target::Tcp {
            host: host.clone(),
            port: *port,
        },
        Endpoint::Tls { host, port, files } => {
            let (name, config) = tls::prepare(host, files)?;
            Target::Tls {
                host: host.clone(),
                port: *port,
                name,
                config,
            }
        }
        Endpoint::Ssh {
            user,
            host,
            port,
            socket,
        } => Target::Ssh {
            command: Arc::new(ssh::Command::new(
                ssh_program,
                user.as_deref(),
                host,
                *port,
                socket.as_deref(),
            )),
        },
    };
    let idle = if matches!(target, Target::Ssh { .. }) {
        4
    } else {
        0
    };
    Ok(Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(SSH_IDLE)
        .pool_max_idle_per_host(idle)
        .build(Connector { target }))
}

impl Target {
    async fn connect(self) -> io::Result<Wire> {
        let timed_out = |_| {
            io::Error::new(
                io::ErrorKind::TimedOut,
                Fault::Silent {
                    seconds: CONNECT.as_secs(),
                },
            )
        };
        match self {
            Self::Unix { path } => {
                let stream = tokio::time::timeout(CONNECT, UnixStream::connect(path))
                    .await
                    .map_err(timed_out)??;
                Ok(Wire(Box::new(stream)))
            }
            Self::Tcp { host, port } => {
                let connecting = TcpStream::connect((host.as_str(), port));
                let stream = tokio::time::timeout(CONNECT, connecting)
                    .await
                    .map_err(timed_out)??;
                stream.set_nodelay(true)?;
                Ok(Wire(Box::new(stream)))
            }
            Self::Tls {
                host,
                port,
                name,
                config,
            } => {
                let connecting = async {
                    let stream = TcpStream::connect((host.as_str(), port)).await?;
                    stream.set_nodelay(true)?;
                    config.connect(name, stream).await
                };
                let stream = tokio::time::timeout(CONNECT, connecting)
                    .await
                    .map_err(timed_out)??;
                Ok(Wire(Box::new(stream)))
            }
            Self::Ssh { command } => Ok(Wire(Box::new(command.start()?))),
        }
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<Wire>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<TokioIo<Wire>>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _uri: Uri) -> Self::Future {
        let target = self.target.clone();
        Box::pin(async move { target.connect().await.map(TokioIo::new) })
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// One open connection.
pub(crate) struct Wire(Box<dyn Stream>);

impl Connection for Wire {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
