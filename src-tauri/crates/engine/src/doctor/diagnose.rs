//! The doctor's answers as the window shows them: each with a title, how bad it is, and at most one thing to do.

use std::collections::BTreeSet;
use std::path::Path;

use bottle_core::advice::Advice;
use bottle_core::backend::{BackendName, ImageSource, Problem};
use bottle_core::claude;
use bottle_core::credential::CredentialLookupError;
use bottle_core::id::{BottleName, CredentialName};
use serde::{Deserialize, Serialize};

use super::Finding;
use crate::engine::Engine;
use crate::error::EngineError;

/// Free space on the disk of the person's folder below which a start may fail, in bytes: a guest's image is about 2 GiB.
const LITTLE_SPACE: u64 = 4 << 30;
/// Free space below which nothing can be relied on, in bytes.
const NO_SPACE: u64 = 512 << 20;

/// How something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    /// Nothing to do.
    Well,
    /// Something to know, or to do before long.
    Attention,
    /// A start cannot work.
    Trouble,
}

/// The one thing that mends a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Start the engine that is installed.
    StartEngine,
    /// Get an engine.
    InstallEngine,
    /// Keep a credential.
    AddCredential,
    /// Make the image now, so that no start has to wait for it.
    PrepareImage,
    /// Remove what is left over.
    CleanUp,
    /// Show the person's folder.
    OpenHome,
    /// Make room on the disk.
    FreeSpace,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Diagnosis {
    /// What was looked at: `backend:docker`, `home`, `sessions`, `image`, `keychain`, `credential` or `disk`.
    pub id: String,
    /// Its name, for a person.
    pub title: String,
    /// How it stands.
    pub state: Health,
    /// What was seen.
    pub seen: String,
    /// What is wrong.
    pub what: Option<String>,
    /// What to do about it.
    pub advice: Option<String>,
    /// The button.
    pub action: Option<Action>,
}

impl Engine {
    /// Probes everything that a start needs. Changes nothing and never fails; `keychain` is what the keychain said to its own probe.
    pub async fn diagnose(&self, keychain: Result<(), Problem>) -> Vec<Diagnosis> {
        let found = self.doctor().await;
        let docker_works = found
            .iter()
            .any(|finding| finding.subject.starts_with("backend:") && finding.well);
        let mut answers: Vec<Diagnosis> = found
            .into_iter()
            .map(|finding| self.of_finding(finding, docker_works))
            .collect();
        if docker_works {
            answers.extend(self.image_answer().await);
        }
        answers.push(of_keychain(keychain));
        answers.push(self.credential_answer());
        answers.push(disk_answer(self.home().root()));
        answers
    }

    fn of_finding(&self, finding: Finding, some_backend_works: bool) -> Diagnosis {
        let Finding {
            subject,
            well,
            seen,
            problems,
        } = finding;
        let problem = problems.into_iter().next();
        let backend = subject.strip_prefix("backend:").map(str::to_owned);
        let state = match (well, &problem, &backend) {
            (true, None, _) => Health::Well,
            (true, Some(_), _) => Health::Attention,
            // One engine is enough.
            (false, _, Some(_)) if some_backend_works => Health::Attention,
            (false, ..) => Health::Trouble,
        };
        let action = match (&*subject, &problem) {
            (_, None) => None,
            ("home", _) => Some(Action::OpenHome),
            ("sessions", _) => Some(Action::CleanUp),
            (_, Some(problem)) => self.engine_action(problem),
        };
        Diagnosis {
            title: title(&subject, backend.as_deref()),
            id: subject,
            state,
            seen,
            what: problem.as_ref().map(|problem| problem.what.clone()),
            advice: problem.map(|problem| problem.advice),
            action,
        }
    }

    /// What can be done about an engine: one that is installed is started, else one is got.
    fn engine_action(&self, problem: &Problem) -> Option<Action> {
        match problem.code.as_str() {
            "engine_unavailable" if self.engine_is_installed() => Some(Action::StartEngine),
            "engine_unavailable" | "engine_too_old" => Some(Action::InstallEngine),
            "disk_full" => Some(Action::FreeSpace),
            _ => None,
        }
    }

    /// Whether a program of a container engine is where such programs are. A window has a bare `PATH`, so the usual places count too.
    fn engine_is_installed(&self) -> bool {
        const USUAL: &[&str] = &[
            "/usr/bin",
            "/usr/local/bin",
            "/opt/homebrew/bin",
            "/Applications/Docker.app",
            "/Applications/OrbStack.app",
        ];
        let path = self.variable("PATH").unwrap_or_default();
        let named = std::env::split_paths(&path);
        let programs = ["docker", "colima", "orb"];
        named.chain(USUAL.iter().map(Into::into)).any(|folder| {
            programs.iter().any(|program| folder.join(program).exists())
                || folder
                    .extension()
                    .is_some_and(|ending| ending == "app" && folder.exists())
        })
    }

    /// Whether the product's own images are there, in the backend that starts use where nothing else is said.
    async fn image_answer(&self) -> Option<Diagnosis> {
        let backend = self.backend(None).ok()?;
        let mut answer = Diagnosis {
            id: "image".into(),
            title: "Bottle image".into(),
            state: Health::Well,
            seen: format!("ready, with claude {}", claude::VERSION),
            what: None,
            advice: None,
            action: None,
        };
        match backend.images_ready(&ImageSource::BuiltIn).await {
            Ok(true) => {}
            Ok(false) => {
                answer.state = Health::Attention;
                answer.seen = "not made yet".into();
                answer.what = Some("The first start makes it, which takes some minutes.".into());
                answer.advice = Some("Prepare it now, and the first start is quick.".into());
                answer.action = Some(Action::PrepareImage);
            }
            Err(error) => {
                answer.state = Health::Trouble;
                answer.seen = "not known".into();
                answer.what = Some(format!("{error}."));
                answer.advice = Some(error.advice());
            }
        }
        Some(answer)
    }

