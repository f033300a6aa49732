//! The inside of a staged session: files in a folder, and commands that are remembered and answered, not run. Only the scripts that
//! look at the project folder run for real, in that folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Mutex;

use async_trait::async_trait;
use bottle_core::backend::{BackendError, Part, PartState};
use bottle_core::guest::{
    ByteReader, Exec, ExecOutput, Exit, Guest, GuestUser, Process, Resize, Terminal, TerminalSize,
};
use bottle_core::id::SessionId;
use bottle_core::path::GuestPath;
use bottle_core::selftest::{Check, REQUIRED, SelfTest};
use futures_util::io::{AsyncReadExt, Cursor};
use tokio_util::compat::{
    FuturesAsyncReadCompatExt, TokioAsyncReadCompatExt, TokioAsyncWriteCompatExt,
};
use tokio_util::io::SyncIoBridge;

use super::archive::{CopiedEntry, pack, unpack};
use super::terminal::terminal;
use super::{StagedBackend, lock};

/// What a command answers, where it is not the usual.
#[derive(Debug, Clone)]
pub struct Answer {
    /// A part of the command line that it answers.
    pub part: &'static str,
    /// What it prints and how it ends.
    pub output: ExecOutput,
}

/// A command that ran.
#[derive(Debug, Clone)]
pub struct Ran {
    /// The command.
    pub command: Exec,
    /// What stood on its standard input.
    pub stdin: Vec<u8>,
}

/// An archive that was copied in.
#[derive(Debug, Clone)]
pub struct Copied {
    /// Where to.
    pub folder: String,
    /// What was in it.
    pub entries: Vec<CopiedEntry>,
}

/// What all guests of a backend ran and were given.
#[derive(Default)]
pub struct Record {
    ran: Mutex<Vec<Ran>>,
    copied: Mutex<Vec<Copied>>,
    answers: Mutex<Vec<Answer>>,
}

impl Record {
    /// The commands, in order.
    #[must_use]
    pub fn ran(&self) -> Vec<Ran> {
        lock(&self.ran).clone()
    }

    /// The archives, in order.
    #[must_use]
    pub fn copied(&self) -> Vec<Copied> {
        lock(&self.copied).clone()
    }

    /// Lets commands that hold a text answer something else from now on; `copy-out` stands for that call.
    pub fn answer(&self, part: &'static str, code: i32, stdout: impl Into<Vec<u8>>) {
        let output = ExecOutput {
            code,
            stdout: stdout.into(),
            stderr: Vec::new(),
        };
        lock(&self.answers).insert(0, Answer { part, output });
    }

    /// Lets commands that hold a text fail with these last words from now on.
    pub fn fail(&self, part: &'static str, code: i32, stderr: impl Into<Vec<u8>>) {
        let output = ExecOutput {
            code,
            stdout: Vec::new(),
            stderr: stderr.into(),
        };
        lock(&self.answers).insert(0, Answer { part, output });
    }

    fn answer_of(&self, command: &Exec) -> Option<ExecOutput> {
        let line = command.argv.join(" ");
        let answers = lock(&self.answers);
        let fitting = answers.iter().find(|answer| line.contains(answer.part));
        fitting.map(|answer| answer.output.clone())
    }

    fn note(&self, command: &Exec, stdin: Vec<u8>) {
        let command = command.clone();
        lock(&self.ran).push(Ran { command, stdin });
    }
}

/// The report of a bottle in which every check passes.
#[must_use]
pub fn sealed() -> SelfTest {
    let check = |id: &str| Check {
        id: id.to_owned(),
        title: format!("{id} holds"),
        passed: true,
        seen: "well".into(),
    };
    SelfTest::new(REQUIRED.into_iter().map(check).collect(), 12)
}

pub(super) fn make_root(root: &Path) {
    for folder in ["home/node", "workspace", "tmp"] {
        fs::create_dir_all(root.join(folder)).expect("a folder");
    }
}

/// The inside of one session.
pub(super) struct StagedGuest {
    pub(super) backend: StagedBackend,
    pub(super) id: SessionId,
}

impl StagedGuest {
    /// Fails where the guest does not run.
    pub(super) fn runs(&self) -> Result<(), BackendError> {
        let state = self.backend.part(&self.id, Part::Guest);
        if state.is_some_and(|state| *state.borrow() == PartState::Running) {
            return Ok(());
        }
        Err(BackendError::GuestGone {
            session: self.id.clone(),
        })
    }

