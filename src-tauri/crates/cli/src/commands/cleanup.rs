//! `cleanup`: shows what nobody uses, asks, removes.

use std::process::ExitCode;

use bottle_engine::Engine;

use super::print;
use crate::failure::Refused;
use crate::progress::Shown;
use crate::{show, terminal};

/// `claude-bottle cleanup`.
pub async fn cleanup(engine: &Engine, yes: bool, discard: bool) -> anyhow::Result<ExitCode> {
    let plan = engine.cleanup_plan().await?;
    if plan.is_empty() {
        print("Nothing to clean up.\n")?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut rows = Vec::new();
    for session in &plan.sessions {
        let why = session
            .reason
            .clone()
            .unwrap_or_else(|| session.state.as_str().to_owned());
        rows.push(vec![
            "session".into(),
            session.id.to_string(),
            format!("{why}; its work is saved first"),
        ]);
    }
    for id in &plan.folders {
        rows.push(vec![
            "folder".into(),
            engine.home().session(id).display().to_string(),
        ]);
    }
    for (backend, resource) in &plan.resources {
        rows.push(vec![
            resource.kind.clone(),
            resource.name.clone(),
            backend.to_string(),
        ]);
    }
    print(&show::table(&rows))?;
    if !yes {
        if !terminal::is_interactive() {
            return Err(Refused {
                what: "nobody is here to say yes".into(),
                advice: "Run `claude-bottle cleanup --yes`.".into(),
                code: 1,
            }
            .into());
        }
        let answer = terminal::ask("Remove all of this? [y/N]")?;
        let answer = answer.unwrap_or_default().to_lowercase();
        if !matches!(answer.as_str(), "y" | "yes") {
            return Ok(ExitCode::SUCCESS);
        }
    }
    engine.cleanup(&plan, discard, &Shown::new(true)).await?;
    print("Done.\n")?;
    Ok(ExitCode::SUCCESS)
}
