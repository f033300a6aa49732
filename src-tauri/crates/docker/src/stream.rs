//! The raw streams of `exec`: taking the engine's two interleaved outputs apart, and carrying bytes between the engine's connection
//! and pipes with a bound on what waits.
//!
//! Knows nothing of containers. The engine's frames carry what a guest prints, so nothing here trusts a length or waits for a
//! whole frame.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bottle_core::guest::{ByteReader, ByteWriter};
use bytes::{Buf, Bytes, BytesMut};
use futures_io::AsyncWrite as FuturesWrite;
use futures_util::TryStreamExt;
use futures_util::stream;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf};
use tokio::sync::{mpsc, watch};
use tokio_util::compat::TokioAsyncWriteCompatExt;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::engine::RawStream;
use crate::fault::Fault;

/// Most bytes that one read takes from the engine.
pub(crate) const CHUNK: usize = 64 << 10;
/// How many chunks may wait for a slow reader.
const WAITING: usize = 8;
/// Length of the header of a frame: its kind, three zeros, and its length.
const HEADER: usize = 8;

/// Which output a piece belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Standard output.
    Out,
    /// Standard error.
    Error,
}

/// Takes the engine's stream of frames apart, piece by piece as the bytes come.
#[derive(Debug, Default)]
pub struct Demultiplexer {
    current: Option<(Lane, usize)>,
}

impl Demultiplexer {
    /// Takes the next piece off the buffer; `None` where more bytes are needed.
    ///
    /// # Errors
    /// [`Fault::BadFrame`] where the bytes are not the engine's frames.
    pub fn next(&mut self, buffer: &mut BytesMut) -> Result<Option<(Lane, Bytes)>, Fault> {
        loop {
            if let Some((lane, left)) = self.current.take_if(|(_, left)| *left > 0) {
                let count = left.min(buffer.len());
                self.current = Some((lane, left - count));
                return Ok((count > 0).then(|| (lane, buffer.split_to(count).freeze())));
            }
            let Some(&[kind, _, _, _, a, b, c, d]) = buffer.first_chunk::<HEADER>() else {
                return Ok(None);
            };
            let lane = match kind {
                0 | 1 => Lane::Out,
                2 => Lane::Error,
                kind => return Err(Fault::BadFrame { kind }),
            };
            let length = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX);
            buffer.advance(HEADER);
            self.current = Some((lane, length));
        }
    }
}

/// The pipes of a process, pumped from and to the engine by two tasks that end with the process or with the last of the pipes.
pub(crate) struct Pipes {
    pub(crate) input: ByteWriter,
    pub(crate) output: ByteReader,
    pub(crate) errors: ByteReader,
    pub(crate) finished: Finished,
}

/// Becomes true when the engine has ended a stream.
#[derive(Clone)]
pub(crate) struct Finished(watch::Receiver<bool>);

impl Finished {
    /// Waits for the end of the stream. Cancel safe.
    pub(crate) async fn wait(&mut self) {
        // A sender that is gone has finished too.
        drop(self.0.wait_for(|finished| *finished).await);
    }
}

/// How the bytes of a stream are laid out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// Frames of two outputs.
    Frames,
    /// A terminal: bytes as they are.
    Plain,
}

/// Reads what the engine sends. A process that ends while input for it is still on its way makes the engine's kernel reset the
/// connection: after all output was read, that is an end like any other. Without input it is the loss of the connection.
pub(crate) async fn read_some(
    read: &mut ReadHalf<RawStream>,
    buffer: &mut BytesMut,
    has_input: bool,
) -> io::Result<usize> {
    buffer.reserve(CHUNK);
    match read.read_buf(buffer).await {
        Err(error) if has_input && error.kind() == io::ErrorKind::ConnectionReset => Ok(0),
        other => other,
    }
}

/// Turns the raw stream of a process, with or without an input, into pipes.
pub(crate) fn pipes(raw: RawStream, framing: Framing, has_input: bool) -> Pipes {
    let (read, write) = tokio::io::split(raw);
    let (out_sender, out_receiver) = mpsc::channel(WAITING);
    let (error_sender, error_receiver) = mpsc::channel(WAITING);
    let (finished_sender, finished) = watch::channel(false);
    let (near, far) = tokio::io::duplex(CHUNK);
    let token = CancellationToken::new();
    let guard = Arc::new(token.clone().drop_guard());

    let pump = Pump {
        out: out_sender,
        errors: error_sender,
    };
    let reading = token.clone();
    tokio::spawn(async move {
        tokio::select! {
            () = reading.cancelled() => {}
            () = pump.run(read, framing, has_input) => {}
        }
        // What is still typed has no reader any more.
        reading.cancel();
        finished_sender.send_replace(true);
    });
    tokio::spawn(async move {
        tokio::select! {
            () = token.cancelled() => {}
            () = carry(far, write) => {}
        }
    });
    Pipes {
        input: Box::pin(GuardedWriter {
            inner: Box::pin(near.compat_write()),
            _guard: Arc::clone(&guard),
        }),
        output: reader(out_receiver, Arc::clone(&guard)),
        errors: reader(error_receiver, guard),
        finished: Finished(finished),
    }
}

/// Carries what is written to the engine, and its end, be it by closing or by dropping the writer.
async fn carry(mut from: DuplexStream, mut to: WriteHalf<RawStream>) {
    // An error means that the process or the engine is gone, which the readers and the exit code tell.
    drop(tokio::io::copy(&mut from, &mut to).await);
    drop(to.shutdown().await);
}

type Piece = io::Result<Bytes>;

struct Pump {
    out: mpsc::Sender<Piece>,
    errors: mpsc::Sender<Piece>,
}

impl Pump {
    async fn run(&self, mut read: ReadHalf<RawStream>, framing: Framing, has_input: bool) {
        let mut demultiplexer = Demultiplexer::default();
        let mut buffer = BytesMut::with_capacity(CHUNK);
        loop {
            match read_some(&mut read, &mut buffer, has_input).await {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) => return self.fail(error).await,
            }
            if framing == Framing::Plain {
                self.send(Lane::Out, buffer.split().freeze()).await;
                continue;
            }
            loop {
                match demultiplexer.next(&mut buffer) {
                    Ok(Some((lane, piece))) => self.send(lane, piece).await,
                    Ok(None) => break,
                    Err(fault) => {
                        return self
                            .fail(io::Error::new(io::ErrorKind::InvalidData, fault))
                            .await;
                    }
                }
            }
        }
    }

    /// Hands a piece on; one that nobody reads any more is dropped, so that it does not hold the other output up.
    async fn send(&self, lane: Lane, piece: Bytes) {
        let to = match lane {
            Lane::Out => &self.out,
            Lane::Error => &self.errors,
        };
        drop(to.send(Ok(piece)).await);
    }

    async fn fail(&self, error: io::Error) {
        drop(self.out.send(Err(error)).await);
    }
}

fn reader(mut pieces: mpsc::Receiver<Piece>, guard: Arc<DropGuard>) -> ByteReader {
    let pieces = stream::poll_fn(move |context| {
        // The reader keeps the connection open as long as it lives.
        let _open = &guard;
        pieces.poll_recv(context)
    });
    Box::pin(pieces.into_async_read())
}

/// A writer that keeps the connection open as long as it lives.
struct GuardedWriter {
    inner: ByteWriter,
    _guard: Arc<DropGuard>,
}

impl FuturesWrite for GuardedWriter {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.inner.as_mut().poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner.as_mut().poll_flush(context)
    }

    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner.as_mut().poll_close(context)
    }
}
