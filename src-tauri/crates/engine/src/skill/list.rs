//! All skills that an agent could name, from every place, with what each is and what it costs.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use bottle_core::backend::Problem;
use bottle_core::id::{AgentName, SkillName};
use bottle_core::manifest::fields::SkillFields;
use bottle_core::manifest::{Edit, FieldValue, Kind, edit};

use super::pin::{Pin, Pins};
use super::{SKILL_FILE, SkillProblem, SkillSource, survey};
use crate::document::Document;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::library::read_manifest;
use crate::trash::Removed;

/// Where a skill lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SkillPlace {
    /// The person's claude-bottle folder.
    Home,
    /// Claude Code's own folder.
    Claude,
    /// A repository.
    Repository,
}

/// Whether a skill is what was approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinState {
    /// It was never pinned.
    None,
    /// It is what was approved.
    Same,
    /// It changed since.
    Changed,
}

/// A skill in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct SkillSummary {
    /// Its name: the folder's.
    pub name: String,
    /// What it says it is for.
    pub description: Option<String>,
    /// Its folder.
    pub folder: PathBuf,
    /// Where it was copied from.
    pub origin: Option<String>,
    /// Where it lies.
    pub source: SkillPlace,
    /// How many files it has.
    pub files: u32,
    /// How large they are together.
    pub bytes: f64,
    /// Files of it that are made to be run.
    pub scripts: Vec<String>,
    /// What its listing costs in each conversation, about.
    pub listing_tokens: u32,
    /// Whether it is what was approved.
    pub pin: PinState,
    /// Files that changed since.
    pub changed: Vec<String>,
    /// Why it cannot be used.
    pub fault: Option<Problem>,
    /// Agents of the person's folder that have it.
    pub used_by: Vec<String>,
}

/// Estimates what Claude reads of a skill in every conversation: one line `- name: description`, at 3.5 characters to a token, which is
/// what the vendor's glossary gives for English text.
#[must_use]
pub fn listing_tokens(name: &str, description: Option<&str>) -> u32 {
    let line =
        name.chars().count() + description.map_or(0, |text| text.chars().count()) + "- : ".len();
    u32::try_from((line * 2).div_ceil(7)).unwrap_or(u32::MAX)
}

impl Engine {
    /// All skills, by name; of two with one name the first is the one that is used.
    ///
    /// # Errors
    /// [`EngineError::BadSettings`] where the pins cannot be read. What is wrong with one skill is part of its entry.
    pub fn list_skills(&self, repository: Option<&Path>) -> Result<Vec<SkillSummary>, EngineError> {
        let pins = self.pins()?;
        let agents = self.fields_of_agents()?;
        let library = self.library(repository);
        let mut skills = Vec::new();
        for place in library.skill_folders() {
            for name in names(&place) {
                let source = if place == self.home().skills() {
                    SkillPlace::Home
                } else if library.is_of_repository(&place) {
                    SkillPlace::Repository
                } else {
                    SkillPlace::Claude
                };
                let folder = place.join(name.as_str());
                let mut skill = summary(&name, folder, source, &pins);
                let users = agents
                    .iter()
                    .filter(|(_, fields)| fields.skills.contains(&skill.name));
                skill.used_by = users.map(|(agent, _)| agent.clone()).collect();
                skills.push(skill);
            }
        }
        // Stable: places stay in the order in which they are searched.
        skills.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(skills)
    }

    /// Takes what a skill of the person's folder is now as what was approved.
    ///
    /// # Errors
    /// [`EngineError::NoSkill`], [`EngineError::BadSkill`] where it cannot be used, [`EngineError::File`].
    pub fn approve_skill(&self, name: &SkillName) -> Result<SkillSummary, EngineError> {
        let folder = self.own_skill(name)?;
        self.library(None).skill(name)?;
        let origin = self
            .pins()?
            .skills
            .get(name)
            .and_then(|pin| pin.origin.clone());
        self.pin(name, origin)?;
        Ok(summary(name, folder, SkillPlace::Home, &self.pins()?))
    }

    /// Moves a skill of the person's folder into the trash.
    ///
    /// # Errors
    /// [`EngineError::NoSkill`], [`EngineError::File`].
    pub fn remove_skill(&self, name: &SkillName) -> Result<Removed, EngineError> {
        let folder = self.own_skill(name)?;
        self.throw_away(&folder, format!("skill {name}"))
    }

    /// The text of a skill's `SKILL.md`, from the place where it would be used.
    ///
    /// # Errors
    /// [`EngineError::NoSkill`], [`EngineError::BadSkill`], [`EngineError::File`].
    pub fn read_skill(&self, name: &SkillName) -> Result<String, EngineError> {
        match self.library(None).skill(name)?.source {
            SkillSource::Folder(folder) => read_manifest(&folder.join(SKILL_FILE)),
            SkillSource::BuiltIn(files) => {
                let text = files.iter().find(|(path, _)| *path == SKILL_FILE);
                Ok(text.map(|(_, text)| (*text).to_owned()).unwrap_or_default())
            }
        }
    }

