//! Archives on their way into and out of a guest of a staged session, as the `tar` of a guest would treat them.

use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use bottle_core::claude;

/// An entry of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopiedEntry {
    /// Its path.
    pub path: String,
    /// `file`, `folder` or `link`.
    pub kind: &'static str,
    /// Its mode.
    pub mode: u32,
    /// Its owner's number.
    pub owner: u64,
    /// Its content, or where it points.
    pub content: Vec<u8>,
}

/// Unpacks as `tar -xp` does, and tells what was there.
pub(super) fn unpack(reader: impl Read, target: &Path) -> io::Result<Vec<CopiedEntry>> {
    if !target.is_dir() {
        return Err(io::ErrorKind::NotFound.into());
    }
    let mut entries = Vec::new();
    let mut archive = tar::Archive::new(reader);
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        let place = target.join(&path);
        let mode = entry.header().mode()? & 0o7777;
        if let Some(parent) = place.parent() {
            fs::create_dir_all(parent)?;
        }
        let mut content = Vec::new();
        let written = entry.header().entry_type();
        let kind = if written.is_dir() {
            fs::create_dir_all(&place)?;
            "folder"
        } else if written.is_symlink() {
            let to = entry.link_name()?.unwrap_or_default().into_owned();
            content = to.as_os_str().as_encoded_bytes().to_vec();
            std::os::unix::fs::symlink(to, &place)?;
            "link"
        } else {
            entry.read_to_end(&mut content)?;
            fs::write(&place, &content)?;
            "file"
        };
        if kind != "link" {
            fs::set_permissions(&place, fs::Permissions::from_mode(mode))?;
        }
        if kind == "file" {
            let when = entry.header().mtime()?;
            let when = UNIX_EPOCH + Duration::from_secs(when);
            fs::File::options()
                .write(true)
                .open(&place)?
                .set_modified(when)?;
        }
        entries.push(CopiedEntry {
            path: path.display().to_string(),
            kind,
            mode,
            owner: entry.header().uid()?,
            content,
        });
    }
    // An archive ends with zeros; what comes after the last entry is still to be read.
    io::copy(&mut archive.into_inner(), &mut io::sink())?;
    Ok(entries)
}

/// Packs a folder; all of it belongs to `node`, who runs in the guest.
pub(super) fn pack(folder: &Path) -> io::Result<Vec<u8>> {
    let mut builder = tar::Builder::new(Vec::new());
    let mut folders = vec![PathBuf::new()];
    while let Some(relative) = folders.pop() {
        for entry in fs::read_dir(folder.join(&relative))? {
            let entry = entry?;
            let path = relative.join(entry.file_name());
            let meta = fs::symlink_metadata(entry.path())?;
            let mut header = tar::Header::new_gnu();
            header.set_metadata(&meta);
            header.set_uid(u64::from(claude::UID));
            header.set_gid(u64::from(claude::UID));
            if meta.is_dir() {
                folders.push(path);
            } else if meta.is_symlink() {
                builder.append_link(&mut header, &path, fs::read_link(entry.path())?)?;
            } else {
                builder.append_data(&mut header, &path, fs::File::open(entry.path())?)?;
            }
        }
    }
    builder.into_inner()
}
