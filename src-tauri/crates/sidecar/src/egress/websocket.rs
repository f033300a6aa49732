//! WebSockets: the request that opens one is decided like any other, and after it bytes are passed on as they are.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::header::{CONNECTION, HeaderMap, HeaderValue, UPGRADE};
use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::sleep;

use super::body::Body;
use super::connection::{Connection, Next};
use super::deny::Denial;
use super::forward::Allowed;
use super::headers;
use super::target::Target;

/// Bytes that are read at once, per direction.
const CHUNK: usize = 16 << 10;

/// Sends a request that asks for a WebSocket, and prepares the connection to become one where the upstream agrees.
pub(super) async fn open(
    connection: &Arc<Connection>,
    target: &Target,
    allowed: Allowed,
    mut request: Request<Incoming>,
) -> Response<Body> {
    let egress = &connection.egress;
    if request.method() != Method::GET {
        let denial = Denial::new("upgrade", "a WebSocket is opened with GET only");
        return egress.refuse(allowed.asked, &denial);
    }
    let guest = hyper::upgrade::on(&mut request);
    ask_for_websocket(request.headers_mut());
    let (parts, _no_body) = request.into_parts();
    let request = Request::from_parts(parts, Body::default());
    let mut response = match egress.upstreams.send_upgrade(target, request).await {
        Ok(response) => response,
        Err(error) => return egress.refuse(allowed.asked, &Denial::upstream(&error)),
    };
    egress.state.record(allowed.event());
    let agreed = response.status() == StatusCode::SWITCHING_PROTOCOLS
        && headers::upgrade(response.headers()) == headers::Upgrade::WebSocket;
    let upstream = hyper::upgrade::on(&mut response);
    let (mut parts, body) = response.into_parts();
    headers::clean_response(&mut parts.headers, parts.status, false);
    parts.extensions.clear();
    if agreed {
        ask_for_websocket(&mut parts.headers);
        connection.then(Next::Splice { guest, upstream });
        return Response::from_parts(parts, Body::default());
    }
    if parts.status == StatusCode::SWITCHING_PROTOCOLS {
        let denial = Denial::new("upgrade", "the host changed to another protocol than asked");
        return egress.failed(target.name(), &denial);
    }
    Response::from_parts(parts, Body::download(body, egress.limits.body_idle))
}

fn ask_for_websocket(headers: &mut HeaderMap) {
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
}

/// Passes bytes both ways until one side ends or both are silent.
pub(super) async fn splice(connection: &Connection, guest: OnUpgrade, upstream: OnUpgrade) {
    let _busy = connection.busy();
    let (Ok(guest), Ok(upstream)) = tokio::join!(guest, upstream) else {
        return;
    };
    let (from_guest, to_guest) = tokio::io::split(TokioIo::new(guest));
    let (from_upstream, to_upstream) = tokio::io::split(TokioIo::new(upstream));
    let moved = AtomicBool::new(true);
    let passing = async {
        let (sent, received) = tokio::join!(
            pass(from_guest, to_upstream, &moved),
            pass(from_upstream, to_guest, &moved),
        );
        sent.and(received)
    };
    let ended = tokio::select! {
        ended = passing => ended,
        () = silence(&moved, connection.egress.limits.websocket_idle) => {
            Err(io::ErrorKind::TimedOut.into())
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a WebSocket broke off");
    }
}

async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    moved: &AtomicBool,
) -> io::Result<()> {
    let mut buffer = vec![0; CHUNK];
    loop {
        let count = from.read(&mut buffer).await?;
        moved.store(true, Ordering::Relaxed);
        let Some(bytes) = buffer.get(..count).filter(|bytes| !bytes.is_empty()) else {
            return to.shutdown().await;
        };
        to.write_all(bytes).await?;
        to.flush().await?;
    }
}

/// Returns once nothing moved for the whole of a limit.
async fn silence(moved: &AtomicBool, limit: Duration) {
    while moved.swap(false, Ordering::Relaxed) {
        sleep(limit).await;
    }
}
