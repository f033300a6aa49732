//! The server behind all proxies: as little work as TLS allows, so that it is never what is measured.
//!
//! It answers only requests that carry the real credential: a proxy that does not put it in has no figures.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use bytes::BytesMut;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::tls;
use crate::role;

pub const ROLE: &str = "upstream";
/// The names that it has a certificate for: the door refuses `localhost`, and the other proxy can resolve nothing else here.
pub const NAMES: [&str; 2] = ["bench.test", "localhost"];
/// What only the outside knows.
pub const CREDENTIAL: &str = "what-only-the-outside-knows";
/// A small JSON answer.
pub const SMALL: &str = "/v1/small";
/// A stream of events.
pub const EVENTS: &str = "/v1/events";
/// A body of the size that follows.
pub const BODY: &str = "/v1/body/";

/// Between the first event and the second.
const PAUSE: Duration = Duration::from_millis(20);
/// Size of the small answer's body: a short message of the API.
const SMALL_BYTES: usize = 512;
/// What is written at once of a large body.
const PIECE: usize = 64 << 10;
/// Longest head of a request.
const HEAD: usize = 16 << 10;

/// What an upstream needs.
#[derive(Serialize, Deserialize)]
pub struct Order {
    /// The file that takes the certificate of its authority.
    pub authority: PathBuf,
}

/// Where an upstream is.
#[derive(Serialize, Deserialize)]
pub struct Ready {
    /// Its port on loopback.
    pub port: u16,
}

/// Serves until the process ends.
pub async fn serve(order: Order) -> Result<()> {
    let (config, pem) = tls::server(&NAMES)?;
    std::fs::write(&order.authority, pem)?;
    let acceptor = TlsAcceptor::from(config);
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    role::say(&Ready {
        port: listener.local_addr()?.port(),
    })?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let acceptor = acceptor.clone();
        drop(tokio::spawn(async move {
            // Whoever is cut off has the error.
            if let Ok(stream) = acceptor.accept(stream).await {
                answer(stream).await.ok();
            }
        }));
    }
}

async fn answer(mut stream: TlsStream<TcpStream>) -> std::io::Result<()> {
    let small = [
        format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {SMALL_BYTES}\r\n\r\n"
        )
        .into_bytes(),
        vec![b'x'; SMALL_BYTES],
    ]
    .concat();
    let piece = vec![b'x'; PIECE];
    let mut buffer = BytesMut::with_capacity(HEAD);
    while let Some(end) = head(&mut stream, &mut buffer).await? {
        let head = buffer.split_to(end);
        let path = String::from_utf8_lossy(&head);
        let path = path.split(' ').nth(1).unwrap_or_default();
        if !has_credential(&head) {
            stream
                .write_all(b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n")
                .await?;
        } else if let Some(size) = path.strip_prefix(BODY) {
            body(&mut stream, size.parse().unwrap_or_default(), &piece).await?;
        } else if path == EVENTS {
            events(&mut stream).await?;
        } else {
            stream.write_all(&small).await?;
        }
        stream.flush().await?;
    }
    Ok(())
}

/// Reads to the end of a request's head, and says where that is.
async fn head(
    stream: &mut TlsStream<TcpStream>,
    buffer: &mut BytesMut,
) -> std::io::Result<Option<usize>> {
    loop {
        if let Some(at) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            return Ok(Some(at + 4));
        }
        if buffer.len() > HEAD || stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
}

fn has_credential(head: &[u8]) -> bool {
    let mut lines = head.split(|byte| *byte == b'\n');
    lines.any(|line| {
        let Some((name, value)) = line.split_at_checked("authorization: ".len()) else {
            return false;
        };
        name.eq_ignore_ascii_case(b"authorization: ")
            && value.trim_ascii() == [b"Bearer ", CREDENTIAL.as_bytes()].concat()
    })
}

async fn body(
    stream: &mut TlsStream<TcpStream>,
    mut left: usize,
    piece: &[u8],
) -> std::io::Result<()> {
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\ncontent-length: {left}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    while left > 0 {
        let piece = piece.get(..left.min(piece.len())).unwrap_or(piece);
        stream.write_all(piece).await?;
        left -= piece.len();
    }
    Ok(())
}

async fn events(stream: &mut TlsStream<TcpStream>) -> std::io::Result<()> {
    let first = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n\
                 e\r\ndata: first!\n\n\r\n";
    stream.write_all(first.as_bytes()).await?;
    stream.flush().await?;
    sleep(PAUSE).await;
    stream
        .write_all(b"e\r\ndata: second\n\n\r\n0\r\n\r\n")
        .await
}
