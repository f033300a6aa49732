//! Agents and bottles as files that a person edits: opened, checked, saved, renamed, removed.
//!
//! Only files of the person's own folder are written, and never over what somebody else wrote meanwhile: a save says what it was based
//! on by the digest of the text that was opened.

mod check;
mod list;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use bottle_core::advice::Advice;
use bottle_core::id::{AgentName, BottleName};
use bottle_core::manifest::{Kind, ManifestError, nearest};
use sha2::{Digest, Sha256};

pub use check::Checked;
pub use list::{AgentSummary, BottleSummary};

use crate::durable;
use crate::engine::Engine;
use crate::error::{EngineError, OnFile};
use crate::home::private_folder;
use crate::library::{markdown_files, read_manifest};
use crate::trash::Removed;

const AGENT: &str = include_str!("templates/agent.md");
const BOTTLE: &str = include_str!("templates/bottle.md");
/// Mode of a new file: manifests hold no secret, and a person may share them.
const MODE: u32 = 0o644;

/// A file that is being edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Agent or bottle.
    pub kind: Kind,
    /// Its name: the stem of the file.
    pub name: String,
    /// Its file.
    pub file: PathBuf,
    /// Its text.
    pub text: String,
    /// SHA-256 of the text on the disk; empty where there is none.
    pub digest: String,
}

/// What is wrong with a file, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFault {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
    /// What is wrong.
    pub what: String,
    /// What the person can do.
    pub advice: String,
}

impl FileFault {
    /// What a manifest's error says.
    #[must_use]
    pub fn of(error: &ManifestError) -> Self {
        Self {
            file: error.file.clone(),
            line: error.position.line,
            column: error.position.column,
            what: error.fault.to_string(),
            advice: error.advice(),
        }
    }
}

/// A document under its new name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renamed {
    /// The document.
    pub document: Document,
    /// Agents and bottles that still say the old name, and are left to the person.
    pub named_by: Vec<String>,
}

impl Engine {
    /// Opens a document of the person's folder.
    ///
    /// # Errors
    /// [`EngineError::NoAgent`] or [`EngineError::NoBottle`] with the nearest name, [`EngineError::Name`], [`EngineError::File`].
    pub fn open_document(&self, kind: Kind, name: &str) -> Result<Document, EngineError> {
        let file = self.document_file(kind, name)?;
        if !file.is_file() {
            return Err(self.no_document(kind, name)?);
        }
        read_document(kind, name, file)
    }

    /// Writes a new document with comments that explain every key.
    ///
    /// # Errors
    /// [`EngineError::Exists`], [`EngineError::Name`], [`EngineError::File`].
    pub fn create_document(&self, kind: Kind, name: &str) -> Result<Document, EngineError> {
        let file = self.document_file(kind, name)?;
        if fs::symlink_metadata(&file).is_ok() {
            return Err(EngineError::Exists { path: file });
        }
        let template = match kind {
            Kind::Agent => AGENT,
            Kind::Bottle => BOTTLE,
        };
        self.write_document(&file, template, MODE)?;
        read_document(kind, name, file)
    }

    /// Saves a text over the one that was opened; `base` is that one's digest, empty for a document that is not there yet.
    ///
    /// # Errors
    /// [`EngineError::DocumentChanged`] with what is there now, [`EngineError::NotWritable`] where the file is a link to elsewhere,
    /// [`EngineError::Name`], [`EngineError::File`].
    pub fn save_document(
        &self,
        kind: Kind,
        name: &str,
        text: &str,
        base: &str,
    ) -> Result<Document, EngineError> {
        let file = self.document_file(kind, name)?;
        let held = durable::hold(self.home().root(), "documents")?;
        let there = if fs::symlink_metadata(&file).is_ok() {
            refuse_link(&file)?;
            read_document(kind, name, file.clone())?
        } else {
            Document {
                kind,
                name: name.to_owned(),
                file: file.clone(),
                text: String::new(),
                digest: String::new(),
            }
        };
        if there.digest != base {
            return Err(EngineError::DocumentChanged {
                document: Box::new(there),
            });
        }
        let mode = fs::metadata(&file).map_or(MODE, |meta| meta.permissions().mode() & 0o777);
        self.write_document(&file, text, mode)?;
        drop(held);
        read_document(kind, name, file)
    }

