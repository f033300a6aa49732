//! TLS to an engine: only the authority that the context names is trusted, and nothing is skipped.

use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;

use crate::endpoint::TlsFiles;
use crate::fault::Fault;

/// Reads the certificates of an endpoint into what a connection needs.
pub(super) fn prepare(
    host: &str,
    files: &TlsFiles,
) -> Result<(ServerName<'static>, TlsConnector), Fault> {
    let bad = |source| Fault::BadCertificate {
        host: host.to_owned(),
        source,
    };
    let name = ServerName::try_from(host.to_owned()).map_err(|e| bad(e.into()))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&files.authority) {
        roots
            .add(certificate.map_err(|e| bad(e.into()))?)
            .map_err(|e| bad(e.into()))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| bad(e.into()))?
        .with_root_certificates(roots);
    let config = match &files.identity {
        Some((certificate, key)) => {
            let chain = CertificateDer::pem_slice_iter(certificate)
                .collect::<Result<Vec<_>, _>>()
                .map_err(|e| bad(e.into()))?;
            let key = PrivateKeyDer::from_pem_slice(key.expose()).map_err(|e| bad(e.into()))?;
            config
                .with_client_auth_cert(chain, key)
                .map_err(|e| bad(e.into()))?
        }
        None => config.with_no_client_auth(),
    };
    Ok((name, TlsConnector::from(Arc::new(config))))
}
