//! The end of a session's use: the transcript and the changes are saved, then the bottle is deleted or kept.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bottle_core::backend::{Backend, BackendError};
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
/// Ends with 0 where there is a transcript and with 1 where there is none.
const HAS_TRANSCRIPT: &str = r#"for file in /home/node/.claude/projects/*/*.jsonl; do
[ ! -e "$file" ] || exit 0
done
exit 1"#;
/// The folder of a saved transcript, in the session's folder.
pub(crate) const TRANSCRIPT: &str = "transcript";
/// Largest transcript that is saved, in bytes; a conversation of this size is far past any model's context.
const TRANSCRIPT_LIMIT: u64 = 512 << 20;

/// How long the last security events of a bundle that ended may take to arrive.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// What was saved of a bottle.
#[derive(Debug, Default)]
pub(crate) struct Saved {
    pub(crate) transcript: Option<PathBuf>,
    pub(crate) changed_files: u32,
}

impl Engine {
    /// Settles a session: exit code 0, or the person's word, saves transcript and changes and deletes its bottle; anything else keeps
    /// the bottle, stopped, for `resume`. A bottle whose work cannot be saved is kept too.
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
                    Outcome::Finished => (None, None),
                    Outcome::Exited(code) => {
                        (Some(*code), Some(format!("claude ended with code {code}")))
                    }
                    Outcome::Interrupted(reason) => (None, Some(reason.clone())),
                };
                let Some(reason) = reason else {
                    return self.settle_well(&live, code, step).await;
                };
                self.keep(&live, code, &reason).await
            },
        );
        let settled = settled.await?;
        // The bundle is gone, so its last words come to an end by themselves.
        drop(tokio::time::timeout(LAST_WORDS, live.audit).await);
        // The lock is held to the last step, so that no cleanup of another process takes the session for abandoned meanwhile.
        drop(live.lock);
        Ok(settled)
    }

    async fn settle_well(
        &self,
        live: &Live,
        code: Option<i32>,
        step: &dyn StepSink,
    ) -> Result<Settled, EngineError> {
        step.step("transcript and changes", None);
        let saved = match save(&*live.guest, &live.folder).await {
            Ok(saved) => saved,
            Err(error) => {
                let reason = format!("the work could not be saved: {}", with_causes(&error));
                step.log(&reason);
                return self.keep(live, code, &reason).await;
            }
        };
        step.step("deleting the bottle", None);
        live.backend.delete(&live.id).await?;
        // First the record: without the lock file, a session that is not recorded as settled would look abandoned.
        self.store()?
            .set_ended(&live.id, SessionState::Settled, self.now(), code, None)?;
        forget_private(&live.folder)?;
        Ok(Settled {
            kept: false,
            reason: None,
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
        let (id, state) = (&live.id, SessionState::Preserved);
        let recorded = (self.store())
            .and_then(|store| store.set_ended(id, state, self.now(), code, Some(reason)));
        // What cannot be written down must not run on.
        live.backend.stop(id).await?;
        recorded?;
        Ok(Settled {
            kept: true,
            reason: Some(reason.to_owned()),
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
        // A removal that somebody began leaves nothing to save; files can be read without the doors of a bundle.
        match backend.start(id).await {
            Ok(()) | Err(BackendError::BundleGone { .. }) => {}
            Err(BackendError::GuestGone { .. }) => return Ok(Saved::default()),
            Err(error) => return Err(error.into()),
        }
        match backend.guest(id).await {
            Ok(guest) => save(&*guest, &folder).await,
            Err(BackendError::GuestGone { .. }) => Ok(Saved::default()),
            Err(error) => Err(error.into()),
        }
    }
}

/// An error with all that lies under it, in one line.
pub(crate) fn with_causes(error: &EngineError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(below) = cause {
        text = format!("{text}: {below}");
        cause = below.source();
    }
    text
}

/// Whether a session's folder holds work that was saved.
pub(crate) fn holds_work(folder: &Path) -> bool {
    folder.join(TRANSCRIPT).is_dir() || folder.join(changes::CHANGES).is_file()
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

async fn save(guest: &dyn Guest, folder: &Path) -> Result<Saved, EngineError> {
    Ok(Saved {
        transcript: save_transcript(guest, folder).await?,
        changed_files: changes::collect(guest, folder).await?,
    })
}

/// Copies all conversations to `transcript/` in the session's folder; the guest's paths are not trusted, only `*.jsonl` is taken.
async fn save_transcript(guest: &dyn Guest, folder: &Path) -> Result<Option<PathBuf>, EngineError> {
    let look = Exec::new(GuestUser::Node, ["sh", "-c", HAS_TRANSCRIPT]);
    match guest.exec(&look, None).await?.code {
        0 => {}
        1 => return Ok(None),
        code => {
            return Err(EngineError::Backend(BackendError::GuestCommand {
                command: "look for the transcript".into(),
                code,
                tail: Vec::new(),
            }));
        }
    }
    let archive = guest
        .copy_out(&crate::provision::guest_path(PROJECTS)?)
        .await?;
    let destination = folder.join(TRANSCRIPT);
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
