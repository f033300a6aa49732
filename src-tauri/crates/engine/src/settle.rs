//! The end of a session's use: the transcript and the changes are saved, then the bottle is deleted or kept.

use std::fs;
use std::path::{Path, PathBuf};

use bottle_core::backend::Backend;
use bottle_core::event::{Phase, ProgressSink, StepSink};
use bottle_core::guest::{Exec, Guest, GuestUser};
use bottle_core::id::SessionId;

use crate::changes;
use crate::engine::Engine;
use crate::error::{EngineError, OnFile};
use crate::home::private_folder;
use crate::progress::Reporter;
use crate::session::{Live, Outcome, Settled};
use crate::store::SessionState;

/// Where claude keeps conversations in the guest.
const PROJECTS: &str = "/home/node/.claude/projects";
/// Largest transcript that is saved, in bytes; a conversation of this size is far past any model's context.
const TRANSCRIPT_LIMIT: u64 = 512 << 20;

/// What was saved of a bottle.
#[derive(Debug, Default)]
pub(crate) struct Saved {
    pub(crate) transcript: Option<PathBuf>,
    pub(crate) changed_files: u32,
}

impl Engine {
    /// Settles a session: exit code 0 saves transcript and changes and deletes its bottle, anything else keeps the bottle, stopped,
    /// for `resume`. A bottle whose work cannot be saved is kept too.
    ///
    /// # Errors
    /// [`EngineError::Backend`] where the engine refuses, [`EngineError::Store`].
    pub async fn settle(
        &self,
        live: Live,
        outcome: Outcome,
        sink: &dyn ProgressSink,
    ) -> Result<Settled, EngineError> {
        let reporter = Reporter::new(sink);
        let settled = reporter.phase(
            Phase::Settle,
            async |step: &crate::progress::PhaseReporter<'_>| {
                let (code, reason) = match &outcome {
                    Outcome::Exited(0) => (Some(0), None),
                    Outcome::Exited(code) => {
                        (Some(*code), Some(format!("claude ended with code {code}")))
                    }
                    Outcome::Interrupted(reason) => (None, Some(reason.clone())),
                };
                let Some(reason) = reason else {
                    return self.settle_well(&live, step).await;
                };
                self.keep(&live, code, &reason).await
            },
        );
        let settled = settled.await?;
        // The lock is held to the last step, so that no cleanup of another process takes the session for abandoned meanwhile.
        drop(live.audit);
        drop(live.lock);
        Ok(settled)
    }

    async fn settle_well(&self, live: &Live, step: &dyn StepSink) -> Result<Settled, EngineError> {
        step.step("transcript and changes", None);
        let saved = match save(&*live.guest, &live.folder, live.workspace.is_some()).await {
            Ok(saved) => saved,
            Err(error) => {
                step.log(&format!(
                    "the work could not be saved, so the bottle is kept: {error}"
                ));
                return self
                    .keep(live, Some(0), "its work could not be saved")
                    .await;
            }
        };
        step.step("deleting the bottle", None);
        live.backend.delete(&live.id).await?;
        forget_private(&live.folder)?;
        self.store()?
            .set_ended(&live.id, SessionState::Settled, self.now(), Some(0), None)?;
        Ok(Settled {
            kept: false,
            transcript: saved.transcript,
            changed_files: saved.changed_files,
        })
    }

    async fn keep(
        &self,
        live: &Live,
        code: Option<i32>,
        reason: &str,
    ) -> Result<Settled, EngineError> {
        self.store()?.set_ended(
            &live.id,
            SessionState::Preserved,
            self.now(),
            code,
            Some(reason),
        )?;
        live.backend.stop(&live.id).await?;
        Ok(Settled {
            kept: true,
            transcript: None,
            changed_files: 0,
        })
    }

    /// Saves what a bottle that nobody uses holds of value, where it can be started at all.
    pub(crate) async fn rescue(
        &self,
        backend: &dyn Backend,
        id: &SessionId,
    ) -> Result<Saved, EngineError> {
        let folder = self.home().session(id);
        if !folder.is_dir() {
            return Ok(Saved::default());
        }
        backend.start(id).await?;
        let guest = backend.guest(id).await?;
        save(&*guest, &folder, folder.join(changes::BASELINE).is_file()).await
    }
}

/// Removes what is of use to a running bottle only.
pub(crate) fn forget_private(folder: &Path) -> Result<(), EngineError> {
    for name in ["prompt.txt", changes::BASELINE, "lock"] {
        let path = folder.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).on("remove", &path);
            }
            _ => {}
        }
    }
    Ok(())
}

async fn save(guest: &dyn Guest, folder: &Path, has_workspace: bool) -> Result<Saved, EngineError> {
    let transcript = save_transcript(guest, folder).await?;
    let changed_files = if has_workspace {
        changes::collect(guest, folder).await?
    } else {
        0
    };
    Ok(Saved {
        transcript,
        changed_files,
    })
}

/// Copies all conversations to `transcript/` in the session's folder; the guest's paths are not trusted, only `*.jsonl` is taken.
async fn save_transcript(guest: &dyn Guest, folder: &Path) -> Result<Option<PathBuf>, EngineError> {
    let listing = Exec::new(
        GuestUser::Node,
        ["sh", "-c", "ls -d /home/node/.claude/projects/*/*.jsonl"],
    );
    if guest.exec(&listing, None).await?.code != 0 {
        return Ok(None);
    }
    let archive = guest
        .copy_out(&crate::provision::guest_path(PROJECTS)?)
        .await?;
    let destination = folder.join("transcript");
    private_folder(&destination)?;
    changes::unpack(archive, destination.clone(), TRANSCRIPT_LIMIT, |path| {
        path.extension()
            .is_some_and(|ending| ending == "jsonl")
            .then(|| path.file_name().map(PathBuf::from))
            .flatten()
    })
    .await?;
    Ok(Some(destination))
}
