//! What must not be found in the guest: engine and control sockets, keys, credentials, a way to replace a door.

use std::ffi::OsString;
use std::fs;
use std::io::Read;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use bottle_core::claude::ClaudeKind;

use super::{Finding, Options};
use crate::guest::DOORS;

const ENGINE_SOCKETS: [&str; 10] = [
    "/var/run/docker.sock",
    "/run/docker.sock",
    "/run/docker",
    "/run/containerd",
    "/var/run/containerd",
    "/run/podman",
    "/run/crio",
    "/run/user/1000/docker.sock",
    "/run/user/1000/podman",
    "/home/node/.docker/run",
];
const ENGINE_VARIABLES: [&str; 2] = ["DOCKER_HOST", "CONTAINER_HOST"];
/// Where the bundle keeps its control socket; the guest must not have it.
const CONTROL_FOLDER: &str = "/run/control";
/// Where certificates and doors are, and so a key could have been left by mistake.
const KEY_FOLDERS: [&str; 3] = ["/usr/local/share/ca-certificates", "/etc/ssl", "/run"];
const KEY_DEPTH: usize = 3;
const MAX_KEY_FILES: usize = 2000;
/// Bytes of a file in which a key is looked for; the system's certificate bundle has about 220 KB.
const MAX_KEY_FILE: u64 = 1 << 20;
const CREDENTIAL_MARK: &str = "sk-ant-";

pub(super) fn no_engine_socket(_: &Options) -> Finding {
    let mut holes: Vec<String> = ENGINE_SOCKETS
        .into_iter()
        .filter(|path| fs::symlink_metadata(path).is_ok())
        .map(|path| format!("{path} exists"))
        .collect();
    let set = ENGINE_VARIABLES
        .into_iter()
        .filter(|name| std::env::var_os(name).is_some());
    holes.extend(set.map(|name| format!("{name} is set")));
    Finding::unless(&holes, "no socket of Docker, containerd, Podman or CRI-O")
}

pub(super) fn no_control_socket(options: &Options) -> Finding {
    let mut holes = Vec::new();
    if fs::symlink_metadata(CONTROL_FOLDER).is_ok() {
        holes.push(format!("{CONTROL_FOLDER} exists"));
    }
    let mut doors = Vec::new();
    match fs::read_dir(&options.doors) {
        Ok(entries) => {
            for entry in entries.flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                let is_socket = entry.file_type().is_ok_and(|kind| kind.is_socket());
                if DOORS
                    .iter()
                    .any(|door| name.strip_suffix(".sock") == Some(door.name))
                {
                    doors.push(name);
                } else if is_socket || name.contains("control") {
                    holes.push(format!("{name} stands among the doors"));
                }
            }
        }
        Err(error) => holes.push(format!("cannot read {}: {error}", options.doors.display())),
    }
    doors.sort();
    let seen = if doors.is_empty() {
        "no door yet".to_owned()
    } else {
        doors.join(", ")
    };
    Finding::unless(&holes, format!("{}: {seen}", options.doors.display()))
}

pub(super) fn doors_sealed(options: &Options) -> Finding {
    let folder = options.doors.display();
    if !options.doors.is_dir() {
        return Finding::bad(format!("{folder} is not there"));
    }
    let probe = options.doors.join(format!(".probe-{}", std::process::id()));
    match fs::File::create_new(&probe) {
        Ok(_) => {
            drop(fs::remove_file(&probe));
            Finding::bad(format!("a file could be made in {folder}"))
        }
        Err(error) => Finding::good(format!("writing to {folder}: {error}")),
    }
}

pub(super) fn no_ca_key(options: &Options) -> Finding {
    let mut left = MAX_KEY_FILES;
    let mut keys = Vec::new();
    search(&options.doors, KEY_DEPTH, &mut left, &mut keys);
    for folder in KEY_FOLDERS {
        search(Path::new(folder), KEY_DEPTH, &mut left, &mut keys);
    }
    let mut keys: Vec<String> = keys
        .iter()
        .map(|path| format!("{} holds a key", path.display()))
        .collect();
    if left == 0 {
        keys.push("too many files to look through".to_owned());
    }
    Finding::unless(
        &keys,
        format!("{} files, none holds a private key", MAX_KEY_FILES - left),
    )
}

/// Goes through a folder without following links; what cannot be read holds nothing for this user.
fn search(folder: &Path, depth: usize, left: &mut usize, keys: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        if kind.is_dir() && depth > 0 {
            search(&entry.path(), depth - 1, left, keys);
        } else if kind.is_file() && *left > 0 {
            *left -= 1;
            let mut bytes = Vec::new();
            let read = fs::File::open(entry.path())
                .and_then(|file| file.take(MAX_KEY_FILE).read_to_end(&mut bytes));
            if read.is_ok() && holds_private_key(&bytes) {
                keys.push(entry.path());
            }
        }
    }
}

/// Whether bytes hold a private key in PEM.
#[must_use]
pub fn holds_private_key(bytes: &[u8]) -> bool {
    const MARK: &[u8] = b"PRIVATE KEY-----";
    bytes.windows(MARK.len()).any(|window| window == MARK)
}

pub(super) fn no_credential(_: &Options) -> Finding {
    let own = std::env::vars_os();
    let first = fs::read("/proc/1/environ").unwrap_or_default();
    let first = first.split(|byte| *byte == 0).filter_map(|pair| {
        let at = pair.iter().position(|byte| *byte == b'=')?;
        let (name, value) = pair.split_at_checked(at)?;
        Some((
            OsString::from_vec(name.to_vec()),
            OsString::from_vec(value.get(1..)?.to_vec()),
        ))
    });
    let names = leaking_names(own.chain(first));
    let names: Vec<String> = names
        .iter()
        .map(|name| format!("{name} holds a credential"))
        .collect();
    Finding::unless(&names, "placeholders only")
}

/// Names of the variables that hold a credential of the vendor that is no placeholder; the values stay unsaid.
pub fn leaking_names(variables: impl Iterator<Item = (OsString, OsString)>) -> Vec<String> {
    let placeholders = [ClaudeKind::OauthToken, ClaudeKind::ApiKey].map(ClaudeKind::placeholder);
    variables
        .filter(|(_, value)| {
            let mut value = value.to_string_lossy().into_owned();
            for placeholder in placeholders {
                value = value.replace(placeholder, "");
            }
            value.contains(CREDENTIAL_MARK)
        })
        .map(|(name, _)| name.to_string_lossy().into_owned())
        .collect()
}
