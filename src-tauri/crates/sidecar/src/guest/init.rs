//! The first process of a bottle: runs the relay, buries the dead, and ends in order.
//!
//! In a container it is process 1, so it inherits every orphan; in a microVM it is an ordinary process and leaves all but its own
//! children alone. It starts no program.

use std::path::Path;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitOptions, getpid, kill_process, test_kill_process, wait};
use tokio::signal::unix::{Signal as Arrivals, SignalKind, signal};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::relay::Relay;
use super::{DOORS, GuestError, proc_text};

/// How long processes get to end by themselves: less than the ten seconds that engines give by default.
const GRACE: Duration = Duration::from_secs(3);
/// How often the end of processes that are not its children is looked for.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Runs until it is told to end.
///
/// # Errors
/// [`GuestError`] where the relay cannot start.
pub fn run(doors: &Path) -> Result<(), GuestError> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|source| GuestError::Start { source })?
        .block_on(live(doors))
}

async fn live(doors: &Path) -> Result<(), GuestError> {
    let mut terminate = listen(SignalKind::terminate())?;
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut child = listen(SignalKind::child())?;
    let _survives_the_terminal = listen(SignalKind::hangup())?;
    let stop = CancellationToken::new();
    let relay = tokio::spawn(Relay::bind(doors, &DOORS).await?.run(stop.clone()));
    loop {
        bury();
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = child.recv() => {}
        }
    }
    end_the_others().await;
    stop.cancel();
    drop(relay.await);
    Ok(())
}

fn listen(kind: SignalKind) -> Result<Arrivals, GuestError> {
    signal(kind).map_err(|source| GuestError::Start { source })
}

fn bury() {
    while let Ok(Some(_)) = wait(WaitOptions::NOHANG) {}
}

async fn end_the_others() {
    for pid in ours() {
        // Gone already, or not ours to end: what is left dies with process 1.
        let _ = kill_process(pid, Signal::TERM);
    }
    let deadline = Instant::now() + GRACE;
    loop {
        bury();
        if !ours().any(|pid| test_kill_process(pid).is_ok()) {
            return;
        }
        if Instant::now() >= deadline {
            break;
        }
        sleep(LOOK_AGAIN).await;
    }
    for pid in ours() {
        let _ = kill_process(pid, Signal::KILL);
    }
}

/// As process 1 everything that can be seen, otherwise the own children.
fn ours() -> impl Iterator<Item = Pid> {
    let own = getpid();
    let is_first = own.as_raw_nonzero().get() == 1;
    std::fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            entry
                .ok()?
                .file_name()
                .to_str()?
                .parse()
                .ok()
                .and_then(Pid::from_raw)
        })
        .filter(move |pid| *pid != own && (is_first || parent_of(*pid) == Some(own)))
}

fn parent_of(pid: Pid) -> Option<Pid> {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
    Pid::from_raw(proc_text::parent(&stat)?)
}
