//! What a text means that is being typed: what is wrong with it, its fields, and what it would allow.

use bottle_core::advice::Advice;
use bottle_core::authority::Authority;
use bottle_core::id::{AgentName, BottleName, InvalidName};
use bottle_core::manifest::fields::{AgentFields, BottleFields};
use bottle_core::manifest::{Kind, Location, parse_agent, parse_bottle};

use super::FileFault;
use crate::engine::Engine;
use crate::error::EngineError;

/// What a text means.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Checked {
    /// The first thing that is wrong, in this file or in one that it names.
    pub fault: Option<FileFault>,
    /// The keys of an agent; none where the text cannot be read at all.
    pub agent: Option<AgentFields>,
    /// The keys of a bottle, likewise.
    pub bottle: Option<BottleFields>,
    /// What it would allow; none where something is wrong.
    pub authority: Option<Authority>,
}

impl Engine {
    /// Checks a text that need not be saved, against the files that are. Changes nothing and never fails.
    #[must_use]
    pub fn check_document(&self, kind: Kind, name: &str, text: &str) -> Checked {
        let file = self
            .document_file(kind, name)
            .map_or_else(|_| format!("{name}.md"), |file| file.display().to_string());
        let (agent, bottle) = match kind {
            Kind::Agent => (AgentFields::read(&file, text).ok(), None),
            Kind::Bottle => (None, BottleFields::read(&file, text).ok()),
        };
        let allowed = match kind {
            Kind::Agent => self.check_agent(name, &file, text),
            Kind::Bottle => self.check_bottle(name, &file, text),
        };
        let (fault, authority) = match allowed {
            Ok(authority) => (None, Some(authority)),
            Err(EngineError::Manifest(error)) => (Some(FileFault::of(&error)), None),
            Err(error) => (Some(at_the_start(file, &error)), None),
        };
        Checked {
            fault,
            agent,
            bottle,
            authority,
        }
    }

    fn check_agent(&self, name: &str, file: &str, text: &str) -> Result<Authority, EngineError> {
        let agent = parse_agent(&AgentName::new(name)?, file, text).map_err(Box::new)?;
        let bottle = self.library(None).bottle(&agent, file.as_ref())?;
        Ok(self.authority_as_written(&agent, &bottle))
    }

    fn check_bottle(&self, name: &str, file: &str, text: &str) -> Result<Authority, EngineError> {
        let name = BottleName::new(name)?;
        let written = parse_bottle(file, text, Location::Home).map_err(Box::new)?;
        let bottle = self.library(None).bottle_as_written(&name, file, written)?;
        let agents: Vec<AgentName> = self
            .agents_in(name.as_str())?
            .into_iter()
            .filter_map(|agent| AgentName::new(agent).ok())
            .collect();
        Ok(self.authority_of_bottle(&bottle, &agents))
    }
}

/// What has no place in the text is shown where it begins.
pub(super) fn at_the_start(file: String, error: &EngineError) -> FileFault {
    let what = if matches!(error, EngineError::Name(InvalidName::Empty { .. })) {
        "it has no name yet".to_owned()
    } else {
        error.to_string()
    };
    FileFault {
        file,
        line: 1,
        column: 1,
        what,
        advice: error.advice(),
    }
}
