//! Brings changes back into the person's folder, when the person says so.

use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io::{self, BufRead, BufReader, ErrorKind};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
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
            return self.session(id).map(|_| Vec::new());
        }
        let bytes = fs::read(&path).on("read", &path)?;
        serde_json::from_slice(&bytes)
            .map_err(io::Error::other)
            .on("read", &path)
    }

    /// Writes a session's changes into the project folder it started from. With conflicts nothing at all is written, unless `force`
    /// says that the session's versions win. Returns the number of changes; can be repeated.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] with the files, [`EngineError::Workspace`] where the folder is gone, [`EngineError::File`].
    pub fn apply(&self, id: &SessionId, force: bool) -> Result<u32, EngineError> {
        let Some(folder) = self.session(id)?.workspace.map(PathBuf::from) else {
            return Ok(0);
        };
        let folder = fs::canonicalize(&folder).map_err(|source| EngineError::Workspace {
            path: folder,
            source,
        })?;
        let mut changes = self.changes(id)?;
        changes.retain(|change| is_plain(&change.path));
        let files = self.home().session(id).join(FILES);
        for change in &changes {
            refuse_links_above(&folder, &change.path)?;
        }
        let conflicts: Vec<_> = changes
            .iter()
            .filter(|change| !force && !is_free(&folder, &files, change))
            .map(|change| change.path.display().to_string())
            .collect();
        if !conflicts.is_empty() {
            return Err(EngineError::Conflict {
                folder,
                paths: conflicts,
            });
        }
        for change in &changes {
            apply(&folder, &files, change)?;
        }
        Ok(u32::try_from(changes.len()).unwrap_or(u32::MAX))
    }
}

/// A link in the place of a folder could lead anywhere, so nothing is written or removed through one.
fn refuse_links_above(folder: &Path, path: &Path) -> Result<(), EngineError> {
    let mut here = folder.to_owned();
    for part in path.parent().into_iter().flat_map(Path::components) {
        here.push(part);
        match fs::symlink_metadata(&here) {
            Ok(meta) if meta.is_symlink() => {
                let why = io::Error::new(ErrorKind::InvalidInput, "it leads out of its place");
                return Err(why).on("write through the link", &here);
            }
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => break,
            Err(error) => return Err(error).on("find", &here),
        }
    }
    Ok(())
}

/// Whether a change loses nothing of the person's: their file still is what the session started from, or already what it became.
fn is_free(folder: &Path, files: &Path, change: &Change) -> bool {
    let target = folder.join(&change.path);
    let now = fs::symlink_metadata(&target).ok();
    let as_before = match (&change.before, &now) {
        (None, None) => true,
        (None, Some(_)) | (Some(_), None) => false,
        (Some(Entry::Link { .. }), Some(meta)) => meta.is_symlink(),
        (Some(Entry::File { len, mtime, .. }), Some(meta)) => {
            meta.is_file() && meta.len() == *len && meta.mtime() == *mtime
        }
    };
    as_before
        || match (change.kind, now) {
            (ChangeKind::Deleted, now) => now.is_none(),
            (ChangeKind::Added | ChangeKind::Modified, Some(meta)) if meta.is_file() => {
                same_content(&target, &files.join(&change.path)).unwrap_or(false)
            }
            (ChangeKind::Added | ChangeKind::Modified, _) => false,
        }
}

fn same_content(one: &Path, other: &Path) -> io::Result<bool> {
    let mut one = BufReader::new(File::open(one)?);
    let mut other = BufReader::new(File::open(other)?);
    loop {
        let (left, right) = (one.fill_buf()?, other.fill_buf()?);
        let count = left.len().min(right.len());
        if count == 0 {
            return Ok(left.is_empty() && right.is_empty());
        }
        if left.get(..count) != right.get(..count) {
            return Ok(false);
        }
        one.consume(count);
        other.consume(count);
    }
}

fn apply(folder: &Path, files: &Path, change: &Change) -> Result<(), EngineError> {
    let target = folder.join(&change.path);
    if change.kind == ChangeKind::Deleted {
        return match fs::remove_file(&target) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error).on("remove", &target),
            _ => Ok(()),
        };
    }
    let parent = target.parent().unwrap_or(folder);
    fs::create_dir_all(parent).on("create", parent)?;
    // A name that nobody can have put a link under beforehand.
    let part = parent.join(format!(".claude-bottle-{}", uuid::Uuid::new_v4().simple()));
    let written = write(&files.join(&change.path), &part, &target)
        .and_then(|()| fs::rename(&part, &target))
        .on("write", &target);
    if written.is_err() {
        drop(fs::remove_file(&part));
    }
    written
}

/// Copies a file to a new one with the mode that the target has, but for the right to run it.
fn write(source: &Path, part: &Path, target: &Path) -> io::Result<()> {
    let mut from = File::open(source)?;
    let mut to = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(part)?;
    io::copy(&mut from, &mut to)?;
    let before = fs::symlink_metadata(target).ok();
    let before = before
        .filter(Metadata::is_file)
        .map_or(0o644, |meta| meta.mode() & 0o777);
    let readers = (before & 0o444) >> 2;
    let executable = from.metadata()?.mode() & 0o100 != 0;
    let mode = (before & !0o111) | if executable { readers } else { 0 };
    to.set_permissions(Permissions::from_mode(mode))
}
