//! Moving in: one ordered list of steps over [`Guest`], the same for every backend.
//!
//! Certificate → doors → prompt → skills → claude's settings → workspace. Each step does nothing on empty input, can be run again,
//! reports what it does, and fails the start with what to do about it. A resumed session runs
//! the first three again and keeps the rest as it is. No step needs what another one leaves, so what is small goes in one delivery, and
//! the processes that this takes run side by side: most of each is waiting for the engine to start it.

mod archive;
mod certificate;
mod delivery;
mod git;
mod prompt;
mod settings;
mod skills;
mod workspace;

use std::path::Path;

use bottle_core::backend::{BackendError, BackendName};
use bottle_core::claude::ClaudeKind;
use bottle_core::event::StepSink;
use bottle_core::guest::{Exec, Guest, GuestUser};
use bottle_core::manifest::GitUser;
use bottle_core::path::GuestPath;

pub use certificate::provision_certificate;
pub use delivery::Delivery;
pub use git::provision_git;
pub use prompt::provision_prompt;
pub use settings::provision_settings;
pub use skills::provision_skills;
pub use workspace::provision_workspace;

use crate::error::EngineError;
use crate::skill::Skill;

/// Most lines of what a failed step printed that are shown.
const TAIL: usize = 5;

/// Everything that moves in.
pub struct Luggage<'a> {
    /// Whose guest it is.
    pub backend: BackendName,
    /// The prompt; may be empty.
    pub prompt: &'a str,
    /// The session's folder on the host, where the prompt is kept too.
    pub folder: &'a Path,
    /// The skills.
    pub skills: &'a [Skill],
    /// The folder for skills in the guest.
    pub skills_folder: GuestPath,
    /// The kind of placeholder.
    pub claude_kind: Option<ClaudeKind>,
    /// Who commits are by.
    pub git_user: Option<&'a GitUser>,
    /// The project folder to copy.
    pub workspace: Option<&'a Path>,
    /// Whether the session goes on: settings and project folder are there and stay as they are.
    pub again: bool,
}

/// Runs all steps, and returns the guest path of the prompt if and only if it is not empty. The session's public certificate, in PEM,
/// may come while the other steps are under way: the bundle makes it.
///
/// # Errors
/// [`EngineError::Provision`] with the step's name; a missing skill or an unreadable folder as themselves.
pub async fn move_in(
    guest: &dyn Guest,
    luggage: &Luggage<'_>,
    ca_pem: impl Future<Output = String>,
    sink: &dyn StepSink,
) -> Result<Option<GuestPath>, EngineError> {
    let certificate = async {
        let ca_pem = ca_pem.await;
        sink.step("certificate and doors", None);
        provision_certificate(guest, &ca_pem).await
    };
    let mut delivery = Delivery::new();
    sink.step("prompt", None);
    let prompt = provision_prompt(&mut delivery, luggage.folder, luggage.prompt)?;
    let (skills, folder) = (luggage.skills, &luggage.skills_folder);
    provision_skills(&mut delivery, skills, folder, sink)?;
    if luggage.again {
        tokio::try_join!(certificate, delivery.deliver(guest, luggage.backend))?;
        return Ok(prompt);
    }
    sink.step("settings", None);
    provision_settings(&mut delivery, luggage.claude_kind)?;
    let delivered = async {
        delivery.deliver(guest, luggage.backend).await?;
        provision_git(guest, luggage.git_user).await
    };
    let workspace = async {
        match luggage.workspace {
            Some(folder) => provision_workspace(guest, folder, luggage.folder, sink).await,
            None => Ok(()),
        }
    };
    tokio::try_join!(certificate, Box::pin(delivered), Box::pin(workspace))?;
    Ok(prompt)
}

/// Runs a shell script in the guest as root or `node` with bytes on its standard input, and takes any code but 0 as an error.
async fn script(
    guest: &dyn Guest,
    step: &'static str,
    user: GuestUser,
    text: &str,
    stdin: Vec<u8>,
) -> Result<(), EngineError> {
    let wrong = |source| EngineError::Provision { step, source };
    let command = Exec::new(user, ["sh", "-euc", text]);
    let stdin = Box::pin(futures_util::io::Cursor::new(stdin));
    let output = guest.exec(&command, Some(stdin)).await.map_err(wrong)?;
    if output.code == 0 {
        return Ok(());
    }
    Err(wrong(BackendError::GuestCommand {
        command: step.into(),
        code: output.code,
        tail: tail(&output.stderr),
    }))
}

/// The last lines of what a step printed.
fn tail(stderr: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(stderr);
    let lines: Vec<_> = text.lines().collect();
    let first = lines.len().saturating_sub(TAIL);
    lines.into_iter().skip(first).map(str::to_owned).collect()
}

/// A guest path that is known to be good.
pub(crate) fn guest_path(text: &str) -> Result<GuestPath, EngineError> {
    GuestPath::new(text).map_err(|error| EngineError::File {
        action: "use",
        path: text.into(),
        source: std::io::Error::new(std::io::ErrorKind::InvalidInput, error),
    })
}
