//! Files of agents and bottles, and drafts of them.

use bottle_core::manifest::edit::{self, edit};
use bottle_engine::EngineError;
use tauri::State;

use crate::error::CommandError;
use crate::state::Shell;
use crate::wire::all;
use crate::wire::document::{Checked, Document, DocumentKind};
use crate::wire::edit::Edit;

/// Reads a document.
#[tauri::command]
#[specta::specta]
pub async fn open_document(
    shell: State<'_, Shell>,
    kind: DocumentKind,
    name: String,
) -> Result<Document, CommandError> {
    let opened = shell.work(move |engine| engine.open_document(kind.into(), &name));
    opened.await.map(Document::from)
}

/// Writes a new document with comments that explain it.
#[tauri::command]
#[specta::specta]
pub async fn create_document(
    shell: State<'_, Shell>,
    kind: DocumentKind,
    name: String,
) -> Result<Document, CommandError> {
    let created = shell.work(move |engine| engine.create_document(kind.into(), &name));
    created.await.map(Document::from)
}

/// Reads a text as a document of this name. Writes nothing.
#[tauri::command]
#[specta::specta]
pub async fn check_document(
    shell: State<'_, Shell>,
    kind: DocumentKind,
    name: String,
    text: String,
) -> Result<Checked, CommandError> {
    let checked = shell.work(move |engine| Ok(engine.check_document(kind.into(), &name, &text)));
    checked.await.map(Checked::from)
}

/// Changes a text and leaves everything else in it alone.
#[tauri::command]
#[specta::specta]
pub fn edit_document(
    kind: DocumentKind,
    text: String,
    edits: Vec<Edit>,
) -> Result<String, CommandError> {
    let edits: Vec<edit::Edit> = all(edits);
    let edited = edit(kind.into(), &text, &edits);
    edited.map_err(|error| EngineError::from(error).into())
}

/// Writes a document, unless the file is not what was opened.
#[tauri::command]
#[specta::specta]
pub async fn save_document(
    shell: State<'_, Shell>,
    kind: DocumentKind,
    name: String,
    text: String,
    base: String,
) -> Result<Document, CommandError> {
    let saved = shell.work(move |engine| engine.save_document(kind.into(), &name, &text, &base));
    saved.await.map(Document::from)
}

/// Moves a document to the trash; gives what it is called there.
#[tauri::command]
#[specta::specta]
pub async fn remove_document(
    shell: State<'_, Shell>,
    kind: DocumentKind,
    name: String,
) -> Result<String, CommandError> {
    let removed = shell.work(move |engine| engine.remove_document(kind.into(), &name));
    removed.await.map(|removed| removed.id)
}

/// Puts a document or a skill back where it lay before it was moved to the trash.
#[tauri::command]
#[specta::specta]
pub async fn restore_removed(shell: State<'_, Shell>, id: String) -> Result<(), CommandError> {
    let restored = shell.work(move |engine| engine.restore(&id));
    restored.await.map(drop)
}

/// Gives a document another name.
#[tauri::command]
#[specta::specta]
pub async fn rename_document(
    shell: State<'_, Shell>,
    kind: DocumentKind,
    from: String,
    to: String,
) -> Result<Document, CommandError> {
    let renamed = shell.work(move |engine| engine.rename_document(kind.into(), &from, &to));
    renamed.await.map(|renamed| renamed.document.into())
}

/// Keeps what was typed and not saved.
#[tauri::command]
#[specta::specta]
pub async fn save_draft(
    shell: State<'_, Shell>,
    key: String,
    text: String,
) -> Result<(), CommandError> {
    shell
        .work(move |engine| engine.save_draft(&key, &text))
        .await
}

/// Reads what was typed and not saved.
#[tauri::command]
#[specta::specta]
pub async fn read_draft(
    shell: State<'_, Shell>,
    key: String,
) -> Result<Option<String>, CommandError> {
    shell.work(move |engine| engine.read_draft(&key)).await
}

/// Forgets what was typed and not saved.
#[tauri::command]
#[specta::specta]
pub async fn remove_draft(shell: State<'_, Shell>, key: String) -> Result<(), CommandError> {
    shell.work(move |engine| engine.remove_draft(&key)).await
}

/// What all was typed and not saved.
#[tauri::command]
#[specta::specta]
pub async fn list_drafts(shell: State<'_, Shell>) -> Result<Vec<String>, CommandError> {
    shell.work(|engine| engine.list_drafts()).await
}
