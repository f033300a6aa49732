//! What was typed and not saved yet: kept in the person's folder, so that it survives a crash.
//!
//! A draft's key, such as `agent/reviewer`, becomes the name of its file.

use std::fs;
use std::path::PathBuf;

use crate::durable;
use crate::engine::Engine;
use crate::error::{EngineError, OnFile};
use crate::home::private_folder;

/// Largest draft, in bytes: twice the largest manifest.
pub const MAX_DRAFT: usize = 2 << 20;
/// Most drafts that are kept at a time.
pub const MAX_DRAFTS: usize = 200;
/// Longest key, in bytes.
const MAX_KEY: usize = 160;

const ENDING: &str = ".draft";

impl Engine {
    fn drafts(&self) -> PathBuf {
        self.home().root().join("drafts")
    }

    fn draft_file(&self, key: &str) -> Result<PathBuf, EngineError> {
        let plain = |part: &str| {
            let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
            !part.is_empty() && !part.starts_with('.') && part.bytes().all(fits)
        };
        let parts: Vec<&str> = key.split('/').collect();
        if key.len() > MAX_KEY || parts.len() > 3 || !parts.iter().all(|part| plain(part)) {
            return Err(EngineError::BadDraft {
                why: "its key is not plain",
            });
        }
        // No key holds a plus sign, so that no two keys share a file.
        Ok(self.drafts().join(format!("{}{ENDING}", parts.join("+"))))
    }

    /// Keeps a draft in place of an earlier one of that key.
    ///
    /// # Errors
    /// [`EngineError::BadDraft`] where it is too large, one too many, or has no plain key; [`EngineError::File`].
    pub fn save_draft(&self, key: &str, text: &str) -> Result<(), EngineError> {
        let file = self.draft_file(key)?;
        if text.len() > MAX_DRAFT {
            return Err(EngineError::BadDraft {
                why: "it is larger than 2 MiB",
            });
        }
        if !file.exists() && self.list_drafts()?.len() >= MAX_DRAFTS {
            return Err(EngineError::BadDraft {
                why: "there are 200 others already",
            });
        }
        private_folder(&self.drafts())?;
        durable::write(&file, text.as_bytes(), durable::PRIVATE)
    }

    /// Reads a draft; none where there is none.
    ///
    /// # Errors
    /// [`EngineError::BadDraft`] where the key is not plain, [`EngineError::File`].
    pub fn read_draft(&self, key: &str) -> Result<Option<String>, EngineError> {
        let file = self.draft_file(key)?;
        match fs::read_to_string(&file) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).on("read", &file),
        }
    }

    /// Forgets a draft. Absent is a success.
    ///
    /// # Errors
    /// [`EngineError::BadDraft`] where the key is not plain, [`EngineError::File`].
    pub fn remove_draft(&self, key: &str) -> Result<(), EngineError> {
        let file = self.draft_file(key)?;
        match fs::remove_file(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).on("remove", &file)
            }
            _ => Ok(()),
        }
    }

    /// The keys of all drafts, sorted.
    ///
    /// # Errors
    /// None at present; a folder that is not there holds none.
    pub fn list_drafts(&self) -> Result<Vec<String>, EngineError> {
        let entries = fs::read_dir(self.drafts()).into_iter().flatten().flatten();
        let mut keys: Vec<String> = entries
            .filter_map(|entry| {
                let name = entry.file_name().into_string().ok()?;
                let key = name.strip_suffix(ENDING)?.replace('+', "/");
                self.draft_file(&key).is_ok().then_some(key)
            })
            .collect();
        keys.sort();
        Ok(keys)
    }
}
