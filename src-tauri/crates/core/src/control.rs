//! The control protocol: newline-delimited JSON over a Unix socket that the guest cannot see.
//!
//! The engine sends a [`Request`] a line; the bundle answers each with a [`Message::Reply`] or [`Message::Failure`] of the same id,
//! and after `subscribe` sends [`Message::Event`] lines in between. Several connections may be open; a new daemon adds operations
//! and never changes the ones that are here. Until `set-policy` was received every door denies.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use crate::backend::Daemon;
use crate::claude::ClaudeKind;
use crate::event::SecurityEvent;
use crate::id::CredentialName;
use crate::policy::Policy;
use crate::secret::Secret;

/// The version that both sides name in `hello`; another one is refused.
pub const VERSION: u32 = 1;
/// Longest line that either side reads, in bytes.
pub const MAX_LINE: usize = 1 << 20;

/// One question of the engine.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Chosen by the asker, given back in the answer.
    pub id: u32,
    /// What is asked.
    pub op: Operation,
}

/// What can be asked of a bundle.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Operation {
    /// Names the version; answered with [`Reply::Hello`]. Must come first on every connection.
    Hello {
        /// The asker's [`VERSION`].
        version: u32,
    },
    /// Replaces the routes of egress, at once for new requests; tunnels to hosts that are no longer open are closed.
    SetPolicy {
        /// The new policy.
        policy: Policy,
    },
    /// Adds or replaces credentials; kept in memory only and zeroed when replaced.
    SetCredentials {
        /// Names and values.
        credentials: Vec<CredentialValue>,
    },
    /// Forgets a credential; routes that need it deny from now on.
    RemoveCredential {
        /// Which.
        credential: CredentialName,
    },
    /// The kill switch: while paused every door denies and open tunnels are closed.
    Pause {
        /// Stop or go on.
        paused: bool,
    },
    /// Answered with [`Reply::Status`].
    Status,
    /// Sends security events on this connection from now on, first those still buffered since `after`.
    Subscribe {
        /// The last event number that the asker has seen; 0 for all that are buffered.
        after: u32,
    },
    /// Ends the bundle in order.
    Shutdown,
}

/// A credential on its way into the bundle: the one place where a secret is written out, to the control socket only.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialValue {
    /// Its name, as routes use it.
    pub name: CredentialName,
    /// What kind of Claude credential it is, where it is one.
    pub kind: Option<ClaudeKind>,
    /// The value.
    #[serde(serialize_with = "write_secret", deserialize_with = "read_secret")]
    pub value: Secret<String>,
}

fn write_secret<S: Serializer>(secret: &Secret<String>, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(secret.expose())
}

fn read_secret<'de, D: Deserializer<'de>>(from: D) -> Result<Secret<String>, D::Error> {
    String::deserialize(from).map(Secret::new)
}

/// One line of the bundle.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Message {
    /// The answer to a request.
    Reply {
        /// The request's id.
        id: u32,
        /// The answer.
        reply: Reply,
    },
    /// A request that was refused.
    Failure {
        /// The request's id; 0 where it could not be read.
        id: u32,
        /// A stable `snake_case` word.
        code: String,
        /// What happened.
        message: String,
    },
    /// Something happened.
    Event {
        /// Counts up from 1 in the life of a bundle.
        number: u32,
        /// When, in milliseconds since 1970.
        at_ms: f64,
        /// What.
        event: SecurityEvent,
    },
}

/// Answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "kebab-case")]
pub enum Reply {
    /// Done.
    Done,
    /// Who answers.
    Hello {
        /// The bundle's [`VERSION`].
        version: u32,
        /// The daemons that run.
        daemons: Vec<Daemon>,
        /// The session's public certificate in PEM. Its key never leaves the bundle.
        ca_pem: String,
        /// SHA-256 of the certificate in hexadecimal.
        ca_fingerprint: String,
    },
    /// How it stands.
    Status {
        /// Whether the kill switch is on.
        paused: bool,
        /// Whether a policy was received.
        configured: bool,
        /// Names of the credentials it holds, sorted.
        credentials: Vec<CredentialName>,
        /// Requests let through so far.
        allowed: u32,
        /// Requests refused so far.
        denied: u32,
        /// Connections open now.
        open: u32,
    },
}

/// Writes a message or request as one line, in memory that is zeroed afterwards.
///
/// # Errors
/// What `serde_json` says; does not happen for these types.
pub fn line(value: &impl Serialize) -> Result<Zeroizing<Vec<u8>>, serde_json::Error> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
    serde_json::to_writer(&mut *bytes, value)?;
    bytes.push(b'\n');
    Ok(bytes)
}
