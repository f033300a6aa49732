//! The command line of `bottle-sidecar`: words in, a typed command or a refusal out. It touches nothing.

use std::path::PathBuf;

use bottle_core::backend::Daemon;

use crate::error::SidecarError;

/// How the program is used.
pub const USAGE: &str = "Usage: bottle-sidecar run [--doors DIR] [--control PATH] [--daemons egress[,scripted]] | control [--control PATH] | version.";

/// Where doors are unless said otherwise.
pub const DOORS: &str = "/run/doors";
/// Where the control socket is unless said otherwise.
pub const CONTROL: &str = "/run/control/control.sock";

const COMMANDS: [&str; 3] = ["run", "control", "version"];
const OPTIONS: [&str; 3] = ["--doors", "--control", "--daemons"];
const DAEMONS: [Daemon; 5] = [
    Daemon::Egress,
    Daemon::Scripted,
    Daemon::Pipelock,
    Daemon::GitGate,
    Daemon::Supervise,
];

/// What the program is asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Run the bundle.
    Run(RunOptions),
    /// Bridge standard input and output to the control socket.
    Control {
        /// The socket.
        control: PathBuf,
    },
    /// Say which version this is.
    Version,
}

/// How the bundle runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunOptions {
    /// The folder of the doors' sockets, which the guest sees.
    pub doors: PathBuf,
    /// The control socket, in a folder that the guest does not see.
    pub control: PathBuf,
    /// What runs, sorted, without duplicates.
    pub daemons: Vec<Daemon>,
}

/// Reads the command line without the program's name.
///
/// # Errors
/// The usage errors of [`SidecarError`], which name the nearest valid word.
pub fn parse(words: impl IntoIterator<Item = String>) -> Result<Command, SidecarError> {
    let mut words = words.into_iter();
    let command = words.next().unwrap_or_default();
    match command.as_str() {
        "run" => {
            let mut options = RunOptions {
                doors: DOORS.into(),
                control: CONTROL.into(),
                daemons: vec![Daemon::Egress],
            };
            read(&mut words, &OPTIONS, |option, value| {
                match option {
                    "--doors" => options.doors = value.into(),
                    "--control" => options.control = value.into(),
                    _ => options.daemons = daemons(&value)?,
                }
                Ok(())
            })?;
            Ok(Command::Run(options))
        }
        "control" => {
            let mut control = PathBuf::from(CONTROL);
            read(&mut words, &["--control"], |_option, value| {
                control = value.into();
                Ok(())
            })?;
            Ok(Command::Control { control })
        }
        "version" | "--version" => {
            read(&mut words, &[], |_option, _value| Ok(()))?;
            Ok(Command::Version)
        }
        _ => Err(unknown("command", command, &COMMANDS)),
    }
}

fn read(
    words: &mut impl Iterator<Item = String>,
    valid: &[&'static str],
    mut take: impl FnMut(&str, String) -> Result<(), SidecarError>,
) -> Result<(), SidecarError> {
    while let Some(word) = words.next() {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (word, None),
        };
        let Some(option) = valid.iter().find(|option| **option == name) else {
            return Err(unknown("option", name, valid));
        };
        let value = value.or_else(|| words.next()).filter(|v| !v.is_empty());
        take(option, value.ok_or(SidecarError::MissingValue { option })?)?;
    }
    Ok(())
}

fn daemons(list: &str) -> Result<Vec<Daemon>, SidecarError> {
    let mut named = Vec::new();
    for word in list.split(',').map(str::trim).filter(|w| !w.is_empty()) {
        let daemon = DAEMONS.into_iter().find(|daemon| daemon.as_str() == word);
        let daemon = daemon
            .ok_or_else(|| unknown("daemon", word.to_owned(), &DAEMONS.map(Daemon::as_str)))?;
        match daemon {
            Daemon::Egress | Daemon::Scripted => named.push(daemon),
            Daemon::Pipelock | Daemon::GitGate | Daemon::Supervise => {
                return Err(SidecarError::DaemonNotBuilt { daemon });
            }
        }
    }
    named.sort_unstable();
    named.dedup();
    if named.is_empty() {
        return Err(SidecarError::NoDaemons);
    }
    Ok(named)
}

fn unknown(what: &'static str, given: String, valid: &[&'static str]) -> SidecarError {
    let near = |word: &&'static str| strsim::osa_distance(&given, word);
    let nearest = valid.iter().copied().min_by_key(near);
    SidecarError::UnknownWord {
        what,
        // Half of the letters wrong is another word.
        nearest: nearest.filter(|word| near(word) * 2 <= word.len()),
        given,
    }
}
