//! Skills: folders with a `SKILL.md`, checked before they are copied into a bottle.
//!
//! A skill may come with a repository, so its folder is not trusted: a link that leads out of it, a special file or an absurd size
//! refuses the whole skill.

use std::fmt;
use std::fs;
use std::path::{Component, Path, PathBuf};

use bottle_core::id::SkillName;

use crate::error::{EngineError, OnFile};

/// Largest skill, in bytes of all files together.
pub const MAX_BYTES: u64 = 64 << 20;
/// Most files and folders of one skill.
pub const MAX_ENTRIES: usize = 4_096;
/// Deepest folder of one skill.
pub const MAX_DEPTH: usize = 16;

/// Why a skill cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SkillProblem {
    /// There is no `SKILL.md` in it.
    NoSkillFile,
    /// A symbolic link leads out of the folder.
    LinkOut(PathBuf),
    /// A socket, a pipe or a device is in it.
    SpecialFile(PathBuf),
    /// It is larger than [`MAX_BYTES`] or has more than [`MAX_ENTRIES`] entries or is deeper than [`MAX_DEPTH`].
    TooLarge,
}

impl fmt::Display for SkillProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSkillFile => f.write_str("it has no SKILL.md"),
            Self::LinkOut(path) => write!(f, "the link {} leads out of its folder", path.display()),
            Self::SpecialFile(path) => write!(
                f,
                "{} is neither a file, a folder nor a link",
                path.display()
            ),
            Self::TooLarge => {
                f.write_str("it is larger than 64 MiB, 4,096 entries or 16 folders deep")
            }
        }
    }
}

impl SkillProblem {
    /// What the person can do.
    #[must_use]
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::NoSkillFile => "Add a SKILL.md with a name and a description to the folder.",
            Self::LinkOut(_) => {
                "Replace the link by a copy of what it points at, if that may be seen in the bottle."
            }
            Self::SpecialFile(_) => "Remove it from the skill's folder.",
            Self::TooLarge => {
                "Take large data out of the skill and put it into the project folder."
            }
        }
    }
}

/// Where a skill's files are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SkillSource {
    /// A folder on this machine.
    Folder(PathBuf),
    /// Part of the program: relative paths and texts.
    BuiltIn(&'static [(&'static str, &'static str)]),
}

/// A skill that an agent names and that was found and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skill {
    /// Its name: the folder's.
    pub name: SkillName,
    /// Its files.
    pub source: SkillSource,
}

impl Skill {
    /// Checks the skill as it is on the disk now.
    ///
    /// # Errors
    /// [`EngineError::BadSkill`], or [`EngineError::File`] where it cannot be read.
    pub fn check(&self) -> Result<(), EngineError> {
        let SkillSource::Folder(folder) = &self.source else {
            return Ok(());
        };
        let bad = |problem| EngineError::BadSkill {
            skill: self.name.clone(),
            problem,
        };
        if !folder.is_dir() {
            return Err(EngineError::NoSkill {
                skill: self.name.clone(),
                searched: vec![folder.clone()],
            });
        }
        if !folder.join("SKILL.md").is_file() {
            return Err(bad(SkillProblem::NoSkillFile));
        }
        let root = fs::canonicalize(folder).on("find", folder)?;
        let mut total = Total::default();
        check_folder(&root, &root, 0, &mut total)?.map_or(Ok(()), |problem| Err(bad(problem)))
    }
}

#[derive(Default)]
struct Total {
    bytes: u64,
    entries: usize,
}

fn check_folder(
    root: &Path,
    folder: &Path,
    depth: usize,
    total: &mut Total,
) -> Result<Option<SkillProblem>, EngineError> {
    if depth > MAX_DEPTH {
        return Ok(Some(SkillProblem::TooLarge));
    }
    for entry in fs::read_dir(folder).on("read", folder)? {
        let entry = entry.on("read", folder)?;
        let path = entry.path();
        let meta = fs::symlink_metadata(&path).on("read", &path)?;
        total.entries += 1;
        // What a link points at is copied in its place, so it counts.
        let copied = fs::metadata(&path).unwrap_or_else(|_| meta.clone());
        total.bytes += if copied.is_file() { copied.len() } else { 0 };
        if total.entries > MAX_ENTRIES || total.bytes > MAX_BYTES {
            return Ok(Some(SkillProblem::TooLarge));
        }
        let problem = if meta.is_symlink() {
            link_out(root, &path)?.then(|| SkillProblem::LinkOut(path.clone()))
        } else if meta.is_dir() {
            check_folder(root, &path, depth + 1, total)?
        } else if meta.is_file() {
            None
        } else {
            Some(SkillProblem::SpecialFile(path.clone()))
        };
        if problem.is_some() {
            return Ok(problem);
        }
    }
    Ok(None)
}

/// Whether a link leads out: absolute, dangling, or resolving to somewhere not below the root.
fn link_out(root: &Path, link: &Path) -> Result<bool, EngineError> {
    let target = fs::read_link(link).on("read", link)?;
    if target
        .components()
        .any(|part| matches!(part, Component::RootDir | Component::Prefix(_)))
    {
        return Ok(true);
    }
    Ok(fs::canonicalize(link).map_or(true, |real| !real.starts_with(root)))
}
