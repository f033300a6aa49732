//! The product's command line as a child of a test: its lines as they come, its end, and ways to end it.

use std::process::{Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::Child;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::until::LIMIT;

/// A run that goes on. It is killed where the test ends before it.
pub struct Running {
    child: Child,
    lines: mpsc::UnboundedReceiver<String>,
    seen: Vec<String>,
    stdout: JoinHandle<String>,
}

/// A run that ended.
#[derive(Debug)]
pub struct Ended {
    /// How.
    pub status: ExitStatus,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Ended {
    /// Asserts an exit code, showing what was printed where it is another.
    #[track_caller]
    pub fn expect_code(&self, code: i32) -> &Self {
        assert_eq!(self.status.code(), Some(code), "{self:#?}");
        self
    }

    /// Asserts that standard error holds all of these.
    #[track_caller]
    pub fn expect_said(&self, words: &[impl AsRef<str>]) -> &Self {
        for word in words.iter().map(AsRef::as_ref) {
            assert!(self.stderr.contains(word), "'{word}' is not in {self:#?}");
        }
        self
    }
}

impl Running {
    /// Starts a command that reads nothing.
    #[must_use]
    pub fn start(command: Command) -> Self {
        let mut command = tokio::process::Command::from(command);
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("a process");
        let mut stdout = child.stdout.take().expect("a pipe");
        let stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        let (sender, lines) = mpsc::unbounded_channel();
        tokio::spawn(read_lines(stderr, sender));
        let stdout = tokio::spawn(async move {
            let mut text = String::new();
            stdout.read_to_string(&mut text).await.expect("UTF-8");
            text
        });
        Self {
            child,
            lines,
            seen: Vec::new(),
            stdout,
        }
    }

    /// Waits for a line of standard error that holds a text.
    ///
    /// # Panics
    /// Where the process ends before, or nothing comes for long.
    pub async fn line(&mut self, part: &str) -> String {
        loop {
            let line = timeout(LIMIT, self.lines.recv()).await;
            let Ok(Some(line)) = line else {
                panic!("'{part}' never came, only {:#?}", self.seen);
            };
            self.seen.push(line.clone());
            if line.contains(part) {
                return line;
            }
        }
    }

    /// Sends a signal.
    ///
    /// # Panics
    /// Where the process has been waited for already.
    pub fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.id()).expect("an id");
        kill_process(Pid::from_raw(id).expect("an id"), signal).expect("a signal sent");
    }

    /// The process's id.
    ///
    /// # Panics
    /// Where the process has been waited for already.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id().expect("a process that runs")
    }

    /// Waits for the end.
    ///
    /// # Panics
    /// Where it does not come.
    pub async fn end(mut self) -> Ended {
        let Ok(status) = timeout(LIMIT, self.child.wait()).await else {
            panic!("it does not end; it said {:#?}", self.seen);
        };
        while let Some(line) = self.lines.recv().await {
            self.seen.push(line);
        }
        Ended {
            status: status.expect("a status"),
            stdout: self.stdout.await.expect("standard output"),
            stderr: self.seen.join("\n"),
        }
    }
}

async fn read_lines(reader: impl AsyncBufRead + Unpin, to: mpsc::UnboundedSender<String>) {
    let mut lines = reader.lines();
    while let Ok(Some(line)) = lines.next_line().await {
        if to.send(line).is_err() {
            return;
        }
    }
}

/// Runs a command to its end.
pub async fn run(command: Command) -> Ended {
    Running::start(command).end().await
}
