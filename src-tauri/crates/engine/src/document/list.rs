//! Lists of agents and bottles, each with what is wrong with it and how it was used.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bottle_core::id::{AgentName, BottleName};
use bottle_core::manifest::fields::AgentFields;
use bottle_core::manifest::{Bottle, Location, ManifestError, parse_agent};

use super::FileFault;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::library::{markdown_files, read_bottle, read_manifest};
use crate::store::SessionState;

/// An agent in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentSummary {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Its file.
    pub file: PathBuf,
    /// The person's own folder or a repository.
    pub origin: Location,
    /// Its bottle.
    pub bottle: Option<String>,
    /// The model.
    pub model: Option<String>,
    /// Its colour.
    pub color: Option<String>,
    /// Its skills.
    pub skills: Vec<String>,
    /// What is wrong with its file.
    pub fault: Option<FileFault>,
    /// When it was last started, in seconds since 1970.
    pub last_started_at: Option<f64>,
    /// The project folder that it was last started with.
    pub last_workspace: Option<String>,
    /// How many sessions of it run.
    pub running: u32,
}

/// A bottle in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BottleSummary {
    /// Its name.
    pub name: String,
    /// Its file.
    pub file: PathBuf,
    /// The bottle that it builds on.
    pub extends: Option<String>,
    /// Hosts that it opens, with those of the bottles that it builds on.
    pub hosts: Vec<String>,
    /// Credentials that it names, likewise.
    pub credentials: Vec<String>,
    /// Agents that run in it.
    pub used_by: Vec<String>,
    /// What is wrong with it or with what it builds on.
    pub fault: Option<FileFault>,
}

#[derive(Default)]
struct Use {
    last_started_at: Option<f64>,
    last_workspace: Option<String>,
    running: u32,
}

impl Engine {
    /// All agents: the one that was started last comes first, those that never were come last, by name.
    ///
    /// # Errors
    /// [`EngineError::File`] or [`EngineError::Store`]. What is wrong with one agent is part of its entry.
    pub fn list_agents(&self, repository: Option<&Path>) -> Result<Vec<AgentSummary>, EngineError> {
        let mut uses = self.uses()?;
        let mut agents = Vec::new();
        for entry in self.library(repository).agents()? {
            let used = uses.remove(&entry.name).unwrap_or_default();
            let (fields, fault) = self.agent_fields(&entry.name, &entry.file);
            agents.push(AgentSummary {
                name: entry.name.to_string(),
                description: fields.description,
                file: entry.file,
                origin: entry.location,
                bottle: fields.bottle,
                model: fields.model,
                color: fields.color,
                skills: fields.skills,
                fault,
                last_started_at: used.last_started_at,
                last_workspace: used.last_workspace,
                running: used.running,
            });
        }
        let recency = |agent: &AgentSummary| agent.last_started_at.unwrap_or(f64::NEG_INFINITY);
        agents.sort_by(|a, b| {
            recency(b)
                .total_cmp(&recency(a))
                .then_with(|| a.name.cmp(&b.name))
        });
        Ok(agents)
    }

    /// All bottles, by name.
    ///
    /// # Errors
    /// [`EngineError::File`].
    pub fn list_bottles(&self) -> Result<Vec<BottleSummary>, EngineError> {
        let library = self.library(None);
        let mut bottles = Vec::new();
        for (stem, file) in markdown_files(&self.home().bottles())? {
            let Ok(name) = BottleName::new(stem) else {
                continue;
            };
            let shown = file.display().to_string();
            let mut extends = None;
            let resolved = read_bottle(&file).and_then(|bottle| {
                extends = bottle.extends.as_ref().map(ToString::to_string);
                library.bottle_as_written(&name, &shown, bottle)
            });
            let (bottle, fault) = match resolved {
                Ok(bottle) => (bottle, None),
                Err(error) => (Bottle::default(), Some(fault(&shown, &error))),
            };
            let mut credentials: Vec<String> = bottle
                .routes
                .iter()
                .filter_map(|route| route.auth.as_ref())
                .map(|auth| auth.credential.to_string())
                .collect();
            credentials.sort();
            credentials.dedup();
            bottles.push(BottleSummary {
                used_by: self.agents_in(name.as_str())?,
                name: name.to_string(),
                file,
                extends,
                hosts: bottle
                    .routes
                    .iter()
                    .map(|route| route.host.to_string())
                    .collect(),
                credentials,
                fault,
            });
        }
        Ok(bottles)
    }

    /// Fields of an agent's file and what is wrong with it or its bottle.
    fn agent_fields(&self, name: &AgentName, file: &Path) -> (AgentFields, Option<FileFault>) {
        let shown = file.display().to_string();
        let text = match read_manifest(file) {
            Ok(text) => text,
            Err(error) => return (AgentFields::default(), Some(fault(&shown, &error))),
        };
        let fields = AgentFields::read(&shown, &text).unwrap_or_default();
        let resolved = parse_agent(name, &shown, &text)
            .map_err(|error: ManifestError| EngineError::from(Box::new(error)))
            .and_then(|agent| self.library(None).bottle(&agent, file));
        (fields, resolved.err().map(|error| fault(&shown, &error)))
    }

    fn uses(&self) -> Result<BTreeMap<AgentName, Use>, EngineError> {
        let mut uses: BTreeMap<AgentName, Use> = BTreeMap::new();
        if !self.home().database().exists() {
            return Ok(uses);
        }
        // Newest first.
        for record in self.store()?.list()? {
            let runs = matches!(record.state, SessionState::Starting | SessionState::Running)
                && self.is_live(&record.id)?;
            let used = uses.entry(record.agent).or_default();
            if used.last_started_at.is_none() {
                used.last_started_at = Some(record.created_at);
                used.last_workspace = record.workspace;
            }
            used.running += u32::from(runs);
        }
        Ok(uses)
    }

    /// Agents of the person's folder that run in a bottle, whether or not the rest of their files is well.
    pub(crate) fn agents_in(&self, bottle: &str) -> Result<Vec<String>, EngineError> {
        let agents = self.fields_of_agents()?;
        let named = agents
            .into_iter()
            .filter(|(_, fields)| fields.bottle.as_deref() == Some(bottle));
        Ok(named.map(|(name, _)| name).collect())
    }

    /// Fields of the agents of the person's folder, by name.
    pub(crate) fn fields_of_agents(&self) -> Result<Vec<(String, AgentFields)>, EngineError> {
        let mut agents = Vec::new();
        for (stem, file) in markdown_files(&self.home().agents())? {
            let text = read_manifest(&file).unwrap_or_default();
            if let Ok(fields) = AgentFields::read(&stem, &text) {
                agents.push((stem, fields));
            }
        }
        Ok(agents)
    }

    /// What says a bottle's name: agents, then bottles that build on it.
    pub(super) fn named_by(&self, bottle: &str) -> Result<Vec<String>, EngineError> {
        let mut named = self.agents_in(bottle)?;
        for (stem, file) in markdown_files(&self.home().bottles())? {
            let parent = read_bottle(&file).ok().and_then(|bottle| bottle.extends);
            if parent.is_some_and(|parent| parent.as_str() == bottle) {
                named.push(stem);
            }
        }
        Ok(named)
    }
}

fn fault(file: &str, error: &EngineError) -> FileFault {
    if let EngineError::Manifest(error) = error {
        FileFault::of(error)
    } else {
        super::check::at_the_start(file.to_owned(), error)
    }
}
