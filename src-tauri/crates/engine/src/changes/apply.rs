//! Brings changes back into the person's folder, when the person says so.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use bottle_core::id::SessionId;

use super::{CHANGES, Change, ChangeKind, FILES, is_plain};
use crate::engine::Engine;
use crate::error::{EngineError, OnFile};
use crate::workspace::Entry;

impl Engine {
    /// What a session changed, as saved when it settled; empty where it changed nothing.
    ///
    /// # Errors
    /// [`EngineError::NoSession`], or [`EngineError::File`] where the list cannot be read.
    pub fn changes(&self, id: &SessionId) -> Result<Vec<Change>, EngineError> {
        let path = self.home().session(id).join(CHANGES);
        if !path.is_file() {
            let known = self.store()?.get(id)?;
            return known
                .map(|_| Vec::new())
                .ok_or_else(|| EngineError::NoSession { id: id.clone() });
        }
        let bytes = fs::read(&path).on("read", &path)?;
        serde_json::from_slice(&bytes)
            .map_err(std::io::Error::other)
            .on("read", &path)
    }

    /// Writes a session's changes into the project folder it started from. With conflicts nothing at all is written, unless `force`
    /// says that the session's versions win. Returns the number of files written or removed.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] with the files, [`EngineError::Workspace`] where the folder is gone, [`EngineError::File`].
    pub fn apply(&self, id: &SessionId, force: bool) -> Result<u32, EngineError> {
        let record = self
            .store()?
            .get(id)?
            .ok_or_else(|| EngineError::NoSession { id: id.clone() })?;
        let changes = self.changes(id)?;
        let Some(folder) = record.workspace.map(PathBuf::from) else {
            return Ok(0);
        };
        let folder = fs::canonicalize(&folder).map_err(|source| EngineError::Workspace {
            path: folder,
            source,
        })?;
        let conflicts: Vec<_> = changes
            .iter()
            .filter(|change| !is_as_before(&folder, change) && !force)
            .map(|change| change.path.display().to_string())
            .collect();
        if !conflicts.is_empty() {
            return Err(EngineError::Conflict {
                folder,
                paths: conflicts,
            });
        }
        let files = self.home().session(id).join(FILES);
        let mut count = 0;
        for change in changes.iter().filter(|change| is_plain(&change.path)) {
            apply(&folder, &files, change)?;
            count += 1;
        }
        Ok(count)
    }
}

/// Whether the person's file still is what the session started from.
fn is_as_before(folder: &Path, change: &Change) -> bool {
    let now = fs::symlink_metadata(folder.join(&change.path)).ok();
    match (&change.before, now) {
        (None, None) => true,
        (None, Some(_)) | (Some(_), None) => false,
        (Some(Entry::Link { .. }), Some(meta)) => meta.is_symlink(),
        (Some(Entry::File { len, mtime, .. }), Some(meta)) => {
            meta.is_file() && meta.len() == *len && meta.mtime() == *mtime
        }
    }
}

fn apply(folder: &Path, files: &Path, change: &Change) -> Result<(), EngineError> {
    let target = folder.join(&change.path);
    let parent = target.parent().unwrap_or(folder);
    if change.kind == ChangeKind::Deleted {
        return match fs::remove_file(&target) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).on("remove", &target)
            }
            _ => Ok(()),
        };
    }
    fs::create_dir_all(parent).on("create", parent)?;
    // A link among the parents could lead anywhere: the real parent must still be below the folder.
    let real = fs::canonicalize(parent).on("find", parent)?;
    if !real.starts_with(folder) {
        return Err(std::io::Error::from(std::io::ErrorKind::PermissionDenied))
            .on("write through a link to", &target);
    }
    let source = files.join(&change.path);
    let part = target.with_extension("claude-bottle-part");
    fs::copy(&source, &part).on("copy", &source)?;
    let executable = fs::metadata(&source).on("read", &source)?.mode() & 0o100 != 0;
    let mode = if executable { 0o755 } else { 0o644 };
    fs::set_permissions(&part, fs::Permissions::from_mode(mode)).on("write", &part)?;
    fs::rename(&part, &target).on("write", &target)
}
