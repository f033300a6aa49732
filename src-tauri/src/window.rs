//! The main window: opened, brought forward, hidden when it is closed.

use tauri::{
    AppHandle, Manager, WebviewUrl, WebviewWindow, WebviewWindowBuilder, Window, WindowEvent,
};
use tauri_specta::Event;

use crate::drag;
use crate::launcher;
use crate::quit;
use crate::state::Shell;
use crate::tray;
use crate::wire::event::{LaunchRequested, SystemChanged};
use crate::wire::launch::Launch;

/// The main window's name.
pub(crate) const LABEL: &str = "main";

/// Freezes what every object of a page inherits from.
pub(crate) const FREEZE: &str = include_str!("freeze.js");

/// Opens the main window, hidden where the person wants that at login.
pub(crate) fn open(app: &AppHandle, hidden: bool) -> tauri::Result<WebviewWindow> {
    let window = WebviewWindowBuilder::new(app, LABEL, WebviewUrl::default());
    // The page draws up to the top and leaves room for the three buttons.
    #[cfg(target_os = "macos")]
    let window = window
        .title_bar_style(tauri::TitleBarStyle::Overlay)
        .hidden_title(true);
    window
        .title("claude-bottle")
        .inner_size(1200.0, 800.0)
        .min_inner_size(720.0, 480.0)
        .center()
        .visible(!hidden)
        .initialization_script(FREEZE)
        .build()
}

/// Brings the main window forward.
pub(crate) fn show(app: &AppHandle) {
    let Some(window) = app.get_webview_window(LABEL) else {
        return;
    };
    for step in [window.unminimize(), window.show(), window.set_focus()] {
        if let Err(error) = step {
            tracing::warn!("the window does not come forward: {error}");
        }
    }
}

/// Brings the main window forward at a view.
pub(crate) fn show_at(app: &AppHandle, launch: Launch) {
    if let Some(shell) = app.try_state::<Shell>() {
        shell.set_launch(launch);
    }
    show(app);
    tell(app, &LaunchRequested);
}

/// Tells every page something; a page that is gone need not hear it.
pub(crate) fn tell(app: &AppHandle, event: &(impl Event + serde::Serialize + Clone)) {
    if let Err(error) = event.emit(app) {
        tracing::debug!("no page heard an event: {error}");
    }
}

/// Answers what happens to a window.
pub(crate) fn on_event(window: &Window, event: &WindowEvent) {
    let app = window.app_handle();
    if window.label() == launcher::LABEL {
        launcher::on_event(window, event);
        return;
    }
    if let WindowEvent::CloseRequested { api, .. } = event {
        api.prevent_close();
        close(window);
    } else if let WindowEvent::Focused(true) = event {
        // What was mended outside, such as an engine that was started, is seen when the person comes back.
        tell(app, &SystemChanged);
    } else if let WindowEvent::DragDrop(what) = event {
        drag::forward(window, what);
    }
}

/// Hides the window and lets everything go on, unless nothing would bring the window back: then the app ends.
fn close(window: &Window) {
    let app = window.app_handle();
    let stays = cfg!(target_os = "macos") || (tray::is_there(app) && quit::something_runs(app));
    if stays {
        if let Err(error) = window.hide() {
            tracing::warn!("the window does not hide: {error}");
        }
    } else {
        quit::ask(app);
    }
}
