//! The project folder on its way into the bottle: a copy, with a list of what was copied.
//!
//! The original is never mounted. Links stay links, special files are left out, and everything belongs to `node` in the guest. The
//! list is what `changes` later compares with.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use bottle_core::claude;
use serde::{Deserialize, Serialize};

use crate::error::EngineError;

/// What one entry of the project folder was when it was copied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Entry {
    /// A file.
    File {
        /// Bytes.
        len: u64,
        /// When it was changed, in seconds since 1970.
        mtime: i64,
        /// Whether its owner may run it.
        executable: bool,
    },
    /// A symbolic link.
    Link {
        /// Where it points.
        target: PathBuf,
    },
}

/// Everything that was copied, by path relative to the folder. Folders are not listed.
pub type Baseline = BTreeMap<PathBuf, Entry>;

/// Names that usually hold secrets and had better not be copied into a bottle.
const SECRETS: [&str; 9] = [
    ".env",
    ".netrc",
    ".npmrc",
    ".pypirc",
    ".git-credentials",
    "id_rsa",
    "id_ed25519",
    "credentials.json",
    "secrets.yml",
];

/// Most bytes of git's settings that are looked at.
const CONFIG_LIMIT: u64 = 1 << 20;

/// What a person should know of a folder before it is copied; looks at its top level only.
pub(crate) fn warnings(folder: &Path) -> Vec<String> {
    let mut warnings = Vec::new();
    let mut found: Vec<_> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| {
            SECRETS.contains(&name.as_str()) || name.starts_with(".env.") || name.ends_with(".pem")
        })
        .collect();
    found.sort();
    if !found.is_empty() {
        warnings.push(format!(
            "the project folder holds {}: the copy in the bottle will too, so claude can read it",
            found.join(", ")
        ));
    }
    if remote_with_password(folder) {
        warnings.push(
            "a remote in .git/config holds a user and password: the copy in the bottle will too, so claude can read them".into(),
        );
    }
    let home_like = folder.parent().is_none() || folder.join(".ssh").is_dir();
    if home_like {
        warnings.push(format!(
            "{} looks like a home folder: all of it will be copied",
            folder.display()
        ));
    }
    warnings
}

/// Whether git was given a password as a part of an address.
fn remote_with_password(folder: &Path) -> bool {
    let mut config = String::new();
    let opened = fs::File::open(folder.join(".git/config"));
    let read = opened.and_then(|file| file.take(CONFIG_LIMIT).read_to_string(&mut config));
    let has_password = |line: &str| {
        let authority = line
            .split_once("://")
            .and_then(|(_, rest)| rest.split('/').next());
        authority
            .and_then(|authority| authority.rsplit_once('@'))
            .is_some_and(|(user, _)| user.contains(':'))
    };
    read.is_ok() && config.lines().any(has_password)
}

/// Writes a folder as a tar archive whose entries all belong to `node`, reporting bytes as they go, and lists what it wrote.
pub(crate) fn pack(
    folder: &Path,
    to: impl Write,
    mut copied: impl FnMut(u64),
) -> Result<Baseline, EngineError> {
    let mut archive = tar::Builder::new(to);
    archive.follow_symlinks(false);
    let mut baseline = Baseline::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(relative) = folders.pop() {
        let here = folder.join(&relative);
        let wrong = |source| EngineError::Workspace {
            path: here.clone(),
            source,
        };
        let mut names = Vec::new();
        let entries = match fs::read_dir(&here) {
            Err(error) if is_gone(&error) && !relative.as_os_str().is_empty() => continue,
            entries => entries.map_err(wrong)?,
        };
        for entry in entries {
            names.push(entry.map_err(wrong)?.file_name());
        }
        names.sort();
        for name in names {
            let relative = relative.join(name);
            let path = folder.join(&relative);
            let wrong = |source| EngineError::Workspace {
                path: path.clone(),
                source,
            };
            let meta = match fs::symlink_metadata(&path) {
                Err(error) if is_gone(&error) => continue,
                meta => meta.map_err(wrong)?,
            };
            if meta.is_dir() {
                append(&mut archive, &relative, &meta, None).map_err(wrong)?;
                folders.push(relative);
            } else if meta.is_symlink() {
                let target = fs::read_link(&path).map_err(wrong)?;
                append_link(&mut archive, &relative, &target).map_err(wrong)?;
                baseline.insert(relative, Entry::Link { target });
            } else if meta.is_file() {
                let file = match fs::File::open(&path) {
                    Err(error) if is_gone(&error) => continue,
                    file => file.map_err(wrong)?,
                };
                append(&mut archive, &relative, &meta, Some(file)).map_err(wrong)?;
                copied(meta.len());
                let executable = meta.mode() & 0o100 != 0;
                baseline.insert(
                    relative,
                    Entry::File {
                        len: meta.len(),
                        mtime: meta.mtime(),
                        executable,
                    },
                );
            }
        }
    }
    let wrong = |source| EngineError::Workspace {
        path: folder.to_owned(),
        source,
    };
    archive
        .into_inner()
        .and_then(|mut to| to.flush())
        .map_err(wrong)?;
    Ok(baseline)
}

/// Whether something was removed while the folder was being read, as temporary files are.
fn is_gone(error: &std::io::Error) -> bool {
    error.kind() == ErrorKind::NotFound
}

fn header(kind: tar::EntryType, mode: u32, mtime: u64, size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_mtime(mtime);
    header.set_size(size);
    header.set_uid(u64::from(claude::UID));
    header.set_gid(u64::from(claude::UID));
    header
}

fn append(
    archive: &mut tar::Builder<impl Write>,
    path: &Path,
    meta: &Metadata,
    file: Option<fs::File>,
) -> std::io::Result<()> {
    let mtime = u64::try_from(meta.mtime()).unwrap_or_default();
    let mode = meta.mode() & 0o777;
    match file {
        None => archive.append_data(
            &mut header(tar::EntryType::Directory, mode | 0o700, mtime, 0),
            path,
            std::io::empty(),
        ),
        // A file that grows or shrinks while it is read must not break the archive: exactly `size` bytes are written.
        Some(file) => {
            let size = meta.len();
            let exact = file.take(size).chain(std::io::repeat(0)).take(size);
            archive.append_data(
                &mut header(tar::EntryType::Regular, mode | 0o600, mtime, size),
                path,
                exact,
            )
        }
    }
}

fn append_link(
    archive: &mut tar::Builder<impl Write>,
    path: &Path,
    target: &Path,
) -> std::io::Result<()> {
    archive.append_link(
        &mut header(tar::EntryType::Symlink, 0o777, 0, 0),
        path,
        target,
    )
}

/// Number of bytes of all files, for progress; what cannot be read counts nothing here and fails when it is packed.
pub(crate) fn measure(folder: &Path) -> u64 {
    let mut total = 0;
    let mut folders = vec![folder.to_owned()];
    while let Some(here) = folders.pop() {
        for entry in fs::read_dir(here).into_iter().flatten().flatten() {
            let Ok(meta) = fs::symlink_metadata(entry.path()) else {
                continue;
            };
            if meta.is_dir() {
                folders.push(entry.path());
            } else if meta.is_file() {
                total += meta.len();
            }
        }
    }
    total
}
