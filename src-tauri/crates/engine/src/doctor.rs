//! Is everything there that a start needs? Each answer is probed now, and each failure comes with one thing to do.

mod diagnose;
mod report;
mod tidy;

use std::fs;

use bottle_core::backend::Problem;
use serde::{Deserialize, Serialize};

pub use diagnose::{Action, Diagnosis, Health};
pub use report::ReportFacts;
pub use tidy::CleanupItem;

use crate::engine::Engine;

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What was looked at: `backend:docker`, `home`, `sessions`, and what callers add.
    pub subject: String,
    /// Whether it is well.
    pub well: bool,
    /// What was seen, for a person.
    pub seen: String,
    /// What is wrong and what to do; empty where it is well.
    pub problems: Vec<Problem>,
}

impl Engine {
    /// Probes backends, folders and sessions. Changes nothing and never fails; what cannot be asked is a finding.
    pub async fn doctor(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for backend in self.backends() {
            let probe = backend.probe().await;
            findings.push(Finding {
                subject: format!("backend:{}", backend.name()),
                well: probe.available,
                seen: [probe.engine, probe.endpoint]
                    .into_iter()
                    .flatten()
                    .collect::<Vec<_>>()
                    .join(", "),
                problems: probe.problems,
            });
        }
        findings.push(self.home_finding());
        findings.push(self.sessions_finding().await);
        findings
    }

    fn home_finding(&self) -> Finding {
        let root = self.home().root();
        let seen = root.display().to_string();
        let subject = "home".to_owned();
        let writable = match fs::metadata(root) {
            Ok(meta) => meta.is_dir() && !meta.permissions().readonly(),
            Err(error) => error.kind() == std::io::ErrorKind::NotFound,
        };
        let problem = Problem {
            code: "home_unwritable".into(),
            what: format!("{seen} cannot be used."),
            advice:
                "Make it a folder that you can write, or set CLAUDE_BOTTLE_HOME to another one."
                    .into(),
        };
        Finding {
            subject,
            well: writable,
            seen,
            problems: if writable { Vec::new() } else { vec![problem] },
        }
    }

    async fn sessions_finding(&self) -> Finding {
        let subject = "sessions".to_owned();
        match self.cleanup_plan().await {
            Ok(plan) if plan.is_empty() => Finding {
                subject,
                well: true,
                seen: "nothing is left over".into(),
                problems: Vec::new(),
            },
            Ok(plan) => {
                let seen = format!(
                    "{} unused sessions and {} resources are kept",
                    plan.sessions.len() + plan.folders.len(),
                    plan.resources.len()
                );
                let problem = Problem {
                    code: "leftovers".into(),
                    what: format!("{seen}."),
                    advice: "Run `claude-bottle resume` to go on with one, or `claude-bottle cleanup` to remove them.".into(),
                };
                Finding {
                    subject,
                    well: true,
                    seen,
                    problems: vec![problem],
                }
            }
            Err(error) => {
                use bottle_core::advice::Advice;
                let problem = Problem {
                    code: error.code().into(),
                    what: error.to_string(),
                    advice: error.advice(),
                };
                Finding {
                    subject,
                    well: false,
                    seen: String::new(),
                    problems: vec![problem],
                }
            }
        }
    }
}
