//! The way to a bundle's control socket: a program in the bundle's container copies between the socket and its own pipes.
//!
//! The socket lies on the bundle's private file system, so that the guest cannot reach it and a far engine can be used like a
//! near one. What passes here is never looked at.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bottle_core::backend::{BackendError, ControlStream, Part};
use bottle_core::guest::{ByteReader, ByteWriter};
use bottle_core::id::SessionId;
use futures_io::{AsyncRead, AsyncWrite};

use crate::engine::Engine;
use crate::exec::{self, Command, Started};
use crate::layout::CONTROL_SOCKET;
use crate::stream::{Framing, Pipes, pipes};

/// The program that copies, in the bundle's image.
const SIDECAR: &str = "/usr/local/bin/bottle-sidecar";

/// Opens a stream to the control socket of a session's bundle.
pub(crate) async fn open(
    engine: &Engine,
    session: &SessionId,
) -> Result<ControlStream, BackendError> {
    let command = Command {
        argv: [SIDECAR, "control", "--control", CONTROL_SOCKET]
            .map(str::to_owned)
            .into(),
        user: None,
        env: Vec::new(),
        workdir: None,
        stdin: true,
        terminal: None,
    };
    let Started { raw, .. } = exec::start(engine, session, Part::Bundle, command).await?;
    let Pipes { input, output, .. } = pipes(raw, Framing::Frames, true);
    Ok(Box::pin(Joined { input, output }))
}

/// Two pipes as one two-way stream.
struct Joined {
    input: ByteWriter,
    output: ByteReader,
}

impl AsyncRead for Joined {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.output.as_mut().poll_read(context, bytes)
    }
}

impl AsyncWrite for Joined {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.input.as_mut().poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.input.as_mut().poll_flush(context)
    }

    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.input.as_mut().poll_close(context)
    }
}
