//! Files that are there whole or not at all, whatever ends the program in between.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use crate::error::{EngineError, OnFile};
use crate::home::private_folder;

/// Only the person may read and write.
pub(crate) const PRIVATE: u32 = 0o600;

/// Writes a file beside its place, makes sure that it is on the disk, and puts it there in one step.
pub(crate) fn write(path: &Path, content: &[u8], mode: u32) -> Result<(), EngineError> {
    let part = beside(path);
    let written =
        write_part(&part, content, mode).and_then(|()| fs::rename(&part, path).on("write", path));
    if written.is_err() {
        drop(fs::remove_file(&part));
        return written;
    }
    // The name itself is on the disk only once its folder is.
    if let Some(folder) = path.parent() {
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .on("write", folder)?;
    }
    Ok(())
}

fn write_part(part: &Path, content: &[u8], mode: u32) -> Result<(), EngineError> {
    let opened = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(PRIVATE)
        .open(part);
    let mut file = opened.on("write", part)?;
    file.write_all(content).on("write", part)?;
    file.set_permissions(Permissions::from_mode(mode))
        .on("protect", part)?;
    file.sync_all().on("write", part)
}

/// A hidden name in the same folder that nothing else has.
pub(crate) fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}.part", uuid::Uuid::new_v4().simple()))
}

/// Holds a list in the person's folder for this process, until it is dropped, while it is read, changed and written.
pub(crate) struct Held(File);

/// Waits for the list of that name.
pub(crate) fn hold(root: &Path, name: &str) -> Result<Held, EngineError> {
    private_folder(root)?;
    let path = root.join(format!(".{name}.lock"));
    let mut options = OpenOptions::new();
    let opened = options
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(PRIVATE)
        .open(&path);
    let file = opened.on("open", &path)?;
    flock(&file, FlockOperation::LockExclusive)
        .map_err(std::io::Error::from)
        .on("lock", &path)?;
    Ok(Held(file))
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Err(error) = flock(&self.0, FlockOperation::Unlock) {
            tracing::warn!(%error, "a lock was not freed before its file is closed");
        }
    }
}
