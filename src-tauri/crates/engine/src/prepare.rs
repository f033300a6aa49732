//! From names to a plan: reads files, asks the engine what it can do, and creates nothing.

mod request;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use bottle_core::authority::Grants;
use bottle_core::backend::{Backend, BackendName, Daemon, ImageSource, Resources, Runtime};
use bottle_core::claude::{self, ClaudeKind};
use bottle_core::credential::CredentialLookupError;
use bottle_core::id::{AgentName, CredentialName};
use bottle_core::manifest::{self, Agent, Bottle, EnvValue, GitUser};
use bottle_core::path::{GuestPath, HostPath};
use bottle_core::plan::{
    Plan, PlannedEgress, PlannedPrompt, PlannedSkill, PlannedWorkspace, TlsInterception,
};
use bottle_core::policy::{AuthScheme, Policy, Route, Upstream};

use crate::attach;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::skill::{Skill, SkillSource};
use crate::workspace;

use request::{absolute_folder, image_source, refuse_variables, refuse_what_is_not_here};

/// What a person asks for.
#[derive(Debug, Clone)]
pub struct StartRequest {
    /// The agent.
    pub agent: AgentName,
    /// Overrides the bottle's backend.
    pub backend: Option<BackendName>,
    /// The project folder to copy in.
    pub workspace: Option<PathBuf>,
    /// Values for variables that the bottle asks for, by name; they overlay the bottle's own.
    pub env: BTreeMap<String, String>,
}

/// A plan with what is needed to carry it out.
pub struct Prepared {
    /// What the person sees.
    pub plan: Plan,
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) agent: Agent,
    pub(crate) skills: Vec<Skill>,
    pub(crate) policy: Policy,
    pub(crate) env: BTreeMap<String, EnvValue>,
    pub(crate) image: ImageSource,
    pub(crate) claude_kind: Option<ClaudeKind>,
    pub(crate) credentials: BTreeSet<CredentialName>,
    pub(crate) git_user: Option<GitUser>,
    pub(crate) workspace: Option<PathBuf>,
    pub(crate) skills_folder: GuestPath,
    /// Credentials that are not kept yet.
    pub(crate) missing: Vec<CredentialName>,
    /// What is held against the next start.
    pub(crate) grants: Grants,
}

impl Prepared {
    /// Says what is still missing before this can be launched; a plan alone can be shown without it.
    ///
    /// # Errors
    /// [`EngineError::Credential`] with the first credential that is not there.
    pub fn ready(&self) -> Result<(), EngineError> {
        match self.missing.first() {
            Some(name) => Err(CredentialLookupError::Missing { name: name.clone() }.into()),
            None => Ok(()),
        }
    }

    /// Credentials that the bottle names and that are not kept yet.
    #[must_use]
    pub fn missing(&self) -> &[CredentialName] {
        &self.missing
    }

    /// Where the guest's image comes from.
    #[must_use]
    pub const fn image(&self) -> &ImageSource {
        &self.image
    }

    /// Questions that the bottle asks and that were not answered yet: variable and question, by name.
    #[must_use]
    pub fn questions(&self) -> Vec<(String, String)> {
        let open = self.env.iter().filter_map(|(name, value)| match value {
            EnvValue::Question(question) => Some((name.clone(), question.clone())),
            EnvValue::Literal(_) | EnvValue::HostVariable(_) => None,
        });
        open.collect()
    }

    /// Answers a question.
    pub fn answer(&mut self, name: &str, value: String) {
        self.env.insert(name.to_owned(), EnvValue::Literal(value));
    }
}

/// What an agent, its bottle and its skills are read to, before a backend is asked anything.
pub(crate) struct Sources {
    pub(crate) agent: Agent,
    pub(crate) agent_file: HostPath,
    pub(crate) bottle: Bottle,
    pub(crate) skills: Vec<Skill>,
    pub(crate) warnings: Vec<String>,
}

