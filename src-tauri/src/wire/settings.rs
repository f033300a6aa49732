//! Settings. What comes in has a type of its own, as everything that comes in.

use bottle_engine::settings;
use serde::{Deserialize, Serialize};
use specta::Type;

/// Light or dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "kebab-case")]
pub enum Theme {
    /// As the system is.
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl From<settings::Theme> for Theme {
    fn from(theme: settings::Theme) -> Self {
        match theme {
            settings::Theme::System => Self::System,
            settings::Theme::Light => Self::Light,
            settings::Theme::Dark => Self::Dark,
        }
    }
}

impl From<Theme> for settings::Theme {
    fn from(theme: Theme) -> Self {
        match theme {
            Theme::System => Self::System,
            Theme::Light => Self::Light,
            Theme::Dark => Self::Dark,
        }
    }
}

/// What the person chose.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
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
    /// Size of the terminal's letters.
    pub terminal_font_size: u32,
    /// Whether the first run was gone through.
    pub first_run_done: bool,
    /// Whether each start shows its plan first.
    pub confirm_start: bool,
}

/// What the person chooses.
#[derive(Debug, Clone, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SettingsInput {
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
    /// Size of the terminal's letters.
    pub terminal_font_size: u32,
    /// Whether the first run was gone through.
    pub first_run_done: bool,
    /// Whether each start shows its plan first.
    pub confirm_start: bool,
}

impl From<settings::Settings> for Settings {
    fn from(settings: settings::Settings) -> Self {
        Self {
            theme: settings.theme.into(),
            open_at_login: settings.open_at_login,
            hide_dock: settings.hide_dock,
            start_hidden: settings.start_hidden,
            shortcut: settings.shortcut,
            terminal_font_size: settings.terminal_font_size,
            first_run_done: settings.first_run_done,
            confirm_start: settings.confirm_start,
        }
    }
}

impl From<SettingsInput> for settings::Settings {
    fn from(settings: SettingsInput) -> Self {
        Self {
            theme: settings.theme.into(),
            open_at_login: settings.open_at_login,
            hide_dock: settings.hide_dock,
            start_hidden: settings.start_hidden,
            shortcut: settings.shortcut,
            terminal_font_size: settings.terminal_font_size,
            first_run_done: settings.first_run_done,
            confirm_start: settings.confirm_start,
        }
    }
}
