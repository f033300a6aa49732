//! A door on a Unix socket with upstreams behind it, and the guest's side of it.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bottle_core::control::{CredentialValue, Message};
use bottle_core::event::SecurityEvent;
use bottle_core::policy::Policy;
use bottle_core::secret::Secret;
use bottle_sidecar::SidecarError;
use bottle_sidecar::ca::SessionCa;
use bottle_sidecar::egress::dial::Pending;
use bottle_sidecar::egress::{Dial, Door, Egress, EgressOptions, Limits};
use bottle_sidecar::state::State;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixListener, UnixStream};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::upstream::{Handler, Upstream, UpstreamCa, hello};

/// No test waits longer for something that must come.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub type Tls = TlsStream<UnixStream>;
pub type Guest = http1::SendRequest<Full<Bytes>>;

/// Leads names to servers on loopback.
#[derive(Clone, Default)]
pub struct Names(Arc<Mutex<HashMap<(String, u16), SocketAddr>>>);

impl Names {
    pub fn lead(&self, host: &str, port: u16, to: SocketAddr) {
        self.0.lock().unwrap().insert((host.to_owned(), port), to);
    }
}

impl Dial for Names {
    fn dial<'a>(
        &'a self,
        host: &'a str,
        port: u16,
    ) -> Pending<'a, Result<TcpStream, SidecarError>> {
        Box::pin(async move {
            let to = self
                .0
                .lock()
                .unwrap()
                .get(&(host.to_owned(), port))
                .copied();
            let unreachable = |source| SidecarError::Unreachable {
                host: host.to_owned(),
                source,
            };
            let to = to.ok_or_else(|| unreachable(io::ErrorKind::NotFound.into()))?;
            TcpStream::connect(to).await.map_err(unreachable)
        })
    }
}

pub struct World {
    pub state: Arc<State>,
    pub ca: Arc<SessionCa>,
    pub upstream_ca: UpstreamCa,
    pub names: Names,
    pub end: CancellationToken,
    pub serving: Option<tokio::task::JoinHandle<()>>,
    folder: TempDir,
    _end: DropGuard,
}

/// Limits under which nothing that is meant to be quick is cut.
pub fn limits() -> Limits {
    Limits {
        grace: Duration::from_millis(200),
        ..Limits::default()
    }
}

pub fn policy(routes: Value) -> Policy {
    serde_json::from_value(json!({ "routes": routes })).unwrap()
}

pub fn credential(name: &str, kind: Option<&str>, value: &str) -> CredentialValue {
    CredentialValue {
        name: name.parse().unwrap(),
        kind: kind.map(|kind| serde_json::from_value(json!(kind)).unwrap()),
        value: Secret::new(value.to_owned()),
    }
}

impl World {
    /// A door with the given limits and no policy.
    pub fn bare(limits: Limits) -> Self {
        Self::with_dialer(limits, None)
    }

    pub fn with_dialer(limits: Limits, dialer: Option<Arc<dyn Dial>>) -> Self {
        let (state, ca) = (
            Arc::new(State::default()),
            Arc::new(SessionCa::generate().unwrap()),
        );
        let (names, upstream_ca) = (Names::default(), UpstreamCa::generate());
        let folder = tempfile::tempdir().unwrap();
        let options = EgressOptions {
            dialer: dialer.unwrap_or_else(|| Arc::new(names.clone())),
            upstream_tls: trusting(&upstream_ca.der),
            scripted: Some(folder.path().join("scripted.sock")),
            limits,
        };
        let egress = Egress::new(state.clone(), ca.clone(), options).unwrap();
        let door = UnixListener::bind(folder.path().join("egress.sock")).unwrap();
        let end = CancellationToken::new();
        let serving = tokio::spawn(egress.serve(Door::Unix(door), end.clone()));
        Self {
            state,
            ca,
            upstream_ca,
            names,
            serving: Some(serving),
            folder,
            _end: end.clone().drop_guard(),
            end,
        }
    }

    /// A door whose policy has the given routes.
    pub fn open(routes: Value) -> Self {
        let world = Self::bare(limits());
        world.state.set_policy(policy(routes));
        world
    }

    /// A door that opens `open.test`, where a server of HTTP/1 says hello.
    pub async fn hello() -> (Self, Upstream) {
        let world = Self::open(json!([{"host": "open.test"}]));
        let upstream = world.upstream("open.test", &["http/1.1"], hello()).await;
        (world, upstream)
    }

    /// Starts a TLS server behind a name on port 443.
    pub async fn upstream(&self, host: &str, protocols: &[&str], handler: Handler) -> Upstream {
        let upstream = Upstream::default();
        let at = upstream
            .start(&self.upstream_ca, Some((host, protocols)), handler)
            .await;
        self.names.lead(host, 443, at);
        upstream
    }

    pub fn scripted_socket(&self) -> PathBuf {
        self.folder.path().join("scripted.sock")
    }

