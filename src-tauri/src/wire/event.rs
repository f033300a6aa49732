//! What the page is told without asking. Each says at most that something is to be asked for again; none carries the news itself.

use serde::{Deserialize, Serialize};
use specta::Type;
use tauri_specta::Event;

/// Sessions began, ended or changed.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, Type, Event)]
pub struct SessionsChanged;

/// Tasks began, moved to another phase or ended.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, Type, Event)]
pub struct TasksChanged;

/// Agents, bottles or skills changed on disk.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, Type, Event)]
pub struct LibraryChanged;

/// Credentials were added or removed.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, Type, Event)]
pub struct CredentialsChanged;

/// Settings were changed.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, Type, Event)]
pub struct SettingsChanged;

/// What the doctor looks at may have changed.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, Type, Event)]
pub struct SystemChanged;

/// Something else than the page asked for a view: ask `takeLaunch`.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, Type, Event)]
pub struct LaunchRequested;

/// Files were let go over the window.
#[derive(Debug, Clone, Serialize, Deserialize, Type, Event)]
#[serde(rename_all = "camelCase")]
pub struct FilesDropped {
    /// Where they lie on this machine.
    pub paths: Vec<String>,
    /// Where in the page, in its own pixels from the left.
    #[specta(type = specta_typescript::Number)]
    pub x: f64,
    /// The same from the top.
    #[specta(type = specta_typescript::Number)]
    pub y: f64,
}

/// Files are being dragged over the window.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, Type, Event)]
#[serde(rename_all = "camelCase")]
pub struct FilesHovering {
    /// How many; 0 where the system does not tell before they are dropped.
    pub paths: u32,
    /// Where in the page, in its own pixels from the left.
    #[specta(type = specta_typescript::Number)]
    pub x: f64,
    /// The same from the top.
    #[specta(type = specta_typescript::Number)]
    pub y: f64,
}

/// Files that were dragged left the window again.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, Type, Event)]
pub struct FilesLeft;
