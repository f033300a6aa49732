//! The agent's prompt: always copied, used only where it says something.

use std::path::Path;

use bottle_core::claude::PROMPT_FILE;
use bottle_core::path::GuestPath;

use super::delivery::Delivery;
use super::guest_path;
use crate::error::EngineError;
use crate::home::private_file;

/// Keeps the prompt in the session's folder (0600) and delivers it to [`PROMPT_FILE`], also where it is empty. Returns that path if
/// and only if the prompt is not empty.
///
/// # Errors
/// [`EngineError::File`] where it cannot be kept.
pub fn provision_prompt(
    delivery: &mut Delivery,
    folder: &Path,
    prompt: &str,
) -> Result<Option<GuestPath>, EngineError> {
    private_file(&folder.join("prompt.txt"), prompt.as_bytes())?;
    let path = guest_path(PROMPT_FILE)?;
    delivery.file(&path, 0o600, prompt.as_bytes())?;
    Ok((!prompt.is_empty()).then_some(path))
}
