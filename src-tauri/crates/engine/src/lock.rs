//! A lock that says that a session belongs to a process that runs. The kernel frees it when that process ends, however it ends.

use std::fs::{File, OpenOptions};
use std::path::Path;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};

use crate::error::{EngineError, OnFile};

/// Tries to take a lock: one who only looks whether it is held holds it for a moment too.
const TRIES: u32 = 5;
/// Pause between two tries.
const PAUSE: Duration = Duration::from_millis(2);

/// Holds a session for this process until it is dropped.
#[derive(Debug)]
pub(crate) struct SessionLock {
    file: File,
}

impl SessionLock {
    /// Takes the lock in a session's folder, or says with `None` that another process holds it.
    pub(crate) fn take(folder: &Path) -> Result<Option<Self>, EngineError> {
        let path = folder.join("lock");
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path);
        let file = file.on("open", &path)?;
        let exclusive = FlockOperation::NonBlockingLockExclusive;
        let mut taken = try_lock(&file, exclusive).on("lock", &path)?;
        for _ in 1..TRIES {
            if !taken {
                std::thread::sleep(PAUSE);
                taken = try_lock(&file, exclusive).on("lock", &path)?;
            }
        }
        Ok(taken.then_some(Self { file }))
    }

    /// Whether some process holds the lock of a session's folder now. A folder that is gone is held by nobody.
    pub(crate) fn held(folder: &Path) -> Result<bool, EngineError> {
        let path = folder.join("lock");
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error).on("open", &path),
        };
        // Shared, so that those who look do not see each other.
        let free = try_lock(&file, FlockOperation::NonBlockingLockShared).on("lock", &path)?;
        if free {
            unlock(&file);
        }
        Ok(!free)
    }
}

impl Drop for SessionLock {
    fn drop(&mut self) {
        unlock(&self.file);
    }
}

/// Frees a lock at once. Closing alone is not enough: a child that is just being started has a copy of every open file for a moment.
fn unlock(file: &File) {
    if let Err(error) = flock(file, FlockOperation::Unlock) {
        tracing::warn!(%error, "a session's lock was not freed before its file is closed");
    }
}

fn try_lock(file: &File, operation: FlockOperation) -> std::io::Result<bool> {
    match flock(file, operation) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}
