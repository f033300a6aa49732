//! Terminals of which a test holds the far end: it prints and reads what claude would.

use async_trait::async_trait;
use bottle_core::backend::{BackendError, PartState};
use bottle_core::guest::{Exit, Resize, Terminal, TerminalSize};
use bottle_core::id::SessionId;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::{mpsc, watch};
use tokio_util::compat::{TokioAsyncReadCompatExt, TokioAsyncWriteCompatExt};

/// Bytes on their way in each direction, as in the kernel of a real guest.
const ROOM: usize = 64 << 10;

/// Claude's end of a terminal.
pub struct FarEnd {
    /// The size with which it was started.
    pub size: TerminalSize,
    /// The sizes that it was told since.
    pub sizes: mpsc::UnboundedReceiver<TerminalSize>,
    typed: DuplexStream,
    printed: DuplexStream,
    code: watch::Sender<Option<i32>>,
}

impl FarEnd {
    /// Prints, and waits where nobody reads.
    ///
    /// # Panics
    /// Where the terminal is closed.
    pub async fn print(&mut self, bytes: &[u8]) {
        self.printed.write_all(bytes).await.expect("printed");
    }

    /// Reads so many bytes of what was typed.
    ///
    /// # Panics
    /// Where the terminal closes before.
    pub async fn typed(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.typed.read_exact(&mut bytes).await.expect("typed");
        bytes
    }

    /// Ends with a code, and closes its end.
    pub fn exit(self, code: i32) {
        self.code.send_replace(Some(code));
    }
}

/// Makes a terminal and its far end.
pub(super) fn terminal(
    session: SessionId,
    guest: watch::Receiver<PartState>,
    size: TerminalSize,
) -> (Terminal, FarEnd) {
    let (output, printed) = tokio::io::duplex(ROOM);
    let (input, typed) = tokio::io::duplex(ROOM);
    let (told, sizes) = mpsc::unbounded_channel();
    let (code, ended) = watch::channel(None);
    let far = FarEnd {
        size,
        sizes,
        typed,
        printed,
        code,
    };
    let near = Terminal {
        input: Box::pin(input.compat_write()),
        output: Box::pin(output.compat()),
        resize: Box::new(Told(told)),
        exit: Box::new(Ended {
            session,
            guest,
            code: ended,
        }),
    };
    (near, far)
}

struct Told(mpsc::UnboundedSender<TerminalSize>);

#[async_trait]
impl Resize for Told {
    async fn resize(&self, size: TerminalSize) -> Result<(), BackendError> {
        // A far end that is gone needs no size.
        let _told = self.0.send(size);
        Ok(())
    }
}

struct Ended {
    session: SessionId,
    guest: watch::Receiver<PartState>,
    code: watch::Receiver<Option<i32>>,
}

#[async_trait]
impl Exit for Ended {
    async fn wait(&mut self) -> Result<i32, BackendError> {
        let gone = || BackendError::GuestGone {
            session: self.session.clone(),
        };
        tokio::select! {
            code = self.code.wait_for(Option::is_some) => {
                code.ok().and_then(|code| *code).ok_or_else(gone)
            }
            _ = self.guest.wait_for(|state| *state != PartState::Running) => Err(gone()),
        }
    }
}
