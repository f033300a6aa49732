//! A terminal that a test looks at and types into, with a program on it.

use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{FdFlags, fcntl_setfd};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcgetattr, tcsetwinsize};
use vt100::{MouseProtocolMode, Parser};

use crate::until::until;
use crate::world::built;

/// Rows and columns of a new terminal.
const SIZE: (u16, u16) = (40, 120);
/// How often the reader looks whether the terminal was closed.
const LOOK: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 20_000_000,
};

/// A terminal with a program on it, which is killed where the test ends before it.
pub struct TestTerminal {
    master: Option<File>,
    child: Child,
    screen: Arc<Mutex<Parser>>,
    printed: Arc<Mutex<Vec<u8>>>,
    closed: Arc<AtomicBool>,
    reader: Option<JoinHandle<()>>,
    name: String,
    before: String,
}

impl TestTerminal {
    /// Starts a command on a terminal, as a terminal window would: leader of its session.
    ///
    /// # Panics
    /// Where the system gives no terminal.
    #[must_use]
    pub fn start(command: &Command) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        // A program that inherits its own terminal's other end never sees it close.
        fcntl_setfd(&master, FdFlags::CLOEXEC).expect("a terminal");
        grantpt(&master).expect("a terminal");
        unlockpt(&master).expect("a terminal");
        let name = ptsname(&master, Vec::new()).expect("a name");
        let name = name.to_str().expect("a name");
        let slave = || other_end(name);
        tcsetwinsize(&master, winsize(SIZE.0, SIZE.1)).expect("a size");
        let before = modes(name);
        let child = on_terminal(command)
            .stdin(slave())
            .stdout(slave())
            .stderr(slave())
            .spawn()
            .expect("a process");
        let master = File::from(master);
        let parser = Parser::new(nonzero(SIZE.0), nonzero(SIZE.1), 1000);
        let (screen, closed) = (
            Arc::new(Mutex::new(parser)),
            Arc::new(AtomicBool::new(false)),
        );
        let printed = Arc::new(Mutex::new(Vec::new()));
        let reader = thread::spawn({
            let from = master.try_clone().expect("a reader");
            let (screen, printed) = (Arc::clone(&screen), Arc::clone(&printed));
            let closed = Arc::clone(&closed);
            move || show(from, &screen, &printed, &closed)
        });
        Self {
            master: Some(master),
            child,
            screen,
            printed,
            closed,
            reader: Some(reader),
            name: name.to_owned(),
            before,
        }
    }

    fn master(&self) -> &File {
        self.master.as_ref().expect("a terminal that is open")
    }

    fn parser(&self) -> MutexGuard<'_, Parser> {
        self.screen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Types.
    pub fn type_text(&mut self, text: &str) {
        self.master().write_all(text.as_bytes()).expect("typed");
    }

    /// Says something to claude: types it, waits until it stands in the prompt, then presses return, for keys that come together
    /// are taken for pasted text.
    pub async fn say(&mut self, text: &str) {
        self.type_text(text);
        self.shows(text).await;
        self.type_text("\r");
    }

    /// Changes the size, for the program and for the picture.
    pub fn resize(&mut self, rows: u16, columns: u16) {
        self.parser()
            .screen_mut()
            .set_size(nonzero(rows), nonzero(columns));
        tcsetwinsize(self.master(), winsize(rows, columns)).expect("another size");
    }

    /// What is on the screen.
    #[must_use]
    pub fn text(&self) -> String {
        self.parser().screen().contents()
    }

    /// Every byte that was ever printed.
    #[must_use]
    pub fn printed(&self) -> Vec<u8> {
        let printed = self.printed.lock();
        printed.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until a text is on the screen; line ends and spaces do not count, for programs wrap lines.
    ///
    /// # Panics
    /// Where the program ends before, or it never comes.
    pub async fn shows(&mut self, part: &str) {
        let wanted = squeezed(part);
        let what = format!("'{part}' on the screen");
        until(&what, async || {
            let text = self.text();
            if squeezed(&text).contains(&wanted) {
                return Some(());
            }
            let ended = self.child.try_wait().expect("a status");
            let all_read = self.reader.as_ref().is_none_or(JoinHandle::is_finished);
            assert!(
                ended.is_none() || !all_read || squeezed(&self.text()).contains(&wanted),
                "{ended:?} before {what}:\n{text}"
            );
            None
        })
        .await;
    }

    /// Asserts that a text is on the screen now, also after the program.
    #[track_caller]
    pub fn shows_still(&self, part: &str) {
        let text = self.text();
        assert!(
            squeezed(&text).contains(&squeezed(part)),
            "no '{part}' in\n{text}"
        );
    }

    /// Waits for the end of the program.
    pub async fn end(&mut self) -> ExitStatus {
        let status = until("the end of the program on the terminal", async || {
            self.child.try_wait().expect("a status")
        })
        .await;
        // Its last words are read by another thread.
        let reader = self.reader.take();
        until("the end of what is shown", async || {
            let reader = reader.as_ref();
            reader.is_none_or(JoinHandle::is_finished).then_some(())
        })
        .await;
        status
    }

    /// The id of the program.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Closes the window: the terminal goes away under the program.
    pub fn close(&mut self) {
        self.closed.store(true, Ordering::Relaxed);
        if let Some(reader) = self.reader.take() {
            reader.join().expect("no panic");
        }
        self.master = None;
    }

    /// What a person would curse about after the program: what of the terminal is not as it was.
    #[must_use]
    pub fn not_restored(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let now = modes(&self.name);
        if now != self.before {
            wrong.push(format!("modes {now} in place of {}", self.before));
        }
        let parser = self.parser();
        let screen = parser.screen();
        let mouse = screen.mouse_protocol_mode() != MouseProtocolMode::None;
        let states = [
            (screen.hide_cursor(), "the cursor is hidden"),
            (screen.alternate_screen(), "the other screen is shown"),
            (screen.bracketed_paste(), "pasted text is bracketed"),
            (screen.application_cursor(), "arrow keys are changed"),
            (mouse, "the mouse is taken"),
        ];
        wrong.extend(
            states
                .iter()
                .filter(|(is, _)| *is)
                .map(|(_, what)| (*what).to_owned()),
        );
        wrong
    }
}

