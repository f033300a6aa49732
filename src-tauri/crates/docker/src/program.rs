//! Finds the Linux programs of ours that go into the images, and remembers their digests for as long as the files stay the same.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use bottle_core::backend::BackendError;
use bytes::Bytes;

use crate::digest;

/// A program on this machine that runs in guests of one architecture.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    /// Its name in the build's context.
    pub(crate) name: &'static str,
    pub(crate) digest: String,
    path: PathBuf,
}

#[derive(Clone, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
}

/// Digests by file, each good for one modification time and length.
#[derive(Default)]
pub(crate) struct Programs {
    digests: Mutex<HashMap<PathBuf, (Stamp, String)>>,
}

impl Programs {
    /// Finds a program for an architecture in the first folder that has it. Reads files; not for an async task.
    pub(crate) fn find(
        &self,
        folders: &[PathBuf],
        name: &'static str,
        architecture: &str,
    ) -> Result<Program, BackendError> {
        let missing = || BackendError::MissingProgram {
            program: name.to_owned(),
            architecture: architecture.to_owned(),
        };
        let names = [
            Some(format!("{name}-linux-{architecture}")),
            is_native(architecture).then(|| name.to_owned()),
        ];
        let mut candidates = folders
            .iter()
            .flat_map(|folder| names.iter().flatten().map(move |file| folder.join(file)));
        let path = candidates.find(|path| path.is_file()).ok_or_else(missing)?;
        let digest = self.digest(&path).map_err(|source| BackendError::Engine {
            action: format!("read the program {}", path.display()),
            source: source.into(),
        })?;
        Ok(Program { name, digest, path })
    }

    fn digest(&self, path: &PathBuf) -> io::Result<String> {
        let about = fs::metadata(path)?;
        let stamp = Stamp {
            modified: about.modified().ok(),
            length: about.len(),
        };
        let known = self
            .digests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(path)
            .cloned();
        if let Some((_, digest)) = known.filter(|(known, _)| *known == stamp) {
            return Ok(digest);
        }
        let digest = digest::of(&fs::read(path)?);
        let entry = (stamp, digest.clone());
        self.digests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(path.clone(), entry);
        Ok(digest)
    }
}

impl Program {
    /// Reads the program; fails where it is no longer the one whose digest is known.
    pub(crate) fn read(&self) -> Result<Bytes, BackendError> {
        let action = || format!("read the program {}", self.path.display());
        let bytes = fs::read(&self.path).map_err(|source| BackendError::Engine {
            action: action(),
            source: source.into(),
        })?;
        if digest::of(&bytes) == self.digest {
            return Ok(bytes.into());
        }
        let source = io::Error::new(
            io::ErrorKind::InvalidData,
            "it changed while the image was being prepared",
        );
        Err(BackendError::Engine {
            action: action(),
            source: source.into(),
        })
    }
}

/// Whether programs built for this machine run in guests of an architecture.
fn is_native(architecture: &str) -> bool {
    let own = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    cfg!(target_os = "linux") && own == architecture
}
