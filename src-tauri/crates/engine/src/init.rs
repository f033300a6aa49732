//! Writes a first agent and a first bottle, with comments that explain every key.

use std::fs;
use std::path::PathBuf;

use bottle_core::id::{AgentName, BottleName};

use crate::engine::Engine;
use crate::error::{EngineError, OnFile};
use crate::home::private_folder;

const AGENT: &str = include_str!("templates/agent.md");
const BOTTLE: &str = include_str!("templates/bottle.md");
/// The name of the bottle in the template of the agent.
pub const FIRST_BOTTLE: &str = "first";

impl Engine {
    /// Writes an agent of this name and, where it is not there yet, the bottle [`FIRST_BOTTLE`] that it uses. Returns what was written.
    ///
    /// # Errors
    /// [`EngineError::Exists`] where the agent is there already: nothing is overwritten. [`EngineError::File`].
    pub fn init(&self, name: &AgentName) -> Result<Vec<PathBuf>, EngineError> {
        let home = self.home();
        let agent = home.agents().join(format!("{name}.md"));
        let bottle = home
            .bottles()
            .join(format!("{}.md", BottleName::new(FIRST_BOTTLE)?));
        if agent.exists() {
            return Err(EngineError::Exists { path: agent });
        }
        for folder in [
            home.root().to_owned(),
            home.agents(),
            home.bottles(),
            home.skills(),
        ] {
            private_folder(&folder)?;
        }
        let mut written = Vec::new();
        if !bottle.exists() {
            fs::write(&bottle, BOTTLE).on("write", &bottle)?;
            written.push(bottle);
        }
        fs::write(&agent, AGENT).on("write", &agent)?;
        written.push(agent);
        Ok(written)
    }
}
