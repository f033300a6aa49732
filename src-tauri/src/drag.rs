//! Files that are dragged over the window. The page draws where they may be dropped; only the shell learns their paths.

use std::sync::atomic::{AtomicU32, Ordering};

use tauri::{DragDropEvent, Manager, PhysicalPosition, Window};

use crate::window::tell;
use crate::wire::event::{FilesDropped, FilesHovering, FilesLeft};
use crate::wire::{count, path_text};

/// How many files are being dragged: the system tells that once, when they come in.
#[derive(Debug, Default)]
pub(crate) struct Hovering(AtomicU32);

/// Tells the page.
pub(crate) fn forward(window: &Window, event: &DragDropEvent) {
    let app = window.app_handle();
    let hovering = app.state::<Hovering>();
    match event {
        DragDropEvent::Enter { paths, position } => {
            hovering.0.store(count(paths.len()), Ordering::Relaxed);
            hover(window, &hovering, *position);
        }
        DragDropEvent::Over { position } => hover(window, &hovering, *position),
        DragDropEvent::Drop { paths, position } => {
            let (x, y) = in_page(window, *position);
            let paths = paths.iter().map(|path| path_text(path)).collect();
            tell(app, &FilesDropped { paths, x, y });
        }
        DragDropEvent::Leave => tell(app, &FilesLeft),
        _ => {}
    }
}

fn hover(window: &Window, hovering: &Hovering, position: PhysicalPosition<f64>) {
    let (x, y) = in_page(window, position);
    let paths = hovering.0.load(Ordering::Relaxed);
    tell(window.app_handle(), &FilesHovering { paths, x, y });
}

/// A place in the page's own pixels.
fn in_page(window: &Window, position: PhysicalPosition<f64>) -> (f64, f64) {
    let scale = window.scale_factor().unwrap_or(1.0);
    let place = position.to_logical::<f64>(scale);
    (place.x, place.y)
}
