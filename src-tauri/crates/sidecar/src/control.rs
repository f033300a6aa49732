//! The engine's way in: serves the control protocol of core on a Unix socket, and bridges it for those who can only `exec`.
//!
//! It changes [`State`] and reads it; how egress obeys is not its business.

mod bridge;
mod lines;

use std::sync::Arc;
use std::time::Duration;

use bottle_core::backend::Daemon;
use bottle_core::control::{self, Message, Operation, Reply, Request};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::UnixListener;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use bridge::bridge;
use lines::{Line, Lines};

use bottle_core::advice::Advice as _;

use crate::ca::SessionCa;
use crate::events::Reader;
use crate::state::State;

/// Connections of the engine at once: the app, a command line or two, and what is left of ones that died.
const CONNECTIONS: usize = 32;
/// How long a line may take to be taken up by a reader; events are not lost by then, and it can come again.
const WRITE: Duration = Duration::from_secs(30);
/// How long accepting waits where it failed or too many are connected.
const PAUSE: Duration = Duration::from_millis(50);

/// What the control side works on.
#[derive(Debug, Clone)]
pub struct Control {
    /// The state that it changes.
    pub state: Arc<State>,
    /// The session's authority, whose public certificate it hands out.
    pub ca: Arc<SessionCa>,
    /// What runs.
    pub daemons: Vec<Daemon>,
    /// Ends the bundle in order.
    pub shutdown: CancellationToken,
}

impl Control {
    /// Serves connections until the bundle ends.
    pub async fn serve(self, listener: UnixListener) {
        let tracker = TaskTracker::new();
        let accepting = async {
            loop {
                if tracker.len() >= CONNECTIONS {
                    sleep(PAUSE).await;
                    continue;
                }
                match listener.accept().await {
                    Ok((stream, _)) => {
                        let (control, end) = (self.clone(), self.shutdown.clone());
                        drop(tracker.spawn(async move {
                            let talk = control.talk(stream);
                            if let Some(Err(error)) = end.run_until_cancelled(talk).await {
                                tracing::debug!(%error, "a control connection broke off");
                            }
                        }));
                    }
                    Err(error) => {
                        tracing::warn!(%error, "a control connection could not be accepted");
                        sleep(PAUSE).await;
                    }
                }
            }
        };
        let _ended: Option<()> = self.shutdown.run_until_cancelled(accepting).await;
        tracker.close();
        tracker.wait().await;
    }

    /// Serves one connection to its end.
    ///
    /// # Errors
    /// What reading and writing say.
    pub async fn talk(&self, stream: impl AsyncRead + AsyncWrite) -> std::io::Result<()> {
        let (from, to) = tokio::io::split(stream);
        tokio::pin!(from, to);
        let mut lines = Lines::new(from);
        let mut talk = Talk {
            to,
            greeted: false,
            reader: None,
        };
        loop {
            let line = tokio::select! {
                line = lines.next() => line?,
                batch = next_events(&self.state, &mut talk.reader) => {
                    for message in batch {
                        talk.write(&message).await?;
                    }
                    continue;
                }
            };
            let request = match line {
                Line::Text(text) => serde_json::from_slice::<Request>(&text),
                Line::TooLong => {
                    let told = format!("a line is longer than {} bytes", control::MAX_LINE);
                    return talk.fail(0, "bad_request", told).await;
                }
                Line::End => return Ok(()),
            };
            let Ok(request) = request else {
                // What serde says may quote the line, and the line may hold a credential.
                let told = "a line is not a request of this protocol".to_owned();
                talk.fail(0, "bad_request", told).await?;
                continue;
            };
            if !self.answer(&mut talk, request).await? {
                return Ok(());
            }
        }
    }

    /// Answers a request; false where the connection is over.
    async fn answer<W: AsyncWrite + Unpin>(
        &self,
        talk: &mut Talk<W>,
        Request { id, op }: Request,
    ) -> std::io::Result<bool> {
        if let Operation::Hello { version } = op {
            if version != control::VERSION {
                let told = format!(
                    "this bundle speaks version {} of the control protocol, not {version}",
                    control::VERSION
                );
                talk.fail(id, "version_mismatch", told).await?;
                return Ok(false);
            }
            talk.greeted = true;
        } else if !talk.greeted {
            let told = "the first request must be hello".to_owned();
            talk.fail(id, "hello_expected", told).await?;
            return Ok(false);
        }
        match self.run(talk, op) {
            Ok(reply) => talk.write(&Message::Reply { id, reply }).await?,
            Err(error) => talk.fail(id, error.code(), error.to_string()).await?,
        }
        Ok(true)
    }

    fn run<W>(&self, talk: &mut Talk<W>, op: Operation) -> Result<Reply, crate::SidecarError> {
        match op {
            Operation::Hello { .. } => {
                return Ok(Reply::Hello {
                    version: control::VERSION,
                    daemons: self.daemons.clone(),
                    ca_pem: self.ca.pem().to_owned(),
                    ca_fingerprint: self.ca.fingerprint().to_owned(),
                });
            }
            Operation::Status => return Ok(self.status()),
            Operation::SetPolicy { policy } => self.state.set_policy(policy),
            Operation::SetCredentials { credentials } => self.state.vault().put(&credentials)?,
            Operation::RemoveCredential { credential } => self.state.vault().remove(&credential),
            Operation::Pause { paused } => self.state.pause(paused),
            Operation::Subscribe { after } => {
                talk.reader = Some(self.state.events().reader(after));
            }
            // Cancelling cuts this connection too, so the answer is a closed connection at the latest.
            Operation::Shutdown => self.shutdown.cancel(),
        }
        Ok(Reply::Done)
    }

    fn status(&self) -> Reply {
        let rules = self.state.rules();
        let (allowed, denied) = self.state.counts();
        Reply::Status {
            paused: rules.paused,
            configured: rules.policy.is_some(),
            credentials: self.state.vault().names(),
            allowed,
            denied,
            open: self.state.open(),
        }
    }
}

async fn next_events(state: &State, reader: &mut Option<Reader>) -> Vec<Message> {
    match reader {
        Some(reader) => state.events().next(reader).await,
        None => std::future::pending().await,
    }
}

/// The answering side of one connection.
struct Talk<W> {
    to: W,
    greeted: bool,
    reader: Option<Reader>,
}

impl<W: AsyncWrite + Unpin> Talk<W> {
    async fn fail(&mut self, id: u32, code: &str, message: String) -> std::io::Result<()> {
        let code = code.to_owned();
        self.write(&Message::Failure { id, code, message }).await
    }

    async fn write(&mut self, message: &Message) -> std::io::Result<()> {
        let line = control::line(message)?;
        let writing = async {
            self.to.write_all(&line).await?;
            self.to.flush().await
        };
        timeout(WRITE, writing).await?
    }
}
