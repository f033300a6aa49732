//! Finds what changed in the guest by comparing a listing with the baseline, and copies only that out.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use bottle_core::backend::BackendError;
use bottle_core::claude::WORKSPACE;
use bottle_core::guest::{ByteReader, Exec, Guest, GuestUser, Process};
use futures_util::{AsyncReadExt, AsyncWriteExt};

use super::{BASELINE, CHANGES, Change, ChangeKind, FILES, is_plain, unpack};
use crate::error::{EngineError, OnFile};
use crate::home::{private_file, private_folder, remove_folder};
use crate::provision::guest_path;
use crate::workspace::{Baseline, Entry};

/// Longest listing of the guest's copy, in bytes.
const LISTING_LIMIT: u64 = 256 << 20;
/// Most bytes that are brought out of a bottle.
const FILES_LIMIT: u64 = 4 << 30;

/// Most bytes of a program's complaints that are kept.
const COMPLAINT_LIMIT: u64 = 4 << 10;
/// Most lines of them that are shown.
const TAIL: usize = 5;

/// Lists type, size, time of change, mode and name, each file ended by NUL.
const LIST: &str = r"find . -ignore_readdir_race -name .git -prune -o \( -type f -o -type l \) -printf '%y %s %T@ %m %P\0'";
/// Names of the list that git ignores, where the copy is a work tree: build output is not a change of the project.
const IGNORED: &str = r"[ -e .git ] && git -c core.fsmonitor=false check-ignore -z --stdin || true";

/// Packs the files that are named on its standard input; one that has two names is packed under both.
const PACK: &str = "tar --create --no-recursion --hard-dereference --null --verbatim-files-from --files-from=- --file=-";

/// Compares, and saves list and files in the session's folder. Returns the number of changes.
pub(crate) async fn collect(guest: &dyn Guest, folder: &Path) -> Result<u32, EngineError> {
    let path = folder.join(BASELINE);
    let baseline: Baseline = match std::fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map_err(std::io::Error::other)
            .on("read", &path)?,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error).on("read", &path),
    };
    let now = listing(guest).await?;
    let mut changes = compare(&baseline, &now);
    let ignored = ignored(guest, &changes).await?;
    changes.retain(|change| change.kind != ChangeKind::Added || !ignored.contains(&change.path));
    let files = folder.join(FILES);
    remove_folder(&files)?;
    let wanted: Vec<_> = changes
        .iter()
        .filter(|c| c.kind != ChangeKind::Deleted)
        .map(|c| c.path.clone())
        .collect();
    if !wanted.is_empty() {
        private_folder(&files)?;
        copy_files(guest, wanted, files).await?;
    }
    let list = folder.join(CHANGES);
    if changes.is_empty() {
        // An earlier list would be taken for this one.
        match std::fs::remove_file(&list) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(error).on("remove", &list);
            }
            _ => return Ok(0),
        }
    }
    let text = serde_json::to_vec_pretty(&changes).unwrap_or_default();
    private_file(&list, &text)?;
    Ok(u32::try_from(changes.len()).unwrap_or(u32::MAX))
}

fn compare(baseline: &Baseline, now: &Baseline) -> Vec<Change> {
    let mut changes = Vec::new();
    for (path, entry) in now {
        let before = baseline.get(path);
        // Links are compared by being there: what they point at is not in the listing.
        let same = match (before, entry) {
            (Some(Entry::Link { .. }), Entry::Link { .. }) => true,
            (Some(known), entry) => known == entry,
            (None, _) => false,
        };
        if !same && matches!(entry, Entry::File { .. }) && is_plain(path) {
            let kind = if before.is_some() {
                ChangeKind::Modified
            } else {
                ChangeKind::Added
            };
            changes.push(Change {
                path: path.clone(),
                kind,
                before: before.cloned(),
            });
        }
    }
    for (path, entry) in baseline {
        if !now.contains_key(path) && is_plain(path) {
            changes.push(Change {
                path: path.clone(),
                kind: ChangeKind::Deleted,
                before: Some(entry.clone()),
            });
        }
    }
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    changes
}

fn command(text: &str) -> Result<Exec, EngineError> {
    let path = ("PATH".to_owned(), "/usr/local/bin:/usr/bin:/bin".to_owned());
    let exec = Exec::new(GuestUser::Node, ["sh", "-c", text]).with_env(vec![path]);
    Ok(exec.in_folder(guest_path(WORKSPACE)?))
}

async fn listing(guest: &dyn Guest) -> Result<Baseline, EngineError> {
    let text = run(guest, LIST, Vec::new()).await?;
    Ok(text.split(|byte| *byte == 0).filter_map(parse).collect())
}

