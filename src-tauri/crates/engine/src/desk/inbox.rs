//! Files on their way from the person's hand into a bottle: pasted bytes and dropped files become files in the guest's inbox.
//!
//! Only plain files are taken, never what a link leads to, and a name comes to the guest made of letters that need no quoting.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use bottle_core::backend::BackendError;
use bottle_core::claude;
use bottle_core::guest::{ByteReader, Exec, Guest, GuestUser};
use bottle_core::id::SessionId;
use bottle_core::path::GuestPath;
use futures_util::AsyncReadExt;
use futures_util::io::Cursor;
use rustix::fs::OFlags;
use tokio_util::compat::TokioAsyncReadCompatExt;

use super::Desk;
use crate::error::{EngineError, OnFile};
use crate::provision::guest_path;

/// The folder in the guest.
pub const INBOX: &str = "/home/node/inbox";
/// Most bytes of one file.
pub const FILE_LIMIT: u64 = 64 << 20;
/// Most files that come at once.
const FILES: usize = 100;
/// Most bytes of a name; an archive's header has room for a hundred.
const NAME: usize = 80;
/// Most bytes of what follows the last dot.
const ENDING: usize = 12;
/// Makes the folder and lists what is in it.
const LIST: &str = r#"mkdir -p -- "$1" && ls -1A -- "$1""#;
/// A tar archive is made of blocks of so many bytes, and two empty ones end it.
const BLOCK: u64 = 512;

/// Bytes that are to become a file.
pub struct InboxFile {
    /// What it shall be called, as far as that is safe.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

struct Parcel {
    name: String,
    len: u64,
    content: ByteReader,
}

impl Desk {
    /// Puts bytes into a session's inbox, and returns where they lie in the guest.
    ///
    /// # Errors
    /// [`EngineError::NotRunning`], [`EngineError::InboxFile`] before anything is copied, [`EngineError::Backend`].
    pub async fn put_in_inbox(
        &self,
        id: &SessionId,
        files: Vec<InboxFile>,
    ) -> Result<Vec<GuestPath>, EngineError> {
        refuse_many(files.len())?;
        let mut parcels = Vec::with_capacity(files.len());
        for InboxFile { name, bytes } in files {
            let len = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            refuse_large(&name, len)?;
            parcels.push(Parcel {
                name,
                len,
                content: Box::pin(Cursor::new(bytes)),
            });
        }
        self.deliver(id, parcels).await
    }

    /// Copies files of this machine into a session's inbox, and returns where they lie in the guest.
    ///
    /// # Errors
    /// The same, and [`EngineError::File`] where one cannot be read.
    pub async fn copy_to_inbox(
        &self,
        id: &SessionId,
        paths: Vec<PathBuf>,
    ) -> Result<Vec<GuestPath>, EngineError> {
        refuse_many(paths.len())?;
        let opening = tokio::task::spawn_blocking(move || {
            let opened = paths.iter().map(|path| open(path));
            opened.collect::<Result<Vec<_>, EngineError>>()
        });
        let opened = opening.await.map_err(|_| EngineError::Cancelled)??;
        let parcel = |(name, len, file)| Parcel {
            name,
            len,
            content: Box::pin(tokio::fs::File::from_std(file).compat()),
        };
        self.deliver(id, opened.into_iter().map(parcel).collect())
            .await
    }

