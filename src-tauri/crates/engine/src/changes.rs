//! What a session changed of its copy of the project folder, and bringing that back.
//!
//! Nothing of the guest is trusted: names are taken part by part, only plain files are written, `.git` is never touched (its hooks
//! and settings would run on the host), and a file that the person changed meanwhile is a conflict, not a victim.

mod apply;
mod collect;

use std::fs;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use bottle_core::guest::ByteReader;
use serde::{Deserialize, Serialize};
use tokio_util::compat::FuturesAsyncReadCompatExt;
use tokio_util::io::SyncIoBridge;

pub(crate) use collect::collect;

use crate::error::{EngineError, OnFile};

/// The list of what was copied in, in the session's folder.
pub(crate) const BASELINE: &str = "baseline.json";
/// The list of changes, in the session's folder.
pub(crate) const CHANGES: &str = "changes.json";
/// The changed files, in the session's folder.
pub(crate) const FILES: &str = "changes";

/// Most entries of an archive that are looked at, so that one without an end does not hold the program up.
const ENTRIES_LIMIT: u32 = 1_000_000;

/// What happened to one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// Its content or mode is another.
    Modified,
    /// It is gone.
    Deleted,
}

/// One changed file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Relative to the project folder.
    pub path: PathBuf,
    /// What happened.
    pub kind: ChangeKind,
    /// What the file was when it was copied, where it was there.
    pub before: Option<crate::workspace::Entry>,
}

/// Whether a path is relative, plain and outside `.git`, so that it may be written below a folder.
pub(crate) fn is_plain(path: &Path) -> bool {
    let mut parts = path.components();
    let plain = path
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    let git = parts.any(|part| part.as_os_str().eq_ignore_ascii_case(".git"));
    plain && !git && path.components().next().is_some()
}

/// Writes the plain files of an archive for which `place` names a relative path below `folder`. The archive is not trusted: links and
/// special files are passed over, and more than `limit` bytes fail.
pub(crate) async fn unpack(
    archive: ByteReader,
    folder: PathBuf,
    limit: u64,
    place: impl Fn(&Path) -> Option<PathBuf> + Send + 'static,
) -> Result<u32, EngineError> {
    let reader = SyncIoBridge::new(archive.compat());
    let shown = folder.clone();
    let work = tokio::task::spawn_blocking(move || unpack_now(reader, &folder, limit, place));
    let done = work
        .await
        .map_err(std::io::Error::other)
        .on("unpack into", &shown)?;
    done.on("unpack into", &shown)
}

fn too_much() -> std::io::Error {
    std::io::Error::new(
        std::io::ErrorKind::FileTooLarge,
        "the bottle sends more than is taken from it",
    )
}

fn unpack_now(
    reader: impl Read,
    folder: &Path,
    limit: u64,
    place: impl Fn(&Path) -> Option<PathBuf>,
) -> std::io::Result<u32> {
    let mut archive = tar::Archive::new(reader);
    let (mut count, mut total, mut seen) = (0, 0_u64, 0_u32);
    for entry in archive.entries()? {
        let mut entry = entry?;
        seen += 1;
        if seen > ENTRIES_LIMIT {
            return Err(too_much());
        }
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let path = entry
            .path()?
            .components()
            .filter(|part| !matches!(part, Component::CurDir))
            .collect::<PathBuf>();
        let Some(place) = place(&path).filter(|place| is_plain(place)) else {
            continue;
        };
        total = total.saturating_add(entry.size());
        if total > limit {
            return Err(too_much());
        }
        let target = folder.join(place);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        let mut file = fs::File::create(&target)?;
        std::io::copy(&mut entry, &mut file)?;
        if entry.header().mode().is_ok_and(|mode| mode & 0o100 != 0) {
            use std::os::unix::fs::PermissionsExt;
            file.set_permissions(fs::Permissions::from_mode(0o700))?;
        }
        count += 1;
    }
    Ok(count)
}