    /// Gives a skill to an agent of the person's folder, by a change of its file.
    ///
    /// # Errors
    /// [`EngineError::NoSkill`], [`EngineError::NoAgent`], [`EngineError::Edit`], and as [`Engine::save_document`].
    pub fn attach_skill(
        &self,
        agent: &AgentName,
        skill: &SkillName,
    ) -> Result<Document, EngineError> {
        self.library(None).skill(skill)?;
        self.with_skills(agent, |skills| {
            let has = skills.iter().any(|own| own == skill.as_str());
            (!has).then(|| Edit::Append {
                path: vec!["skills".into()],
                value: FieldValue::Text(skill.to_string()),
            })
        })
    }

    /// Takes a skill from an agent of the person's folder. One that it does not have is a success.
    ///
    /// # Errors
    /// [`EngineError::NoAgent`], [`EngineError::Edit`], and as [`Engine::save_document`].
    pub fn detach_skill(
        &self,
        agent: &AgentName,
        skill: &SkillName,
    ) -> Result<Document, EngineError> {
        self.with_skills(agent, |skills| {
            let index = skills.iter().position(|own| own == skill.as_str())?;
            let path = if skills.len() == 1 {
                vec!["skills".into()]
            } else {
                vec!["skills".into(), index.to_string()]
            };
            Some(Edit::Remove { path })
        })
    }

    fn with_skills(
        &self,
        agent: &AgentName,
        change: impl FnOnce(&[String]) -> Option<Edit>,
    ) -> Result<Document, EngineError> {
        let document = self.open_document(Kind::Agent, agent.as_str())?;
        let file = document.file.display().to_string();
        let fields = bottle_core::manifest::fields::AgentFields::read(&file, &document.text)
            .map_err(Box::new)?;
        let Some(change) = change(&fields.skills) else {
            return Ok(document);
        };
        let text = edit(Kind::Agent, &document.text, &[change])?;
        self.save_document(Kind::Agent, agent.as_str(), &text, &document.digest)
    }

    fn own_skill(&self, name: &SkillName) -> Result<PathBuf, EngineError> {
        let folder = self.home().skills().join(name.as_str());
        if fs::symlink_metadata(&folder).is_ok() {
            return Ok(folder);
        }
        Err(EngineError::NoSkill {
            skill: name.clone(),
            searched: vec![self.home().skills()],
        })
    }
}

/// Names of the folders of a place that could be skills, sorted.
fn names(place: &Path) -> BTreeSet<SkillName> {
    let entries = fs::read_dir(place).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.path().is_dir())
        .filter_map(|entry| SkillName::new(entry.file_name().to_str()?).ok())
        .collect()
}

fn summary(name: &SkillName, folder: PathBuf, source: SkillPlace, pins: &Pins) -> SkillSummary {
    let fields = if folder.join(SKILL_FILE).is_file() {
        read_manifest(&folder.join(SKILL_FILE)).map_or_else(
            |error| Err(SkillProblem::Unreadable(error.to_string())),
            |text| {
                SkillFields::read(SKILL_FILE, &text)
                    .map_err(|error| SkillProblem::BadFrontmatter(error.fault.to_string()))
            },
        )
    } else {
        Err(SkillProblem::NoSkillFile)
    };
    let looked = survey::survey(&folder);
    let (fields, unread) = match fields {
        Ok(fields) => (fields, None),
        // Claude reads a skill without frontmatter too; only what hinders a start is a fault.
        Err(SkillProblem::BadFrontmatter(_)) => (SkillFields::default(), None),
        Err(problem) => (SkillFields::default(), Some(problem)),
    };
    let (looked, fault) = match looked {
        Ok(mut looked) => {
            let problem = looked.problem.take();
            (looked, unread.or(problem))
        }
        Err(error) => (
            survey::Survey::default(),
            Some(SkillProblem::Unreadable(error.to_string())),
        ),
    };
    let pin = if source == SkillPlace::Home {
        pins.skills.get(name)
    } else {
        None
    };
    let (state, changed) = match pin {
        None => (PinState::None, Vec::new()),
        Some(pin) => match Pin::of(&folder, None, pin.at) {
            Ok(now) if now.digest == pin.digest => (PinState::Same, Vec::new()),
            Ok(now) => (PinState::Changed, pin.differences(&now)),
            Err(_) => (PinState::Changed, Vec::new()),
        },
    };
    SkillSummary {
        listing_tokens: listing_tokens(name.as_str(), fields.description.as_deref()),
        name: name.to_string(),
        description: fields.description,
        origin: pin.and_then(|pin| pin.origin.clone()),
        source,
        files: u32::try_from(looked.files.len()).unwrap_or(u32::MAX),
        bytes: looked
            .files
            .iter()
            .map(|file| bytes_as_number(file.bytes))
            .sum(),
        scripts: looked
            .files
            .iter()
            .filter(|file| file.is_script())
            .map(|file| file.name.clone())
            .collect(),
        pin: state,
        changed,
        fault: fault.map(|problem| problem.shown()),
        used_by: Vec::new(),
        folder,
    }
}

/// Bytes as the wire has them; a skill is far smaller than what the number holds exactly.
pub(super) fn bytes_as_number(bytes: u64) -> f64 {
    u32::try_from(bytes).map_or(f64::from(u32::MAX), f64::from)
}
