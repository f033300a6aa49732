//! A screen, a session bus and a keyring for the windows that are measured, each a process that ends with the measurement.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;

/// What one Xvfb, bus and keyring are started from.
const PROGRAMS: [&str; 4] = [
    "Xvfb",
    "dbus-daemon",
    "gnome-keyring-daemon",
    "WebKitWebDriver",
];

/// What runs around the windows. Everything ends when it is dropped.
pub struct Desktop {
    variables: Vec<(String, String)>,
    // Ended in this order: the screen last, so that nothing complains that it is gone.
    _keyring: Group,
    _bus: Group,
    _screen: Group,
    _user: TempDir,
}

/// A child with all its own children, killed when dropped.
pub struct Group(Child);

impl Group {
    /// Starts a program in a group of its own.
    pub fn start(command: &mut Command) -> Result<Self> {
        let program = command.get_program().to_string_lossy().into_owned();
        let child = command.process_group(0).spawn();
        child
            .map(Self)
            .with_context(|| format!("cannot start {program}"))
    }

    /// Its first process.
    pub fn process(&self) -> u32 {
        self.0.id()
    }

    /// The first line that it prints.
    fn first_line(&mut self) -> Result<String> {
        let output = self.0.stdout.take().context("no output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        Ok(line.trim().to_owned())
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = Pid::from_raw(self.0.id().cast_signed()) {
            kill_process_group(group, Signal::KILL).ok();
        }
        self.0.wait().ok();
    }
}

/// The program that this machine lacks for a desktop, if any.
pub fn missing() -> Option<&'static str> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    PROGRAMS
        .into_iter()
        .find(|program| !std::env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

impl Desktop {
    /// Starts everything around an empty user folder.
    pub fn start() -> Result<Self> {
        let user = tempfile::tempdir()?;
        let mut screen = Group::start(
            Command::new("Xvfb")
                .args(["-displayfd", "1", "-screen", "0", "1280x800x24"])
                .args(["-nolisten", "tcp"])
                .stdout(Stdio::piped())
                .stderr(Stdio::null()),
        )?;
        let display = format!(":{}", screen.first_line()?);
        let runtime = user.path().join("runtime");
        std::fs::create_dir(&runtime)?;
        let mut variables: Vec<(String, String)> = [
            ("DISPLAY", display.as_str()),
            ("HOME", &user.path().to_string_lossy()),
            ("XDG_RUNTIME_DIR", &runtime.to_string_lossy()),
            ("GDK_BACKEND", "x11"),
            ("LIBGL_ALWAYS_SOFTWARE", "1"),
            // Without a graphics card some drivers show nothing otherwise.
            ("WEBKIT_DISABLE_DMABUF_RENDERER", "1"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        if let Some(home) = std::env::var_os("HOME") {
            let docker = Path::new(&home).join(".docker");
            let given = std::env::var_os("DOCKER_CONFIG").unwrap_or_else(|| docker.into());
            variables.push(("DOCKER_CONFIG".into(), given.to_string_lossy().into_owned()));
        }
        let mut bus = Group::start(
            Command::new("dbus-daemon")
                .args(["--session", "--nofork", "--print-address=1"])
                .envs(variables.clone())
                .stdout(Stdio::piped())
                .stderr(Stdio::null()),
        )?;
        variables.push(("DBUS_SESSION_BUS_ADDRESS".into(), bus.first_line()?));
        let mut keyring = Group::start(
            Command::new("gnome-keyring-daemon")
                .args(["--unlock", "--foreground", "--components=secrets"])
                .envs(variables.clone())
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::null()),
        )?;
        let mut password = keyring.0.stdin.take().context("no keyring")?;
        password.write_all(b"of this measurement")?;
        drop(password);
        Ok(Self {
            variables,
            _keyring: keyring,
            _bus: bus,
            _screen: screen,
            _user: user,
        })
    }

    /// Starts a program of this desktop, with more variables; what it says goes to a file.
    pub fn run(&self, command: &mut Command, log: &Path) -> Result<Group> {
        let log = File::create(log)?;
        command
            .envs(self.variables.clone())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        Group::start(command)
    }
}
