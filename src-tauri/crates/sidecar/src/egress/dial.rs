//! Where bytes leave: names are resolved once, their addresses checked, and one of exactly these addresses is dialled.
//!
//! Resolving and dialling in one step is what makes a name that changes its address between check and use harmless. A dialer
//! knows no policy and no HTTP.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::time::Duration;

use bottle_core::policy::address;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::limits::Limits;
use crate::error::SidecarError;

/// How long one address is tried alone before the next one is tried beside it (RFC 8305).
const STAGGER: Duration = Duration::from_millis(250);
/// Addresses of one name that are tried.
const TRIED: usize = 8;

/// A future of a trait object.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Opens connections to names. Production uses [`CheckedDialer`]; a test may lead names to itself.
pub trait Dial: Send + Sync {
    /// Opens a connection.
    fn dial<'a>(&'a self, host: &'a str, port: u16)
    -> Pending<'a, Result<TcpStream, SidecarError>>;
}

/// Resolves names.
pub trait Resolve: Send + Sync {
    /// Gives the addresses of a name.
    fn resolve<'a>(&'a self, host: &'a str) -> Pending<'a, io::Result<Vec<IpAddr>>>;
}

/// The resolver of the system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve<'a>(&'a self, host: &'a str) -> Pending<'a, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// A dialer that reaches public addresses only.
pub struct CheckedDialer {
    resolver: Box<dyn Resolve>,
    resolve: Duration,
    connect: Duration,
}

impl CheckedDialer {
    /// Makes a dialer over a resolver.
    #[must_use]
    pub fn new(resolver: impl Resolve + 'static, limits: &Limits) -> Self {
        Self {
            resolver: Box::new(resolver),
            resolve: limits.resolve,
            connect: limits.connect,
        }
    }

    async fn addresses(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, SidecarError> {
        let unresolved = |source| SidecarError::Unresolved {
            host: host.to_owned(),
            source,
        };
        let found = timeout(self.resolve, self.resolver.resolve(host))
            .await
            .map_err(|_late| unresolved(None))?
            .map_err(|source| unresolved(Some(source)))?;
        let public = public(host, &found)?;
        if public.is_empty() {
            return Err(unresolved(None));
        }
        let pinned = public.into_iter().take(TRIED);
        Ok(pinned
            .map(|address| SocketAddr::new(address, port))
            .collect())
    }
}

impl Dial for CheckedDialer {
    fn dial<'a>(
        &'a self,
        host: &'a str,
        port: u16,
    ) -> Pending<'a, Result<TcpStream, SidecarError>> {
        Box::pin(async move {
            let addresses = self.addresses(host, port).await?;
            let raced = timeout(self.connect, race(&addresses)).await;
            raced
                .unwrap_or_else(|_late| Err(io::ErrorKind::TimedOut.into()))
                .map_err(|source| SidecarError::Unreachable {
                    host: host.to_owned(),
                    source,
                })
        })
    }
}

/// Leaves of a name's addresses those that may be dialled.
///
/// # Errors
/// [`SidecarError::AddressRefused`] where there were some and none is left.
pub fn public(host: &str, found: &[IpAddr]) -> Result<Vec<IpAddr>, SidecarError> {
    let mut refused = None;
    let mut left = Vec::with_capacity(found.len());
    for address in found {
        match address::verdict(*address) {
            None => left.push(*address),
            Some(class) => refused = Some(class),
        }
    }
    match refused {
        Some(class) if left.is_empty() => Err(SidecarError::AddressRefused {
            host: host.to_owned(),
            class,
        }),
        _ => Ok(left),
    }
}

/// Connects to the first address that answers, trying the next one when one fails or takes its time.
async fn race(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let mut waiting = addresses.iter();
    let mut trying = FuturesUnordered::new();
    let mut failure = io::Error::from(io::ErrorKind::AddrNotAvailable);
    loop {
        match waiting.next() {
            Some(address) => trying.push(TcpStream::connect(*address)),
            None if trying.is_empty() => return Err(failure),
            None => {}
        }
        let more = waiting.len() > 0;
        tokio::select! {
            Some(done) = trying.next() => match done {
                Ok(stream) => return Ok(stream),
                Err(error) => failure = error,
            },
            () = sleep(STAGGER), if more => {}
        }
    }
}
