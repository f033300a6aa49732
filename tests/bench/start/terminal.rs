//! A program on a terminal of its own, and what a person would see on it, with times.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::fs::OFlags;
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

const SIZE: Winsize = Winsize {
    ws_row: 40,
    ws_col: 120,
    ws_xpixel: 0,
    ws_ypixel: 0,
};
/// How often the end of a program is looked for.
const GLANCE: Duration = Duration::from_millis(10);
/// How long a program may take to end when it is asked to.
const GRACE: Duration = Duration::from_secs(20);
/// How much of what was seen an error shows.
const TAIL: usize = 600;

/// A running program and its terminal. Ended when dropped.
pub struct Terminal {
    child: Child,
    keyboard: File,
    screen: Receiver<(Instant, Vec<u8>)>,
    /// What was written, without escape sequences and white space: programs that draw use either for the same look.
    seen: String,
    state: Escape,
    began: Instant,
    /// When the last that was seen came.
    latest: Instant,
}

/// Where in an escape sequence the output is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Escape {
    Outside,
    Begun,
    Control,
    Words,
    Ending,
}

impl Terminal {
    /// Starts a program.
    pub fn run(command: &mut Command) -> Result<Self> {
        let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
        grantpt(&controller)?;
        unlockpt(&controller)?;
        tcsetwinsize(&controller, SIZE)?;
        let path = ptsname(&controller, Vec::new())?;
        let no_control = i32::try_from(OFlags::NOCTTY.bits())?;
        let user = std::os::unix::fs::OpenOptionsExt::custom_flags(
            OpenOptions::new().read(true).write(true),
            no_control,
        )
        .open(path.to_str()?)?;
        command
            .stdin(user.try_clone()?)
            .stdout(user.try_clone()?)
            .stderr(user);
        let began = Instant::now();
        let child = command.spawn().context("cannot start the program")?;
        // The command holds the user's side open, and with it the end of the output is never seen.
        command
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null());
        let keyboard = File::from(controller);
        let mut output = keyboard.try_clone()?;
        let (sender, screen) = channel();
        thread::spawn(move || {
            let mut buffer = vec![0; 64 << 10];
            // A terminal that nobody has open any more reads as an error on Linux.
            while let Ok(count @ 1..) = output.read(&mut buffer) {
                let piece = buffer.get(..count).unwrap_or_default().to_vec();
                if sender.send((Instant::now(), piece)).is_err() {
                    break;
                }
            }
        });
        Ok(Self {
            child,
            keyboard,
            screen,
            seen: String::new(),
            state: Escape::Outside,
            began,
            latest: began,
        })
    }

    /// When it was started.
    pub const fn began(&self) -> Instant {
        self.began
    }

    /// Waits until some text stands on the screen, and says how long after the start it was there.
    pub fn until(&mut self, text: &str, patience: Duration) -> Result<Duration> {
        let wanted: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let deadline = Instant::now() + patience;
        while !self.seen.contains(&wanted) {
            let left = deadline.saturating_duration_since(Instant::now());
            let piece = match self.screen.recv_timeout(left) {
                Ok(piece) => piece,
                Err(RecvTimeoutError::Timeout) => {
                    bail!("'{text}' did not come: {}", self.tail())
                }
                Err(RecvTimeoutError::Disconnected) => {
                    bail!("the program ended without '{text}': {}", self.tail())
                }
            };
            self.look(piece);
        }
        // What is asked for next may have come in the same piece, and then has its time.
        Ok(self.latest.saturating_duration_since(self.began))
    }

    /// Types.
    pub fn type_in(&mut self, keys: &str) -> Result<()> {
        Ok(self.keyboard.write_all(keys.as_bytes())?)
    }

    /// Waits for the end of the program.
    pub fn end(&mut self, patience: Duration) -> Result<ExitStatus> {
        let deadline = Instant::now() + patience;
        loop {
            while let Ok(piece) = self.screen.try_recv() {
                self.look(piece);
            }
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            if Instant::now() > deadline {
                bail!("the program does not end: {}", self.tail());
            }
            thread::sleep(GLANCE);
        }
    }

    /// The last of what was seen.
    pub fn tail(&self) -> String {
        let count = self.seen.chars().count();
        self.seen.chars().skip(count.saturating_sub(TAIL)).collect()
    }

    fn look(&mut self, (when, piece): (Instant, Vec<u8>)) {
        self.latest = when;
        for c in String::from_utf8_lossy(&piece).chars() {
            self.state = match (self.state, c) {
                (Escape::Begun, '[') => Escape::Control,
                (Escape::Begun, ']' | 'P' | '_' | '^') => Escape::Words,
                (Escape::Words, '\x07') | (Escape::Ending, _) => Escape::Outside,
                (Escape::Words, '\x1b') => Escape::Ending,
                (Escape::Words, _) => Escape::Words,
                (_, '\x1b') => Escape::Begun,
                (Escape::Begun, _) | (Escape::Control, '@'..='~') => Escape::Outside,
                (Escape::Control, _) => Escape::Control,
                (Escape::Outside, c) => {
                    if !c.is_whitespace() && !c.is_control() {
                        self.seen.push(c);
                    }
                    Escape::Outside
                }
            };
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Asked first: what it started is its own to remove.
        if let Some(process) = Pid::from_raw(self.child.id().cast_signed()) {
            kill_process(process, Signal::TERM).ok();
            if self.end(GRACE).is_ok() {
                return;
            }
        }
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
