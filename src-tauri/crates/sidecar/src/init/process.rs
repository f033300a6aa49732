//! What concerns the process itself: no dumps, signals, and the duties of process 1.

use std::io;

use rustix::process::{Resource, Rlimit, WaitOptions, getpid, setrlimit, waitpid};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::error::SidecarError;

/// Keeps the memory of the process, which holds credentials, out of core files and debuggers.
///
/// # Errors
/// [`SidecarError::Process`] where the system refuses.
pub fn harden() -> Result<(), SidecarError> {
    let refused = |error: rustix::io::Errno| SidecarError::Process {
        action: "keep the memory of the bundle out of core files",
        source: error.into(),
    };
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, none).map_err(refused)?;
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)
        .map_err(refused)?;
    Ok(())
}

/// Cancels the token at SIGTERM, SIGINT or SIGHUP, and collects orphans where this is process 1. Ends with the token.
///
/// # Errors
/// [`SidecarError::Process`] where signals cannot be taken.
pub async fn end_on_signals(end: CancellationToken) -> Result<(), SidecarError> {
    let mut terminate = take(SignalKind::terminate())?;
    let mut interrupt = take(SignalKind::interrupt())?;
    let mut hang_up = take(SignalKind::hangup())?;
    let mut child = take(SignalKind::child())?;
    let first = getpid().is_init();
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = hang_up.recv() => break,
            () = end.cancelled() => return Ok(()),
            _ = child.recv(), if first => collect(),
        }
    }
    tracing::info!("told to end by a signal");
    end.cancel();
    Ok(())
}

fn take(kind: SignalKind) -> Result<Signal, SidecarError> {
    signal(kind).map_err(|source: io::Error| SidecarError::Process {
        action: "take signals",
        source,
    })
}

fn collect() {
    while let Ok(Some(_ended)) = waitpid(None, WaitOptions::NOHANG) {}
}
