//! Signals that end things: the first cancels in order, a second one ends the program at once.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Cancels a token at SIGINT, SIGTERM or SIGHUP until it is dropped.
pub struct Signals {
    task: tokio::task::JoinHandle<()>,
}

impl Signals {
    /// Starts to listen.
    pub fn cancel(token: CancellationToken) -> std::io::Result<Self> {
        let mut all = Ending::new()?;
        let task = tokio::spawn(async move {
            all.wait().await;
            token.cancel();
            all.wait().await;
            // What is left now is found by `cleanup`.
            std::process::exit(130);
        });
        Ok(Self { task })
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The signals that ask a program to end.
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
}
