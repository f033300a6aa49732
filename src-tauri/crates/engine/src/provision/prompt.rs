//! The agent's prompt: always copied, used only where it says something.

use std::path::Path;

use bottle_core::claude::{HOME, PROMPT_FILE};
use bottle_core::guest::Guest;
use bottle_core::path::GuestPath;

use super::archive::Archive;
use super::guest_path;
use crate::error::EngineError;
use crate::home::private_file;

/// Keeps the prompt in the session's folder (0600) and copies it to [`PROMPT_FILE`], also where it is empty. Returns that path if
/// and only if the prompt is not empty.
///
/// # Errors
/// [`EngineError::File`] on the host's side, [`EngineError::Provision`] on the guest's.
pub async fn provision_prompt(
    guest: &dyn Guest,
    folder: &Path,
    prompt: &str,
) -> Result<Option<GuestPath>, EngineError> {
    private_file(&folder.join("prompt.txt"), prompt.as_bytes())?;
    let mut archive = Archive::new();
    let name = PROMPT_FILE.rsplit('/').next().unwrap_or(PROMPT_FILE);
    archive.file(name, 0o600, prompt.as_bytes())?;
    let copied = guest
        .copy_in(archive.into_reader()?, &guest_path(HOME)?)
        .await;
    copied.map_err(|source| EngineError::Provision {
        step: "prompt",
        source,
    })?;
    if prompt.is_empty() {
        Ok(None)
    } else {
        guest_path(PROMPT_FILE).map(Some)
    }
}
