//! What an agent may do, held against what it last started with.
//!
//! The last start's grants are kept in the person's folder, one small file for each agent, without a secret in it.

use std::fs;
use std::path::PathBuf;

use bottle_core::authority::{self, Authority, Grants};
use bottle_core::id::AgentName;
use bottle_core::manifest::{Agent, Bottle};
use serde::{Deserialize, Serialize};

use crate::demo;
use crate::durable;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::home::private_folder;
use crate::prepare::Prepared;

/// What an agent started with.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Start {
    /// When, in seconds since 1970.
    pub(crate) at: f64,
    /// With what.
    pub(crate) grants: Grants,
}

impl Engine {
    fn starts(&self) -> PathBuf {
        self.home().root().join("starts")
    }

    fn start_file(&self, agent: &AgentName) -> PathBuf {
        self.starts().join(format!("{agent}.json"))
    }

    /// Remembers what an agent starts with, so that the next start can show what became wider. The demo is not remembered.
    ///
    /// # Errors
    /// [`EngineError::File`].
    pub fn remember_start(&self, prepared: &Prepared) -> Result<(), EngineError> {
        if demo::is_demo(&prepared.plan.bottle) {
            return Ok(());
        }
        let start = Start {
            at: self.now(),
            grants: prepared.grants.clone(),
        };
        let path = self.start_file(&prepared.plan.agent);
        let text = serde_json::to_vec(&start).map_err(|source| EngineError::BadSettings {
            path: path.clone(),
            source,
        })?;
        private_folder(&self.starts())?;
        durable::write(&path, &text, durable::PRIVATE)
    }

    /// What an agent last started with. A file that cannot be read counts as none.
    pub(crate) fn last_start(&self, agent: &AgentName) -> Option<Start> {
        let path = self.start_file(agent);
        let text = fs::read(&path).ok()?;
        match serde_json::from_slice(&text) {
            Ok(start) => Some(start),
            Err(error) => {
                tracing::warn!(%agent, %error, "what the agent last started with cannot be read");
                None
            }
        }
    }

    /// What a start would be allowed to do.
    #[must_use]
    pub fn authority(&self, prepared: &Prepared) -> Authority {
        let before = self.last_start(&prepared.plan.agent);
        let before = before.as_ref().map(|start| (&start.grants, start.at));
        let workspace = prepared
            .workspace
            .as_ref()
            .map(|folder| folder.display().to_string());
        let mut authority = authority::describe(&prepared.grants, before, workspace);
        authority
            .widened
            .extend(self.changed_skills(&prepared.skills));
        authority
    }

    /// What an agent's text would be allowed to do, in a bottle that is resolved.
    pub(crate) fn authority_as_written(&self, agent: &Agent, bottle: &Bottle) -> Authority {
        let before = self.last_start(&agent.name);
        let before = before.as_ref().map(|start| (&start.grants, start.at));
        let mut authority = authority::describe(&Grants::of(bottle), before, None);
        let library = self.library(None);
        let skills: Vec<_> = agent
            .skills
            .iter()
            .filter_map(|name| library.skill(name).ok())
            .collect();
        authority.widened.extend(self.changed_skills(&skills));
        authority
    }

    /// What a bottle's text would allow, held against the latest start of an agent that runs in it.
    pub(crate) fn authority_of_bottle(&self, bottle: &Bottle, agents: &[AgentName]) -> Authority {
        let starts = agents.iter().filter_map(|agent| self.last_start(agent));
        let before = starts.max_by(|a, b| a.at.total_cmp(&b.at));
        let before = before.as_ref().map(|start| (&start.grants, start.at));
        authority::describe(&Grants::of(bottle), before, None)
    }
}