    /// A connection to the door.
    pub async fn door(&self) -> UnixStream {
        UnixStream::connect(self.folder.path().join("egress.sock"))
            .await
            .unwrap()
    }

    /// Opens a tunnel; gives what was answered where it was not opened.
    pub async fn connect(&self, authority: &str) -> Result<UnixStream, String> {
        let mut stream = self.door().await;
        let request = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_end) => return Err(String::from_utf8(head).unwrap()),
            }
        }
        let head = String::from_utf8(head).unwrap();
        if head.starts_with("HTTP/1.1 200") {
            return Ok(stream);
        }
        Err(head + &read_body(&mut stream).await)
    }

    /// Opens TLS to a host through the door.
    pub async fn tls(&self, host: &str, protocols: &[&str]) -> Tls {
        let stream = self.connect(&format!("{host}:443")).await.unwrap();
        self.handshake(stream, host, protocols).await.unwrap()
    }

    pub async fn handshake(
        &self,
        stream: UnixStream,
        host: &str,
        protocols: &[&str],
    ) -> io::Result<Tls> {
        let mut tls = trusting(self.ca.der());
        tls.alpn_protocols = protocols.iter().map(|p| p.as_bytes().to_vec()).collect();
        let name = ServerName::try_from(host.to_owned()).unwrap();
        TlsConnector::from(Arc::new(tls))
            .connect(name, stream)
            .await
    }

    /// A client of HTTP/1 in a tunnel.
    pub async fn guest(&self, host: &str) -> Guest {
        let stream = self.tls(host, &["http/1.1"]).await;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(async move { drop(connection.with_upgrades().await) });
        sender
    }

    /// A client of HTTP/2 in a tunnel.
    pub async fn guest_http2(&self, host: &str) -> http2::SendRequest<Full<Bytes>> {
        let stream = self.tls(host, &["h2"]).await;
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let handshake = http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
        let (sender, connection) = handshake.await.unwrap();
        tokio::spawn(async move { drop(connection.await) });
        sender
    }

    /// Sends raw bytes in a tunnel to a host and gives everything that comes back.
    pub async fn raw(&self, host: &str, bytes: impl AsRef<[u8]>) -> String {
        let mut stream = self.tls(host, &["http/1.1"]).await;
        stream.write_all(bytes.as_ref()).await.unwrap();
        drain(&mut stream).await
    }

    /// Sends raw bytes to the door and gives everything that comes back.
    pub async fn raw_door(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut stream = self.door().await;
        stream.write_all(bytes.as_ref()).await.unwrap();
        drain(&mut stream).await
    }

    /// Waits for the next refusal after those that were taken already, and gives its rule.
    pub async fn refused(&self) -> String {
        let mut reader = self.state.events().reader(0);
        let search = async {
            loop {
                for message in self.state.events().next(&mut reader).await {
                    if let Message::Event {
                        event: SecurityEvent::Denied { rule, .. },
                        ..
                    } = message
                    {
                        return rule;
                    }
                }
            }
        };
        timeout(PATIENCE, search).await.expect("a refusal")
    }

    /// Everything that is in the event buffer, as JSON.
    pub async fn events(&self) -> String {
        let mut reader = self.state.events().reader(0);
        let mut all = Vec::new();
        while let Ok(batch) = timeout(Duration::ZERO, self.state.events().next(&mut reader)).await {
            all.extend(batch);
        }
        serde_json::to_string(&all).unwrap()
    }
}

/// A client that trusts one authority only.
pub fn trusting(ca: &rustls::pki_types::CertificateDer<'static>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(ca.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

pub fn get(host: &str, path: &str) -> Request<Full<Bytes>> {
    Request::get(path)
        .header("host", host)
        .body(Full::default())
        .unwrap()
}

/// Sends a request and gives status and body.
pub async fn ask(guest: &mut Guest, request: Request<Full<Bytes>>) -> (StatusCode, String) {
    guest.ready().await.unwrap();
    text(guest.send_request(request).await.unwrap()).await
}

pub async fn text(response: Response<Incoming>) -> (StatusCode, String) {
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

/// The rule that a refusal's body names.
pub fn rule_of(body: &str) -> String {
    let body: Value = serde_json::from_str(body).unwrap_or_else(|_| panic!("no JSON: {body}"));
    body["error"]["rule"].as_str().unwrap().to_owned()
}

async fn drain(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> String {
    let mut all = Vec::new();
    // A peer that closes without saying so in TLS has still ended.
    drop(
        timeout(PATIENCE, stream.read_to_end(&mut all))
            .await
            .expect("an end"),
    );
    String::from_utf8_lossy(&all).into_owned()
}

async fn read_body(stream: &mut UnixStream) -> String {
    let mut body = Vec::new();
    while serde_json::from_slice::<Value>(&body).is_err() {
        match timeout(PATIENCE, stream.read_u8()).await.expect("a body") {
            Ok(byte) => body.push(byte),
            Err(_end) => break,
        }
    }
    String::from_utf8(body).unwrap()
}
