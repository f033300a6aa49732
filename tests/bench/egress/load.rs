//! The load generator: connections that are kept alive, one request at a time on each, straight or through a proxy.
//!
//! It writes and reads bytes over TLS and parses no more of HTTP than it must, so that it is not what limits a proxy.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use bytes::{Buf as _, BytesMut};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::{tls, upstream};
use crate::role;
use crate::statistics::{median, quantile};

pub const ROLE: &str = "load";

/// What is read at once of a large body.
const PIECE: usize = 256 << 10;
/// Requests before the measuring begins.
const WARM_UP: usize = 50;

/// Where requests go.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Way {
    /// The port on loopback to connect to.
    pub port: u16,
    /// Whether that is a proxy, which is to be asked for a tunnel first.
    pub tunnel: bool,
    /// The upstream's name.
    pub host: String,
    /// The upstream's port, as this side of a proxy knows it.
    pub upstream: u16,
    /// The authority to trust.
    pub trusted: PathBuf,
    /// The credential to send.
    pub credential: String,
}

/// What to do.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub enum Work {
    /// Small requests for so many seconds, as fast as they are answered or so many a second.
    Requests {
        connections: usize,
        seconds: f64,
        pace: Option<f64>,
    },
    /// Streams of events, one after the other on one connection.
    Events { count: usize },
    /// New connections with one request each, one after the other.
    Connections { count: usize },
    /// One large body.
    Body { bytes: u64 },
}

/// One piece of load.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Order {
    pub way: Way,
    pub work: Work,
}

/// What came of it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Outcome {
    /// What was done, in requests, streams, connections or bytes.
    pub done: f64,
    /// In how many seconds.
    pub seconds: f64,
    /// The middle time of one, in ms.
    pub p50: f64,
    /// The time below which 99 of 100 lie, in ms.
    pub p99: f64,
}

impl Outcome {
    fn of(seconds: f64, times: &[f64]) -> Self {
        Self {
            done: times.len() as f64,
            seconds,
            p50: median(times),
            p99: quantile(times, 0.99),
        }
    }

    /// What was done in a second.
    pub fn rate(&self) -> f64 {
        self.done / self.seconds
    }
}

/// Does the work and says what came of it.
pub async fn run(order: Order) -> Result<()> {
    let mut config = tls::client(&order.way.trusted)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let target = Arc::new(Target {
        way: order.way,
        config: Arc::new(config),
    });
    role::say(&match order.work {
        Work::Requests {
            connections,
            seconds,
            pace,
        } => requests(&target, connections, seconds, pace).await?,
        Work::Events { count } => events(&target, count).await?,
        Work::Connections { count } => new_connections(&target, count).await?,
        Work::Body { bytes } => body(&target, bytes).await?,
    })
}

async fn requests(
    target: &Arc<Target>,
    connections: usize,
    seconds: f64,
    pace: Option<f64>,
) -> Result<Outcome> {
    let mut clients = Vec::new();
    for _ in 0..connections {
        let mut client = target.client(upstream::SMALL).await?;
        for _ in 0..WARM_UP.div_ceil(connections) {
            client.ask().await?;
        }
        clients.push(client);
    }
    let began = Instant::now();
    let end = began + Duration::from_secs_f64(seconds);
    let mut running = JoinSet::new();
    for (number, mut client) in clients.into_iter().enumerate() {
        running.spawn(async move {
            // One after the other, so that none waits behind the others.
            let mut tick = pace.map(|pace| {
                let first = Duration::from_secs_f64(number as f64 / pace);
                let pause = Duration::from_secs_f64(connections as f64 / pace);
                interval_at((began + first).into(), pause)
            });
            if let Some(tick) = &mut tick {
                tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
            }
            let mut times = Vec::new();
            while Instant::now() < end {
                if let Some(tick) = &mut tick {
                    tick.tick().await;
                }
                let sent = Instant::now();
                client.ask().await?;
                times.push(milliseconds(sent));
            }
            anyhow::Ok(times)
        });
    }
    let mut times = Vec::new();
    while let Some(done) = running.join_next().await {
        times.extend(done??);
    }
    Ok(Outcome::of(began.elapsed().as_secs_f64(), &times))
}

async fn events(target: &Target, count: usize) -> Result<Outcome> {
    let mut client = target.client(upstream::EVENTS).await?;
    client.stream_of_events().await?;
    let began = Instant::now();
    let mut times = Vec::new();
    for _ in 0..count {
        times.push(client.stream_of_events().await?);
    }
    Ok(Outcome::of(began.elapsed().as_secs_f64(), &times))
}

async fn new_connections(target: &Target, count: usize) -> Result<Outcome> {
    target.client(upstream::SMALL).await?.ask().await?;
    let began = Instant::now();
    let mut times = Vec::new();
    for _ in 0..count {
        let opened = Instant::now();
        target.client(upstream::SMALL).await?.ask().await?;
        times.push(milliseconds(opened));
    }
    Ok(Outcome::of(began.elapsed().as_secs_f64(), &times))
}

