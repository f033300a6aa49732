//! A connection to the engine of another machine: `ssh` runs `docker system dial-stdio` there, and its pipes are the connection.
//!
//! `ssh` itself finds keys, agents, jump hosts and known hosts, as it does for Docker's command line. It must not ask anything, for
//! nobody sits at its terminal.

use std::future::Future as _;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::Stdio;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout};
use tokio::task::JoinHandle;

use crate::fault::Fault;

/// Most bytes of what `ssh` says that an error keeps.
const MAX_SAID: usize = 2048;

/// The command line that opens one connection.
pub(super) struct Command {
    program: PathBuf,
    arguments: Vec<String>,
    host: String,
}

impl Command {
    /// Puts the command line together. All parts were checked to be plain words when the address was read.
    pub(super) fn new(
        program: &Path,
        user: Option<&str>,
        host: &str,
        port: Option<u16>,
        socket: Option<&str>,
    ) -> Self {
        let mut arguments: Vec<String> = ["-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=20"]
            .map(str::to_owned)
            .into();
        if let Some(user) = user {
            arguments.extend(["-l".to_owned(), user.to_owned()]);
        }
        if let Some(port) = port {
            arguments.extend(["-p".to_owned(), port.to_string()]);
        }
        arguments.extend(["--".to_owned(), host.to_owned(), "docker".to_owned()]);
        if let Some(socket) = socket {
            arguments.extend(["--host".to_owned(), format!("unix://{socket}")]);
        }
        arguments.extend(["system".to_owned(), "dial-stdio".to_owned()]);
        Self {
            program: program.to_owned(),
            arguments,
            host: host.to_owned(),
        }
    }

    /// Starts `ssh`. That it could not log in shows when its pipes end.
    pub(super) fn start(&self) -> io::Result<SshStream> {
        let mut child = tokio::process::Command::new(&self.program)
            .args(&self.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let (Some(input), Some(output), Some(errors)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let said = tokio::spawn(listen(errors));
        Ok(SshStream {
            input: Some(input),
            output,
            said: Some(said),
            host: self.host.clone(),
            _child: child,
        })
    }
}

/// Reads all that `ssh` says and keeps the end of it.
async fn listen(mut errors: ChildStderr) -> String {
    let mut said = Vec::new();
    let mut buffer = [0; 512];
    while let Ok(count @ 1..) = errors.read(&mut buffer).await {
        said.extend(buffer.iter().take(count));
        let excess = said.len().saturating_sub(MAX_SAID);
        drop(said.drain(..excess));
    }
    String::from_utf8_lossy(&said)
        .replace(|c: char| c.is_control(), " ")
        .trim()
        .to_owned()
}

/// The pipes of a running `ssh`; it is killed when they go.
pub(super) struct SshStream {
    input: Option<ChildStdin>,
    output: ChildStdout,
    said: Option<JoinHandle<String>>,
    host: String,
    _child: Child,
}

impl AsyncRead for SshStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.output).poll_read(context, buffer))?;
        if buffer.filled().len() > before {
            // From the first byte on the engine speaks, and an end of the stream is an end like any other.
            drop(self.said.take());
            return Poll::Ready(Ok(()));
        }
        let Some(said) = self.said.as_mut() else {
            return Poll::Ready(Ok(()));
        };
        let said = ready!(Pin::new(said).poll(context)).unwrap_or_default();
        self.said = None;
        Poll::Ready(Err(io::Error::new(
            io::ErrorKind::NotConnected,
            Fault::SshEnded {
                host: self.host.clone(),
                said,
            },
        )))
    }
}

impl AsyncWrite for SshStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = match self.input.as_mut() {
            Some(input) => ready!(Pin::new(input).poll_write(context, bytes)),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        };
        // An `ssh` that ended before the engine spoke says why on its other pipe: the reader brings that as the error.
        if self.said.is_some()
            && matches!(&written, Err(error) if error.kind() == io::ErrorKind::BrokenPipe)
        {
            self.input = None;
            return Poll::Ready(Ok(bytes.len()));
        }
        Poll::Ready(written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.input.as_mut() {
            Some(input) => Pin::new(input).poll_flush(context),
            None => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Only closing the pipe tells the other side; shutting a pipe down does nothing.
        self.input = None;
        Poll::Ready(Ok(()))
    }
}