    /// Whether the credentials that the agents' bottles name are kept; without agents, the one of the first bottle.
    fn credential_answer(&self) -> Diagnosis {
        let mut answer = Diagnosis {
            id: "credential".into(),
            title: "Credential for Claude".into(),
            state: Health::Well,
            seen: String::new(),
            what: None,
            advice: None,
            action: None,
        };
        let checked = self.missing_credentials();
        match checked {
            Ok((kept, missing)) if missing.is_empty() => {
                answer.seen = format!("kept: {}", kept.join(", "));
            }
            Ok((_, missing)) => {
                answer.state = Health::Attention;
                answer.seen = format!("not kept: {}", missing.join(", "));
                answer.what = Some("Claude has no credential to work with yet.".into());
                answer.advice = Some("Add one here, or try the demo, which needs none.".into());
                answer.action = Some(Action::AddCredential);
            }
            Err(error) => {
                answer.state = Health::Trouble;
                answer.what = Some(format!("{error}."));
                answer.advice = Some(error.advice());
            }
        }
        answer
    }

    fn missing_credentials(&self) -> Result<(Vec<String>, Vec<String>), EngineError> {
        let library = self.library(None);
        let bottles: BTreeSet<String> = self
            .fields_of_agents()?
            .into_iter()
            .filter_map(|(_, fields)| fields.bottle)
            .collect();
        let mut names: BTreeSet<CredentialName> = BTreeSet::new();
        for bottle in bottles
            .into_iter()
            .filter_map(|name| BottleName::new(name).ok())
        {
            let file = self.home().bottles().join(format!("{bottle}.md"));
            let Ok(read) = crate::library::read_bottle(&file) else {
                continue;
            };
            // A bottle that is wrong is shown in its own list.
            if let Ok(resolved) =
                library.bottle_as_written(&bottle, &file.display().to_string(), read)
            {
                let claudes = resolved
                    .routes
                    .into_iter()
                    .filter(|route| route.host.matches(claude::API_HOST, 443));
                names.extend(
                    claudes
                        .filter_map(|route| route.auth)
                        .map(|auth| auth.credential),
                );
            }
        }
        if names.is_empty() {
            names.insert(CredentialName::new("claude")?);
        }
        let (mut kept, mut missing) = (Vec::new(), Vec::new());
        for name in names {
            match self.credentials_for(&[]).kind(&name) {
                Ok(_) => kept.push(name.to_string()),
                Err(CredentialLookupError::Missing { .. }) => missing.push(name.to_string()),
                Err(error) => return Err(error.into()),
            }
        }
        Ok((kept, missing))
    }
}

fn title(subject: &str, backend: Option<&str>) -> String {
    let docker = BackendName::Docker.as_str();
    match (subject, backend) {
        (_, Some(name)) if name == docker => "Docker engine".into(),
        (_, Some(_)) => "smolmachines".into(),
        ("home", _) => "Your claude-bottle folder".into(),
        ("sessions", _) => "Left over from sessions".into(),
        (other, _) => other.into(),
    }
}

fn of_keychain(keychain: Result<(), Problem>) -> Diagnosis {
    let problem = keychain.err();
    Diagnosis {
        id: "keychain".into(),
        title: "Keychain".into(),
        state: if problem.is_none() {
            Health::Well
        } else {
            Health::Trouble
        },
        seen: if problem.is_none() {
            "can keep credentials".into()
        } else {
            String::new()
        },
        what: problem.as_ref().map(|problem| problem.what.clone()),
        advice: problem.map(|problem| problem.advice),
        action: None,
    }
}

/// Looks at the disk of a folder, or of the nearest one above it that is there.
fn disk_answer(root: &Path) -> Diagnosis {
    let free = root.ancestors().find_map(free_space);
    let state = match free {
        None => Health::Attention,
        Some(free) if free < NO_SPACE => Health::Trouble,
        Some(free) if free < LITTLE_SPACE => Health::Attention,
        Some(_) => Health::Well,
    };
    let wanting = state != Health::Well;
    Diagnosis {
        id: "disk".into(),
        title: "Disk space".into(),
        state,
        seen: free.map_or_else(|| "not known".into(), |free| format!("{} free", size(free))),
        what: wanting.then(|| match free {
            None => "The free space of the disk cannot be read.".into(),
            Some(_) => "There is little room for images, sessions and transcripts.".into(),
        }),
        advice: wanting
            .then(|| "Free space on the disk that holds your claude-bottle folder.".into()),
        action: wanting.then_some(Action::FreeSpace),
    }
}

fn free_space(folder: &Path) -> Option<u64> {
    let there = rustix::fs::statvfs(folder).ok()?;
    there.f_bavail.checked_mul(there.f_frsize)
}

fn size(bytes: u64) -> String {
    const GIB: u64 = 1 << 30;
    if bytes >= GIB {
        format!("{} GiB", bytes / GIB)
    } else {
        format!("{} MiB", bytes >> 20)
    }
}
