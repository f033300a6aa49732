//! Opens the bundle's Unix sockets, over what an earlier run may have left.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::Path;

use tokio::net::UnixListener;

use crate::error::SidecarError;

/// Who may connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Only the user of the bundle.
    Owner,
    /// Everyone who sees the folder: the guest runs as another user.
    Everyone,
}

/// Listens on a path. A socket that is left there is replaced; anything else is not.
pub(super) fn listen(path: &Path, access: Access) -> Result<UnixListener, SidecarError> {
    open(path, access).map_err(|source| SidecarError::Listen {
        path: path.to_owned(),
        source,
    })
}

fn open(path: &Path, access: Access) -> io::Result<UnixListener> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    remove_socket(path)?;
    // It gets its name only once its mode is right.
    let unready = path.with_extension("unready");
    remove_socket(&unready)?;
    let listener = UnixListener::bind(&unready)?;
    let mode = match access {
        Access::Owner => 0o600,
        Access::Everyone => 0o666,
    };
    fs::set_permissions(&unready, Permissions::from_mode(mode))?;
    fs::rename(&unready, path)?;
    Ok(listener)
}

fn remove_socket(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_socket() => fs::remove_file(path),
        Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}
