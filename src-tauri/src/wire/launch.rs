//! What the window should show because something outside the page asked for it.

use serde::{Deserialize, Serialize};
use specta::Type;

/// A view of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "kebab-case")]
pub enum LaunchView {
    /// Agents and sessions.
    Home,
    /// The bench of one agent, or the list of them.
    Compose,
    /// Skills.
    Skills,
    /// What is there and what is missing.
    Doctor,
    /// Settings.
    Settings,
    /// One session.
    Session,
    /// A start in progress.
    Start,
}

/// What the window should open now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Launch {
    /// Which view.
    pub view: LaunchView,
    /// Of what: an agent's name, a session's id, or `task:` and the number of a start that runs already.
    pub name: Option<String>,
}

impl Launch {
    /// A view as it opens by itself.
    #[must_use]
    pub const fn of(view: LaunchView) -> Self {
        Self { view, name: None }
    }

    /// A view of one thing.
    #[must_use]
    pub fn named(view: LaunchView, name: impl Into<String>) -> Self {
        Self {
            view,
            name: Some(name.into()),
        }
    }

    /// The start that this task is. No agent's name has a colon.
    #[must_use]
    pub fn task(number: u32) -> Self {
        Self::named(LaunchView::Start, format!("task:{number}"))
    }
}

impl Default for Launch {
    fn default() -> Self {
        Self::of(LaunchView::Home)
    }
}
