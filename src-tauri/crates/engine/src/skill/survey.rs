//! Looks a skill's folder through: every file that would be copied, and the first thing that forbids it.

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

use sha2::{Digest, Sha256};

use super::{MAX_BYTES, MAX_DEPTH, MAX_ENTRIES, SkillProblem};
use crate::error::{EngineError, OnFile};

/// Bytes of a file that are looked at to see whether it is a script.
const SHEBANG: &[u8] = b"#!";

/// What is in a folder.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// The files, sorted by name; those seen before the problem where there is one.
    pub(super) files: Vec<Surveyed>,
    /// The first thing that refuses the skill.
    pub(super) problem: Option<SkillProblem>,
    bytes: u64,
    entries: usize,
}

/// A file that would be copied.
#[derive(Debug, Clone)]
pub(super) struct Surveyed {
    /// Its name below the folder, with `/`.
    pub(super) name: String,
    /// Where it is.
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
    pub(super) executable: bool,
}

impl Surveyed {
    /// SHA-256 of its content.
    pub(super) fn digest(&self) -> Result<String, EngineError> {
        let mut file = fs::File::open(&self.path).on("read", &self.path)?;
        let mut digest = Sha256::new();
        let mut part = [0; 64 << 10];
        loop {
            let read = file.read(&mut part).on("read", &self.path)?;
            if read == 0 {
                break;
            }
            digest.update(part.get(..read).unwrap_or_default());
        }
        Ok(digest
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect())
    }

    /// Whether something in the bottle may run it as a program.
    pub(super) fn is_script(&self) -> bool {
        let mut start = [0; SHEBANG.len()];
        let read = fs::File::open(&self.path).and_then(|mut file| file.read_exact(&mut start));
        is_script(
            &self.name,
            self.executable,
            if read.is_ok() { &start } else { &[] },
        )
    }
}

/// Whether a file is made to be run: by its mode, by its folder or by how it begins.
pub(super) fn is_script(name: &str, executable: bool, content: &[u8]) -> bool {
    executable || name.starts_with("scripts/") || content.starts_with(SHEBANG)
}

/// Looks through a folder. Links to files that stay inside count as the files, links to folders that stay inside are passed over.
pub(super) fn survey(folder: &Path) -> Result<Survey, EngineError> {
    let root = fs::canonicalize(folder).on("find", folder)?;
    let mut survey = Survey::default();
    survey.problem = look(&root, &root, "", 0, &mut survey)?;
    survey.files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(survey)
}

fn look(
    root: &Path,
    folder: &Path,
    above: &str,
    depth: usize,
    survey: &mut Survey,
) -> Result<Option<SkillProblem>, EngineError> {
    if depth > MAX_DEPTH {
        return Ok(Some(SkillProblem::TooLarge));
    }
    for entry in fs::read_dir(folder).on("read", folder)? {
        let entry = entry.on("read", folder)?;
        let path = entry.path();
        let meta = fs::symlink_metadata(&path).on("read", &path)?;
        survey.entries += 1;
        // What a link points at is copied in its place, so it counts.
        let copied = fs::metadata(&path).unwrap_or_else(|_| meta.clone());
        survey.bytes += if copied.is_file() { copied.len() } else { 0 };
        if survey.entries > MAX_ENTRIES || survey.bytes > MAX_BYTES {
            return Ok(Some(SkillProblem::TooLarge));
        }
        let own = entry
            .file_name()
            .to_str()
            .map(|own| format!("{above}{own}"));
        let problem = if meta.is_symlink() {
            link_out(root, &path)?.then(|| SkillProblem::LinkOut(path.clone()))
        } else if meta.is_dir() {
            let below = own
                .as_ref()
                .map_or_else(|| above.to_owned(), |own| format!("{own}/"));
            look(root, &path, &below, depth + 1, survey)?
        } else if meta.is_file() {
            None
        } else {
            Some(SkillProblem::SpecialFile(path.clone()))
        };
        if problem.is_some() {
            return Ok(problem);
        }
        if copied.is_file()
            && let Some(name) = own
        {
            survey.files.push(Surveyed {
                name,
                path,
                bytes: copied.len(),
                executable: copied.permissions().mode() & 0o100 != 0,
            });
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