async fn body(target: &Target, bytes: u64) -> Result<Outcome> {
    let path = format!("{}{bytes}", upstream::BODY);
    let mut client = target.client(&path).await?;
    let began = Instant::now();
    let read = client.ask().await?;
    if read != bytes {
        bail!("{read} of {bytes} bytes came");
    }
    let seconds = began.elapsed().as_secs_f64();
    Ok(Outcome {
        done: bytes as f64,
        ..Outcome::of(seconds, &[seconds * 1000.0])
    })
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}

/// Where to connect to, and how.
struct Target {
    way: Way,
    config: Arc<ClientConfig>,
}

impl Target {
    /// Opens a connection on which one path is asked for.
    async fn client(&self, path: &str) -> Result<Client> {
        let way = &self.way;
        let mut stream = TcpStream::connect(("127.0.0.1", way.port)).await?;
        stream.set_nodelay(true)?;
        let authority = format!("{}:{}", way.host, way.upstream);
        if way.tunnel {
            let connect = format!("CONNECT {authority} HTTP/1.1\r\nhost: {authority}\r\n\r\n");
            stream.write_all(connect.as_bytes()).await?;
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await?);
            }
            if !head.starts_with(b"HTTP/1.1 200") {
                bail!("no tunnel: {}", String::from_utf8_lossy(&head));
            }
        }
        let name = ServerName::try_from(way.host.clone())?;
        let connector = TlsConnector::from(Arc::clone(&self.config));
        let stream = connector.connect(name, stream).await?;
        let host = if way.upstream == 443 {
            &way.host
        } else {
            &authority
        };
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {}\r\n\
             accept: application/json\r\ncontent-type: application/json\r\nuser-agent: bench/1.0\r\n\r\n",
            way.credential
        );
        Ok(Client {
            stream,
            request: request.into_bytes(),
            buffer: BytesMut::with_capacity(PIECE),
        })
    }
}

/// One connection.
struct Client {
    stream: TlsStream<TcpStream>,
    request: Vec<u8>,
    buffer: BytesMut,
}

impl Client {
    /// Asks once, and says how long the body was.
    async fn ask(&mut self) -> Result<u64> {
        self.send().await?;
        let head = self.head().await?;
        let length = content_length(&head).context("an answer without a length")?;
        let mut left = length;
        loop {
            let here =
                usize::try_from(left).map_or(self.buffer.len(), |left| left.min(self.buffer.len()));
            self.buffer.advance(here);
            left -= here as u64;
            if left == 0 {
                return Ok(length);
            }
            self.read().await?;
        }
    }

    /// Reads a stream of events to its end, and says after how many ms the first one was there.
    async fn stream_of_events(&mut self) -> Result<f64> {
        let sent = Instant::now();
        self.send().await?;
        self.head().await?;
        self.until(b"first!").await?;
        let first = milliseconds(sent);
        self.until(b"0\r\n\r\n").await?;
        self.buffer.clear();
        Ok(first)
    }

    async fn send(&mut self) -> Result<()> {
        self.stream.write_all(&self.request).await?;
        Ok(self.stream.flush().await?)
    }

    /// Reads the head of an answer, which must be a good one.
    async fn head(&mut self) -> Result<BytesMut> {
        let end = self.until(b"\r\n\r\n").await?;
        let head = self.buffer.split_to(end);
        if !head.starts_with(b"HTTP/1.1 200") {
            self.read().await.ok();
            let body = String::from_utf8_lossy(&self.buffer);
            bail!("refused: {}{body}", String::from_utf8_lossy(&head));
        }
        Ok(head)
    }

    /// Reads until some bytes are there, and says where they end.
    async fn until(&mut self, wanted: &[u8]) -> Result<usize> {
        loop {
            let mut places = self.buffer.windows(wanted.len());
            if let Some(at) = places.position(|bytes| bytes == wanted) {
                return Ok(at + wanted.len());
            }
            self.read().await?;
        }
    }

    async fn read(&mut self) -> Result<()> {
        if self.buffer.is_empty() {
            self.buffer.clear();
            self.buffer.reserve(PIECE);
        }
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            bail!("the connection was closed");
        }
        Ok(())
    }
}

fn content_length(head: &[u8]) -> Option<u64> {
    const NAME: &[u8] = b"content-length:";
    let mut lines = head.split(|byte| *byte == b'\n');
    let value = lines.find_map(|line| {
        let (name, value) = line.split_at_checked(NAME.len())?;
        name.eq_ignore_ascii_case(NAME).then_some(value)
    })?;
    std::str::from_utf8(value).ok()?.trim().parse().ok()
}
