//! Running other programs: with their output shown, taken, or shown and searched; and with an end to the waiting.

use std::env;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::place::Place;

/// How often a condition is looked at that nothing announces.
const GLANCE: Duration = Duration::from_millis(50);

/// Looks a program up in `PATH`, and where the system keeps its own, which is not in everybody's `PATH`.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/sbin", "/sbin"].map(PathBuf::from);
    let folders = env::split_paths(&path).chain(system);
    folders
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
}

/// The cargo that runs this program, in the workspace, with the build folder of this place.
pub fn cargo(place: &Place) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(&place.root);
    // `cargo run` describes xtask in these. Build scripts that watch them would run anew each time that cargo is called from
    // here after it was called from a shell, and everything above them would be rebuilt.
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            command.env_remove(name.as_ref());
        }
    }
    if let Some(target) = place.target() {
        command.env("CARGO_TARGET_DIR", target);
    }
    command
}

/// Runs a program with its output shown, and fails where it does.
pub fn run(command: &mut Command) -> Result<()> {
    let status = status(command.stdin(Stdio::null()))?;
    accept(command, status)
}

/// Runs a program with its output shown, and hands back every line of it that begins with one of these words.
pub fn run_and_note(command: &mut Command, beginnings: &[&str]) -> Result<(bool, Vec<String>)> {
    let mut child = start(command.stdin(Stdio::null()).stdout(Stdio::piped()))?;
    let mut noted = Vec::new();
    if let Some(output) = child.stdout.take() {
        let mut shown = std::io::stdout().lock();
        for line in BufReader::new(output).split(b'\n') {
            let line = line?;
            shown.write_all(&line)?;
            shown.write_all(b"\n")?;
            let line = String::from_utf8_lossy(&line);
            if beginnings
                .iter()
                .any(|beginning| line.starts_with(beginning))
            {
                noted.push(line.into_owned());
            }
        }
    }
    Ok((child.wait()?.success(), noted))
}

/// Runs a program with its output hidden; says whether it succeeded.
pub fn succeeds(command: &mut Command) -> Result<bool> {
    Ok(status(
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null()),
    )?
    .success())
}

/// Runs a program and takes what it printed, or its complaint as the error.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| cannot_run(command))?;
    if !output.status.success() {
        bail!(
            "{} failed: {}",
            shown(command),
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Runs a program with its output shown for as long as `deadline`, then ends it; says whether it succeeded.
pub fn succeeds_within(command: &mut Command, deadline: Duration) -> Result<bool> {
    let mut child = start(command.stdin(Stdio::null()))?;
    let ended = wait_for(deadline, || Ok(child.try_wait()?))?;
    match ended {
        Some(status) => Ok(status.success()),
        None => {
            child.kill()?;
            child.wait()?;
            Ok(false)
        }
    }
}

/// Looks again and again until there is an answer, or the deadline has passed.
pub fn wait_for<T>(
    deadline: Duration,
    mut look: impl FnMut() -> Result<Option<T>>,
) -> Result<Option<T>> {
    let end = Instant::now() + deadline;
    loop {
        if let Some(answer) = look()? {
            return Ok(Some(answer));
        }
        if Instant::now() >= end {
            return Ok(None);
        }
        thread::sleep(GLANCE);
    }
}

/// Starts a program.
pub fn start(command: &mut Command) -> Result<Child> {
    command.spawn().with_context(|| cannot_run(command))
}

/// Fails where a program did.
pub fn accept(command: &Command, status: ExitStatus) -> Result<()> {
    if !status.success() {
        bail!("{} failed ({status})", shown(command));
    }
    Ok(())
}

fn status(command: &mut Command) -> Result<ExitStatus> {
    command.status().with_context(|| cannot_run(command))
}

fn cannot_run(command: &Command) -> String {
    format!("cannot run {}", command.get_program().to_string_lossy())
}

/// A command as a person would type it.
pub fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(OsStr::to_string_lossy)
        .collect::<Vec<_>>()
        .join(" ")
}
