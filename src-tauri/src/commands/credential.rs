//! Credentials. Values come in and never go out.

use std::sync::Arc;

use bottle_core::id::CredentialName;
use bottle_credentials::{Credentials, Error, IfPresent};
use tauri::State;
use tauri::async_runtime::spawn_blocking;

use super::name as read;
use crate::error::CommandError;
use crate::state::Shell;
use crate::wire::credential::CredentialSummary;
use crate::wire::secret::SecretInput;

/// All credentials, by name.
#[tauri::command]
#[specta::specta]
pub async fn list_credentials(
    shell: State<'_, Shell>,
) -> Result<Vec<CredentialSummary>, CommandError> {
    let uses = shell.work(|engine| engine.library(None).credential_uses());
    let mut uses = uses.await?;
    let kept = with(&shell, "", |credentials| credentials.list()).await?;
    Ok(kept
        .iter()
        .map(|one| CredentialSummary::new(one, uses.remove(&one.name).unwrap_or_default()))
        .collect())
}

/// Keeps a value in the keychain.
#[tauri::command]
#[specta::specta]
pub async fn add_credential(
    shell: State<'_, Shell>,
    name: String,
    value: SecretInput,
    replace: bool,
) -> Result<CredentialSummary, CommandError> {
    let credential: CredentialName = read(&name)?;
    let if_present = if replace {
        IfPresent::Replace
    } else {
        IfPresent::Fail
    };
    let kept = with(&shell, &name, move |credentials| {
        credentials.add(&credential, value.secret(), if_present)
    });
    let kept = kept.await?;
    let uses = shell.work(|engine| engine.library(None).credential_uses());
    let used_by = uses.await?.remove(&kept.name).unwrap_or_default();
    Ok(CredentialSummary::new(&kept, used_by))
}

/// Forgets a credential. One that is gone already is a success.
#[tauri::command]
#[specta::specta]
pub async fn remove_credential(shell: State<'_, Shell>, name: String) -> Result<(), CommandError> {
    let credential: CredentialName = read(&name)?;
    let removed = with(&shell, &name, move |credentials| {
        credentials.remove(&credential)
    });
    removed.await.map(drop)
}

/// Works with the keychain off the threads that serve the page: it may ask the person.
async fn with<T: Send + 'static>(
    shell: &Shell,
    name: &str,
    work: impl FnOnce(&Credentials) -> Result<T, Error> + Send + 'static,
) -> Result<T, CommandError> {
    let credentials = Arc::clone(&shell.credentials);
    let done = spawn_blocking(move || work(&credentials)).await?;
    done.map_err(|error| CommandError::credential(name, &error))
}
