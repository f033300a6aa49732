//! Quitting: says what it stops, stops it so that it can go on later, and then ends the app.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bottle_engine::desk::TaskState;
use tauri::async_runtime::{block_on, spawn};
use tauri::{AppHandle, Manager};
use tauri_plugin_dialog::{DialogExt, MessageDialogButtons, MessageDialogKind};

use crate::state::Shell;

/// How long sessions have to be stopped and kept: an engine under load takes some seconds for each.
const DEADLINE: Duration = Duration::from_secs(30);

/// Whether the app is on its way out, and whether its sessions are stopped.
#[derive(Debug, Default)]
pub(crate) struct Quitting {
    begun: AtomicBool,
    closed: AtomicBool,
}

/// Whether anything would be stopped by quitting.
pub(crate) fn something_runs(app: &AppHandle) -> bool {
    app.try_state::<Shell>()
        .is_some_and(|shell| !running(&shell).is_empty())
}

/// Whether the app is on its way out: what is shown then must not change any more.
pub(crate) fn has_begun(app: &AppHandle) -> bool {
    app.state::<Quitting>().begun.load(Ordering::Relaxed)
}

/// Quits; asks before where something runs.
pub(crate) fn ask(app: &AppHandle) {
    let running = running(&app.state::<Shell>());
    if running.is_empty() {
        now(app);
        return;
    }
    let to_quit = app.clone();
    app.dialog()
        .message(words(&running))
        .title("Quit claude-bottle?")
        .kind(MessageDialogKind::Warning)
        .buttons(MessageDialogButtons::OkCancelCustom(
            "Stop and Quit".into(),
            "Cancel".into(),
        ))
        .show(move |yes| {
            if yes {
                now(&to_quit);
            }
        });
}

/// Sessions that run here and starts in progress, by name.
fn running(shell: &Shell) -> Vec<String> {
    let sessions = shell.desk.live().into_iter().map(String::from);
    let starts = shell
        .desk
        .tasks()
        .into_iter()
        .filter(|task| task.state == TaskState::Running)
        .map(|task| task.title);
    sessions.chain(starts).collect()
}

/// What a person is told before these are stopped.
#[must_use]
pub fn words(running: &[String]) -> String {
    let what = match running.len() {
        1 => "This is stopped".to_owned(),
        count => format!("These {count} are stopped"),
    };
    format!(
        "{what}:\n\n{}\n\nBottles are kept with all their work. Continue them later from Home.",
        running.join("\n")
    )
}

/// Quits without asking.
pub(crate) fn now(app: &AppHandle) {
    if app.state::<Quitting>().begun.swap(true, Ordering::Relaxed) {
        return;
    }
    for window in app.webview_windows().into_values() {
        if let Err(error) = window.hide() {
            tracing::debug!("a window does not hide: {error}");
        }
    }
    let app = app.clone();
    spawn(async move {
        close(&app).await;
        app.exit(0);
    });
}

/// The last chance to stop what runs, where the system ends the app without asking, such as at log-out.
pub(crate) fn at_the_end(app: &AppHandle) {
    block_on(close(app));
}

async fn close(app: &AppHandle) {
    if app.state::<Quitting>().closed.swap(true, Ordering::Relaxed) {
        return;
    }
    let desk = std::sync::Arc::clone(&app.state::<Shell>().desk);
    if !desk.close(DEADLINE).await {
        tracing::warn!("not everything could be stopped in time");
    }
}
