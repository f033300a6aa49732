//! Who commits are by.

use bottle_core::guest::{Guest, GuestUser};
use bottle_core::manifest::GitUser;

use super::script;
use crate::error::EngineError;

/// Sets `user.name` and `user.email` for `node`. Nobody named: nothing is done.
///
/// # Errors
/// [`EngineError::Provision`].
pub async fn provision_git(guest: &dyn Guest, user: Option<&GitUser>) -> Result<(), EngineError> {
    let Some(user) = user else { return Ok(()) };
    let text = r#"export HOME=/home/node
{ IFS= read -r name; IFS= read -r email; } && git config --global user.name "$name" && git config --global user.email "$email""#;
    let stdin = format!(
        "{}\n{}\n",
        user.name.replace('\n', " "),
        user.email.replace('\n', " ")
    );
    script(guest, "git", GuestUser::Node, text, stdin.into_bytes()).await
}
