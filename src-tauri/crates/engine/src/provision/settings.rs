//! Claude's first-run questions are answered beforehand: theme, folder trust, bypass mode, and the placeholder key.

use bottle_core::claude::{ClaudeKind, HOME, WORKSPACE};
use serde_json::json;

use super::delivery::Delivery;
use super::guest_path;
use crate::error::EngineError;

/// Number of last characters of an API key by which claude remembers that it was approved.
const KEY_TAIL: usize = 20;

/// Delivers `~/.claude.json` and `~/.claude/settings.json` (places and keys measured with claude 2.1.330).
///
/// # Errors
/// [`EngineError::File`] where they cannot be packed.
pub fn provision_settings(
    delivery: &mut Delivery,
    kind: Option<ClaudeKind>,
) -> Result<(), EngineError> {
    let mut state = json!({
        "hasCompletedOnboarding": true,
        // Claude asks its terminal what its background is, and asks again when the terminal says that it changed.
        "theme": "auto",
        "projects": { WORKSPACE: { "hasTrustDialogAccepted": true } },
    });
    if kind == Some(ClaudeKind::ApiKey)
        && let Some(state) = state.as_object_mut()
    {
        let key = ClaudeKind::ApiKey.placeholder();
        let tail = key.get(key.len().saturating_sub(KEY_TAIL)..).unwrap_or(key);
        state.insert(
            "customApiKeyResponses".into(),
            json!({ "approved": [tail], "rejected": [] }),
        );
    }
    let settings = json!({ "skipDangerousModePermissionPrompt": true });
    let place = |name: &str| guest_path(&format!("{HOME}/{name}"));
    delivery.folder(&place(".claude")?, 0o700)?;
    delivery.file(
        &place(".claude/settings.json")?,
        0o600,
        settings.to_string().as_bytes(),
    )?;
    delivery.file(&place(".claude.json")?, 0o600, state.to_string().as_bytes())
}
