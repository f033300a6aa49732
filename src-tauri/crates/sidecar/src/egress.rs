//! The HTTP(S) door: a proxy that reads every request, decides it, and sends it on with the real credential.
//!
//! A connection enters in [`connection`]; [`forward`] takes one request through the rules; [`tunnel`] opens TLS and
//! [`upstream`] sends on. Whatever is not plainly allowed is refused, and each refusal has a rule with a name. It knows nothing
//! of control sockets: what it obeys is [`State`].

pub mod authority;
mod body;
mod connection;
mod deny;
pub mod dial;
mod forward;
pub mod headers;
mod limits;
mod pool;
mod target;
mod tasks;
mod tunnel;
mod upstream;
mod watch;
mod websocket;

use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bottle_core::event::SecurityEvent;
use http::Response;
use rustls::crypto::CryptoProvider;
use rustls::{CipherSuite, ClientConfig, ServerConfig};
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::Semaphore;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use body::Body;
pub use dial::{CheckedDialer, Dial, Resolve, SystemResolver};
pub use headers::RULE_HEADER;
pub use limits::Limits;

use crate::ca::{Leaves, SessionCa};
use crate::error::SidecarError;
use crate::state::State;
use connection::{Connection, Place};
use deny::{Asked, Denial};
use tasks::Tasks;
use upstream::Upstreams;

/// How often idle connections to upstreams are looked through.
const SWEEP: Duration = Duration::from_secs(30);
/// How long accepting waits after it failed, as it does when files run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What the door is built of.
pub struct EgressOptions {
    /// Opens connections to the outside.
    pub dialer: Arc<dyn Dial>,
    /// What is trusted of upstreams; its protocols are set by the door.
    pub upstream_tls: ClientConfig,
    /// The socket of the scripted API, where it runs.
    pub scripted: Option<PathBuf>,
    /// The limits.
    pub limits: Limits,
}

impl EgressOptions {
    /// The options of a real session: public addresses only, and the certificates that the machine trusts.
    ///
    /// # Errors
    /// [`SidecarError::Tls`] where the machine has no trusted certificates.
    pub fn real(scripted: Option<PathBuf>) -> Result<Self, SidecarError> {
        let limits = Limits::default();
        Ok(Self {
            dialer: Arc::new(CheckedDialer::new(SystemResolver, &limits)),
            upstream_tls: platform_tls().map_err(|source| SidecarError::Tls {
                side: "the internet",
                source,
            })?,
            scripted,
            limits,
        })
    }
}

/// The cryptography of both sides. AES of 128 bits comes first, as it does in browsers: it is what a large body costs most.
fn provider() -> Arc<CryptoProvider> {
    let mut provider = rustls::crypto::ring::default_provider();
    let first = CipherSuite::TLS13_AES_128_GCM_SHA256;
    let suites = &mut provider.cipher_suites;
    suites.sort_by_key(|suite| suite.suite() != first);
    Arc::new(provider)
}

fn platform_tls() -> Result<ClientConfig, rustls::Error> {
    Ok(ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_platform_verifier()?
        .with_no_client_auth())
}

/// Where the guest's connections come from.
#[derive(Debug)]
pub enum Door {
    /// The socket that a bottle gets.
    Unix(UnixListener),
    /// A port, for measuring beside other proxies.
    Tcp(TcpListener),
}

/// The door's insides.
pub struct Egress {
    state: Arc<State>,
    tls: Arc<ServerConfig>,
    upstreams: Upstreams,
    limits: Limits,
    /// Connections of the guest; shutting down waits for these only.
    guests: Tasks,
    /// Everything else.
    tasks: Tasks,
    /// Says that connections should end when they can.
    stop: CancellationToken,
    /// Ends them.
    kill: CancellationToken,
}

impl Egress {
    /// Builds the door.
    ///
    /// # Errors
    /// [`SidecarError::Tls`] where TLS cannot be set up.
    pub fn new(
        state: Arc<State>,
        ca: Arc<SessionCa>,
        options: EgressOptions,
    ) -> Result<Arc<Self>, SidecarError> {
        let limits = options.limits;
        let leaves = Leaves::new(ca, limits.leaves);
        let tls = guest_tls(leaves).map_err(|source| SidecarError::Tls {
            side: "the bottle",
            source,
        })?;
        let kill = CancellationToken::new();
        let tasks = Tasks::new(TaskTracker::new(), kill.clone());
        let upstreams = Upstreams::new(
            options.dialer,
            options.upstream_tls,
            options.scripted,
            tasks.clone(),
            limits,
        );
        Ok(Arc::new(Self {
            state,
            tls: Arc::new(tls),
            upstreams,
            limits,
            guests: Tasks::new(TaskTracker::new(), kill.clone()),
            tasks,
            stop: CancellationToken::new(),
            kill,
        }))
    }

    /// Serves until the token is cancelled and open connections have ended or had their time of grace.
    pub async fn serve(self: Arc<Self>, door: Door, end: CancellationToken) {
        let sweeping = async {
            let mut tick = interval(SWEEP);
            tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tick.tick().await;
                self.upstreams.sweep();
            }
        };
        let accepting = async {
            match &door {
                Door::Unix(listener) => {
                    self.accept(async || Ok(listener.accept().await?.0)).await;
                }
                Door::Tcp(listener) => {
                    self.accept(async || {
                        let (stream, _) = listener.accept().await?;
                        stream.set_nodelay(true)?;
                        Ok(stream)
                    })
                    .await;
                }
            }
        };
        tokio::select! {
            () = sweeping => {}
            () = accepting => {}
            () = end.cancelled() => {}
        }
        drop(door);
        self.stop.cancel();
        if timeout(self.limits.grace, self.guests.ended())
            .await
            .is_err()
        {
            tracing::info!("open connections were cut after their time of grace");
        }
        self.kill.cancel();
        self.guests.ended().await;
        self.tasks.ended().await;
    }

    async fn accept<S, F>(self: &Arc<Self>, next: impl Fn() -> F)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        F: Future<Output = io::Result<S>>,
    {
        let places = Arc::new(Semaphore::new(self.limits.connections));
        while let Ok(place) = Arc::clone(&places).acquire_owned().await {
            match next().await {
                Ok(stream) => {
                    let close = self.kill.child_token();
                    let connection = Connection::new(Arc::clone(self), Place::Door, close.clone());
                    self.guests.under(close).start(async move {
                        connection.serve_http1(stream).await;
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    /// Records a refusal or failure and gives its response.
    fn refuse(&self, asked: Asked, denial: &Denial) -> Response<Body> {
        let response = denial.response(&asked.host);
        self.denied(asked, denial);
        response
    }

    /// Records a refusal for which there is nobody to answer.
    fn denied(&self, asked: Asked, denial: &Denial) {
        let event = denial.event(asked);
        if let (true, SecurityEvent::Denied { host, rule, .. }) = (denial.is_refusal(), &event) {
            // Not for everyone to see: a guest that asks in a loop would fill the log.
            tracing::debug!(host, rule, "refused");
            self.state.record(event);
        }
    }

    /// Gives the response of something that was allowed and failed.
    fn failed(&self, host: &str, denial: &Denial) -> Response<Body> {
        tracing::debug!(host, "an upstream failed");
        denial.response(host)
    }
}

fn guest_tls(leaves: Leaves) -> Result<ServerConfig, rustls::Error> {
    let mut tls = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(leaves));
    tls.ignore_client_order = true;
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(tls)
}