    async fn deliver(
        &self,
        id: &SessionId,
        parcels: Vec<Parcel>,
    ) -> Result<Vec<GuestPath>, EngineError> {
        let not_here = || EngineError::NotRunning { id: id.clone() };
        let sitting = self.sitting(id).ok_or_else(not_here)?;
        // One after the other, or two would choose the same name.
        let _turn = sitting.inbox.lock().await;
        let folder = guest_path(INBOX)?;
        let guest = &*sitting.guest;
        let mut taken = list(guest, &folder).await?;
        let mut paths = Vec::with_capacity(parcels.len());
        for parcel in parcels {
            let name = free_name(&safe_name(&parcel.name), &taken);
            paths.push(guest_path(&format!("{INBOX}/{name}"))?);
            let archive = pack(&name, self.engine.now(), parcel.len, parcel.content)?;
            guest.copy_in(archive, &folder).await?;
            taken.insert(name);
        }
        Ok(paths)
    }
}

fn refuse_many(count: usize) -> Result<(), EngineError> {
    if count <= FILES {
        return Ok(());
    }
    Err(EngineError::InboxFile {
        name: format!("{count} files"),
        why: "at most 100 go in at once",
    })
}

fn refuse_large(name: &str, len: u64) -> Result<(), EngineError> {
    if len <= FILE_LIMIT {
        return Ok(());
    }
    Err(EngineError::InboxFile {
        name: safe_name(name),
        why: "it is larger than 64 MiB",
    })
}

/// Opens a plain file for reading. A link is not followed, and a pipe is not waited for.
fn open(path: &Path) -> Result<(String, u64, std::fs::File), EngineError> {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let refused = |why| EngineError::InboxFile {
        name: safe_name(&name),
        why,
    };
    let found = std::fs::symlink_metadata(path).on("read", path)?;
    if found.is_dir() {
        return Err(refused("it is a folder"));
    }
    if found.is_symlink() {
        return Err(refused("it is a link"));
    }
    if !found.is_file() {
        return Err(refused("it is not a plain file"));
    }
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let flags = i32::try_from(flags.bits()).unwrap_or_default();
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags)
        .open(path)
        .on("read", path)?;
    let meta = file.metadata().on("read", path)?;
    if !meta.is_file() {
        return Err(refused("it is not a plain file"));
    }
    refuse_large(&name, meta.len())?;
    Ok((name, meta.len(), file))
}

async fn list(guest: &dyn Guest, folder: &GuestPath) -> Result<BTreeSet<String>, EngineError> {
    let argv = ["sh", "-c", LIST, "sh", folder.as_str()];
    let output = guest.exec(&Exec::new(GuestUser::Node, argv), None).await?;
    if output.code != 0 {
        return Err(EngineError::Backend(BackendError::GuestCommand {
            command: "make the inbox".into(),
            code: output.code,
            tail: Vec::new(),
        }));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().map(str::to_owned).collect())
}

/// A name for the guest: the last part of what was given, without anything that a shell, a terminal or a path would read.
fn safe_name(given: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut name = String::with_capacity(last.len());
    for letter in last.chars() {
        let plain = letter.is_alphanumeric() || matches!(letter, '.' | '_');
        match (plain, name.ends_with('-')) {
            (true, _) => name.push(letter),
            (false, false) => name.push('-'),
            (false, true) => {}
        }
    }
    let name = name.trim_matches(['.', '-']);
    if name.is_empty() {
        return "file".into();
    }
    let (stem, ending) = parts(name);
    let mut stem = stem.to_owned();
    while stem.len() + ending.len() > NAME {
        let _shorter = stem.pop();
    }
    format!("{stem}{ending}")
}

/// What stands before the last dot, and the dot with what follows where that is short.
fn parts(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(place) if place > 0 && name.len() - place <= ENDING => name.split_at(place),
        _ => (name, ""),
    }
}

fn free_name(name: &str, taken: &BTreeSet<String>) -> String {
    let (stem, ending) = parts(name);
    let mut number = 1_u32;
    let mut free = name.to_owned();
    while taken.contains(&free) {
        number += 1;
        free = format!("{stem}-{number}{ending}");
    }
    free
}

/// An archive with one file, which is read as the archive is.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "seconds since 1970 fit"
)]
fn pack(name: &str, now: f64, len: u64, content: ByteReader) -> Result<ByteReader, EngineError> {
    let mut header = tar::Header::new_ustar();
    header.set_path(name).on("pack", Path::new(name))?;
    header.set_entry_type(tar::EntryType::Regular);
    header.set_mode(0o600);
    header.set_size(len);
    header.set_mtime(now as u64);
    header.set_uid(u64::from(claude::UID));
    header.set_gid(u64::from(claude::UID));
    header.set_cksum();
    let rest = (BLOCK - len % BLOCK) % BLOCK + 2 * BLOCK;
    let zeros = vec![0; usize::try_from(rest).unwrap_or_default()];
    let head = Cursor::new(header.as_bytes().to_vec());
    Ok(Box::pin(
        head.chain(content.take(len)).chain(Cursor::new(zeros)),
    ))
}
