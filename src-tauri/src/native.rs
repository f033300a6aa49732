//! The desktop of this machine, through Tauri and its plugins.

use std::path::{Path, PathBuf};

use bottle_engine::settings::Settings;
use tauri::AppHandle;
use tauri_plugin_autostart::ManagerExt;
use tauri_plugin_dialog::DialogExt;
use tauri_plugin_opener::OpenerExt;

use crate::desktop::Desktop;
use crate::error::CommandError;
use crate::wire::launch::Launch;
use crate::{launcher, window};

/// Programs that bring a Docker engine, by their names in the folder of applications.
const ENGINES: [&str; 3] = ["OrbStack", "Docker", "Rancher Desktop"];

/// The desktop that the app runs on.
pub(crate) struct NativeDesktop {
    app: AppHandle,
    logs: PathBuf,
}

impl NativeDesktop {
    pub(crate) const fn new(app: AppHandle, logs: PathBuf) -> Self {
        Self { app, logs }
    }
}

impl Desktop for NativeDesktop {
    fn pick_folder(&self) -> Option<PathBuf> {
        let dialog = self
            .app
            .dialog()
            .file()
            .set_title("Choose a project folder");
        dialog.blocking_pick_folder()?.into_path().ok()
    }

    fn pick_skills(&self) -> Vec<PathBuf> {
        let dialog = self.app.dialog().file().set_title("Choose skill folders");
        let picked = dialog.blocking_pick_folders().unwrap_or_default();
        picked
            .into_iter()
            .filter_map(|path| path.into_path().ok())
            .collect()
    }

    fn reveal(&self, path: &Path) -> Result<(), CommandError> {
        let shown = self.app.opener().reveal_item_in_dir(path);
        shown.map_err(|error| {
            CommandError::internal(&error, format!("Open {} yourself.", path.display()))
        })
    }

    fn open_link(&self, url: &str) -> Result<(), CommandError> {
        let opened = self.app.opener().open_url(url, None::<&str>);
        opened.map_err(|error| {
            CommandError::internal(&error, "Copy the address and open it yourself.")
        })
    }

    fn start_engine(&self) -> Result<(), CommandError> {
        let installed = ENGINES
            .iter()
            .map(|name| PathBuf::from(format!("/Applications/{name}.app")))
            .find(|path| path.exists());
        let Some(path) = installed else {
            return Err(CommandError::refused(
                "the engine of this machine can only be started by you",
                "Run `sudo systemctl start docker`, or `colima start` where you use Colima.",
            ));
        };
        let opened = self
            .app
            .opener()
            .open_path(path.to_string_lossy(), None::<&str>);
        opened.map_err(|error| {
            CommandError::internal(&error, format!("Open {} yourself.", path.display()))
        })
    }

    fn accept(&self, settings: &Settings) -> Result<(), CommandError> {
        let keys = settings.shortcut.as_deref();
        match keys.map(launcher::parse).transpose() {
            Ok(_) => Ok(()),
            Err(error) => Err(CommandError::internal(
                &error,
                "Press a letter or a function key together with Cmd, Ctrl, Alt or Shift.",
            )),
        }
    }

    fn apply(&self, settings: &Settings) -> Result<(), CommandError> {
        let at_login = self.app.autolaunch();
        let is = at_login.is_enabled().unwrap_or(false);
        let done = match (is, settings.open_at_login) {
            (false, true) => at_login.enable(),
            (true, false) => at_login.disable(),
            (true, true) | (false, false) => Ok(()),
        };
        done.map_err(|error| {
            CommandError::internal(&error, "Change the login items in the system's settings.")
        })?;
        launcher::bind(&self.app, settings.shortcut.as_deref()).map_err(|error| {
            CommandError::internal(&error, "Choose other keys: another program may have these.")
        })?;
        self.show_in_dock(!settings.hide_dock)
    }

    fn show(&self, launch: Launch) {
        // The main window shows what it asked for by itself.
        if launcher::hide(&self.app) {
            window::show_at(&self.app, launch);
        }
    }

    fn leave_launcher(&self, launch: Option<Launch>) {
        launcher::hide(&self.app);
        if let Some(launch) = launch {
            window::show_at(&self.app, launch);
        }
    }

    fn logs(&self) -> PathBuf {
        self.logs.clone()
    }
}

impl NativeDesktop {
    #[cfg(target_os = "macos")]
    fn show_in_dock(&self, shown: bool) -> Result<(), CommandError> {
        use tauri::ActivationPolicy::{Accessory, Regular};
        use tauri::Manager;
        self.app
            .set_activation_policy(if shown { Regular } else { Accessory })?;
        // Becoming a program without a Dock icon sends its windows behind all others.
        let open = self.app.get_webview_window(window::LABEL);
        if open.is_some_and(|window| window.is_visible().unwrap_or(false)) {
            window::show(&self.app);
        }
        Ok(())
    }

    #[cfg(not(target_os = "macos"))]
    #[expect(clippy::unnecessary_wraps, reason = "on macOS it can fail")]
    const fn show_in_dock(&self, _shown: bool) -> Result<(), CommandError> {
        Ok(())
    }
}