impl Drop for TestTerminal {
    fn drop(&mut self) {
        self.close();
        if let Ok(None) = self.child.try_wait() {
            self.child.kill().ok();
        }
        self.child.wait().ok();
    }
}

/// The command, started by the program that gives it the terminal.
fn on_terminal(command: &Command) -> Command {
    let mut wrapped = Command::new(built("on-terminal"));
    // Whoever runs the tests with `nohup` has the hangup ignored, and a shell hands that on to what it starts.
    if cfg!(target_os = "linux") {
        wrapped.args(["env", "--default-signal=HUP"]);
    }
    wrapped
        .arg(command.get_program())
        .args(command.get_args())
        .env("TERM", "xterm-256color");
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => wrapped.env(name, value),
            None => wrapped.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        wrapped.current_dir(folder);
    }
    wrapped
}

/// The end of a terminal that programs have.
fn other_end(name: &str) -> OwnedFd {
    let opened = File::options().read(true).write(true).open(name);
    opened.expect("the terminal's other end").into()
}

fn modes(name: &str) -> String {
    // Some systems tell them at this end only.
    format!("{:?}", tcgetattr(other_end(name)).expect("modes"))
}

fn winsize(rows: u16, columns: u16) -> Winsize {
    Winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    }
}

fn nonzero(number: u16) -> NonZeroU16 {
    NonZeroU16::new(number).expect("more than nothing")
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
}

/// Reads what is shown until the terminal is closed or nobody is on it any more.
fn show(mut from: File, screen: &Mutex<Parser>, printed: &Mutex<Vec<u8>>, closed: &AtomicBool) {
    let mut buffer = [0; 8192];
    while !closed.load(Ordering::Relaxed) {
        let ready = poll(&mut [PollFd::new(&from, PollFlags::IN)], Some(&LOOK));
        if ready == Ok(0) {
            continue;
        }
        let Ok(count @ 1..) = from.read(&mut buffer) else {
            return;
        };
        let mut all = printed.lock().unwrap_or_else(PoisonError::into_inner);
        all.extend_from_slice(&buffer[..count]);
        let mut parser = screen.lock().unwrap_or_else(PoisonError::into_inner);
        parser.process(&buffer[..count]);
    }
}
