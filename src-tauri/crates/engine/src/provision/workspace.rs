//! The project folder: packed in a thread of its own while the guest unpacks it.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bottle_core::claude::WORKSPACE;
use bottle_core::event::StepSink;
use bottle_core::guest::Guest;
use tokio_util::compat::TokioAsyncReadCompatExt;
use tokio_util::io::SyncIoBridge;

use super::guest_path;
use crate::changes::BASELINE;
use crate::error::{EngineError, OnFile};
use crate::home::private_file;
use crate::workspace::{measure, pack};

/// Bytes in flight between packing and the engine.
const PIPE: usize = 1 << 20;
/// How often progress is told while a large folder is copied.
const TICK: Duration = Duration::from_millis(100);

/// Copies a folder to [`WORKSPACE`] and keeps the list of what was copied in the session's folder.
///
/// # Errors
/// [`EngineError::Workspace`] where the folder cannot be read, [`EngineError::Provision`] where the guest refuses it.
pub async fn provision_workspace(
    guest: &dyn Guest,
    folder: &Path,
    session: &Path,
    sink: &dyn StepSink,
) -> Result<(), EngineError> {
    sink.step("project folder", Some(0.0));
    let copied = Arc::new(AtomicU64::new(0));
    let (reader, writer) = tokio::io::duplex(PIPE);
    let counter = Arc::clone(&copied);
    let (source, size) = (
        folder.to_owned(),
        tokio::task::spawn_blocking({
            let folder = folder.to_owned();
            move || measure(&folder)
        }),
    );
    let packing = tokio::task::spawn_blocking(move || {
        let writer = SyncIoBridge::new(writer);
        pack(
            &source,
            std::io::BufWriter::with_capacity(PIPE / 4, writer),
            |bytes| {
                counter.fetch_add(bytes, Ordering::Relaxed);
            },
        )
    });
    let destination = guest_path(WORKSPACE)?;
    let copying = guest.copy_in(Box::pin(reader.compat()), &destination);
    let telling = async {
        let total = size.await.unwrap_or_default().max(1);
        let mut tick = tokio::time::interval(TICK);
        loop {
            tick.tick().await;
            #[expect(clippy::cast_precision_loss, reason = "a fraction for a progress bar")]
            let fraction = copied.load(Ordering::Relaxed) as f64 / total as f64;
            sink.step("project folder", Some(fraction.min(1.0)));
        }
    };
    let unpacked = tokio::select! {
        unpacked = copying => unpacked,
        () = telling => Ok(()),
    };
    let packed = packing.await.map_err(|error| EngineError::Workspace {
        path: folder.to_owned(),
        source: std::io::Error::other(error),
    })?;
    // A guest that stops reading breaks the packing, and a file that cannot be read ends the archive early: the cause comes first.
    let baseline = match packed {
        Err(error) if !is_broken_pipe(&error) => return Err(error),
        packed => {
            unpacked.map_err(|source| EngineError::Provision {
                step: "project folder",
                source,
            })?;
            packed?
        }
    };
    let list = serde_json::to_vec(&baseline)
        .map_err(std::io::Error::other)
        .on("list", folder)?;
    private_file(&session.join(BASELINE), &list)
}

fn is_broken_pipe(error: &EngineError) -> bool {
    matches!(error, EngineError::Workspace { source, .. } if source.kind() == ErrorKind::BrokenPipe)
}
