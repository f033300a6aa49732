//! Starts commands in a container through the engine's `exec`, and finds out how they ended.
//!
//! Used for the guest and for the bundle alike; which of the two is gone when the engine says so is the caller's word.

use std::time::Duration;

use bollard::models::{ExecConfig, ExecStartConfig};
use bottle_core::backend::{BackendError, BackendName, Part};
use bottle_core::guest::{ByteReader, EXEC_OUTPUT_LIMIT, ExecOutput, TerminalSize};
use bottle_core::id::SessionId;
use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio_util::compat::FuturesAsyncReadCompatExt;

use crate::engine::{Engine, RawStream};
use crate::fault;
use crate::layout::Names;
use crate::lifecycle::{gone, tail};
use crate::stream::{CHUNK, Demultiplexer, Lane, read_some};

/// First pause between two looks at a process whose output has ended; doubled up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(2);
/// Longest pause between two looks at a process that goes on without output.
const LONGEST_PAUSE: Duration = Duration::from_millis(250);
/// The code of an engine's `exec` that could not run its program.
const NOT_RUN: i32 = 126;

/// A command for one container of a session.
pub(crate) struct Command {
    pub(crate) argv: Vec<String>,
    pub(crate) user: Option<&'static str>,
    pub(crate) env: Vec<String>,
    pub(crate) workdir: Option<String>,
    pub(crate) stdin: bool,
    pub(crate) terminal: Option<TerminalSize>,
}

/// A command that was started, with its raw stream.
pub(crate) struct Started {
    pub(crate) handle: Handle,
    pub(crate) raw: RawStream,
}

/// Names a started command to the engine.
#[derive(Clone)]
pub(crate) struct Handle {
    pub(crate) id: String,
    session: SessionId,
    part: Part,
    program: String,
}

/// Starts a command.
pub(crate) async fn start(
    engine: &Engine,
    session: &SessionId,
    part: Part,
    command: Command,
) -> Result<Started, BackendError> {
    let names = Names::of(session);
    let program = command.argv.first().cloned().unwrap_or_default();
    let action = || format!("run {program} in {}", names.container(part));
    let size = command
        .terminal
        .map(|size| vec![usize::from(size.rows), usize::from(size.columns)]);
    let config = ExecConfig {
        attach_stdin: Some(command.stdin),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        console_size: size.clone(),
        tty: Some(command.terminal.is_some()),
        env: Some(command.env),
        cmd: Some(command.argv),
        user: command.user.map(str::to_owned),
        working_dir: command.workdir,
        ..Default::default()
    };
    let made = engine
        .api
        .create_exec(names.container(part), config)
        .await
        .map_err(|error| {
            if fault::is_gone(&error) {
                gone(session, part)
            } else {
                engine.failed(action(), error)
            }
        })?;
    let how = ExecStartConfig {
        detach: Some(false),
        tty: Some(command.terminal.is_some()),
        console_size: size,
    };
    let raw = engine
        .hijack(&format!("/exec/{}/start", made.id), &how)
        .await
        .map_err(|error| {
            if fault::is_gone(&error) {
                gone(session, part)
            } else if fault::words(&error).contains("OCI runtime exec failed") {
                not_run(&program, NOT_RUN, fault::words(&error).as_bytes())
            } else {
                engine.failed(action(), error)
            }
        })?;
    Ok(Started {
        handle: Handle {
            id: made.id,
            session: session.clone(),
            part,
            program: program.clone(),
        },
        raw,
    })
}

fn not_run(program: &str, code: i32, said: &[u8]) -> BackendError {
    BackendError::GuestCommand {
        command: program.to_owned(),
        code,
        tail: tail(said),
    }
}

