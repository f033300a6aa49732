//! Host and port as a request names them: read strictly, compared exactly.
//!
//! What is odd is refused and never mended, because the server behind might mend it differently. Whether a name is open is the
//! policy's to say, and whether its addresses may be dialled the dialer's.

use rustls::pki_types::DnsName;

/// Longest DNS name in characters (RFC 1035 with the last dot left out).
const MAX_HOST: usize = 253;

/// A host name in lower case, and a port.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Authority {
    host: String,
    port: u16,
}

/// Why a text is not an authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadAuthority {
    /// An address in brackets.
    Address,
    /// Anything else that is not `name:port`.
    Shape,
}

impl Authority {
    /// Reads `name:port`; the port may be left out only where a default is given.
    ///
    /// # Errors
    /// [`BadAuthority`] where it is anything but letters, digits, hyphens, underscores and dots, and a port from 1 to 65535.
    pub fn parse(text: &str, default_port: Option<u16>) -> Result<Self, BadAuthority> {
        if text.starts_with('[') || text.matches(':').count() > 1 {
            return Err(BadAuthority::Address);
        }
        let (host, port) = match text.split_once(':') {
            Some((host, digits)) => (host, port(digits).ok_or(BadAuthority::Shape)?),
            None => (text, default_port.ok_or(BadAuthority::Shape)?),
        };
        let fits = !host.is_empty()
            && host.len() <= MAX_HOST
            && host
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
        if !fits {
            return Err(BadAuthority::Shape);
        }
        let host = host.to_ascii_lowercase();
        Ok(Self { host, port })
    }

    /// The host's name in lower case.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Says whether a `Host` header or `:authority` names this host and port; without a port it means the scheme's.
    #[must_use]
    pub fn is_named_by(&self, given: &[u8], scheme_port: u16) -> bool {
        let Some((host, rest)) = given.split_at_checked(self.host.len()) else {
            return false;
        };
        if !host.eq_ignore_ascii_case(self.host.as_bytes()) {
            return false;
        }
        match rest {
            [] => self.port == scheme_port,
            [b':', digits @ ..] => {
                std::str::from_utf8(digits).ok().and_then(port) == Some(self.port)
            }
            _ => false,
        }
    }

    /// Whether TLS can be spoken for it where programs expect it: a DNS name, on the port of HTTPS.
    #[must_use]
    pub fn is_for_tls(&self) -> bool {
        let is_name = DnsName::try_from(self.host.as_str()).is_ok() && !self.host.ends_with('.');
        is_name && self.port == 443
    }

    /// The authority as it is written in a request: without the port that the scheme implies.
    #[must_use]
    pub fn written(&self, scheme_port: u16) -> String {
        if self.port == scheme_port {
            self.host.clone()
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// Reads a port in plain digits: `u16::from_str` alone would take `+443`, `0443` and `0`.
fn port(digits: &str) -> Option<u16> {
    let plain = digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
    digits.parse().ok().filter(|_| plain)
}
