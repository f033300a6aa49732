//! Engines that are reached in other ways than a socket of this machine. The way is real, the engine behind it is this machine's.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bottle_core::backend::Backend;
use bottle_docker::endpoint::{Endpoint, Lookup, resolve};
use bottle_docker::{Docker, Settings};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tempfile::TempDir;
use tests::backend_contract::{SHELL_RULES, Subject, check};
use tests::engine::{Bench, settings, with_engine};
use tests::skip;
use tokio::net::{TcpListener, UnixStream};
use tokio_rustls::TlsAcceptor;

/// The settings of this machine with other variables in place of its own.
fn settings_with(variables: &[(&'static str, String)]) -> Settings {
    let variables = variables.to_vec();
    let mut settings = settings();
    settings.variables = Arc::new(move |name| {
        variables
            .iter()
            .find(|(own, _)| *own == name)
            .map(|(_, value)| value.clone())
    });
    settings
}

/// The socket of the engine that the bench uses, where it is one.
fn socket() -> Option<PathBuf> {
    let settings = settings();
    let selection = resolve(&Lookup {
        home: &settings.home,
        variable: settings.variables.as_ref(),
        read: &|file| std::fs::read(file),
    });
    let candidates = selection.expect("a selection").candidates.into_iter();
    candidates
        .filter_map(|endpoint| {
            if let Endpoint::Unix { path } = endpoint {
                Some(path)
            } else {
                None
            }
        })
        .find(|path| path.exists())
}

async fn keeps_the_contract(docker: Docker, bench: &Bench) {
    let docker: Arc<dyn Backend> = Arc::new(docker);
    check(SHELL_RULES, || async {
        Subject {
            backend: Arc::clone(&docker),
            spec: bench.spec().await,
        }
    })
    .await;
}

#[tokio::test]
async fn an_engine_behind_ssh_keeps_the_contract_of_guests() {
    with_engine(
        "an_engine_behind_ssh_keeps_the_contract_of_guests",
        |bench| async move {
            let Some(socket) = socket() else {
                return skip(
                    "integration",
                    "docker::far",
                    "the engine has no socket here",
                );
            };
            let folder = TempDir::new().expect("a folder");
            let ssh = folder.path().join("ssh");
            // In place of a login on another machine: the command that would run there runs here.
            let script = "#!/bin/sh\nwhile [ \"$1\" != docker ]; do shift; done\nexec \"$@\"\n";
            std::fs::write(&ssh, script).expect("a program");
            std::fs::set_permissions(&ssh, PermissionsExt::from_mode(0o755)).expect("its mode");
            let mut settings = settings_with(&[(
                "DOCKER_HOST",
                format!("ssh://me@far.example:2222{}", socket.display()),
            )]);
            settings.ssh = ssh;
            keeps_the_contract(Docker::connect(settings), &bench).await;
        },
    )
    .await;
}

#[tokio::test]
async fn an_engine_behind_tls_keeps_the_contract_of_guests() {
    with_engine(
        "an_engine_behind_tls_keeps_the_contract_of_guests",
        |bench| async move {
            let Some(socket) = socket() else {
                return skip(
                    "integration",
                    "docker::far",
                    "the engine has no socket here",
                );
            };
            let folder = TempDir::new().expect("a folder");
            let acceptor = certificates(folder.path());
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let port = listener.local_addr().expect("an address").port();
            let serving = tokio::spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let (acceptor, socket) = (acceptor.clone(), socket.clone());
                    tokio::spawn(async move { relay(stream, &acceptor, &socket).await });
                }
            });
            let of = |port: u16, folder: &Path| {
                settings_with(&[
                    ("DOCKER_HOST", format!("tcp://localhost:{port}")),
                    ("DOCKER_TLS_VERIFY", "1".to_owned()),
                    ("DOCKER_CERT_PATH", folder.display().to_string()),
                ])
            };
            keeps_the_contract(Docker::connect(of(port, folder.path())), &bench).await;

            let stranger = TempDir::new().expect("a folder");
            let _other = certificates(stranger.path());
            let probe = Docker::connect(of(port, stranger.path())).probe().await;
            assert!(
                !probe.available,
                "an engine of another authority was trusted"
            );
            serving.abort();
        },
    )
    .await;
}

/// Carries one connection to the engine, and the ends of its halves with it.
async fn relay(
    stream: tokio::net::TcpStream,
    acceptor: &TlsAcceptor,
    socket: &Path,
) -> io::Result<()> {
    let mut near = acceptor.accept(stream).await?;
    let mut far = UnixStream::connect(socket).await?;
    tokio::io::copy_bidirectional(&mut near, &mut far)
        .await
        .map(drop)
}

/// Makes an authority, and writes its certificate and a client's into a folder; gives what a server of it needs.
fn certificates(folder: &Path) -> TlsAcceptor {
    let key = || KeyPair::generate().expect("a key");
    let mut authority = CertificateParams::new(Vec::new()).expect("parameters");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, key()).expect("an authority");
    let signed = |purpose| {
        let key = key();
        let mut parameters =
            CertificateParams::new(vec!["localhost".to_owned()]).expect("parameters");
        parameters.extended_key_usages = vec![purpose];
        (
            parameters
                .signed_by(&key, &authority)
                .expect("a certificate"),
            key,
        )
    };
    let (client, client_key) = signed(ExtendedKeyUsagePurpose::ClientAuth);
    for (name, pem) in [
        ("ca.pem", authority.pem()),
        ("cert.pem", client.pem()),
        ("key.pem", client_key.serialize_pem()),
    ] {
        std::fs::write(folder.join(name), pem).expect("a file");
    }

    let (server, server_key) = signed(ExtendedKeyUsagePurpose::ServerAuth);
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from(authority.der().to_vec()))
        .expect("an authority");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_client_cert_verifier(verifier.build().expect("a verifier"))
        .with_single_cert(
            vec![server.der().clone()],
            PrivatePkcs8KeyDer::from(server_key.serialize_der()).into(),
        )
        .expect("a certificate");
    TlsAcceptor::from(Arc::new(config))
}
