//! A lock that says that a session belongs to a process that runs. The kernel frees it when that process ends, however it ends.

use std::fs::{File, OpenOptions};
use std::path::Path;

use rustix::fs::{FlockOperation, flock};

use crate::error::{EngineError, OnFile};

/// Holds a session for this process until it is dropped.
#[derive(Debug)]
pub(crate) struct SessionLock {
    _file: File,
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
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
            Err(errno) => Err(errno.into()).on("lock", &path),
        }
    }

    /// Whether some process holds the lock of a session's folder now. A folder that is gone is held by nobody.
    pub(crate) fn held(folder: &Path) -> Result<bool, EngineError> {
        if !folder.join("lock").exists() {
            return Ok(false);
        }
        Self::take(folder).map(|lock| lock.is_none())
    }
}
