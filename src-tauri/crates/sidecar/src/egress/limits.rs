//! Every limit of the door in one place, with its reason. Tests make them small; nothing else changes them.

use std::time::Duration;

/// Limits of the door.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections of the guest at once: many parallel downloads of package tools, far below the file limit of a container.
    pub connections: usize,
    /// Bytes of one message's head. Claude's largest was measured at under 4 KiB; servers refuse above 16 to 64 KiB.
    pub head_bytes: usize,
    /// From the answer to `CONNECT` to the end of the TLS handshake.
    pub handshake: Duration,
    /// From the first byte of a head to its last.
    pub head_read: Duration,
    /// Without any request, after which a guest's connection is closed. It may take twice as long.
    pub idle: Duration,
    /// The same in a tunnel to a host that is not open, which can only be told so.
    pub unopened_idle: Duration,
    /// For the resolver.
    pub resolve: Duration,
    /// For TCP and, again, for TLS to an upstream.
    pub connect: Duration,
    /// From the request to the head of the response: a model may think for minutes before its first byte.
    pub response_head: Duration,
    /// Between two parts of a body, in either direction. It may take twice as long.
    pub body_idle: Duration,
    /// Without a byte in either direction of a WebSocket. It may take twice as long.
    pub websocket_idle: Duration,
    /// HTTP/2 streams of one tunnel at once, as most servers allow.
    pub streams: u32,
    /// Idle connections kept to one upstream.
    pub idle_upstreams: usize,
    /// How long an idle connection to an upstream is kept.
    pub upstream_idle: Duration,
    /// Hosts whose certificates are kept.
    pub leaves: usize,
    /// For open connections, once the bundle is told to end. Engines kill after 10 s.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            connections: 512,
            head_bytes: 64 << 10,
            handshake: seconds(10),
            head_read: seconds(15),
            idle: seconds(90),
            unopened_idle: seconds(10),
            resolve: seconds(10),
            connect: seconds(10),
            response_head: seconds(600),
            body_idle: seconds(600),
            websocket_idle: seconds(600),
            streams: 128,
            idle_upstreams: 32,
            upstream_idle: seconds(90),
            leaves: 256,
            grace: seconds(8),
        }
    }
}

/// HTTP/2 flow control: bytes in flight of one stream. Full speed at 100 ms of delay needs about 1 MiB at 80 Mbit/s.
pub(super) const STREAM_WINDOW: u32 = 1 << 20;
/// And of one connection; it bounds the memory that a slow reader can hold.
pub(super) const CONNECTION_WINDOW: u32 = 2 << 20;
/// Read and write buffer of one HTTP/1 connection, in bytes.
pub(super) const BUFFER: usize = 128 << 10;
