//! The file that remembers which credentials there are: names, kinds and times. It never sees a value.
//!
//! Readers need no lock, because the file is replaced as a whole. Writers take a lock on a file beside it, so that two programs
//! never lose each other's change.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use bottle_core::id::CredentialName;
use bottle_core::path::HostPath;
use serde::{Deserialize, Serialize};

use crate::{Credential, Error, Kind};

/// Largest file in bytes that is read: some 10,000 credentials.
const MAX_FILE: u64 = 1024 * 1024;

pub(crate) type Names = BTreeMap<CredentialName, Noted>;

/// What the file says of one credential.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Noted {
    pub kind: Kind,
    pub created_at: u64,
}

impl Noted {
    pub fn credential(self, name: CredentialName) -> Credential {
        Credential {
            name,
            kind: self.kind,
            created_at: self.created_at,
        }
    }
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    credentials: Names,
}

#[derive(Debug)]
pub(crate) struct Index {
    path: HostPath,
}

/// The right to change the file, until it is dropped.
#[derive(Debug)]
pub(crate) struct Guard<'a> {
    index: &'a Index,
    _lock: File,
}

impl Index {
    pub fn at(path: HostPath) -> Self {
        Self { path }
    }

    pub fn read(&self) -> Result<Names, Error> {
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Names::new()),
            Err(source) => return Err(self.failed("open", source)),
        };
        let bytes = file
            .metadata()
            .map_err(|source| self.failed("read", source))?
            .len();
        if bytes > MAX_FILE {
            return Err(Error::IndexSize {
                path: self.path.clone(),
                bytes,
            });
        }
        let mut text = String::new();
        file.read_to_string(&mut text)
            .map_err(|source| self.failed("read", source))?;
        let content: Content =
            serde_json::from_str(&text).map_err(|source| Error::IndexContent {
                path: self.path.clone(),
                source,
            })?;
        Ok(content.credentials)
    }

    pub fn lock(&self) -> Result<Guard<'_>, Error> {
        let lock = self
            .locked()
            .map_err(|source| self.failed("lock", source))?;
        Ok(Guard {
            index: self,
            _lock: lock,
        })
    }

    fn locked(&self) -> io::Result<File> {
        let folder = self.folder();
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
        let path = folder.join(".credentials.lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(path)?;
        file.lock()?;
        Ok(file)
    }

    fn write(&self, names: &Names) -> io::Result<()> {
        let text = serde_json::to_string_pretty(&Content {
            credentials: names.clone(),
        })?;
        // A NamedTempFile is 0600 from its first moment.
        let mut file = tempfile::NamedTempFile::new_in(self.folder())?;
        file.write_all(text.as_bytes())?;
        file.write_all(b"\n")?;
        file.as_file().sync_all()?;
        file.persist(&self.path)?;
        File::open(self.folder())?.sync_all()
    }

    fn folder(&self) -> &Path {
        self.path
            .as_path()
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."))
    }

    fn failed(&self, action: &'static str, source: io::Error) -> Error {
        Error::Index {
            action,
            path: self.path.clone(),
            source,
        }
    }
}

impl Guard<'_> {
    pub fn read(&self) -> Result<Names, Error> {
        self.index.read()
    }

    pub fn write(&self, names: &Names) -> Result<(), Error> {
        self.index
            .write(names)
            .map_err(|source| self.index.failed("write", source))
    }
}
