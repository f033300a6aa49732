//! Turns what changes in the engine and on the disk into events for the page and a new menu in the menu bar.

use bottle_engine::watch::{Changed, Watch};
use tauri::async_runtime::{spawn, spawn_blocking};
use tauri::{AppHandle, Manager};

use crate::state::Shell;
use crate::tray;
use crate::window::tell;
use crate::wire::event::{
    CredentialsChanged, LibraryChanged, SessionsChanged, SettingsChanged, TasksChanged,
};

/// Keeps the watch over the person's folder for as long as the app lives.
struct Watched(#[expect(dead_code, reason = "held so that it is not dropped")] Watch);

/// Starts to follow.
pub(crate) fn follow(app: &AppHandle) {
    let shell = app.state::<Shell>();
    let mut feed = shell.desk.changes();
    let desk_app = app.clone();
    spawn(async move {
        while let Some(changed) = feed.next().await {
            if changed.sessions {
                tell(&desk_app, &SessionsChanged);
            }
            if changed.tasks {
                tell(&desk_app, &TasksChanged);
            }
            tray::refresh(&desk_app).await;
        }
    });
    let engine = shell.engine();
    let disk_app = app.clone();
    // A watch over many folders takes its time, and the window is opening.
    spawn_blocking(move || {
        let told = disk_app.clone();
        match Watch::start(&engine, move |changed| on_disk(&told, changed)) {
            Ok(watch) => {
                disk_app.manage(Watched(watch));
            }
            // The page still asks again when it gets the focus.
            Err(error) => tracing::warn!("changes on the disk are not seen: {error}"),
        }
    });
}

fn on_disk(app: &AppHandle, changed: Changed) {
    match changed {
        Changed::Library => tell(app, &LibraryChanged),
        Changed::Settings => tell(app, &SettingsChanged),
        Changed::Credentials => tell(app, &CredentialsChanged),
        Changed::Sessions => tell(app, &SessionsChanged),
    }
    let app = app.clone();
    spawn(async move { tray::refresh(&app).await });
}
