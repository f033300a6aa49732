//! What happens in a tunnel: it must begin with TLS, for the very host that the tunnel was opened to.
//!
//! Whatever else comes is closed, never passed on: nothing leaves a bottle that was not read. A host that is not open gets the
//! same TLS, because programs show what is said inside a tunnel and not why there is none; nothing is dialled for it.

use std::io;
use std::sync::Arc;

use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use rustls::server::Acceptor;
use tokio::time::timeout;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use super::connection::{Connection, Inside, Place};
use super::deny::{Asked, Denial};
use crate::state::Tunnel;

/// Serves a tunnel to its end.
pub(super) async fn run(
    outer: Arc<Connection>,
    guest: OnUpgrade,
    inside: Box<Inside>,
    open: Tunnel,
) {
    let _busy = outer.busy();
    let _open = open;
    let egress = &outer.egress;
    let place = Place::Inside(inside);
    let inner = Connection::new(Arc::clone(egress), place, outer.close.clone());
    let mut trace = Trace::of(&inner);
    let accepting = timeout(egress.limits.handshake, accept(&inner, guest));
    let Some(accepted) = egress.stop.run_until_cancelled(accepting).await else {
        return;
    };
    let stream = match accepted {
        Ok(Ok(stream)) => stream,
        Ok(Err(Refused::Rule(rule, reason))) => return trace.leave(Denial::new(rule, reason)),
        Ok(Err(Refused::Broken(error))) => {
            return tracing::debug!(host = inner.name(), %error, "a handshake broke off");
        }
        Err(_late) => {
            let reason = "the tunnel was opened and no TLS handshake came in time";
            return trace.leave(Denial::new("not-tls", reason));
        }
    };
    if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
        inner.serve_http2(stream).await;
    } else {
        inner.serve_http1(stream).await;
    }
}

/// What the events say of a tunnel in which nothing was asked for: why it was refused, however it ended.
struct Trace {
    connection: Arc<Connection>,
    denial: Option<Denial>,
}

impl Trace {
    fn of(connection: &Arc<Connection>) -> Self {
        Self {
            denial: match &connection.place {
                Place::Inside(inside) => inside.refusal.clone(),
                Place::Door => None,
            },
            connection: Arc::clone(connection),
        }
    }

    fn leave(&mut self, denial: Denial) {
        self.denial = Some(denial);
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        if let Some(denial) = &self.denial
            && !self.connection.was_asked()
        {
            let asked = Asked::tunnel(self.connection.name());
            self.connection.egress.denied(asked, denial);
        }
    }
}

enum Refused {
    Rule(&'static str, &'static str),
    Broken(io::Error),
}

async fn accept(
    inner: &Connection,
    guest: OnUpgrade,
) -> Result<TlsStream<TokioIo<Upgraded>>, Refused> {
    let broken = |error: hyper::Error| Refused::Broken(io::Error::other(error));
    let stream = TokioIo::new(guest.await.map_err(broken)?);
    let hello = LazyConfigAcceptor::new(Acceptor::default(), stream).await;
    let hello = hello.map_err(unreadable)?;
    let name = hello.client_hello().server_name().map(str::to_owned);
    match name {
        Some(name) if name.eq_ignore_ascii_case(inner.name()) => {}
        Some(_) => {
            let reason = "the TLS handshake names another host than the tunnel was opened to";
            return Err(Refused::Rule("sni-mismatch", reason));
        }
        None => {
            let reason = "the TLS handshake names no host";
            return Err(Refused::Rule("sni-mismatch", reason));
        }
    }
    let tls = Arc::clone(&inner.egress.tls);
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