impl Engine {
    /// Resolves everything that a session will have. Creates nothing, neither here nor on an engine.
    ///
    /// # Errors
    /// What is wrong in the files, and names that are not there. A credential that is not there is a warning: see [`Prepared::ready`].
    pub async fn prepare(&self, request: &StartRequest) -> Result<Prepared, EngineError> {
        let library = self.library(request.workspace.as_deref());
        let (agent, file, _) = library.agent(&request.agent)?;
        let bottle = library.bottle(&agent, &file)?;
        let mut skills = Vec::with_capacity(agent.skills.len());
        for name in &agent.skills {
            skills.push(library.skill(name)?);
        }
        let mut warnings = library.warnings();
        warnings.extend(self.changed_skills(&skills));
        let sources = Sources {
            agent_file: HostPath::new(file),
            agent,
            bottle,
            skills,
            warnings,
        };
        self.prepare_sources(sources, request).await
    }

    pub(crate) async fn prepare_sources(
        &self,
        sources: Sources,
        request: &StartRequest,
    ) -> Result<Prepared, EngineError> {
        let Sources {
            agent,
            agent_file,
            bottle,
            skills,
            mut warnings,
        } = sources;
        refuse_what_is_not_here(&agent, &bottle)?;
        refuse_variables(request.env.keys())?;
        let skills_folder = self.skills_folder()?;
        let backend = self.backend(request.backend.or(bottle.backend))?;
        let runtime = self
            .runtime(&*backend, bottle.runtime, &mut warnings)
            .await?;
        let workspace = request
            .workspace
            .as_deref()
            .map(absolute_folder)
            .transpose()?;
        if let Some(folder) = &workspace {
            warnings.extend(workspace::warnings(folder));
        }
        let credentials = credentials_of(&bottle.routes);
        let missing = self.missing(&credentials, &bottle.routes)?;
        warnings.extend(missing.iter().map(|name| {
            format!("nothing starts before `claude-bottle credential add {name}`: it is not in the keychain yet")
        }));
        let claude_kind = self.claude_kind(&bottle.routes)?;
        if claude_kind.is_none() {
            warnings.push(format!(
                "no route puts a credential in for {}: claude will ask to log in, and cannot",
                claude::API_HOST
            ));
        }
        let mut env = bottle.env.clone();
        env.extend(
            request
                .env
                .iter()
                .map(|(name, value)| (name.clone(), EnvValue::Literal(value.clone()))),
        );
        warnings.extend(
            env.keys()
                .filter(|name| attach::is_fixed(name))
                .map(|name| {
                    format!(
                        "the bottle's variable {name} has no effect: claude-bottle sets it itself"
                    )
                }),
        );
        let image = image_source(&agent.bottle, bottle.image.as_deref(), self.home())?;
        let plan = Plan {
            agent: agent.name.clone(),
            bottle: agent.bottle.clone(),
            backend: backend.name(),
            runtime,
            image: bottle.image.clone().unwrap_or_else(|| "built-in".into()),
            claude: claude::VERSION.into(),
            env_names: attach::env_names(claude_kind, env.keys()),
            bottle_env_names: env.keys().cloned().collect(),
            skills: planned_skills(&skills),
            prompt: PlannedPrompt {
                path: agent_file,
                bytes: u32::try_from(agent.prompt.len()).unwrap_or(u32::MAX),
            },
            egress: planned_egress(&bottle.routes),
            credentials: credentials.iter().map(ToString::to_string).collect(),
            git_remotes: Vec::new(),
            git_gate: false,
            supervise: false,
            resources: Resources {
                cpus: bottle.resources.cpus.unwrap_or(manifest::DEFAULT_CPUS),
                memory_mib: bottle
                    .resources
                    .memory_mib
                    .unwrap_or(manifest::DEFAULT_MEMORY_MIB),
                disk_mib: bottle.resources.disk_mib,
            },
            daemons: daemons(&bottle.routes),
            workspace: workspace.as_ref().map(|folder| PlannedWorkspace {
                source: HostPath::new(folder),
                destination: claude::WORKSPACE.into(),
            }),
            warnings,
        };
        let policy = Policy {
            routes: plan.egress.routes.clone(),
        };
        let grants = Grants::of(&bottle);
        let git_user = agent.git_user.clone().or(bottle.git_user);
        Ok(Prepared {
            plan,
            backend,
            agent,
            skills,
            policy,
            env,
            image,
            claude_kind,
            credentials,
            git_user,
            workspace,
            skills_folder,
            missing,
            grants,
        })
    }

