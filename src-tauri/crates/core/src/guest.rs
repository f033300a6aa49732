//! The one small trait through which everything is done inside a bottle.

use std::pin::Pin;

use async_trait::async_trait;
use futures_io::{AsyncRead, AsyncWrite};

use crate::backend::BackendError;
use crate::path::GuestPath;

/// Bytes to read, in order.
pub type ByteReader = Pin<Box<dyn AsyncRead + Send>>;
/// A place to write bytes; closing it tells the other side that no more come.
pub type ByteWriter = Pin<Box<dyn AsyncWrite + Send>>;

/// Who a command runs as in the guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GuestUser {
    /// Root, for provisioning only.
    Root,
    /// `node` (uid 1000): claude, and all that the person or the agent runs.
    Node,
}

/// A command to run in the guest. The environment is exactly what stands here besides `PATH` and `HOME`: backends do not inherit.
#[derive(Debug, Clone)]
pub struct Exec {
    /// Program and arguments; never a secret.
    pub argv: Vec<String>,
    /// Who it runs as.
    pub user: GuestUser,
    /// Names and values, never a secret.
    pub env: Vec<(String, String)>,
    /// Where it runs; the user's home where nothing is said.
    pub workdir: Option<GuestPath>,
}

impl Exec {
    /// A command with no environment of its own.
    pub fn new<S: Into<String>>(user: GuestUser, argv: impl IntoIterator<Item = S>) -> Self {
        Self {
            argv: argv.into_iter().map(Into::into).collect(),
            user,
            env: Vec::new(),
            workdir: None,
        }
    }

    /// Sets the environment.
    #[must_use]
    pub fn with_env(mut self, env: Vec<(String, String)>) -> Self {
        self.env = env;
        self
    }

    /// Sets the working folder.
    #[must_use]
    pub fn in_folder(mut self, folder: GuestPath) -> Self {
        self.workdir = Some(folder);
        self
    }
}

/// Most bytes of each of stdout and stderr that [`Guest::exec`] keeps.
pub const EXEC_OUTPUT_LIMIT: usize = 1 << 20;

/// What a finished command said, each stream cut at [`EXEC_OUTPUT_LIMIT`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExecOutput {
    /// The exact exit code; 128+n after signal n.
    pub code: i32,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
}

/// The exit code of a process, once it is there.
#[async_trait]
pub trait Exit: Send {
    /// Waits for the end of the process. Cancel safe: it can be asked again.
    async fn wait(&mut self) -> Result<i32, BackendError>;
}

/// Changes the size of a terminal.
#[async_trait]
pub trait Resize: Send + Sync {
    /// Tells the guest the new size.
    async fn resize(&self, size: TerminalSize) -> Result<(), BackendError>;
}

/// A running process with pipes.
pub struct Process {
    /// Its standard input; close it to signal the end.
    pub stdin: ByteWriter,
    /// Its standard output.
    pub stdout: ByteReader,
    /// Its standard error.
    pub stderr: ByteReader,
    /// Its end.
    pub exit: Box<dyn Exit>,
}

/// A running process on a terminal.
pub struct Terminal {
    /// What is typed.
    pub input: ByteWriter,
    /// What is shown.
    pub output: ByteReader,
    /// Changes its size.
    pub resize: Box<dyn Resize>,
    /// Its end.
    pub exit: Box<dyn Exit>,
}

/// Rows and columns of a terminal, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TerminalSize {
    /// Height.
    pub rows: u16,
    /// Width.
    pub columns: u16,
}

/// The inside of a running bottle.
///
/// Every call fails with [`BackendError::GuestGone`] once the guest has ended. Dropping a future abandons the call; the process in
/// the guest may go on until the guest stops.
#[async_trait]
pub trait Guest: Send + Sync {
    /// Runs a command to its end. A non-zero exit code is not an error.
    async fn exec(
        &self,
        command: &Exec,
        stdin: Option<ByteReader>,
    ) -> Result<ExecOutput, BackendError>;

    /// Starts a command with pipes.
    async fn spawn(&self, command: &Exec) -> Result<Process, BackendError>;

    /// Starts a command on a terminal of the given size.
    async fn attach(&self, command: &Exec, size: TerminalSize) -> Result<Terminal, BackendError>;

    /// Unpacks a tar archive into an existing folder as `node`, who owns what is unpacked whatever the archive says; modes and times
    /// are kept. Root writes its few files by `exec`: a guest whose root has no capability at all needs none for this either.
    async fn copy_in(&self, archive: ByteReader, folder: &GuestPath) -> Result<(), BackendError>;

    /// Packs a folder (its content, with paths relative to it) as a tar archive as `node`, with symbolic links as links.
    async fn copy_out(&self, folder: &GuestPath) -> Result<ByteReader, BackendError>;
}
