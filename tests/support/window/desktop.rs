//! A screen, a session bus and a keyring for one test, each a process that ends with it.

use std::future::Future;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use futures_util::FutureExt;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::sync::Semaphore;

use super::driver::Driver;
use super::page::Page;
use crate::until::until;
use crate::world::{World, built, with_world};

/// The program that is tested.
const WINDOW: &str = "claude-bottle-desktop";
/// Names the folder that keeps what was seen.
const SCREENS: &str = "CLAUDE_BOTTLE_SCREENS";
/// What a window needs that a machine may not have.
const PROGRAMS: [&str; 6] = [
    "Xvfb",
    "import",
    "xdotool",
    "dbus-daemon",
    "gnome-keyring-daemon",
    "WebKitWebDriver",
];

/// What runs around a window. Everything ends when it is dropped.
pub struct Desktop {
    /// Where the window lives.
    pub world: Arc<World>,
    variables: Vec<(String, String)>,
    display: String,
    // Ended in this order: the screen last, so that nothing complains that it is gone.
    _keyring: Ended,
    _bus: Ended,
    _screen: Ended,
}

/// A child with all its own children, killed when dropped.
pub(super) struct Ended(pub(super) Child);

impl Drop for Ended {
    fn drop(&mut self) {
        if let Some(group) = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw) {
            kill_process_group(group, Signal::KILL).ok();
        }
        self.0.wait().ok();
    }
}

/// Runs a test with a desktop, one at a time. Where something for it is missing the test is skipped, and says so by name.
pub async fn with_desktop<F, Fut>(test: &str, body: F)
where
    F: FnOnce(Arc<Desktop>) -> Fut,
    Fut: Future<Output = ()>,
{
    static ALONE: Semaphore = Semaphore::const_new(1);
    let _alone = ALONE.acquire().await.expect("never closed");
    if let Some(missing) = missing() {
        crate::skip("e2e", test, &format!("{missing} is not installed"));
        return;
    }
    with_world(test, |world| async move {
        let desktop = Arc::new(Desktop::start(world));
        let outcome = std::panic::AssertUnwindSafe(body(Arc::clone(&desktop)))
            .catch_unwind()
            .await;
        drop(desktop);
        if let Err(panic) = outcome {
            std::panic::resume_unwind(panic);
        }
    })
    .await;
}

fn missing() -> Option<&'static str> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    PROGRAMS
        .into_iter()
        .find(|program| !std::env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

/// A process in a group of its own, so that it can be ended with all that it started.
fn spawn(command: &mut Command) -> Ended {
    Ended(command.process_group(0).spawn().expect("a process"))
}

/// The first line that a process prints.
fn first_line(child: &mut Child) -> String {
    let stdout = child.stdout.take().expect("a pipe");
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line).expect("a line");
    line.trim().to_owned()
}

impl Desktop {
    fn start(world: Arc<World>) -> Self {
        let mut screen = spawn(
            Command::new("Xvfb")
                .args(["-displayfd", "1", "-screen", "0", "1280x800x24"])
                .args(["-nolisten", "tcp"])
                .stdout(Stdio::piped())
                .stderr(Stdio::null()),
        );
        let display = format!(":{}", first_line(&mut screen.0));
        let mut variables: Vec<(String, String)> = world
            .variables()
            .into_iter()
            .map(|(name, path)| (name.to_owned(), path.display().to_string()))
            .collect();
        let runtime = world.user().join("runtime");
        std::fs::create_dir_all(&runtime).expect("a folder");
        variables.extend([
            ("DISPLAY".into(), display.clone()),
            ("XDG_RUNTIME_DIR".into(), runtime.display().to_string()),
            ("GDK_BACKEND".into(), "x11".into()),
            ("LIBGL_ALWAYS_SOFTWARE".into(), "1".into()),
            // Without a graphics card some drivers show nothing otherwise.
            ("WEBKIT_DISABLE_DMABUF_RENDERER".into(), "1".into()),
        ]);
        let mut bus = spawn(
            Command::new("dbus-daemon")
                .args(["--session", "--nofork", "--print-address=1"])
                .envs(variables.clone())
                .stdout(Stdio::piped()),
        );
        let address = first_line(&mut bus.0);
        variables.push(("DBUS_SESSION_BUS_ADDRESS".into(), address));
        let mut keyring = spawn(
            Command::new("gnome-keyring-daemon")
                .args(["--unlock", "--foreground", "--components=secrets"])
                .envs(variables.clone())
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::null()),
        );
        let mut password = keyring.0.stdin.take().expect("a pipe");
        password.write_all(b"of this test").expect("a password");
        drop(password);
        Self {
            world,
            variables,
            display,
            _keyring: keyring,
            _bus: bus,
            _screen: screen,
        }
    }

    /// Opens the window, with more variables where a test needs them.
    ///
    /// # Panics
    /// Where it does not open.
    pub async fn open(&self, more: &[(&str, &str)]) -> Page {
        let more = more
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let variables = self.variables.iter().cloned().chain(more);
        let driver = Driver::start(variables.collect()).await;
        Page::open(driver, &built(WINDOW), self.display.clone()).await
    }

    /// Presses keys together, whichever window has the focus.
    ///
    /// # Panics
    /// Where there is no keyboard.
    pub async fn keys(&self, chord: &str) {
        let mut command = tokio::process::Command::new("xdotool");
        let pressed = command
            .args(["key", chord])
            .env("DISPLAY", &self.display)
            .status();
        assert!(
            pressed.await.is_ok_and(|status| status.success()),
            "no keyboard"
        );
    }

    /// Waits until a window with this title can be seen.
    ///
    /// # Panics
    /// Where it does not come.
    pub async fn window_appears(&self, title: &str) {
        until("a window", async || {
            let mut command = tokio::process::Command::new("xdotool");
            command.args(["search", "--onlyvisible", "--name", title]);
            let found = command.env("DISPLAY", &self.display).output().await.ok()?;
            (!found.stdout.is_empty()).then_some(())
        })
        .await;
    }

    /// A command on this desktop.
    #[must_use]
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.envs(self.variables.clone());
        command
    }
}

/// The folder for what was seen.
pub(super) fn screens() -> Option<PathBuf> {
    let folder = PathBuf::from(std::env::var_os(SCREENS)?);
    std::fs::create_dir_all(&folder).expect("a folder");
    Some(folder)
}
