//! Skills: folders with a `SKILL.md`, checked before they are copied into a bottle.
//!
//! A skill may come with a repository, so its folder is not trusted: a link that leads out of it, a special file or an absurd size
//! refuses the whole skill. Those that the person adds are copied into their folder and pinned: what changes later is shown before it
//! is used.

mod add;
mod inspect;
mod list;
mod pin;
mod problem;
mod survey;
mod unpack;

use std::path::PathBuf;

use bottle_core::id::SkillName;

use crate::error::EngineError;

pub use inspect::{SkillCandidate, SkillFile};
pub use list::{PinState, SkillPlace, SkillSummary, listing_tokens};
pub use problem::SkillProblem;

/// Largest skill, in bytes of all files together.
pub const MAX_BYTES: u64 = 64 << 20;
/// Most files and folders of one skill.
pub const MAX_ENTRIES: usize = 4_096;
/// Deepest folder of one skill.
pub const MAX_DEPTH: usize = 16;
/// Longest description in characters (the Agent Skills format).
pub const MAX_DESCRIPTION: usize = 1_024;
/// The file that makes a folder a skill.
pub const SKILL_FILE: &str = "SKILL.md";

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
        if !folder.join(SKILL_FILE).is_file() {
            return Err(bad(SkillProblem::NoSkillFile));
        }
        survey::survey(folder)?
            .problem
            .map_or(Ok(()), |problem| Err(bad(problem)))
    }
}
