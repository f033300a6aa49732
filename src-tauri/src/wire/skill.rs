//! Skills, and what could become one.

use bottle_engine::skill;
use serde::Serialize;
use specta::Type;
use specta_typescript::Number;

use super::system::Problem;
use super::{all, path_text};

/// Where a skill lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "kebab-case")]
pub enum SkillSource {
    /// The person's claude-bottle folder.
    Home,
    /// Claude Code's own folder.
    Claude,
    /// A repository.
    Repository,
}

/// Whether a skill is what was approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "kebab-case")]
pub enum PinState {
    /// It was never pinned.
    None,
    /// It is what was approved.
    Same,
    /// It changed since.
    Changed,
}

/// A skill.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SkillSummary {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Its folder.
    pub folder: String,
    /// Where it was copied from.
    pub origin: Option<String>,
    /// Where it lies.
    pub source: SkillSource,
    /// How many files it has.
    pub files: u32,
    /// How large they are together.
    #[specta(type = Number)]
    pub bytes: f64,
    /// Files of it that can be run.
    pub scripts: Vec<String>,
    /// What its listing costs in each conversation.
    pub listing_tokens: u32,
    /// Whether it is what was approved.
    pub pin: PinState,
    /// Files that changed since.
    pub changed: Vec<String>,
    /// Why it cannot be used.
    pub fault: Option<Problem>,
    /// Agents that have it.
    pub used_by: Vec<String>,
}

impl From<skill::SkillSummary> for SkillSummary {
    fn from(skill: skill::SkillSummary) -> Self {
        Self {
            name: skill.name,
            description: skill.description,
            folder: path_text(&skill.folder),
            origin: skill.origin,
            source: match skill.source {
                skill::SkillPlace::Home => SkillSource::Home,
                skill::SkillPlace::Claude => SkillSource::Claude,
                skill::SkillPlace::Repository => SkillSource::Repository,
            },
            files: skill.files,
            bytes: skill.bytes,
            scripts: skill.scripts,
            listing_tokens: skill.listing_tokens,
            pin: match skill.pin {
                skill::PinState::None => PinState::None,
                skill::PinState::Same => PinState::Same,
                skill::PinState::Changed => PinState::Changed,
            },
            changed: skill.changed,
            fault: skill.fault.as_ref().map(Problem::from),
            used_by: skill.used_by,
        }
    }
}

/// Something that could become a skill.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SkillCandidate {
    /// What was looked at.
    pub path: String,
    /// The name that it would have.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Its files.
    pub files: Vec<SkillFile>,
    /// Files of it that can be run.
    pub scripts: Vec<String>,
    /// How large they are together.
    #[specta(type = Number)]
    pub bytes: f64,
    /// What its listing would cost in each conversation.
    pub listing_tokens: u32,
    /// Whether there is one of that name.
    pub exists: bool,
    /// Why it cannot be added; empty where it can.
    pub problems: Vec<Problem>,
}

impl From<skill::SkillCandidate> for SkillCandidate {
    fn from(candidate: skill::SkillCandidate) -> Self {
        Self {
            path: path_text(&candidate.path),
            name: candidate.name,
            description: candidate.description,
            files: all(candidate.files),
            scripts: candidate.scripts,
            bytes: candidate.bytes,
            listing_tokens: candidate.listing_tokens,
            exists: candidate.exists,
            problems: candidate.problems.iter().map(Problem::from).collect(),
        }
    }
}

/// A file of a skill.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SkillFile {
    /// Relative to the skill's folder.
    pub path: String,
    /// How large it is.
    #[specta(type = Number)]
    pub bytes: f64,
}

impl From<skill::SkillFile> for SkillFile {
    fn from(file: skill::SkillFile) -> Self {
        Self {
            path: file.path,
            bytes: file.bytes,
        }
    }
}