/// Says how a command ended, waiting for it where it goes on. Cancel safe.
pub(crate) async fn exit_code(
    engine: &Engine,
    handle: &Handle,
    said: &[u8],
) -> Result<i32, BackendError> {
    let mut pause = FIRST_PAUSE;
    loop {
        let found = engine.api.inspect_exec(&handle.id).await.map_err(|error| {
            if fault::is_gone(&error) {
                gone(&handle.session, handle.part)
            } else {
                engine.failed(format!("learn how {} ended", handle.program), error)
            }
        })?;
        let code = found.exit_code.and_then(|code| i32::try_from(code).ok());
        match code {
            Some(code) if found.running == Some(false) => {
                // Only a program that never ran has no process id.
                if found.pid.unwrap_or_default() == 0 && matches!(code, NOT_RUN | 127) {
                    return Err(not_run(&handle.program, code, said));
                }
                return if code == 137 {
                    killed(engine, handle).await
                } else {
                    Ok(code)
                };
            }
            _ => {}
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Tells a process that was killed from one that went down with its container.
async fn killed(engine: &Engine, handle: &Handle) -> Result<i32, BackendError> {
    if is_running(engine, &handle.session, handle.part).await? {
        Ok(137)
    } else {
        Err(gone(&handle.session, handle.part))
    }
}

/// Whether a part of a session runs.
pub(crate) async fn is_running(
    engine: &Engine,
    session: &SessionId,
    part: Part,
) -> Result<bool, BackendError> {
    let names = Names::of(session);
    let name = names.container(part);
    match engine.api.inspect_container(name, None).await {
        Ok(found) => Ok(found
            .state
            .and_then(|state| state.running)
            .unwrap_or_default()),
        Err(error) if fault::status(&error) == Some(404) => Ok(false),
        Err(error) => Err(engine.failed(format!("look at {name}"), error)),
    }
}

/// Runs a command to its end, feeding it and collecting what it says.
pub(crate) async fn run(
    engine: &Engine,
    session: &SessionId,
    part: Part,
    command: Command,
    stdin: Option<ByteReader>,
) -> Result<ExecOutput, BackendError> {
    let Started { handle, raw } = start(engine, session, part, command).await?;
    let (read, write) = tokio::io::split(raw);
    let failed = |source: std::io::Error| BackendError::Engine {
        action: format!("exchange data with {}", handle.program),
        source: source.into(),
    };
    let mut output = {
        let collecting = collect(read, stdin.is_some());
        let feeding = feed(stdin, write);
        tokio::pin!(feeding, collecting);
        let mut fed = false;
        loop {
            tokio::select! {
                collected = &mut collecting => break collected.map_err(failed)?,
                result = &mut feeding, if !fed => {
                    fed = true;
                    result.map_err(failed)?;
                }
            }
        }
    };
    let said = if output.stderr.is_empty() {
        &output.stdout
    } else {
        &output.stderr
    };
    output.code = exit_code(engine, &handle, said).await?;
    Ok(output)
}

/// Hands the input over and says that it ended. Only reading it can fail: a process may close its input when it has enough.
async fn feed(stdin: Option<ByteReader>, mut to: WriteHalf<RawStream>) -> std::io::Result<()> {
    if let Some(stdin) = stdin {
        let mut from = stdin.compat();
        let mut buffer = BytesMut::with_capacity(CHUNK);
        while from.read_buf(&mut buffer).await? > 0 {
            if to.write_all_buf(&mut buffer).await.is_err() {
                return Ok(());
            }
            buffer.reserve(CHUNK);
        }
        drop(to.shutdown().await);
    }
    Ok(())
}

async fn collect(mut read: ReadHalf<RawStream>, has_input: bool) -> std::io::Result<ExecOutput> {
    let mut output = ExecOutput::default();
    let mut demultiplexer = Demultiplexer::default();
    let mut buffer = BytesMut::with_capacity(CHUNK);
    while read_some(&mut read, &mut buffer, has_input).await? > 0 {
        let next = |buffer: &mut BytesMut, d: &mut Demultiplexer| {
            d.next(buffer)
                .map_err(|fault| std::io::Error::new(std::io::ErrorKind::InvalidData, fault))
        };
        while let Some((lane, piece)) = next(&mut buffer, &mut demultiplexer)? {
            let kept = match lane {
                Lane::Out => &mut output.stdout,
                Lane::Error => &mut output.stderr,
            };
            let room = EXEC_OUTPUT_LIMIT.saturating_sub(kept.len());
            kept.extend_from_slice(piece.get(..room).unwrap_or(&piece));
        }
    }
    Ok(output)
}

/// Types the failure of a program of ours in the guest by its code and what it said.
pub(crate) fn command_failed(command: &str, code: i32, said: &[u8]) -> BackendError {
    BackendError::of_guest_command(BackendName::Docker, command, code, tail(said))
}
