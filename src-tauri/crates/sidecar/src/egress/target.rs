//! One place that requests are sent to, with everything about it that is the same for each request.

use http::HeaderValue;
use http::uri::{self, Scheme};

use super::authority::Authority;

/// How a target is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Way {
    /// TLS over TCP.
    Tls,
    /// TCP alone.
    Plain,
    /// The scripted API of the bundle, over its private socket.
    Scripted,
}

impl Way {
    /// The port that a URL of this way leaves out.
    pub(super) const fn scheme_port(self) -> u16 {
        match self {
            Self::Tls | Self::Scripted => 443,
            Self::Plain => 80,
        }
    }

    fn scheme(self) -> Scheme {
        match self {
            Self::Tls | Self::Scripted => Scheme::HTTPS,
            Self::Plain => Scheme::HTTP,
        }
    }
}

/// What makes two targets one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) way: Way,
    pub(super) authority: Authority,
}

/// One place that requests are sent to.
#[derive(Debug)]
pub(super) struct Target {
    key: Key,
    host: HeaderValue,
    written: uri::Authority,
}

impl Target {
    /// Makes a target; none where the name cannot stand in a URL.
    pub(super) fn new(way: Way, authority: &Authority) -> Option<Self> {
        let written = authority.written(way.scheme_port());
        Some(Self {
            host: HeaderValue::from_str(&written).ok()?,
            written: written.parse().ok()?,
            key: Key {
                way,
                authority: authority.clone(),
            },
        })
    }

    pub(super) const fn key(&self) -> &Key {
        &self.key
    }

    pub(super) fn name(&self) -> &str {
        self.key.authority.host()
    }

    pub(super) const fn port(&self) -> u16 {
        self.key.authority.port()
    }

    /// The value of `Host`.
    pub(super) fn host(&self) -> HeaderValue {
        self.host.clone()
    }

    /// Scheme and authority of a whole URL.
    pub(super) fn origin(&self) -> (Scheme, uri::Authority) {
        (self.key.way.scheme(), self.written.clone())
    }
}
