//! Terminals of sessions. What a person types keeps its order because these commands neither wait nor leave the thread they come in on.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bottle_core::id::SessionId;
use bottle_engine::desk::{InboxFile as File, ViewNumber};
use tauri::State;
use tauri::async_runtime::spawn;
use tauri::ipc::Channel;

use super::name;
use crate::error::CommandError;
use crate::state::Shell;
use crate::wire::session::InboxFile;
use crate::wire::terminal::{TerminalBytes, TerminalSize};

/// Shows a session's terminal: what was printed so far, and then what is printed. Gives the view's number.
#[tauri::command]
#[specta::specta]
pub fn open_terminal(
    shell: State<'_, Shell>,
    id: String,
    size: TerminalSize,
    output: Channel<TerminalBytes>,
) -> Result<u32, CommandError> {
    let id: SessionId = name(&id)?;
    let mut view = shell.desk.open_terminal(&id, size.into())?;
    let number = view.number();
    shell.hold_view(number);
    spawn(async move {
        while let Some(bytes) = view.next().await {
            if output.send(TerminalBytes(bytes)).is_err() {
                break;
            }
        }
    });
    Ok(number.0)
}

/// Types into a session's terminal.
#[tauri::command]
#[specta::specta]
pub fn write_terminal(
    shell: State<'_, Shell>,
    id: String,
    data: String,
) -> Result<(), CommandError> {
    let id: SessionId = name(&id)?;
    Ok(shell.desk.write_terminal(&id, data.into_bytes())?)
}

/// Tells a session's terminal its size.
#[tauri::command]
#[specta::specta]
pub fn resize_terminal(
    shell: State<'_, Shell>,
    id: String,
    size: TerminalSize,
) -> Result<(), CommandError> {
    let id: SessionId = name(&id)?;
    Ok(shell.desk.resize_terminal(&id, size.into())?)
}

/// Says that a view's bytes were drawn, so that more may come.
#[tauri::command]
#[specta::specta]
pub fn acknowledge_terminal(
    shell: State<'_, Shell>,
    view: u32,
    bytes: u32,
) -> Result<(), CommandError> {
    shell.desk.acknowledge_terminal(ViewNumber(view), bytes);
    Ok(())
}

/// Closes a view; its session goes on.
#[tauri::command]
#[specta::specta]
pub fn close_terminal(shell: State<'_, Shell>, view: u32) -> Result<(), CommandError> {
    shell.let_view_go(ViewNumber(view));
    shell.desk.close_terminal(ViewNumber(view));
    Ok(())
}

/// Puts pasted files into a session's inbox and gives their paths in the bottle.
#[tauri::command]
#[specta::specta]
pub async fn put_in_inbox(
    shell: State<'_, Shell>,
    id: String,
    files: Vec<InboxFile>,
) -> Result<Vec<String>, CommandError> {
    let id: SessionId = name(&id)?;
    let files: Result<Vec<File>, CommandError> = files.into_iter().map(decoded).collect();
    let paths = shell.desk.put_in_inbox(&id, files?).await?;
    Ok(paths.iter().map(ToString::to_string).collect())
}

/// Copies files of this machine into a session's inbox and gives their paths in the bottle.
#[tauri::command]
#[specta::specta]
pub async fn copy_to_inbox(
    shell: State<'_, Shell>,
    id: String,
    paths: Vec<String>,
) -> Result<Vec<String>, CommandError> {
    let id: SessionId = name(&id)?;
    let paths = paths.into_iter().map(PathBuf::from).collect();
    let paths = shell.desk.copy_to_inbox(&id, paths).await?;
    Ok(paths.iter().map(ToString::to_string).collect())
}

fn decoded(file: InboxFile) -> Result<File, CommandError> {
    let bytes = STANDARD.decode(&file.base64);
    let bytes = bytes.map_err(|error| CommandError::internal(&error, "Paste the file again."))?;
    Ok(File {
        name: file.name,
        bytes,
    })
}
