//! Everything that a session will have, as the page shows it.

use bottle_engine::Prepared;
use serde::Serialize;
use specta::Type;
use specta_typescript::Number;

use super::authority::{Authority, RouteFact};
use super::path_text;

/// A resolved session. Without the value of any variable or secret.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// The agent.
    pub agent: String,
    /// Its bottle.
    pub bottle: String,
    /// What runs it.
    pub backend: String,
    /// The guest's runtime, where there is a choice.
    pub runtime: Option<String>,
    /// The guest's image.
    pub image: String,
    /// The version of claude.
    pub claude: String,
    /// Names of all variables that claude gets.
    pub env_names: Vec<String>,
    /// Names of those that the bottle itself names.
    pub bottle_env_names: Vec<String>,
    /// Skills that are copied in.
    pub skills: Vec<PlannedSkill>,
    /// The agent's prompt.
    pub prompt: PromptFact,
    /// Open hosts.
    pub hosts: Vec<String>,
    /// The routes in full.
    pub routes: Vec<RouteFact>,
    /// Names of the credentials that are put in outside.
    pub credentials: Vec<String>,
    /// Git remotes behind the gate.
    pub git_remotes: Vec<GitRemote>,
    /// Whether the git gate runs.
    pub git_gate: bool,
    /// Whether the agent can ask the person.
    pub supervise: bool,
    /// What the guest may use.
    pub resources: Resources,
    /// Parts of the bundle.
    pub daemons: Vec<String>,
    /// The project folder that is copied in.
    pub workspace: Option<WorkspaceFact>,
    /// SHA-256 of the session's certificate, once there is one.
    pub ca_fingerprint: Option<String>,
    /// What the person should know.
    pub warnings: Vec<String>,
}

/// A skill that is copied in.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PlannedSkill {
    /// Its name.
    pub name: String,
    /// The folder it comes from.
    pub source: String,
}

/// The prompt's file.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PromptFact {
    /// The file.
    pub path: String,
    /// Its length.
    pub bytes: u32,
}

/// A git remote.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct GitRemote {
    /// Its name.
    pub name: String,
    /// Its address.
    pub url: String,
    /// What happens to a push.
    pub push: String,
}

/// What a guest may use of the machine.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Resources {
    /// Processors.
    #[specta(type = Number)]
    pub cpus: f64,
    /// Memory in MiB.
    pub memory_mib: u32,
    /// Disk in MiB, where the backend holds a guest to it.
    pub disk_mib: Option<u32>,
}

/// The project folder and where its copy lies.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct WorkspaceFact {
    /// The folder on this machine.
    pub source: String,
    /// The copy in the bottle.
    pub destination: String,
}

impl From<bottle_core::plan::Plan> for Plan {
    fn from(plan: bottle_core::plan::Plan) -> Self {
        let skills = plan.skills.into_iter().map(|skill| PlannedSkill {
            name: skill.name.into(),
            source: skill.source.to_string(),
        });
        let remotes = plan.git_remotes.into_iter().map(|remote| GitRemote {
            name: remote.name,
            url: remote.url,
            push: remote.push,
        });
        let workspace = plan.workspace.map(|workspace| WorkspaceFact {
            source: path_text(workspace.source.as_path()),
            destination: workspace.destination,
        });
        let daemons = plan.daemons.iter().map(|daemon| daemon.as_str().to_owned());
        Self {
            agent: plan.agent.into(),
            bottle: plan.bottle.into(),
            backend: plan.backend.to_string(),
            runtime: plan.runtime.map(|runtime| runtime.as_str().to_owned()),
            image: plan.image,
            claude: plan.claude,
            env_names: plan.env_names,
            bottle_env_names: plan.bottle_env_names,
            skills: skills.collect(),
            prompt: PromptFact {
                path: plan.prompt.path.to_string(),
                bytes: plan.prompt.bytes,
            },
            hosts: plan.egress.hosts,
            routes: plan.egress.routes.iter().map(RouteFact::from).collect(),
            credentials: plan.credentials,
            git_remotes: remotes.collect(),
            git_gate: plan.git_gate,
            supervise: plan.supervise,
            resources: Resources {
                cpus: plan.resources.cpus,
                memory_mib: plan.resources.memory_mib,
                disk_mib: plan.resources.disk_mib,
            },
            daemons: daemons.collect(),
            workspace,
            ca_fingerprint: plan.egress.tls_interception.ca_fingerprint,
            warnings: plan.warnings,
        }
    }
}

/// A plan with what is still to be said before it can start.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PlanSheet {
    /// The plan.
    pub plan: Plan,
    /// Questions of the bottle without an answer.
    pub questions: Vec<Question>,
    /// Credentials that are not kept yet.
    pub missing: Vec<String>,
    /// What the bottle may do, held against the last start.
    pub authority: Authority,
}

/// A question of the bottle.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Question {
    /// The variable that the answer is for.
    pub name: String,
    /// What is asked.
    pub question: String,
}

impl PlanSheet {
    /// Reads what was prepared.
    pub(crate) fn new(prepared: &Prepared, authority: bottle_core::authority::Authority) -> Self {
        let authority = Authority::from(authority);
        let questions = prepared.questions().into_iter();
        let mut plan = Plan::from(prepared.plan.clone());
        // These know what became wider, and the plan alone does not.
        plan.routes.clone_from(&authority.routes);
        Self {
            plan,
            questions: questions
                .map(|(name, question)| Question { name, question })
                .collect(),
            missing: prepared.missing().iter().map(ToString::to_string).collect(),
            authority,
        }
    }
}
