//! Agents and bottles in lists.

use tauri::State;

use crate::error::CommandError;
use crate::state::Shell;
use crate::wire::agent::{AgentSummary, BottleSummary};
use crate::wire::all;

/// All agents: those that started last come first, then by name.
#[tauri::command]
#[specta::specta]
pub async fn list_agents(shell: State<'_, Shell>) -> Result<Vec<AgentSummary>, CommandError> {
    shell.work(|engine| engine.list_agents(None)).await.map(all)
}

/// All bottles, by name.
#[tauri::command]
#[specta::specta]
pub async fn list_bottles(shell: State<'_, Shell>) -> Result<Vec<BottleSummary>, CommandError> {
    shell.work(|engine| engine.list_bottles()).await.map(all)
}
