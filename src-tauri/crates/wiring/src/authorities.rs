//! Certificates that images must trust besides the usual ones, where this machine sits behind a proxy that opens TLS.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{WiringError, variable};

/// Where an administrator of a Debian machine puts the certificates of a company's own authority.
const LOCAL_AUTHORITIES: &str = "/usr/local/share/ca-certificates";

/// The PEM file that `CLAUDE_BOTTLE_EXTRA_CA` names, else what the administrator added to this machine.
pub(crate) fn of_this_machine() -> Result<Option<Vec<u8>>, WiringError> {
    if let Some(file) = variable("CLAUDE_BOTTLE_EXTRA_CA") {
        return read(Path::new(&file)).map(Some);
    }
    let mut files: Vec<PathBuf> = fs::read_dir(LOCAL_AUTHORITIES)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "crt"))
        .collect();
    files.sort();
    let mut pem = Vec::new();
    for file in files {
        pem.extend(read(&file)?);
        pem.push(b'\n');
    }
    Ok((!pem.is_empty()).then_some(pem))
}

fn read(file: &Path) -> Result<Vec<u8>, WiringError> {
    fs::read(file).map_err(|source| WiringError::Certificates {
        path: file.to_owned(),
        source,
    })
}
