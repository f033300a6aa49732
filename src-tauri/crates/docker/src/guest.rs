//! The inside of a running bottle, through the engine's `exec`.
//!
//! Files travel as `tar` through a process in the guest rather than through the engine's archive calls: those do not see what is
//! mounted in the guest under every runtime, and `tar` in the guest applies owners and modes by the guest's own rules.

use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use bollard::query_parameters::{InspectContainerOptions, ResizeExecOptions};
use bottle_core::backend::{BackendError, Part};
use bottle_core::claude;
use bottle_core::guest::{
    ByteReader, Exec, ExecOutput, Exit, Guest, GuestUser, Process, Resize, Terminal, TerminalSize,
};
use bottle_core::id::SessionId;
use bottle_core::path::GuestPath;
use futures_util::{AsyncReadExt, StreamExt, TryStreamExt, stream};

use crate::engine::Engine;
use crate::exec::{self, Command, Handle, Started};
use crate::fault;
use crate::layout::Names;
use crate::lifecycle::gone;
use crate::stream::{CHUNK, Finished, Framing, Pipes, pipes};

/// `tar` that unpacks with the modes of the archive; who runs it owns the files.
const UNPACK: [&str; 5] = ["tar", "-xpf", "-", "--no-same-owner", "-C"];
/// `tar` that packs the content of a folder.
const PACK: [&str; 5] = ["tar", "-cf", "-", "--numeric-owner", "-C"];
/// Runs a program with the terminal's size set beforehand, on engines that cannot set it at the start.
const SIZED: &str = "stty rows \"$1\" cols \"$2\" 2>/dev/null; shift 2; exec \"$@\"";

/// The guest of one session.
pub(crate) struct DockerGuest {
    engine: Arc<Engine>,
    session: SessionId,
    /// Names that the engine would put into a process's environment; a bare name takes one out again.
    inherited: Vec<String>,
}

impl DockerGuest {
    /// Opens the guest of a session that runs.
    pub(crate) async fn open(
        engine: Arc<Engine>,
        session: &SessionId,
    ) -> Result<Self, BackendError> {
        let name = Names::of(session).agent;
        let found = engine
            .api
            .inspect_container(&name, None::<InspectContainerOptions>)
            .await;
        let found = found.map_err(|error| {
            if fault::is_gone(&error) {
                gone(session, Part::Guest)
            } else {
                engine.failed(format!("look at {name}"), error)
            }
        })?;
        if found.state.and_then(|state| state.running) != Some(true) {
            return Err(gone(session, Part::Guest));
        }
        let env = found
            .config
            .and_then(|config| config.env)
            .unwrap_or_default();
        let names = env
            .iter()
            .filter_map(|line| line.split_once('='))
            .map(|(name, _)| name.to_owned());
        let inherited = names
            .filter(|name| name != "PATH")
            .chain(["HOSTNAME".to_owned()])
            .collect();
        Ok(Self {
            engine,
            session: session.clone(),
            inherited,
        })
    }

    fn command(&self, command: &Exec, stdin: bool, terminal: Option<TerminalSize>) -> Command {
        let (user, home) = match command.user {
            GuestUser::Root => ("0:0", "/root"),
            GuestUser::Node => ("1000:1000", claude::HOME),
        };
        let given = command
            .env
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        // Later entries win over earlier ones.
        let env = self
            .inherited
            .iter()
            .cloned()
            .chain([format!("HOME={home}")])
            .chain(given)
            .collect();
        let workdir = command.workdir.as_ref().map_or(home, GuestPath::as_str);
        Command {
            argv: command.argv.clone(),
            user: Some(user),
            env,
            workdir: Some(workdir.to_owned()),
            stdin,
            terminal,
        }
    }

    fn exit(&self, handle: Handle, finished: Finished) -> Box<dyn Exit> {
        Box::new(ExecExit {
            engine: Arc::clone(&self.engine),
            handle,
            finished,
        })
    }

    /// Starts a command with pipes.
    async fn piped(&self, command: &Exec, stdin: bool) -> Result<(Handle, Pipes), BackendError> {
        let command = self.command(command, stdin, None);
        let Started { handle, raw } =
            exec::start(&self.engine, &self.session, Part::Guest, command).await?;
        Ok((handle, pipes(raw, Framing::Frames, stdin)))
    }
}

#[async_trait]
impl Guest for DockerGuest {
    async fn exec(
        &self,
        command: &Exec,
        stdin: Option<ByteReader>,
    ) -> Result<ExecOutput, BackendError> {
        let command = self.command(command, stdin.is_some(), None);
        exec::run(&self.engine, &self.session, Part::Guest, command, stdin).await
    }

    async fn spawn(&self, command: &Exec) -> Result<Process, BackendError> {
        let (handle, pipes) = self.piped(command, true).await?;
        let Pipes {
            input,
            output,
            errors,
            finished,
        } = pipes;
        Ok(Process {
            stdin: input,
            stdout: output,
            stderr: errors,
            exit: self.exit(handle, finished),
        })
    }

