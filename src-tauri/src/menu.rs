//! The menu of the app on macOS: without it, the keys for copy and paste would do nothing in the page.

use tauri::AppHandle;
#[cfg(target_os = "macos")]
use tauri::menu::{AboutMetadata, Menu, MenuItem, PredefinedMenuItem, Submenu};

use crate::window::{show, show_at};
use crate::wire::launch::{Launch, LaunchView};
use crate::{quit, tray};

/// The item that quits. The system's own would end the app without asking.
pub(crate) const QUIT: &str = "quit";
/// The item that shows the window.
pub(crate) const OPEN: &str = "open";
/// The item that shows the doctor.
pub(crate) const DOCTOR: &str = "doctor";
/// The item that shows the settings.
pub(crate) const SETTINGS: &str = "settings";
#[cfg(target_os = "macos")]
const CLOSE: &str = "close";

/// Sets the app's menu where the system has a place for it.
#[cfg(target_os = "macos")]
pub(crate) fn set(app: &AppHandle) -> tauri::Result<()> {
    let item =
        |id: &str, text: &str, keys: &str| MenuItem::with_id(app, id, text, true, Some(keys));
    let line = || PredefinedMenuItem::separator(app);
    let about = AboutMetadata::default();
    let program = Submenu::with_items(
        app,
        "claude-bottle",
        true,
        &[
            &PredefinedMenuItem::about(app, None, Some(about))?,
            &line()?,
            &item(SETTINGS, "Settings…", "Cmd+,")?,
            &line()?,
            &PredefinedMenuItem::services(app, None)?,
            &line()?,
            &PredefinedMenuItem::hide(app, None)?,
            &PredefinedMenuItem::hide_others(app, None)?,
            &PredefinedMenuItem::show_all(app, None)?,
            &line()?,
            &item(QUIT, "Quit claude-bottle", "Cmd+Q")?,
        ],
    )?;
    let edit = Submenu::with_items(
        app,
        "Edit",
        true,
        &[
            &PredefinedMenuItem::undo(app, None)?,
            &PredefinedMenuItem::redo(app, None)?,
            &line()?,
            &PredefinedMenuItem::cut(app, None)?,
            &PredefinedMenuItem::copy(app, None)?,
            &PredefinedMenuItem::paste(app, None)?,
            &PredefinedMenuItem::select_all(app, None)?,
        ],
    )?;
    // Cmd+W belongs to the tabs of terminals.
    let windows = Submenu::with_items(
        app,
        "Window",
        true,
        &[
            &PredefinedMenuItem::minimize(app, None)?,
            &PredefinedMenuItem::maximize(app, None)?,
            &PredefinedMenuItem::fullscreen(app, None)?,
            &line()?,
            &item(CLOSE, "Close Window", "Cmd+Shift+W")?,
        ],
    )?;
    app.set_menu(Menu::with_items(app, &[&program, &edit, &windows])?)
        .map(drop)
}

/// Sets no menu: on other systems the keys for copy and paste work by themselves.
#[cfg(not(target_os = "macos"))]
#[expect(clippy::unnecessary_wraps, reason = "on macOS it can fail")]
pub(crate) const fn set(_app: &AppHandle) -> tauri::Result<()> {
    Ok(())
}

/// Does what an item of any menu stands for.
pub(crate) fn on_event(app: &AppHandle, id: &str) {
    match id {
        QUIT => quit::ask(app),
        OPEN => show(app),
        DOCTOR => show_at(app, Launch::of(LaunchView::Doctor)),
        SETTINGS => show_at(app, Launch::of(LaunchView::Settings)),
        #[cfg(target_os = "macos")]
        CLOSE => close(app),
        other => tray::on_event(app, other),
    }
}

#[cfg(target_os = "macos")]
fn close(app: &AppHandle) {
    use tauri::Manager;
    let focused = app
        .webview_windows()
        .into_values()
        .find(|window| window.is_focused().unwrap_or(false));
    if let Some(Err(error)) = focused.map(|window| window.close()) {
        tracing::warn!("the window does not close: {error}");
    }
}
