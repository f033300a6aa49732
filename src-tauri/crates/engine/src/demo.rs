//! The demo: the real claude in a real bottle, answered by the scripted Messages API in the bundle. No account, no internet.

mod check;
mod story;

use std::collections::BTreeMap;
use std::path::Path;

use bottle_core::backend::BackendName;
use bottle_core::claude::ClaudeKind;
use bottle_core::credential::{CredentialLookupError, CredentialSource};
use bottle_core::demo;
use bottle_core::id::{AgentName, BottleName, CredentialName, SkillName};
use bottle_core::manifest::{self, Library, Location};
use bottle_core::path::HostPath;
use bottle_core::secret::Secret;

pub use check::{Checked, check_session, check_settled};
pub use story::{Story, StoryLine};

use crate::engine::Engine;
use crate::error::EngineError;
use crate::prepare::{Prepared, Sources, StartRequest};
use crate::skill::{Skill, SkillSource};

const AGENT: &str = include_str!("demo/agent.md");
const BOTTLE: &str = include_str!("demo/bottle.md");
const SKILL: &[(&str, &str)] = &[("SKILL.md", include_str!("demo/skill/SKILL.md"))];

/// The demo's credential: made anew in each run, worth nothing, and treated like a real one.
pub struct DemoCredential(Secret<String>);

impl DemoCredential {
    pub(crate) fn generate() -> Self {
        Self(Secret::new(format!(
            "sk-ant-oat01-demo-{}",
            uuid::Uuid::new_v4().simple()
        )))
    }
}

impl CredentialSource for DemoCredential {
    fn kind(&self, name: &CredentialName) -> Result<Option<ClaudeKind>, CredentialLookupError> {
        if name.as_str() == demo::NAME {
            return Ok(Some(ClaudeKind::OauthToken));
        }
        Err(CredentialLookupError::Missing { name: name.clone() })
    }

    fn reveal(&self, name: &CredentialName) -> Result<Secret<String>, CredentialLookupError> {
        self.kind(name).map(|_| self.0.clone())
    }
}

/// Whether a session's bottle is the demo's own.
pub(crate) fn is_demo(bottle: &BottleName) -> bool {
    bottle.as_str() == demo::NAME
}

impl Engine {
    /// Resolves the demo's session like any other.
    ///
    /// # Errors
    /// What [`Engine::prepare`] says.
    pub async fn prepare_demo(
        &self,
        workspace: Option<&Path>,
        backend: Option<BackendName>,
    ) -> Result<Prepared, EngineError> {
        let agent_name = AgentName::new(demo::NAME)?;
        let agent = manifest::parse_agent(&agent_name, "demo/agent.md", AGENT).map_err(Box::new)?;
        let name = agent.bottle.clone();
        let bottle = manifest::parse_bottle("demo/bottle.md", BOTTLE, Location::BuiltIn)
            .map_err(Box::new)?;
        let mut library = Library::default();
        library.insert(name.clone(), ("demo/bottle.md".into(), bottle));
        let bottle = manifest::resolve(&library, &name).map_err(Box::new)?;
        let skill = Skill {
            name: SkillName::new(demo::SKILL)?,
            source: SkillSource::BuiltIn(SKILL),
        };
        let sources = Sources {
            agent,
            agent_file: HostPath::new("built-in"),
            bottle,
            skills: vec![skill],
            warnings: Vec::new(),
        };
        let request = StartRequest {
            agent: agent_name,
            backend,
            workspace: workspace.map(Path::to_owned),
            env: BTreeMap::new(),
        };
        self.prepare_sources(sources, &request).await
    }
}
