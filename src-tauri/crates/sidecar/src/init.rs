//! Runs a session's bundle: opens its sockets, starts its daemons, and ends them in order.
//!
//! The first daemon that ends unasked ends the bundle with an error, because half a bundle is no guard. As process 1 of a
//! container it also collects what is orphaned to it.

mod process;
mod sockets;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bottle_core::backend::{Cause, Daemon};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

pub use process::{end_on_signals, harden};
use sockets::{Access, listen};

use crate::ca::SessionCa;
use crate::control::Control;
use crate::egress::{Door, Egress, EgressOptions};
use crate::error::SidecarError;
use crate::options::RunOptions;
use crate::scripted;
use crate::state::State;

/// The name of egress' socket in the folder of the doors.
pub const EGRESS_SOCKET: &str = "egress.sock";
/// The name of the scripted API's socket, beside the control socket, where the guest cannot see it.
pub const SCRIPTED_SOCKET: &str = "scripted.sock";

/// Above the 8 s that egress gives its connections and below the 10 s after which engines kill.
const END: Duration = Duration::from_secs(9);

/// A daemon at work.
pub type Work = Pin<Box<dyn Future<Output = Result<(), Cause>> + Send>>;

/// Runs the bundle until it is told to end.
///
/// # Errors
/// [`SidecarError`] where it cannot start, or where a daemon died.
pub async fn run(options: &RunOptions, end: CancellationToken) -> Result<(), SidecarError> {
    let state = Arc::new(State::default());
    let ca = Arc::new(SessionCa::generate()?);
    let scripted = options
        .daemons
        .contains(&Daemon::Scripted)
        .then(|| options.control.with_file_name(SCRIPTED_SOCKET));
    let mut work: Vec<(Daemon, Work)> = Vec::new();
    if let Some(path) = &scripted {
        let listener = listen(path, Access::Owner)?;
        let (vault, end) = (state.vault().clone(), end.clone());
        work.push((
            Daemon::Scripted,
            Box::pin(async move {
                let admits = move |presented: &str| vault.holds_for_claude(presented);
                scripted::serve(listener, admits, end).await;
                Ok(())
            }),
        ));
    }
    if options.daemons.contains(&Daemon::Egress) {
        let door = listen(&options.doors.join(EGRESS_SOCKET), Access::Everyone)?;
        let options = EgressOptions::real(scripted)?;
        let egress = Egress::new(Arc::clone(&state), Arc::clone(&ca), options)?;
        let end = end.clone();
        work.push((
            Daemon::Egress,
            Box::pin(async move {
                egress.serve(Door::Unix(door), end).await;
                Ok(())
            }),
        ));
    }
    let control = Control {
        state,
        ca,
        daemons: options.daemons.clone(),
        shutdown: end.clone(),
    };
    let listener = listen(&options.control, Access::Owner)?;
    let controlling = control.serve(listener);
    tracing::info!(daemons = ?options.daemons, "the bundle is up");
    let (guarded, ()) = tokio::join!(guard(work, end), controlling);
    guarded
}

/// Watches over daemons until they have ended: in order after the token was cancelled, or all because one died.
///
/// # Errors
/// [`SidecarError::DaemonDied`] names the first that ended unasked.
pub async fn guard(work: Vec<(Daemon, Work)>, end: CancellationToken) -> Result<(), SidecarError> {
    let mut running = JoinSet::new();
    for (daemon, work) in work {
        running.spawn(async move { (daemon, work.await) });
    }
    let died = tokio::select! {
        biased;
        () = end.cancelled() => None,
        ended = running.join_next() => ended,
    };
    end.cancel();
    let ending = async { while running.join_next().await.is_some() {} };
    if timeout(END, ending).await.is_err() {
        tracing::warn!("a daemon did not end in time and was cut");
        running.shutdown().await;
    }
    match died {
        None => Ok(()),
        Some(Ok((daemon, ended))) => Err(SidecarError::DaemonDied {
            daemon,
            source: ended.err(),
        }),
        Some(Err(panic)) => Err(SidecarError::Process {
            action: "keep every daemon running",
            source: std::io::Error::other(panic),
        }),
    }
}
