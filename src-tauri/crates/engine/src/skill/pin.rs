//! What each added skill was when the person added or approved it, file by file, and where it came from.
//!
//! The pins are one list in the person's folder. A skill that was put there by hand has none.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use bottle_core::id::SkillName;
use serde::{Deserialize, Serialize};

use super::{Skill, SkillSource, survey};
use crate::document::digest;
use crate::durable;
use crate::engine::Engine;
use crate::error::{EngineError, OnFile};

/// What a skill was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Pin {
    /// SHA-256 over names, modes and digests of all files, sorted by name.
    pub(super) digest: String,
    /// What it was copied from.
    pub(super) origin: Option<String>,
    /// When it was pinned, in seconds since 1970.
    pub(super) at: f64,
    /// Mode and SHA-256 of each file, by name.
    pub(super) files: BTreeMap<String, String>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pins {
    pub(super) skills: BTreeMap<SkillName, Pin>,
}

impl Pin {
    /// What a folder is now.
    pub(super) fn of(folder: &Path, origin: Option<String>, at: f64) -> Result<Self, EngineError> {
        let mut files = BTreeMap::new();
        for file in survey::survey(folder)?.files {
            let mode = if file.executable { "755" } else { "644" };
            let digest = file.digest()?;
            files.insert(file.name, format!("{mode} {digest}"));
        }
        let lines: String = files
            .iter()
            .map(|(name, file)| format!("{file} {name}\0"))
            .collect();
        Ok(Self {
            digest: digest(lines.as_bytes()),
            origin,
            at,
            files,
        })
    }

    /// Names of the files that differ, sorted; none where nothing does.
    pub(super) fn differences(&self, now: &Self) -> Vec<String> {
        let names: BTreeSet<&String> = self.files.keys().chain(now.files.keys()).collect();
        let differs = |name: &&String| self.files.get(*name) != now.files.get(*name);
        names.into_iter().filter(differs).cloned().collect()
    }
}

impl Engine {
    fn pins_file(&self) -> PathBuf {
        self.home().root().join("skills.json")
    }

    pub(super) fn pins(&self) -> Result<Pins, EngineError> {
        let path = self.pins_file();
        match fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text)
                .map_err(|source| EngineError::BadSettings { path, source }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Pins::default()),
            Err(error) => Err(error).on("read", &path),
        }
    }

    /// Pins a skill of the person's folder as it is now.
    pub(super) fn pin(&self, name: &SkillName, origin: Option<String>) -> Result<(), EngineError> {
        let pin = Pin::of(
            &self.home().skills().join(name.as_str()),
            origin,
            self.now(),
        )?;
        let held = durable::hold(self.home().root(), "skills")?;
        let mut pins = self.pins()?;
        pins.skills.insert(name.clone(), pin);
        let path = self.pins_file();
        let text = serde_json::to_vec_pretty(&pins).map_err(|source| EngineError::BadSettings {
            path: path.clone(),
            source,
        })?;
        durable::write(&path, &text, durable::PRIVATE)?;
        drop(held);
        Ok(())
    }

    /// What a person should know of skills before they are used: one sentence for each that is not what was approved.
    pub(crate) fn changed_skills(&self, skills: &[Skill]) -> Vec<String> {
        let folder = self.home().skills();
        let own = skills.iter().filter(|skill| match &skill.source {
            SkillSource::Folder(place) => place.parent() == Some(&*folder),
            SkillSource::BuiltIn(_) => false,
        });
        let mut own = own.peekable();
        if own.peek().is_none() {
            return Vec::new();
        }
        let pins = match self.pins() {
            Ok(pins) => pins,
            Err(error) => return vec![format!("Whether skills changed is not known: {error}.")],
        };
        own.filter_map(|skill| {
            let pin = pins.skills.get(&skill.name)?;
            let name = &skill.name;
            match Pin::of(&folder.join(name.as_str()), None, pin.at) {
                Ok(now) if now.digest == pin.digest => None,
                Ok(now) => Some(sentence(name, &pin.differences(&now))),
                Err(error) => Some(format!(
                    "Whether the skill {name} changed is not known: {error}."
                )),
            }
        })
        .collect()
    }
}

fn sentence(name: &SkillName, files: &[String]) -> String {
    const SHOWN: usize = 3;
    let listed = files
        .iter()
        .take(SHOWN)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    let more = match files.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("The skill {name} is not what you approved: {listed}{more} changed.")
}
