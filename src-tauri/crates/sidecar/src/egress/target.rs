//! One place that requests are sent to, with everything about it that is the same for each request.

use http::header::{HOST, HeaderValue};
use http::uri::{self, Scheme};
use http::{Request, Uri, Version};

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

    /// Writes a request for HTTP/1: the path in the line, the host in its header.
    pub(super) fn address_http1<B>(&self, request: &mut Request<B>) {
        request.headers_mut().insert(HOST, self.host.clone());
        set_url(request, uri::Parts::default());
        *request.version_mut() = Version::HTTP_11;
    }

    /// Writes a request for HTTP/2: the whole URL, and no host beside it.
    pub(super) fn address_http2<B>(&self, request: &mut Request<B>) {
        request.headers_mut().remove(HOST);
        let mut parts = uri::Parts::default();
        parts.scheme = Some(self.key.way.scheme());
        parts.authority = Some(self.written.clone());
        set_url(request, parts);
        *request.version_mut() = Version::HTTP_2;
    }
}

/// Keeps the request's path and query and takes the rest from the parts.
fn set_url<B>(request: &mut Request<B>, mut parts: uri::Parts) {
    let path = request.uri().path_and_query().cloned();
    parts.path_and_query = path.or_else(|| Some(uri::PathAndQuery::from_static("/")));
    // Parts of one valid URL make a valid URL again.
    *request.uri_mut() = Uri::from_parts(parts).unwrap_or_default();
}
