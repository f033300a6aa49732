//! What the person removed, kept until they empty it, so that every removal can be taken back.
//!
//! Each thing lies in a folder of its own beside a note that says what it was and where it lay.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::durable;
use crate::engine::Engine;
use crate::error::{EngineError, OnFile};
use crate::home::{private_folder, remove_folder};

/// The thing itself, in its folder.
const THING: &str = "thing";
/// The note, in its folder.
const NOTE: &str = "note.json";

/// Something that was removed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Removed {
    /// Names it in the trash.
    pub id: String,
    /// What it was, for a person, such as `agent reviewer`.
    pub what: String,
    /// When it was removed, in seconds since 1970.
    pub at: f64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    what: String,
    at: f64,
    /// Where it lay, relative to the person's folder.
    place: PathBuf,
}

impl Engine {
    fn trash(&self) -> PathBuf {
        self.home().root().join("trash")
    }

    /// Moves a file or folder of the person's folder into the trash.
    pub(crate) fn throw_away(&self, path: &Path, what: String) -> Result<Removed, EngineError> {
        let root = self.home().root();
        let outside = || EngineError::NotWritable {
            path: path.to_owned(),
        };
        let place = path.strip_prefix(root).map_err(|_| outside())?.to_owned();
        let at = self.now();
        let id = uuid::Uuid::new_v4().simple().to_string();
        let folder = self.trash().join(&id);
        private_folder(&self.trash())?;
        private_folder(&folder)?;
        let note = serde_json::to_vec(&Note {
            what: what.clone(),
            at,
            place,
        });
        let note = note.map_err(|source| EngineError::BadSettings {
            path: folder.clone(),
            source,
        })?;
        let moved = durable::write(&folder.join(NOTE), &note, durable::PRIVATE)
            .and_then(|()| fs::rename(path, folder.join(THING)).on("remove", path));
        if let Err(error) = moved {
            remove_folder(&folder)?;
            return Err(error);
        }
        Ok(Removed { id, what, at })
    }

    /// Puts something back where it lay, and says where.
    ///
    /// # Errors
    /// [`EngineError::NotInTrash`], [`EngineError::Exists`] where something else lies there now, [`EngineError::File`].
    pub fn restore(&self, id: &str) -> Result<PathBuf, EngineError> {
        let missing = || EngineError::NotInTrash { id: id.to_owned() };
        let plain = !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric());
        let folder = self.trash().join(id);
        let note = plain
            .then(|| read_note(&folder))
            .flatten()
            .ok_or_else(missing)?;
        if !crate::changes::is_plain(&note.place) {
            return Err(missing());
        }
        let path = self.home().root().join(&note.place);
        if fs::symlink_metadata(&path).is_ok() {
            return Err(EngineError::Exists { path });
        }
        if let Some(above) = path.parent() {
            private_folder(above)?;
        }
        fs::rename(folder.join(THING), &path).on("put back", &path)?;
        remove_folder(&folder)?;
        Ok(path)
    }

    /// What is in the trash, newest first.
    ///
    /// # Errors
    /// None at present; what cannot be read is passed over.
    pub fn list_trash(&self) -> Result<Vec<Removed>, EngineError> {
        let mut removed = Vec::new();
        for entry in fs::read_dir(self.trash()).into_iter().flatten().flatten() {
            let id = entry.file_name().to_string_lossy().into_owned();
            if let Some(note) = read_note(&entry.path()) {
                removed.push(Removed {
                    id,
                    what: note.what,
                    at: note.at,
                });
            }
        }
        removed.sort_by(|a, b| b.at.total_cmp(&a.at).then_with(|| a.what.cmp(&b.what)));
        Ok(removed)
    }

    /// Removes everything in the trash for good.
    ///
    /// # Errors
    /// [`EngineError::File`].
    pub fn empty_trash(&self) -> Result<(), EngineError> {
        remove_folder(&self.trash())
    }
}

fn read_note(folder: &Path) -> Option<Note> {
    serde_json::from_slice(&fs::read(folder.join(NOTE)).ok()?).ok()
}
