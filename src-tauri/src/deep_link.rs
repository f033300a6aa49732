//! Links `claude-bottle://agent/NAME`: they land in the composer. A link from a web page never starts anything.

use bottle_core::id::AgentName;
use tauri::{AppHandle, Url};
use tauri_plugin_deep_link::DeepLinkExt;

use crate::window::show_at;
use crate::wire::launch::{Launch, LaunchView};

/// Follows links, also the one that the app was started with.
pub(crate) fn follow(app: &AppHandle) {
    let to = app.clone();
    app.deep_link().on_open_url(move |event| {
        if let Some(launch) = event.urls().iter().find_map(read) {
            show_at(&to, launch);
        }
    });
    let first = app.deep_link().get_current().ok().flatten();
    if let Some(launch) = first.unwrap_or_default().iter().find_map(read) {
        show_at(app, launch);
    }
}

/// What a link asks for; nothing where it is not exactly one of ours.
#[must_use]
pub fn read(url: &Url) -> Option<Launch> {
    let ours = url.scheme() == "claude-bottle" && url.host_str() == Some("agent");
    let name = url.path().strip_prefix('/').filter(|_| ours)?;
    let name = AgentName::new(name).ok()?;
    Some(Launch::named(LaunchView::Compose, name))
}
