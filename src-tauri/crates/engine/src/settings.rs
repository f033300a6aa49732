//! What the person chose for the app itself: one small file in their folder, which they may edit too.

use std::fs;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::durable;
use crate::engine::Engine;
use crate::error::{EngineError, OnFile};
use crate::home::private_folder;

/// Sizes of the terminal's letters that can be read and fit a window, in points.
const FONT_SIZES: std::ops::RangeInclusive<u32> = 8..=32;
/// Longest shortcut, in bytes; four modifiers and a key with a long name fit.
const MAX_SHORTCUT: usize = 64;

/// Light or dark.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Theme {
    /// As the system is.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// The settings. A key that the file does not have keeps its default; one that it should not have refuses the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Settings {
    /// Light or dark.
    pub theme: Theme,
    /// Whether the app starts at login.
    pub open_at_login: bool,
    /// Whether it stays out of the Dock.
    pub hide_dock: bool,
    /// Whether it starts without showing its window.
    pub start_hidden: bool,
    /// The keys that open the launcher.
    pub shortcut: Option<String>,
    /// Size of the terminal's letters in points.
    pub terminal_font_size: u32,
    /// Whether the first run was gone through.
    pub first_run_done: bool,
    /// Whether each start shows its plan first.
    pub confirm_start: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: Theme::System,
            open_at_login: false,
            hide_dock: false,
            start_hidden: false,
            shortcut: None,
            terminal_font_size: 13,
            first_run_done: false,
            confirm_start: true,
        }
    }
}

impl Settings {
    fn check(&self) -> Result<(), EngineError> {
        if !FONT_SIZES.contains(&self.terminal_font_size) {
            return Err(EngineError::SettingOutOfRange {
                name: "terminalFontSize",
                given: self.terminal_font_size.to_string(),
                instead: "a size from 8 to 32",
            });
        }
        let shortcut = self.shortcut.as_deref().unwrap_or("none");
        let plain = !shortcut.is_empty()
            && shortcut.len() <= MAX_SHORTCUT
            && !shortcut.contains(char::is_control);
        if !plain {
            return Err(EngineError::SettingOutOfRange {
                name: "shortcut",
                given: "this text".into(),
                instead: "keys such as 'CommandOrControl+Shift+B', or none",
            });
        }
        Ok(())
    }
}

impl Engine {
    fn settings_file(&self) -> PathBuf {
        self.home().root().join("settings.json")
    }

    /// Reads the settings; the defaults where there is no file.
    ///
    /// # Errors
    /// [`EngineError::BadSettings`] where the file says something else, [`EngineError::SettingOutOfRange`], [`EngineError::File`].
    pub fn settings(&self) -> Result<Settings, EngineError> {
        let path = self.settings_file();
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Settings::default());
            }
            Err(error) => return Err(error).on("read", &path),
        };
        // Keys with values, and not a list of values in their order.
        let keys = serde_json::from_slice::<serde_json::Map<_, _>>(&text);
        let settings: Settings = keys
            .and_then(|keys| serde_json::from_value(keys.into()))
            .map_err(|source| EngineError::BadSettings { path, source })?;
        settings.check()?;
        Ok(settings)
    }

    /// Writes the settings and gives what is there now.
    ///
    /// # Errors
    /// [`EngineError::SettingOutOfRange`], [`EngineError::File`].
    pub fn write_settings(&self, settings: &Settings) -> Result<Settings, EngineError> {
        settings.check()?;
        let path = self.settings_file();
        private_folder(self.home().root())?;
        let mut text =
            serde_json::to_vec_pretty(settings).map_err(|source| EngineError::BadSettings {
                path: path.clone(),
                source,
            })?;
        text.push(b'\n');
        durable::write(&path, &text, durable::PRIVATE)?;
        Ok(settings.clone())
    }
}
