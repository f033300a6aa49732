//! Agents and bottles in lists.

use bottle_core::manifest::Location;
use bottle_engine::document;
use serde::Serialize;
use specta::Type;
use specta_typescript::Number;

use super::document::FileFault;
use super::path_text;

/// Where an agent's file is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The person's own folder.
    Home,
    /// A repository.
    Repository,
}

/// An agent.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AgentSummary {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Its file.
    pub file: String,
    /// Where the file is from.
    pub origin: Origin,
    /// Its bottle.
    pub bottle: Option<String>,
    /// The model that it names.
    pub model: Option<String>,
    /// Its colour.
    pub color: Option<String>,
    /// Its skills.
    pub skills: Vec<String>,
    /// What is wrong with its file.
    pub fault: Option<FileFault>,
    /// When it last started, in seconds since 1970.
    #[specta(type = Option<Number>)]
    pub last_started_at: Option<f64>,
    /// The project folder that it last started with.
    pub last_workspace: Option<String>,
    /// How many sessions of it run.
    pub running: u32,
}

impl From<document::AgentSummary> for AgentSummary {
    fn from(agent: document::AgentSummary) -> Self {
        Self {
            name: agent.name,
            description: agent.description,
            file: path_text(&agent.file),
            origin: if agent.origin == Location::Repository {
                Origin::Repository
            } else {
                Origin::Home
            },
            bottle: agent.bottle,
            model: agent.model,
            color: agent.color,
            skills: agent.skills,
            fault: agent.fault.map(FileFault::from),
            last_started_at: agent.last_started_at,
            last_workspace: agent.last_workspace,
            running: agent.running,
        }
    }
}

/// A bottle.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct BottleSummary {
    /// Its name.
    pub name: String,
    /// Its file.
    pub file: String,
    /// The bottle that it overlays.
    pub extends: Option<String>,
    /// Hosts that it opens.
    pub hosts: Vec<String>,
    /// Credentials that it uses.
    pub credentials: Vec<String>,
    /// Agents that live in it.
    pub used_by: Vec<String>,
    /// What is wrong with its file.
    pub fault: Option<FileFault>,
}

impl From<document::BottleSummary> for BottleSummary {
    fn from(bottle: document::BottleSummary) -> Self {
        Self {
            name: bottle.name,
            file: path_text(&bottle.file),
            extends: bottle.extends,
            hosts: bottle.hosts,
            credentials: bottle.credentials,
            used_by: bottle.used_by,
            fault: bottle.fault.map(FileFault::from),
        }
    }
}
