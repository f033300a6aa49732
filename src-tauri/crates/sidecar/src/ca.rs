//! The session's certificate authority: made at start, kept in memory, gone with the session.
//!
//! Its certificate goes into the bottle; its key never leaves this process and there is no way to read it out. All leaves share
//! one key, so that meeting a new host costs one signature.

mod leaves;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, SerialNumber,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::{CertifiedKey, SigningKey};
use sha2::{Digest, Sha256};

pub use leaves::Leaves;

use crate::error::SidecarError;

/// The name that the certificate carries in every session: it says nothing of machine, user or project.
pub const COMMON_NAME: &str = "claude-bottle session";

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Longer than any session, shorter than what clients accept of a certificate.
const LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A session's authority.
pub struct SessionCa {
    issuer: Issuer<'static, KeyPair>,
    leaf_pair: KeyPair,
    leaf_key: Arc<dyn SigningKey>,
    pem: String,
    der: CertificateDer<'static>,
    fingerprint: String,
}

impl std::fmt::Debug for SessionCa {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionCa")
            .field("fingerprint", &self.fingerprint)
            .finish_non_exhaustive()
    }
}

impl SessionCa {
    /// Makes an authority with a key of its own.
    ///
    /// # Errors
    /// [`SidecarError::Certificates`] and [`SidecarError::Tls`] where the system gives no randomness.
    pub fn generate() -> Result<Self, SidecarError> {
        let broken = |source| SidecarError::Certificates { source };
        let pair = KeyPair::generate().map_err(broken)?;
        let leaf_pair = KeyPair::generate().map_err(broken)?;
        let mut params = dated(CertificateParams::default());
        params.distinguished_name = named(COMMON_NAME);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let certificate = params.self_signed(&pair).map_err(broken)?;
        let secret = PrivatePkcs8KeyDer::from(leaf_pair.serialize_der());
        let leaf_key = rustls::crypto::ring::sign::any_ecdsa_type(&PrivateKeyDer::Pkcs8(secret))
            .map_err(|source| SidecarError::Tls {
                side: "the bottle",
                source,
            })?;
        Ok(Self {
            pem: certificate.pem(),
            fingerprint: hexadecimal(&Sha256::digest(certificate.der())),
            der: certificate.der().clone(),
            issuer: Issuer::new(params, pair),
            leaf_pair,
            leaf_key,
        })
    }

    /// The public certificate in PEM.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// The public certificate in DER.
    #[must_use]
    pub const fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }

    /// SHA-256 of the certificate in hexadecimal.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Makes the certificate of a host.
    pub(crate) fn issue(&self, host: &str) -> Result<CertifiedKey, SidecarError> {
        let broken = |source| SidecarError::Certificates { source };
        let mut params = dated(CertificateParams::new([host.to_owned()]).map_err(broken)?);
        // RFC 5280 allows 64 characters here; clients read the alternative name.
        params.distinguished_name = named(host.get(..host.len().min(64)).unwrap_or_default());
        params.serial_number = Some(serial(host));
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let leaf = params
            .signed_by(&self.leaf_pair, &self.issuer)
            .map_err(broken)?;
        let chain = vec![leaf.der().clone()];
        Ok(CertifiedKey::new(chain, Arc::clone(&self.leaf_key)))
    }
}

fn dated(mut params: CertificateParams) -> CertificateParams {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    // A day back, for guests and bundles whose clocks differ.
    params.not_before = epoch + now.saturating_sub(DAY);
    params.not_after = epoch + now + LIFETIME;
    params
}

fn named(common: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common);
    name
}

/// A serial number of the host and the moment: some clients refuse two certificates of one authority with the same number.
fn serial(host: &str) -> SerialNumber {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let mut digest = Sha256::new();
    digest.update(now.as_nanos().to_be_bytes());
    digest.update(host);
    let mut number: Vec<u8> = digest.finalize().iter().copied().take(16).collect();
    if let Some(first) = number.first_mut() {
        *first &= 0x7f;
    }
    SerialNumber::from(number)
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a string does not fail.
        let _written = write!(text, "{byte:02x}").is_ok();
    }
    text
}
