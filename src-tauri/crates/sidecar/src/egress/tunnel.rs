//! What happens in a tunnel: it must begin with TLS, for the very host that the tunnel was opened to.
//!
//! Whatever else comes is closed, never passed on: nothing leaves a bottle that was not read.

use std::io;
use std::sync::Arc;

use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use rustls::server::Acceptor;
use tokio::time::timeout;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use super::authority::Authority;
use super::connection::{Connection, Inside, Place};
use super::deny::{Asked, Denial};
use crate::state::Tunnel;

/// Serves a tunnel to its end.
pub(super) async fn run(
    outer: Arc<Connection>,
    guest: OnUpgrade,
    authority: Authority,
    open: Tunnel,
) {
    let _busy = outer.busy();
    let _open = open;
    let egress = &outer.egress;
    let accepting = timeout(egress.limits.handshake, accept(&outer, guest, &authority));
    let Some(accepted) = egress.stop.run_until_cancelled(accepting).await else {
        return;
    };
    let stream = match accepted {
        Ok(Ok(stream)) => stream,
        Ok(Err(Refused::Rule(rule, reason))) => {
            let denial = Denial::new(rule, reason);
            return egress.denied(Asked::tunnel(authority.host()), &denial);
        }
        Ok(Err(Refused::Broken(error))) => {
            return tracing::debug!(host = authority.host(), %error, "a handshake broke off");
        }
        Err(_late) => {
            let reason = "the tunnel was opened and no TLS handshake came in time";
            let denial = Denial::new("not-tls", reason);
            return egress.denied(Asked::tunnel(authority.host()), &denial);
        }
    };
    let speaks_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let Some(inside) = Inside::new(authority) else {
        return;
    };
    let place = Place::Inside(Box::new(inside));
    let inner = Connection::new(Arc::clone(egress), place, outer.close.clone());
    if speaks_http2 {
        inner.serve_http2(stream).await;
    } else {
        inner.serve_http1(stream).await;
    }
}

enum Refused {
    Rule(&'static str, &'static str),
    Broken(io::Error),
}

async fn accept(
    outer: &Connection,
    guest: OnUpgrade,
    authority: &Authority,
) -> Result<TlsStream<TokioIo<Upgraded>>, Refused> {
    let broken = |error: hyper::Error| Refused::Broken(io::Error::other(error));
    let stream = TokioIo::new(guest.await.map_err(broken)?);
    let hello = LazyConfigAcceptor::new(Acceptor::default(), stream).await;
    let hello = hello.map_err(unreadable)?;
    let name = hello.client_hello().server_name().map(str::to_owned);
    match name {
        Some(name) if name.eq_ignore_ascii_case(authority.host()) => {}
        Some(_) => {
            let reason = "the TLS handshake names another host than the tunnel was opened to";
            return Err(Refused::Rule("sni-mismatch", reason));
        }
        None => {
            let reason = "the TLS handshake names no host";
            return Err(Refused::Rule("sni-mismatch", reason));
        }
    }
    let tls = Arc::clone(&outer.egress.tls);
    hello.into_stream(tls).await.map_err(Refused::Broken)
}

/// What TLS cannot read is not TLS; an end or a broken socket is neither.
fn unreadable(error: io::Error) -> Refused {
    if error.kind() == io::ErrorKind::InvalidData {
        let reason = "the tunnel was opened and something else than TLS was sent";
        Refused::Rule("not-tls", reason)
    } else {
        Refused::Broken(error)
    }
}