    /// The runtime that the guest gets: the bottle's, else the best that the engine has. Without an answering engine the plan
    /// leaves it open; a start asks again.
    async fn runtime(
        &self,
        backend: &dyn Backend,
        wanted: Option<Runtime>,
        warnings: &mut Vec<String>,
    ) -> Result<Option<Runtime>, EngineError> {
        if wanted.is_some() || backend.name() != BackendName::Docker {
            return Ok(wanted);
        }
        match backend.capabilities().await {
            Ok(capabilities) => Ok(capabilities.runtimes.first().copied()),
            Err(error) => {
                warnings.push(format!("the runtime is not known yet: {error}"));
                Ok(None)
            }
        }
    }

    /// What kind of credential goes to the vendor's API, which decides the placeholder.
    fn claude_kind(&self, routes: &[Route]) -> Result<Option<ClaudeKind>, EngineError> {
        let auth = routes
            .iter()
            .filter(|route| route.host.matches(claude::API_HOST, 443))
            .find_map(|route| route.auth.as_ref());
        match auth.map(|auth| (auth.scheme, &auth.credential)) {
            None | Some((AuthScheme::Basic, _)) => Ok(None),
            Some((AuthScheme::Bearer, _)) => Ok(Some(ClaudeKind::OauthToken)),
            Some((AuthScheme::XApiKey, _)) => Ok(Some(ClaudeKind::ApiKey)),
            Some((AuthScheme::Claude, name)) => {
                let kind = match self.credentials_for(routes).kind(name) {
                    Err(CredentialLookupError::Missing { .. }) => None,
                    kind => kind?,
                };
                Ok(Some(kind.unwrap_or(ClaudeKind::OauthToken)))
            }
        }
    }

    /// Those of the credentials that are not kept.
    fn missing(
        &self,
        names: &BTreeSet<CredentialName>,
        routes: &[Route],
    ) -> Result<Vec<CredentialName>, EngineError> {
        let source = self.credentials_for(routes);
        let mut missing = Vec::new();
        for name in names {
            match source.kind(name) {
                Err(CredentialLookupError::Missing { .. }) => missing.push(name.clone()),
                kind => drop(kind?),
            }
        }
        Ok(missing)
    }
}

fn credentials_of(routes: &[Route]) -> BTreeSet<CredentialName> {
    routes
        .iter()
        .filter_map(|route| route.auth.as_ref())
        .map(|auth| auth.credential.clone())
        .collect()
}

fn planned_skills(skills: &[Skill]) -> Vec<PlannedSkill> {
    let mut planned: Vec<_> = skills
        .iter()
        .map(|skill| PlannedSkill {
            name: skill.name.clone(),
            source: match &skill.source {
                SkillSource::Folder(folder) => HostPath::new(folder),
                SkillSource::BuiltIn(_) => HostPath::new("built-in"),
            },
        })
        .collect();
    planned.sort_by(|a, b| a.name.cmp(&b.name));
    planned
}

fn planned_egress(routes: &[Route]) -> PlannedEgress {
    let mut routes = routes.to_vec();
    routes.sort_by_key(|route| route.host.to_string());
    let mut hosts: Vec<_> = routes.iter().map(|route| route.host.to_string()).collect();
    hosts.dedup();
    PlannedEgress {
        hosts,
        routes,
        tls_interception: TlsInterception {
            enabled: true,
            ca_fingerprint: None,
        },
    }
}

fn daemons(routes: &[Route]) -> Vec<Daemon> {
    let scripted = routes
        .iter()
        .any(|route| route.upstream == Some(Upstream::Scripted));
    if scripted {
        vec![Daemon::Egress, Daemon::Scripted]
    } else {
        vec![Daemon::Egress]
    }
}
