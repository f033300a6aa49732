//! Sessions: planned, listed, stopped, looked into.

use bottle_core::id::SessionId;
use tauri::State;
use tauri::async_runtime::spawn;
use tauri::ipc::Channel;

use super::name;
use crate::error::CommandError;
use crate::state::Shell;
use crate::wire::plan::PlanSheet;
use crate::wire::session::{SessionFacts, SessionSummary, Settled, StartInput};
use crate::wire::traffic::TrafficEvent;
use crate::wire::{all, path_text};

/// All sessions, newest first.
#[tauri::command]
#[specta::specta]
pub async fn list_sessions(shell: State<'_, Shell>) -> Result<Vec<SessionSummary>, CommandError> {
    Ok(all(shell.desk.list().await?))
}

/// Everything that a session would have. Creates nothing.
#[tauri::command]
#[specta::specta]
pub async fn plan_session(
    shell: State<'_, Shell>,
    input: StartInput,
) -> Result<PlanSheet, CommandError> {
    let (engine, demo) = (shell.engine(), input.demo);
    let request = input.request()?;
    let prepared = if demo {
        Box::pin(engine.prepare_demo(request.workspace.as_deref(), request.backend)).await?
    } else {
        Box::pin(engine.prepare(&request)).await?
    };
    shell
        .work(move |engine| Ok(PlanSheet::new(&prepared, engine.authority(&prepared))))
        .await
}

/// Ends a session. `keep` stops it and keeps its bottle; otherwise its work is saved and it is deleted.
#[tauri::command]
#[specta::specta]
pub async fn stop_session(
    shell: State<'_, Shell>,
    id: String,
    keep: bool,
) -> Result<Settled, CommandError> {
    let id: SessionId = name(&id)?;
    Ok(shell.desk.stop(&id, keep).await?.into())
}

/// Deletes a session that is kept, after its work was saved.
#[tauri::command]
#[specta::specta]
pub async fn discard_session(shell: State<'_, Shell>, id: String) -> Result<(), CommandError> {
    let id: SessionId = name(&id)?;
    Ok(shell.desk.discard(&id).await?)
}

/// Everything that is known of a session.
#[tauri::command]
#[specta::specta]
pub async fn session_facts(
    shell: State<'_, Shell>,
    id: String,
) -> Result<SessionFacts, CommandError> {
    let id: SessionId = name(&id)?;
    Ok(shell.desk.facts(&id).await?.into())
}

/// Brings the files that a session changed back into the project folder; says which.
#[tauri::command]
#[specta::specta]
pub async fn apply_changes(
    shell: State<'_, Shell>,
    id: String,
    force: bool,
) -> Result<Vec<String>, CommandError> {
    let id: SessionId = name(&id)?;
    let written = shell.desk.apply(&id, force).await?;
    Ok(written.iter().map(|path| path_text(path)).collect())
}

/// Tells what the guards of a session decided so far, and then what they decide.
#[tauri::command]
#[specta::specta]
pub fn follow_traffic(
    shell: State<'_, Shell>,
    id: String,
    events: Channel<TrafficEvent>,
) -> Result<(), CommandError> {
    let id: SessionId = name(&id)?;
    let mut feed = shell.desk.follow_traffic(&id)?;
    spawn(async move {
        while let Some(event) = feed.next().await {
            if events.send(event.into()).is_err() {
                break;
            }
        }
    });
    Ok(())
}
