//! The engine's end of the control protocol: asks, waits for the answer, hands events on.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bottle_core::backend::ControlStream;
use bottle_core::control::{self, MAX_LINE, Message, Operation, Reply, Request, VERSION};
use bottle_core::event::SecurityEvent;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, ReadHalf, WriteHalf};
use tokio::sync::{mpsc, oneshot};
use tokio_util::compat::{Compat, FuturesAsyncReadCompatExt};
use tokio_util::task::AbortOnDropHandle;

/// Longest wait for an answer. The bundle answers from memory.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);
/// Events that wait for a slow reader before the connection's reading waits for it.
const EVENTS_WAITING: usize = 1_024;

/// What goes wrong on the control socket.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The connection ended.
    #[error("the control connection ended")]
    Closed,
    /// No answer came in time.
    #[error("no answer came within {} seconds", ANSWER_LIMIT.as_secs())]
    Silent,
    /// The connection could not be read or written.
    #[error("the control connection failed")]
    Broken {
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The bundle refused.
    #[error("the bundle refused: {message}")]
    Refused {
        /// Its word for it.
        code: String,
        /// Its sentence for it.
        message: String,
    },
    /// The answer does not fit the question.
    #[error("the bundle's answer does not fit the question")]
    Unexpected,
}

/// A security event with its number and time (milliseconds since 1970).
#[derive(Debug, Clone, PartialEq)]
pub struct NumberedEvent {
    /// Counts up from 1 in the life of a bundle.
    pub number: u32,
    /// When.
    pub at_ms: f64,
    /// What.
    pub event: SecurityEvent,
}

/// What the bundle said of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hello {
    /// The session's public certificate in PEM.
    pub ca_pem: String,
    /// SHA-256 of it in hexadecimal.
    pub ca_fingerprint: String,
}

type Answer = Result<Reply, ControlError>;
type Waiting = Arc<Mutex<HashMap<u32, oneshot::Sender<Answer>>>>;
type Stream = Compat<ControlStream>;

/// A connection to the control socket of one bundle. Dropping it closes the connection; the bundle goes on.
pub struct ControlClient {
    writer: tokio::sync::Mutex<WriteHalf<Stream>>,
    waiting: Waiting,
    next: AtomicU32,
    reader: AbortOnDropHandle<()>,
}

impl ControlClient {
    /// Says hello, and returns with the client the bundle's answer and the events to come (after [`Self::subscribe`]).
    ///
    /// # Errors
    /// [`ControlError`], with the code `version_mismatch` where the bundle is of another version.
    pub async fn connect(
        stream: ControlStream,
    ) -> Result<(Self, Hello, mpsc::Receiver<NumberedEvent>), ControlError> {
        let (reader, writer) = tokio::io::split(stream.compat());
        let waiting = Waiting::default();
        let (events, received) = mpsc::channel(EVENTS_WAITING);
        let task = tokio::spawn(read(reader, Arc::clone(&waiting), events));
        let client = Self {
            writer: tokio::sync::Mutex::new(writer),
            waiting,
            next: AtomicU32::new(1),
            reader: AbortOnDropHandle::new(task),
        };
        match client.ask(Operation::Hello { version: VERSION }).await? {
            Reply::Hello {
                ca_pem,
                ca_fingerprint,
                ..
            } => Ok((
                client,
                Hello {
                    ca_pem,
                    ca_fingerprint,
                },
                received,
            )),
            Reply::Done | Reply::Status { .. } => Err(ControlError::Unexpected),
        }
    }

    /// Asks and waits for the answer.
    ///
    /// # Errors
    /// [`ControlError`].
    pub async fn ask(&self, op: Operation) -> Answer {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let line = control::line(&Request { id, op }).map_err(|_| ControlError::Unexpected)?;
        let (answer, answered) = oneshot::channel();
        self.waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id, answer);
        // Who reads answers clears the list at its end; a question that comes after that would wait for nobody.
        if self.reader.is_finished() {
            return Err(ControlError::Closed);
        }
        {
            let mut writer = self.writer.lock().await;
            let broken = |source| ControlError::Broken { source };
            writer.write_all(&line).await.map_err(broken)?;
            writer.flush().await.map_err(broken)?;
        }
        match tokio::time::timeout(ANSWER_LIMIT, answered).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(ControlError::Closed),
            Err(_) => Err(ControlError::Silent),
        }
    }

    /// Asks for something that is answered with "done".
    ///
    /// # Errors
    /// [`ControlError`].
    pub async fn tell(&self, op: Operation) -> Result<(), ControlError> {
        match self.ask(op).await? {
            Reply::Done => Ok(()),
            Reply::Hello { .. } | Reply::Status { .. } => Err(ControlError::Unexpected),
        }
    }

    /// Lets events come.
    ///
    /// # Errors
    /// [`ControlError`].
    pub async fn subscribe(&self) -> Result<(), ControlError> {
        self.tell(Operation::Subscribe { after: 0 }).await
    }
}

async fn read(reader: ReadHalf<Stream>, waiting: Waiting, events: mpsc::Sender<NumberedEvent>) {
    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    let limit = u64::try_from(MAX_LINE).unwrap_or(u64::MAX);
    loop {
        line.clear();
        let count = (&mut reader).take(limit).read_until(b'\n', &mut line).await;
        if !matches!(count, Ok(count) if count > 0) || line.last() != Some(&b'\n') {
            break;
        }
        let Ok(message) = serde_json::from_slice::<Message>(&line) else {
            break;
        };
        let (id, answer) = match message {
            Message::Reply { id, reply } => (id, Ok(reply)),
            Message::Failure { id, code, message } => {
                (id, Err(ControlError::Refused { code, message }))
            }
            Message::Event {
                number,
                at_ms,
                event,
            } => {
                // Nobody listens any more: answers are still wanted.
                drop(
                    events
                        .send(NumberedEvent {
                            number,
                            at_ms,
                            event,
                        })
                        .await,
                );
                continue;
            }
        };
        let asker = waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&id);
        if let Some(asker) = asker {
            drop(asker.send(answer));
        }
    }
    waiting
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clear();
}
