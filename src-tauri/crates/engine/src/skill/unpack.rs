//! Reads a zip into memory, and nothing of it onto the disk: names, kinds and sizes are checked before anything is believed.
//!
//! Limits hold for what really comes out, not for what the archive says of itself.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::Path;

use zip::ZipArchive;
use zip::read::ZipFile;

use super::inspect::{Content, Packed};
use super::{MAX_BYTES, MAX_DEPTH, MAX_ENTRIES, SkillProblem};

/// Most bytes that may come out of one byte of the archive, once more than [`FREE`] came out. Text packs to a tenth at best.
const MAX_RATIO: u64 = 100;
/// Bytes that may come out whatever the ratio.
const FREE: u64 = 1 << 20;
/// The kinds of file in a Unix mode.
const KIND: u32 = 0o170_000;
const PLAIN: u32 = 0o100_000;
const FOLDER: u32 = 0o040_000;
const LINK: u32 = 0o120_000;

/// Reads all files of a zip, with `/` in their names, sorted. What systems add by themselves is left out.
pub(super) fn unpack(path: &Path) -> Result<Vec<Packed>, SkillProblem> {
    let unreadable = |error: std::io::Error| SkillProblem::Unreadable(error.to_string());
    let bad = |error: zip::result::ZipError| SkillProblem::BadArchive(error.to_string());
    let file = fs::File::open(path).map_err(unreadable)?;
    let packed_bytes = file.metadata().map_err(unreadable)?.len();
    if packed_bytes > MAX_BYTES {
        return Err(SkillProblem::TooLarge);
    }
    let mut archive = ZipArchive::new(file).map_err(bad)?;
    if archive.len() > MAX_ENTRIES {
        return Err(SkillProblem::TooLarge);
    }
    let mut names = BTreeSet::new();
    let mut total = 0;
    let mut files = Vec::new();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(bad)?;
        let name = entry.name().map_err(bad)?.into_owned();
        if is_litter(&name) {
            continue;
        }
        let is_folder = check(&entry, &name)?;
        // Some file systems take both spellings for one file, and the second would replace the first.
        if !names.insert(name.trim_end_matches('/').to_lowercase()) {
            return Err(SkillProblem::BadPath(shown(&name)));
        }
        if is_folder {
            continue;
        }
        let allowed = MAX_BYTES.min(FREE.max(packed_bytes.saturating_mul(MAX_RATIO)));
        let left = allowed.saturating_sub(total);
        let mut content = Vec::new();
        let read = (&mut entry).take(left + 1).read_to_end(&mut content);
        let read = read.map_err(|error| SkillProblem::BadArchive(error.to_string()))?;
        let read = u64::try_from(read).unwrap_or(u64::MAX);
        if read > left {
            return Err(if allowed == MAX_BYTES {
                SkillProblem::TooLarge
            } else {
                SkillProblem::Bomb
            });
        }
        total += read;
        let executable = entry.unix_mode().is_some_and(|mode| mode & 0o100 != 0);
        files.push(Packed {
            name,
            executable,
            content: Content::Bytes(content),
        });
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

/// Checks name and kind; true for a folder.
fn check<R: Read>(entry: &ZipFile<'_, R>, name: &str) -> Result<bool, SkillProblem> {
    let folder = name.ends_with('/');
    let plain = name.strip_suffix('/').unwrap_or(name);
    let parts: Vec<&str> = plain.split('/').collect();
    let fits = |part: &&str| {
        !matches!(*part, "" | "." | "..")
            && !part.contains(['\\', ':', '\0'])
            && !part.contains(char::is_control)
    };
    if !parts.iter().all(fits) {
        return Err(SkillProblem::BadPath(shown(name)));
    }
    if parts.len() > MAX_DEPTH {
        return Err(SkillProblem::TooLarge);
    }
    if entry.encrypted() {
        return Err(SkillProblem::BadArchive("it is encrypted".into()));
    }
    match entry.unix_mode().unwrap_or_default() & KIND {
        LINK => Err(SkillProblem::LinkOut(plain.into())),
        0 | PLAIN | FOLDER => Ok(folder),
        _ => Err(SkillProblem::SpecialFile(plain.into())),
    }
}

/// What macOS and Windows put into archives and folders on their own.
fn is_litter(name: &str) -> bool {
    let last = name.rsplit('/').next().unwrap_or_default();
    name.starts_with("__MACOSX/") || matches!(last, ".DS_Store" | "Thumbs.db" | "desktop.ini")
}

fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(100).collect()
}