fn parse(line: &[u8]) -> Option<(PathBuf, Entry)> {
    let mut fields = line.splitn(5, |byte| *byte == b' ');
    let kind = fields.next()?;
    let mut word = || std::str::from_utf8(fields.next()?).ok();
    let (len, time, mode) = (word()?, word()?, word()?);
    let path = PathBuf::from(OsStr::from_bytes(fields.next()?));
    if kind == b"l" {
        return Some((
            path,
            Entry::Link {
                target: PathBuf::new(),
            },
        ));
    }
    let mtime = time.split('.').next()?.parse().ok()?;
    let executable = u32::from_str_radix(mode, 8).ok()? & 0o100 != 0;
    Some((
        path,
        Entry::File {
            len: len.parse().ok()?,
            mtime,
            executable,
        },
    ))
}

async fn ignored(guest: &dyn Guest, changes: &[Change]) -> Result<BTreeSet<PathBuf>, EngineError> {
    let added: Vec<_> = changes
        .iter()
        .filter(|c| c.kind == ChangeKind::Added)
        .map(|c| c.path.clone())
        .collect();
    if added.is_empty() {
        return Ok(BTreeSet::new());
    }
    let output = run(guest, IGNORED, names(&added)).await?;
    let paths = output
        .split(|byte| *byte == 0)
        .filter(|name| !name.is_empty());
    Ok(paths
        .map(|name| PathBuf::from(OsStr::from_bytes(name)))
        .collect())
}

fn names(paths: &[PathBuf]) -> Vec<u8> {
    let mut list = Vec::new();
    for path in paths {
        list.extend(path.as_os_str().as_bytes());
        list.push(0);
    }
    list
}

async fn copy_files(
    guest: &dyn Guest,
    wanted: Vec<PathBuf>,
    folder: PathBuf,
) -> Result<(), EngineError> {
    let known: BTreeSet<_> = wanted.iter().cloned().collect();
    let Process {
        mut stdin,
        stdout,
        mut stderr,
        exit: _exit,
    } = guest.spawn(&command(PACK)?).await?;
    let list = names(&wanted);
    let feed = async move {
        let written = stdin.write_all(&list).await;
        written.and(stdin.close().await)
    };
    let take = unpack(stdout, folder.clone(), FILES_LIMIT, move |path| {
        known.contains(path).then(|| path.to_owned())
    });
    let (fed, taken, _said) = tokio::join!(feed, take, drain(&mut stderr));
    taken?;
    fed.on("ask for the changed files of", &folder)?;
    // An archive that ends early in the right place looks whole: each file has to be there.
    match wanted.iter().find(|path| !folder.join(path).is_file()) {
        Some(missing) => Err(ErrorKind::NotFound.into()).on("bring out", missing),
        None => Ok(()),
    }
}

/// Reads a stream to its end, so that the other one cannot wait for it, and keeps its beginning.
async fn drain(stream: &mut ByteReader) -> Vec<u8> {
    let mut kept = Vec::new();
    // What cannot be read of a program's complaints is not worth failing for.
    drop(stream.take(COMPLAINT_LIMIT).read_to_end(&mut kept).await);
    drop(futures_util::io::copy(stream, &mut futures_util::io::sink()).await);
    kept
}

/// Runs a script in the copy with bytes on its standard input, and gives back all of what it prints.
///
/// A listing that is cut short would make files look deleted, so anything but a whole one fails.
async fn run(guest: &dyn Guest, text: &str, stdin: Vec<u8>) -> Result<Vec<u8>, EngineError> {
    let mut process = guest.spawn(&command(text)?).await?;
    let feed = async {
        let written = process.stdin.write_all(&stdin).await;
        written.and(process.stdin.close().await)
    };
    let mut output = Vec::new();
    let mut limited = (&mut process.stdout).take(LISTING_LIMIT);
    let (fed, read, said) = tokio::join!(
        feed,
        limited.read_to_end(&mut output),
        drain(&mut process.stderr)
    );
    let shown = Path::new(WORKSPACE);
    // A script that reads no input may end before it is written: what counts is what it printed.
    drop(fed);
    read.on("list", shown)?;
    if u64::try_from(output.len()).unwrap_or(u64::MAX) >= LISTING_LIMIT {
        return Err(ErrorKind::FileTooLarge.into()).on("list", shown);
    }
    match process.exit.wait().await? {
        0 => Ok(output),
        code => Err(EngineError::Backend(BackendError::GuestCommand {
            command: "list the project folder".into(),
            code,
            tail: String::from_utf8_lossy(&said)
                .lines()
                .take(TAIL)
                .map(str::to_owned)
                .collect(),
        })),
    }
}