    fn host(&self, path: &str) -> PathBuf {
        let root = self.backend.root(&self.id);
        root.join(path.trim_start_matches('/'))
    }

    /// What a command answers that nobody prepared an answer for.
    fn usual(&self, command: &Exec) -> ExecOutput {
        let line = command.argv.join(" ");
        let code = |code| ExecOutput {
            code,
            ..ExecOutput::default()
        };
        if line.starts_with("bottle-guest self-test") {
            let stdout = serde_json::to_vec(&sealed()).expect("JSON");
            return ExecOutput { stdout, ..code(0) };
        }
        if line.contains("projects/*/") {
            let there = has_transcript(&self.host("/home/node/.claude/projects"));
            return code(i32::from(!there));
        }
        if line.contains("ls -1A") {
            let folder = command.argv.last().map(|folder| self.host(folder));
            let names = made(&folder.expect("a folder"));
            return ExecOutput {
                stdout: names.into(),
                ..code(0)
            };
        }
        code(0)
    }

    /// Renews the folders that are the arguments of a delivery and unpacks it from the root, as its script does.
    fn deliver(&self, command: &Exec, archive: &[u8]) {
        for folder in command.argv.iter().skip(4) {
            let folder = self.host(folder);
            super::remove(&folder);
            fs::create_dir_all(folder).expect("a folder");
        }
        let entries = unpack(archive, &self.host("/")).expect("an archive");
        let folder = "/".to_owned();
        lock(&self.backend.guests().copied).push(Copied { folder, entries });
    }
}

/// Makes a folder, and lists what is in it, a name a line.
fn made(folder: &Path) -> String {
    fs::create_dir_all(folder).expect("a folder");
    let entries = fs::read_dir(folder).expect("a listing");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    names.map(|name| format!("{}\n", name.display())).collect()
}

fn broken(command: &str, source: &impl std::fmt::Display) -> BackendError {
    BackendError::GuestCommand {
        command: command.to_owned(),
        code: 2,
        tail: vec![source.to_string()],
    }
}

fn has_transcript(projects: &Path) -> bool {
    let folders = fs::read_dir(projects).into_iter().flatten().flatten();
    let mut files =
        folders.flat_map(|folder| fs::read_dir(folder.path()).into_iter().flatten().flatten());
    files.any(|file| {
        file.path()
            .extension()
            .is_some_and(|ending| ending == "jsonl")
    })
}

/// What a command is called in the list of steps.
fn title(command: &Exec) -> String {
    let line = command.argv.join(" ");
    let known = [
        ("ca-certificates", "certificate"),
        ("ls -1A", "inbox"),
        ("tar -xpf", "deliver"),
        ("git config", "git"),
        ("self-test", "self-test"),
        ("projects/*/", "look for a transcript"),
        ("find .", "list"),
        ("check-ignore", "ignored"),
        ("tar --create", "pack"),
    ];
    let known = known.iter().find(|(part, _)| line.contains(part));
    let program = command.argv.first().map(String::as_str).unwrap_or_default();
    known.map_or(program, |(_, title)| title).to_owned()
}

async fn read_all(stream: Option<ByteReader>) -> Vec<u8> {
    let mut all = Vec::new();
    if let Some(mut stream) = stream {
        stream.read_to_end(&mut all).await.expect("input");
    }
    all
}

#[async_trait]
impl Guest for StagedGuest {
    async fn exec(
        &self,
        command: &Exec,
        stdin: Option<ByteReader>,
    ) -> Result<ExecOutput, BackendError> {
        let name = format!("exec {}", title(command));
        let record = self.backend.guests();
        self.backend
            .step(name, async {
                self.runs()?;
                let stdin = read_all(stdin).await;
                let answer = record.answer_of(command);
                if answer.is_none() && title(command) == "deliver" {
                    self.deliver(command, &stdin);
                }
                record.note(command, stdin);
                Ok(answer.unwrap_or_else(|| self.usual(command)))
            })
            .await
    }

