//! What ends the app from outside, such as a log-out or Ctrl-C in the terminal that it was started from: it stops what runs and keeps
//! it, as quitting does, without a question that nobody would answer.

use tauri::AppHandle;
use tauri::async_runtime::spawn;
use tokio::signal::unix::{SignalKind, signal};

use crate::quit;

/// Quits when one of these signals comes.
pub(crate) fn heed(app: &AppHandle) {
    for kind in [
        SignalKind::hangup(),
        SignalKind::interrupt(),
        SignalKind::terminate(),
    ] {
        let app = app.clone();
        spawn(async move {
            match signal(kind) {
                Ok(mut signals) => {
                    signals.recv().await;
                    quit::now(&app);
                }
                Err(error) => tracing::warn!("a signal is not heard: {error}"),
            }
        });
    }
}
