//! A server on loopback that stands for a host of the internet, and remembers what reached it.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, Version};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

pub type Payload = http_body_util::combinators::UnsyncBoxBody<Bytes, Infallible>;
type Answer = Pin<Box<dyn Future<Output = Response<Payload>> + Send>>;
pub type Handler = Arc<dyn Fn(Request<Incoming>) -> Answer + Send + Sync>;

/// The authority that signs all upstreams of one test.
pub struct UpstreamCa {
    issuer: Issuer<'static, KeyPair>,
    pub der: CertificateDer<'static>,
}

impl UpstreamCa {
    pub fn generate() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let der = params.self_signed(&key).unwrap().der().clone();
        let issuer = Issuer::new(params, key);
        Self { issuer, der }
    }

    fn server(&self, host: &str, protocols: &[&str]) -> rustls::ServerConfig {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([host.to_owned()]).unwrap();
        let leaf = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut tls = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], key)
            .unwrap();
        tls.alpn_protocols = protocols.iter().map(|p| p.as_bytes().to_vec()).collect();
        tls
    }
}

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Seen {
    pub uri: String,
    pub version: Version,
    pub headers: HeaderMap,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// What an upstream remembers.
#[derive(Clone, Default)]
pub struct Upstream {
    pub connections: Arc<AtomicUsize>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Upstream {
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub fn only(&self) -> Seen {
        let seen = self.seen();
        assert_eq!(seen.len(), 1, "{seen:?}");
        seen[0].clone()
    }

    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Starts a server; `tls` is its name and the protocols it offers, none for plain HTTP.
    pub async fn start(
        &self,
        ca: &UpstreamCa,
        tls: Option<(&str, &[&str])>,
        handler: Handler,
    ) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let tls =
            tls.map(|(host, protocols)| TlsAcceptor::from(Arc::new(ca.server(host, protocols))));
        let this = self.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                this.connections.fetch_add(1, Ordering::SeqCst);
                let (this, tls, handler) = (this.clone(), tls.clone(), handler.clone());
                tokio::spawn(async move {
                    match tls {
                        None => this.serve(stream, false, handler).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                let h2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                                this.serve(stream, h2, handler).await;
                            }
                        }
                    }
                });
            }
        });
        address
    }

    async fn serve<S>(&self, stream: S, h2: bool, handler: Handler)
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    {
        let service = service_fn(|request: Request<Incoming>| {
            self.seen.lock().unwrap().push(Seen {
                uri: request.uri().to_string(),
                version: request.version(),
                headers: request.headers().clone(),
            });
            let answer = handler(request);
            async move { Ok::<_, Infallible>(answer.await) }
        });
        let stream = TokioIo::new(stream);
        if h2 {
            let builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            drop(builder.serve_connection(stream, service).await);
        } else {
            let builder = hyper::server::conn::http1::Builder::new();
            let serving = builder.serve_connection(stream, service).with_upgrades();
            drop(serving.await);
        }
    }
}

/// A handler of a closure.
pub fn handler<F, R>(answer: F) -> Handler
where
    F: Fn(Request<Incoming>) -> R + Send + Sync + 'static,
    R: Future<Output = Response<Payload>> + Send + 'static,
{
    Arc::new(move |request| Box::pin(answer(request)))
}

/// A handler that answers `hello`.
pub fn hello() -> Handler {
    handler(|_request| async { Response::new(whole("hello")) })
}

/// A handler that sends back the body that it was sent.
pub fn echo() -> Handler {
    handler(|request| async {
        let body = request.into_body().collect().await.unwrap().to_bytes();
        Response::new(whole(body))
    })
}

pub fn whole(bytes: impl Into<Bytes>) -> Payload {
    Full::new(bytes.into()).boxed_unsync()
}
