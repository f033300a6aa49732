//! Updates: looked for once after the start, offered, and never taken without the person. Only what is signed with the key that the
//! release names is accepted.

use tauri::AppHandle;
use tauri::async_runtime::spawn;
use tauri_plugin_dialog::{DialogExt, MessageDialogButtons};
use tauri_plugin_updater::{Error, Update, UpdaterExt};

/// Looks for a newer version, where this release names a key and an address.
pub(crate) fn look(app: &AppHandle) {
    if !app.config().plugins.0.contains_key("updater") {
        return;
    }
    let app = app.clone();
    spawn(async move {
        if let Err(error) = offer(&app).await {
            tracing::warn!("no update: {error}");
        }
    });
}

async fn offer(app: &AppHandle) -> Result<(), Error> {
    app.plugin(tauri_plugin_updater::Builder::new().build())?;
    let Some(update) = app.updater()?.check().await? else {
        return Ok(());
    };
    let to_install = update.clone();
    app.dialog()
        .message(format!(
            "claude-bottle {} is there; this is {}. It is used from the next start on; sessions go on.",
            update.version, update.current_version
        ))
        .title("A newer version")
        .buttons(MessageDialogButtons::OkCancelCustom(
            "Install".into(),
            "Later".into(),
        ))
        .show(move |yes| {
            if yes {
                spawn(install(to_install));
            }
        });
    Ok(())
}

async fn install(update: Update) {
    if let Err(error) = update.download_and_install(|_, _| {}, || {}).await {
        tracing::error!("the update was not installed: {error}");
    }
}
