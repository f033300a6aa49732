//! Where the person's files are, and how private ones are written.

use std::fs::{self, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use bottle_core::id::{OwnerId, SessionId};
use bottle_core::path::HostPath;
use sha2::{Digest, Sha256};

use crate::error::{EngineError, OnFile};

/// The person's claude-bottle folder: `~/.claude-bottle`, or what `CLAUDE_BOTTLE_HOME` says.
#[derive(Debug, Clone)]
pub struct Home {
    root: PathBuf,
    owner: OwnerId,
}

impl Home {
    /// Takes a folder as home, whether or not it exists yet. Nothing is created.
    ///
    /// # Errors
    /// [`EngineError::File`] where the path cannot be made absolute.
    pub fn new(root: impl Into<PathBuf>) -> Result<Self, EngineError> {
        let root = root.into();
        let root = std::path::absolute(&root).on("find", &root)?;
        let digest = Sha256::digest(resolved(&root).as_os_str().as_encoded_bytes());
        let hex: String = digest
            .iter()
            .take(6)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Ok(Self {
            root,
            owner: OwnerId::new(format!("home-{hex}"))?,
        })
    }

    /// The folder itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Makes the folder where it is missing; only the person can enter it.
    ///
    /// # Errors
    /// [`EngineError::File`] where it cannot be made or protected.
    pub fn make(&self) -> Result<(), EngineError> {
        private_folder(&self.root)
    }

    /// Names this home on the labels of what it makes.
    #[must_use]
    pub const fn owner(&self) -> &OwnerId {
        &self.owner
    }

    /// Where bottles are.
    #[must_use]
    pub fn bottles(&self) -> PathBuf {
        self.root.join("bottles")
    }

    /// Where agents are.
    #[must_use]
    pub fn agents(&self) -> PathBuf {
        self.root.join("agents")
    }

    /// Where skills are.
    #[must_use]
    pub fn skills(&self) -> PathBuf {
        self.root.join("skills")
    }

    /// Where sessions keep their files.
    #[must_use]
    pub fn sessions(&self) -> PathBuf {
        self.root.join("sessions")
    }

    /// The folder of one session.
    #[must_use]
    pub fn session(&self, id: &SessionId) -> PathBuf {
        self.sessions().join(id.as_str())
    }

    /// Where the app writes what it does.
    #[must_use]
    pub fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    /// The database.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.root.join("claude-bottle.db")
    }

    /// The index of credentials: names and kinds, no values.
    #[must_use]
    pub fn credentials(&self) -> HostPath {
        HostPath::new(self.root.join("credentials.json"))
    }
}

/// The path without links as far as it exists: a home has the same owner before and after its folder is made.
fn resolved(path: &Path) -> PathBuf {
    let existing = path
        .ancestors()
        .find_map(|there| Some((there, fs::canonicalize(there).ok()?)));
    let Some((there, real)) = existing else {
        return path.to_owned();
    };
    let rest = path.strip_prefix(there).unwrap_or_else(|_| Path::new(""));
    real.components().chain(rest.components()).collect()
}

/// Makes a folder, and those above it that are missing, that only the person can enter.
pub(crate) fn private_folder(path: &Path) -> Result<(), EngineError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(path).on("create", path)?;
    fs::set_permissions(path, Permissions::from_mode(0o700)).on("protect", path)
}

/// Writes a file that only the person can read, replacing what was there in one step.
pub(crate) fn private_file(path: &Path, content: &[u8]) -> Result<(), EngineError> {
    let part = path.with_extension("part");
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&part)
        .on("write", &part)?;
    file.set_permissions(Permissions::from_mode(0o600))
        .on("protect", &part)?;
    file.write_all(content).on("write", &part)?;
    fs::rename(&part, path).on("write", path)
}

/// Removes a folder with all it holds; absent is a success.
pub(crate) fn remove_folder(path: &Path) -> Result<(), EngineError> {
    match fs::remove_dir_all(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => Err(EngineError::File {
            action: "remove",
            path: path.to_owned(),
            source,
        }),
        _ => Ok(()),
    }
}