    async fn attach(&self, command: &Exec, size: TerminalSize) -> Result<Terminal, BackendError> {
        let mut prepared = self.command(command, true, Some(size));
        // Engines before API 1.42 ignore the size; a resize after the start would come too late for the program's first look.
        if self.engine.facts.api < (1, 42) {
            let wrapped = ["/bin/sh", "-c", SIZED, "sh"]
                .map(str::to_owned)
                .into_iter();
            let size = [size.rows.to_string(), size.columns.to_string()];
            prepared.argv = wrapped.chain(size).chain(prepared.argv).collect();
        }
        let Started { handle, raw } =
            exec::start(&self.engine, &self.session, Part::Guest, prepared).await?;
        let Pipes {
            input,
            output,
            finished,
            ..
        } = pipes(raw, Framing::Plain, true);
        let resize = Box::new(ExecResize {
            engine: Arc::clone(&self.engine),
            id: handle.id.clone(),
        });
        Ok(Terminal {
            input,
            output,
            resize,
            exit: self.exit(handle, finished),
        })
    }

    async fn copy_in(&self, archive: ByteReader, folder: &GuestPath) -> Result<(), BackendError> {
        let command = Exec::new(GuestUser::Node, UNPACK.into_iter().chain([folder.as_str()]))
            .in_folder(root()?);
        let output = self.exec(&command, Some(archive)).await?;
        if output.code == 0 {
            Ok(())
        } else {
            Err(exec::command_failed("tar -x", output.code, &output.stderr))
        }
    }

    async fn copy_out(&self, folder: &GuestPath) -> Result<ByteReader, BackendError> {
        let command = Exec::new(
            GuestUser::Node,
            PACK.into_iter().chain([folder.as_str(), "."]),
        )
        .in_folder(root()?);
        let (handle, pipes) = self.piped(&command, false).await?;
        Ok(checked(Arc::clone(&self.engine), handle, pipes))
    }
}

/// Where `tar` runs: it must not depend on a home folder.
fn root() -> Result<GuestPath, BackendError> {
    GuestPath::new("/").map_err(|error| BackendError::Engine {
        action: "name the guest's root".into(),
        source: error.into(),
    })
}

/// An archive whose end is an error where `tar` failed, so that a part never passes for the whole.
fn checked(engine: Arc<Engine>, handle: Handle, pipes: Pipes) -> ByteReader {
    let Pipes {
        input,
        output,
        mut errors,
        ..
    } = pipes;
    drop(input);
    let listening = tokio::spawn(async move {
        let mut said = Vec::new();
        let mut buffer = vec![0; 4096];
        while let Ok(count @ 1..) = errors.read(&mut buffer).await {
            let room = CHUNK.saturating_sub(said.len());
            said.extend(buffer.iter().take(count.min(room)));
        }
        said
    });
    let verdict = stream::once(async move {
        let said = listening.await.unwrap_or_default();
        match exec::exit_code(&engine, &handle, &said)
            .await
            .map_err(io::Error::other)?
        {
            0 => Ok(None),
            // Files that changed while they were read: the archive is whole, and a running guest cannot be asked for more.
            1 => Ok(None),
            code => Err(io::Error::other(exec::command_failed(
                "tar -c", code, &said,
            ))),
        }
    });
    let bytes = stream::try_unfold(output, |mut output| async move {
        let mut buffer = vec![0; CHUNK];
        let count = output.read(&mut buffer).await?;
        buffer.truncate(count);
        Ok::<_, io::Error>((count > 0).then_some((buffer, output)))
    });
    let checked =
        bytes.chain(verdict.try_filter_map(|nothing: Option<Vec<u8>>| async move { Ok(nothing) }));
    Box::pin(Box::pin(checked).into_async_read())
}

struct ExecExit {
    engine: Arc<Engine>,
    handle: Handle,
    finished: Finished,
}

#[async_trait]
impl Exit for ExecExit {
    async fn wait(&mut self) -> Result<i32, BackendError> {
        self.finished.wait().await;
        exec::exit_code(&self.engine, &self.handle, &[]).await
    }
}

struct ExecResize {
    engine: Arc<Engine>,
    id: String,
}

#[async_trait]
impl Resize for ExecResize {
    async fn resize(&self, size: TerminalSize) -> Result<(), BackendError> {
        let options = ResizeExecOptions {
            h: size.rows.into(),
            w: size.columns.into(),
        };
        match self.engine.api.resize_exec(&self.id, options).await {
            Ok(()) => Ok(()),
            // A terminal that has ended has no size; its end is told elsewhere.
            Err(error) if matches!(fault::status(&error), Some(404 | 409 | 500)) => Ok(()),
            Err(error) => Err(self.engine.failed("change the size of a terminal", error)),
        }
    }
}
