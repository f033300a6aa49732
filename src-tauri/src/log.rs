//! Where the app writes what it does, for a person who looks for the cause of a fault. Never a secret, never what was typed.

use std::fs::{DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Mutex;

use tracing_subscriber::EnvFilter;

/// Bytes after which the file begins anew at the next start.
const LIMIT: u64 = 1024 * 1024;

/// Writes to a file in this folder from now on; to nowhere where that cannot be.
pub(crate) fn to(folder: &Path) {
    let Ok(file) = open(folder) else {
        return;
    };
    let filter = EnvFilter::try_from_env("CLAUDE_BOTTLE_LOG").unwrap_or_else(|_| "warn".into());
    let installed = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .with_writer(Mutex::new(file))
        .try_init();
    // A test program has a subscriber of its own already.
    installed.unwrap_or_default();
}

fn open(folder: &Path) -> std::io::Result<File> {
    // The first thing that is made in the person's folder, so it must not open that folder to others.
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    let path = folder.join("desktop.log");
    let full = path.metadata().is_ok_and(|about| about.len() > LIMIT);
    OpenOptions::new()
        .create(true)
        .write(true)
        .append(!full)
        .truncate(full)
        .mode(0o600)
        .open(path)
}
