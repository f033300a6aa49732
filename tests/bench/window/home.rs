//! Homes as people have them after a day, and after years.

use std::fs;
use std::path::Path;

use anyhow::Result;
use bottle_core::backend::BackendName;
use bottle_core::id::{AgentName, BottleName, SessionId};
use bottle_engine::Home;
use bottle_engine::store::{SessionRecord, SessionState, Store};
use tempfile::TempDir;

/// When the sessions began, in seconds since 1970.
const BEGAN: f64 = 1_780_000_000.0;

/// How much is in a home.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Agents.
    pub agents: usize,
    /// Skills.
    pub skills: usize,
    /// Sessions that ended.
    pub sessions: usize,
}

/// Makes a home whose first run is over.
pub fn make(size: Size) -> Result<TempDir> {
    let folder = tempfile::tempdir()?;
    let home = Home::new(folder.path())?;
    for folder in [home.bottles(), home.agents(), home.skills()] {
        fs::create_dir_all(folder)?;
    }
    let settings = r#"{"firstRunDone": true}"#;
    fs::write(folder.path().join("settings.json"), settings)?;
    let bottle = "---\negress:\n  routes:\n    - host: api.example.com\n---\n";
    fs::write(home.bottles().join("base.md"), bottle)?;
    for number in 0..size.agents {
        let text = format!(
            "---\nbottle: base\ndescription: Reads what changed in part {number} and says what could be simpler\n---\n\nYou are agent {number}.\n"
        );
        fs::write(home.agents().join(format!("agent-{number}.md")), text)?;
    }
    for number in 0..size.skills {
        let name = format!("skill-{number}");
        skill(&home.skills().join(&name), &name)?;
    }
    let store = Store::open(&home.database())?;
    for number in 0..size.sessions {
        store.add(&session(number)?)?;
    }
    Ok(folder)
}

fn skill(folder: &Path, name: &str) -> Result<()> {
    fs::create_dir(folder)?;
    let text = format!(
        "---\nname: {name}\ndescription: Writes tables of figures that a person can read at a glance\n---\n\nDo it well.\n"
    );
    Ok(fs::write(folder.join("SKILL.md"), text)?)
}

fn session(number: usize) -> Result<SessionRecord> {
    let created_at = BEGAN + 3600.0 * number as f64;
    Ok(SessionRecord {
        id: SessionId::new(format!("agent-{number}-a{number:04}"))?,
        agent: AgentName::new(format!("agent-{number}"))?,
        bottle: BottleName::new("base")?,
        backend: BackendName::Docker,
        state: SessionState::Settled,
        created_at,
        ended_at: Some(created_at + 1800.0),
        exit_code: Some(0),
        reason: None,
        conversation: format!("00000000-0000-4000-8000-{number:012}"),
        workspace: None,
    })
}