    /// Moves a document into the trash.
    ///
    /// # Errors
    /// As [`Engine::open_document`].
    pub fn remove_document(&self, kind: Kind, name: &str) -> Result<Removed, EngineError> {
        let file = self.document_file(kind, name)?;
        if fs::symlink_metadata(&file).is_err() {
            return Err(self.no_document(kind, name)?);
        }
        self.throw_away(&file, format!("{} {name}", kind.as_str()))
    }

    /// Gives a document another name. What names the old one is told and not changed.
    ///
    /// # Errors
    /// [`EngineError::Exists`], and as [`Engine::open_document`].
    pub fn rename_document(
        &self,
        kind: Kind,
        from: &str,
        to: &str,
    ) -> Result<Renamed, EngineError> {
        let (old, new) = (
            self.document_file(kind, from)?,
            self.document_file(kind, to)?,
        );
        if fs::symlink_metadata(&old).is_err() {
            return Err(self.no_document(kind, from)?);
        }
        refuse_link(&old)?;
        let _held = durable::hold(self.home().root(), "documents")?;
        // A link fails where the new name is taken, which a rename would silently replace.
        match fs::hard_link(&old, &new) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                return Err(EngineError::Exists { path: new });
            }
            linked => linked.on("rename", &old)?,
        }
        fs::remove_file(&old).on("rename", &old)?;
        let named_by = match kind {
            Kind::Agent => Vec::new(),
            Kind::Bottle => self.named_by(from)?,
        };
        Ok(Renamed {
            document: read_document(kind, to, new)?,
            named_by,
        })
    }

    fn document_folder(&self, kind: Kind) -> PathBuf {
        match kind {
            Kind::Agent => self.home().agents(),
            Kind::Bottle => self.home().bottles(),
        }
    }

    /// The file of a name; a name that follows the rules cannot lead out of the folder.
    pub(crate) fn document_file(&self, kind: Kind, name: &str) -> Result<PathBuf, EngineError> {
        match kind {
            Kind::Agent => drop(AgentName::new(name)?),
            Kind::Bottle => drop(BottleName::new(name)?),
        }
        Ok(self.document_folder(kind).join(format!("{name}.md")))
    }

    fn no_document(&self, kind: Kind, name: &str) -> Result<EngineError, EngineError> {
        let folder = self.document_folder(kind);
        let files = markdown_files(&folder)?;
        let nearest = nearest(name, files.iter().map(|(stem, _)| stem.as_str())).map(str::to_owned);
        Ok(match kind {
            Kind::Agent => EngineError::NoAgent {
                name: AgentName::new(name)?,
                nearest,
                folder,
            },
            Kind::Bottle => EngineError::NoBottle {
                name: BottleName::new(name)?,
                nearest,
                folder,
            },
        })
    }

    fn write_document(&self, file: &Path, text: &str, mode: u32) -> Result<(), EngineError> {
        private_folder(self.home().root())?;
        if let Some(folder) = file.parent() {
            private_folder(folder)?;
        }
        durable::write(file, text.as_bytes(), mode)
    }
}

/// A link may lead anywhere: what it points at is the person's to change.
fn refuse_link(file: &Path) -> Result<(), EngineError> {
    let meta = fs::symlink_metadata(file).on("read", file)?;
    if meta.is_file() {
        return Ok(());
    }
    Err(EngineError::NotWritable {
        path: file.to_owned(),
    })
}

fn read_document(kind: Kind, name: &str, file: PathBuf) -> Result<Document, EngineError> {
    let text = read_manifest(&file)?;
    Ok(Document {
        kind,
        name: name.to_owned(),
        digest: digest(text.as_bytes()),
        text,
        file,
    })
}

pub(crate) fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