    async fn spawn(&self, command: &Exec) -> Result<Process, BackendError> {
        let name = format!("spawn {}", title(command));
        let record = self.backend.guests();
        self.backend
            .step(name, async {
                self.runs()?;
                record.note(command, Vec::new());
                let is_script = command.argv.first().is_some_and(|program| program == "sh");
                Ok(match record.answer_of(command) {
                    Some(answer) => prepared(answer),
                    None if is_script => {
                        let folder = command.workdir.as_ref().map_or("/", GuestPath::as_str);
                        real(command, &self.host(folder))
                    }
                    None => prepared(ExecOutput::default()),
                })
            })
            .await
    }

    async fn attach(&self, command: &Exec, size: TerminalSize) -> Result<Terminal, BackendError> {
        let record = self.backend.guests();
        self.backend
            .step("attach".into(), async {
                self.runs()?;
                record.note(command, Vec::new());
                let held = lock(&self.backend.shared.terminals).clone();
                let guest = self.backend.part(&self.id, Part::Guest);
                if let (Some(held), Some(guest)) = (held, guest) {
                    let (near, far) = terminal(self.id.clone(), guest, size);
                    drop(held.send(far));
                    return Ok(near);
                }
                let process = prepared(record.answer_of(command).unwrap_or_default());
                Ok(Terminal {
                    input: process.stdin,
                    output: process.stdout,
                    resize: Box::new(NoSize),
                    exit: process.exit,
                })
            })
            .await
    }

    async fn copy_in(&self, archive: ByteReader, folder: &GuestPath) -> Result<(), BackendError> {
        let target = self.host(folder.as_str());
        let record = self.backend.guests();
        self.backend
            .step(format!("copy into {folder}"), async {
                self.runs()?;
                let reader = SyncIoBridge::new(archive.compat());
                let unpacking = tokio::task::spawn_blocking(move || unpack(reader, &target));
                let unpacked = unpacking.await.expect("no panic");
                let entries = unpacked.map_err(|error| broken("tar -x", &error))?;
                let folder = folder.to_string();
                lock(&record.copied).push(Copied { folder, entries });
                Ok(())
            })
            .await
    }

    async fn copy_out(&self, folder: &GuestPath) -> Result<ByteReader, BackendError> {
        let source = self.host(folder.as_str());
        self.backend
            .step(format!("copy out of {folder}"), async {
                self.runs()?;
                let asked = Exec::new(GuestUser::Node, ["copy-out"]);
                let packed = match self.backend.guests().answer_of(&asked) {
                    Some(answer) => answer.stdout,
                    None => pack(&source).map_err(|error| broken("tar -c", &error))?,
                };
                Ok(Box::pin(Cursor::new(packed)) as ByteReader)
            })
            .await
    }
}

/// A process that has said everything already.
fn prepared(output: ExecOutput) -> Process {
    Process {
        stdin: Box::pin(futures_util::io::sink()),
        stdout: Box::pin(Cursor::new(output.stdout)),
        stderr: Box::pin(Cursor::new(output.stderr)),
        exit: Box::new(Code(output.code)),
    }
}

/// A script that looks at the project folder.
fn real(command: &Exec, folder: &Path) -> Process {
    let mut argv = command.argv.iter();
    let mut real = tokio::process::Command::new(argv.next().expect("a program"));
    let mut child = real
        .args(argv)
        .env_clear()
        .envs(command.env.iter().map(|(name, value)| (name, value)))
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("a shell");
    Process {
        stdin: Box::pin(child.stdin.take().expect("a pipe").compat_write()),
        stdout: Box::pin(child.stdout.take().expect("a pipe").compat()),
        stderr: Box::pin(child.stderr.take().expect("a pipe").compat()),
        exit: Box::new(Child(child)),
    }
}

struct Code(i32);

#[async_trait]
impl Exit for Code {
    async fn wait(&mut self) -> Result<i32, BackendError> {
        Ok(self.0)
    }
}

struct Child(tokio::process::Child);

#[async_trait]
impl Exit for Child {
    async fn wait(&mut self) -> Result<i32, BackendError> {
        let status = self.0.wait().await.expect("a status");
        Ok(status.code().unwrap_or(137))
    }
}

struct NoSize;

#[async_trait]
impl Resize for NoSize {
    async fn resize(&self, _: TerminalSize) -> Result<(), BackendError> {
        Ok(())
    }
}
