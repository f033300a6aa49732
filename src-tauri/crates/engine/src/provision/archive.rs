//! Small tar archives of files that are held in memory.

use std::io::Write;
use std::path::Path;

use bottle_core::claude;
use bottle_core::guest::ByteReader;

use crate::error::EngineError;

/// A tar archive being made; entries belong to `node`.
pub(super) struct Archive {
    builder: tar::Builder<Vec<u8>>,
}

impl Default for Archive {
    fn default() -> Self {
        Self {
            builder: tar::Builder::new(Vec::new()),
        }
    }
}

impl Archive {
    pub(super) fn file(
        &mut self,
        path: &str,
        mode: u32,
        content: &[u8],
    ) -> Result<(), EngineError> {
        let size = u64::try_from(content.len()).unwrap_or(u64::MAX);
        self.entry(path, tar::EntryType::Regular, mode, size, content)
    }

    pub(super) fn folder(&mut self, path: &str, mode: u32) -> Result<(), EngineError> {
        self.entry(path, tar::EntryType::Directory, mode, 0, &[])
    }

    fn entry(
        &mut self,
        path: &str,
        kind: tar::EntryType,
        mode: u32,
        size: u64,
        content: &[u8],
    ) -> Result<(), EngineError> {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_size(size);
        header.set_uid(u64::from(claude::UID));
        header.set_gid(u64::from(claude::UID));
        let added = self.builder.append_data(&mut header, path, content);
        added.map_err(|source| EngineError::File {
            action: "pack",
            path: path.into(),
            source,
        })
    }

    /// Ends the archive.
    pub(super) fn into_reader(self) -> Result<ByteReader, EngineError> {
        let wrong = |source| EngineError::File {
            action: "pack",
            path: Path::new("archive").into(),
            source,
        };
        let mut bytes = self.builder.into_inner().map_err(wrong)?;
        bytes.flush().map_err(wrong)?;
        Ok(Box::pin(futures_util::io::Cursor::new(bytes)))
    }
}
