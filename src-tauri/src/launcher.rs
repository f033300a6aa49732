//! The launcher: a small window that a global shortcut brings up, to start an agent by typing its name.

use tauri::plugin::TauriPlugin;
use tauri::{
    AppHandle, Manager, WebviewUrl, WebviewWindow, WebviewWindowBuilder, Window, WindowEvent, Wry,
};
use tauri_plugin_global_shortcut::{Builder, Error, GlobalShortcutExt, Shortcut, ShortcutState};

use crate::window::FREEZE;

/// The launcher's name. The page shows the launcher and not the app where its window has this name.
pub(crate) const LABEL: &str = "launcher";

/// Hears the shortcut.
pub(crate) fn plugin() -> TauriPlugin<Wry> {
    Builder::new()
        .with_handler(|app, _, event| {
            if event.state() == ShortcutState::Pressed {
                toggle(app);
            }
        })
        .build()
}

/// Makes the launcher's window, hidden. Not before it is called for: a page that nobody looks at would take memory.
fn open(app: &AppHandle) -> tauri::Result<WebviewWindow> {
    WebviewWindowBuilder::new(app, LABEL, WebviewUrl::App("index.html#launcher".into()))
        .title("claude-bottle launcher")
        .inner_size(560.0, 380.0)
        .resizable(false)
        .decorations(false)
        .always_on_top(true)
        .skip_taskbar(true)
        .center()
        .visible(false)
        .initialization_script(FREEZE)
        .build()
}

/// Whether a text names keys.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn parse(keys: &str) -> Result<Shortcut, Error> {
    Ok(keys.parse::<Shortcut>()?)
}

/// Lets these keys, and no others, bring the launcher up.
pub(crate) fn bind(app: &AppHandle, keys: Option<&str>) -> Result<(), Error> {
    let shortcuts = app.global_shortcut();
    shortcuts.unregister_all()?;
    match keys {
        Some(keys) => shortcuts.register(parse(keys)?),
        None => Ok(()),
    }
}

/// Hides the launcher; says whether it was there to be seen.
pub(crate) fn hide(app: &AppHandle) -> bool {
    let Some(window) = app.get_webview_window(LABEL) else {
        return false;
    };
    let seen = window.is_visible().unwrap_or(false);
    if let Err(error) = window.hide() {
        tracing::warn!("the launcher does not hide: {error}");
    }
    seen
}

fn toggle(app: &AppHandle) {
    if hide(app) {
        return;
    }
    let made = app.get_webview_window(LABEL).map_or_else(|| open(app), Ok);
    let window = match made {
        Ok(window) => window,
        Err(error) => {
            tracing::warn!("the launcher cannot be made: {error}");
            return;
        }
    };
    for step in [window.center(), window.show(), window.set_focus()] {
        if let Err(error) = step {
            tracing::warn!("the launcher does not come up: {error}");
        }
    }
}

/// Hides the launcher when the person turns to something else, or closes it.
pub(crate) fn on_event(window: &Window, event: &WindowEvent) {
    if let WindowEvent::CloseRequested { api, .. } = event {
        api.prevent_close();
        hide(window.app_handle());
    } else if let WindowEvent::Focused(false) = event {
        hide(window.app_handle());
    }
}
