//! Skills: looked at, copied in, pinned, given to agents.

use std::path::PathBuf;

use bottle_core::id::{AgentName, SkillName};
use tauri::State;

use super::name as read;
use crate::error::CommandError;
use crate::state::Shell;
use crate::wire::all;
use crate::wire::document::Document;
use crate::wire::skill::{SkillCandidate, SkillSummary};

/// All skills, by name.
#[tauri::command]
#[specta::specta]
pub async fn list_skills(shell: State<'_, Shell>) -> Result<Vec<SkillSummary>, CommandError> {
    shell.work(|engine| engine.list_skills(None)).await.map(all)
}

/// Looks at what could become skills. Writes nothing.
#[tauri::command]
#[specta::specta]
pub async fn inspect_skills(
    shell: State<'_, Shell>,
    paths: Vec<String>,
) -> Result<Vec<SkillCandidate>, CommandError> {
    let paths: Vec<PathBuf> = all(paths);
    let inspected = shell.work(move |engine| Ok(engine.inspect_skills(&paths)));
    inspected.await.map(all)
}

/// Copies skills in and pins them.
#[tauri::command]
#[specta::specta]
pub async fn add_skills(
    shell: State<'_, Shell>,
    paths: Vec<String>,
    replace: bool,
) -> Result<Vec<SkillSummary>, CommandError> {
    let paths: Vec<PathBuf> = all(paths);
    let added = shell.work(move |engine| engine.add_skills(&paths, replace));
    added.await.map(all)
}

/// Moves a skill to the trash; gives what it is called there.
#[tauri::command]
#[specta::specta]
pub async fn remove_skill(shell: State<'_, Shell>, name: String) -> Result<String, CommandError> {
    let name: SkillName = read(&name)?;
    let removed = shell.work(move |engine| engine.remove_skill(&name));
    removed.await.map(|removed| removed.id)
}

/// Accepts what a skill is now.
#[tauri::command]
#[specta::specta]
pub async fn approve_skill(
    shell: State<'_, Shell>,
    name: String,
) -> Result<SkillSummary, CommandError> {
    let name: SkillName = read(&name)?;
    let approved = shell.work(move |engine| engine.approve_skill(&name));
    approved.await.map(SkillSummary::from)
}

/// Gives a skill to an agent.
#[tauri::command]
#[specta::specta]
pub async fn attach_skill(
    shell: State<'_, Shell>,
    agent: String,
    skill: String,
) -> Result<Document, CommandError> {
    let agent: AgentName = read(&agent)?;
    let skill: SkillName = read(&skill)?;
    let edited = shell.work(move |engine| engine.attach_skill(&agent, &skill));
    edited.await.map(Document::from)
}

/// Takes a skill from an agent.
#[tauri::command]
#[specta::specta]
pub async fn detach_skill(
    shell: State<'_, Shell>,
    agent: String,
    skill: String,
) -> Result<Document, CommandError> {
    let agent: AgentName = read(&agent)?;
    let skill: SkillName = read(&skill)?;
    let edited = shell.work(move |engine| engine.detach_skill(&agent, &skill));
    edited.await.map(Document::from)
}

/// The text of a skill.
#[tauri::command]
#[specta::specta]
pub async fn read_skill(shell: State<'_, Shell>, name: String) -> Result<String, CommandError> {
    let name: SkillName = read(&name)?;
    shell.work(move |engine| engine.read_skill(&name)).await
}
