//! Signals that end things: the first one cancels in order; what a person repeats on the keyboard ends the program at once.

use std::future::Future;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The signals that ask a program to end. One for the whole run: a signal that comes between two waits is not lost.
pub struct Ending {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Ending {
    /// Takes the signals over from their defaults.
    pub fn new() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for one of them, and says what it means.
    pub async fn wait(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "interrupted",
            _ = self.terminate.recv() => "claude-bottle was asked to end",
            _ = self.hangup.recv() => "the terminal closed",
        }
    }

    /// Does work that a signal cancels. The work still has its say: it ends when it has put things in order.
    pub async fn cancels<T>(
        &mut self,
        token: &CancellationToken,
        work: impl Future<Output = T>,
    ) -> T {
        tokio::pin!(work);
        tokio::select! {
            result = &mut work => return result,
            _ = self.wait() => token.cancel(),
        }
        // A window that closes sends its signal several times, and who sends SIGTERM waits: only the keyboard is impatient.
        tokio::select! {
            result = &mut work => result,
            _ = self.interrupt.recv() => {
                // What is left now is found by `cleanup`.
                std::process::exit(130)
            }
        }
    }
}
