//! From a plan to a sealed, provisioned, proven bottle.
//!
//! Whatever fails or is cancelled on the way of a first start is undone before the error is returned. A crash on the way leaves
//! labelled resources, a session's folder with a free lock and a record: `cleanup` finds all three.

use std::fs;
use std::future::pending;
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bottle_core::backend::{Backend, BackendError, Images, Part, SessionSpec};
use bottle_core::control::{CredentialValue, Operation};
use bottle_core::event::{Phase, ProgressSink, StepSink};
use bottle_core::id::{AgentName, SessionId};
use bottle_core::manifest::EnvValue;
use bottle_core::plan::Plan;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::attach::{ClaudeCommand, environment};
use crate::audit;
use crate::control::{ControlClient, ControlError, Hello, NumberedEvent};
use crate::engine::Engine;
use crate::error::{EngineError, OnFile};
use crate::home::{private_file, private_folder, remove_folder};
use crate::lock::SessionLock;
use crate::prepare::Prepared;
use crate::progress::Reporter;
use crate::provision::{Luggage, move_in};
use crate::selftest::prove_sealed;
use crate::session::Live;
use crate::store::{SessionRecord, SessionState};

/// How long a bundle may take until its control socket answers. It starts in well under a second.
const DOORS_LIMIT: Duration = Duration::from_secs(15);
/// Pause between two tries of the control socket.
const DOORS_PAUSE: Duration = Duration::from_millis(25);
/// Tries to find a free session id before giving up.
const ID_TRIES: u32 = 8;

/// The file in the session's folder that keeps the plan.
pub(crate) const PLAN: &str = "plan.json";

/// Values that a start needs and that are not part of the plan.
pub(crate) struct Values {
    env: Vec<(String, String)>,
    credentials: Vec<CredentialValue>,
}

/// A session that has its id, folder, lock and record, and nothing on a backend yet.
pub(crate) struct Berth {
    pub(crate) id: SessionId,
    pub(crate) folder: PathBuf,
    pub(crate) lock: SessionLock,
    pub(crate) conversation: String,
    /// Whether this is a preserved session that goes on.
    pub(crate) again: bool,
}

impl Engine {
    /// Carries a plan out up to the moment before claude starts.
    ///
    /// # Errors
    /// Whatever fails, after everything that was made has been removed again; [`EngineError::Cancelled`] likewise.
    pub async fn launch(
        &self,
        prepared: Prepared,
        sink: &dyn ProgressSink,
        cancel: &CancellationToken,
    ) -> Result<Live, EngineError> {
        self.launch_named(prepared, sink, cancel, &|_| {}).await
    }

    /// The same; `named` is told the session's id as soon as it is known.
    pub(crate) async fn launch_named(
        &self,
        prepared: Prepared,
        sink: &dyn ProgressSink,
        cancel: &CancellationToken,
        named: &(dyn Fn(&SessionId) + Send + Sync),
    ) -> Result<Live, EngineError> {
        let values = unless(cancel, self.values(&prepared)).await?;
        let berth = self.berth(&prepared)?;
        named(&berth.id);
        let (id, folder) = (berth.id.clone(), berth.folder.clone());
        let backend = Arc::clone(&prepared.backend);
        let made = AtomicBool::new(false);
        let result = unless(
            cancel,
            Box::pin(self.run(prepared, values, berth, &made, sink)),
        )
        .await;
        if result.is_err() {
            let made = made.load(Ordering::Relaxed).then_some(&*backend);
            self.undo(made, &id, &folder).await;
        }
        result
    }

    /// Reads everything that may be missing, before anything is made.
    pub(crate) async fn values(&self, prepared: &Prepared) -> Result<Values, EngineError> {
        prepared.ready()?;
        let mut env = Vec::with_capacity(prepared.env.len());
        for (name, value) in &prepared.env {
            let value = match value {
                EnvValue::Literal(text) => text.clone(),
                EnvValue::Question(question) => {
                    return Err(EngineError::Unanswered {
                        name: name.clone(),
                        question: question.clone(),
                    });
                }
                EnvValue::HostVariable(variable) => {
                    self.variable(variable)
                        .ok_or_else(|| EngineError::NoHostVariable {
                            name: name.clone(),
                            variable: variable.clone(),
                        })?
                }
            };
            env.push((name.clone(), value));
        }
        let source = self.credentials_for(&prepared.policy.routes);
        let names = prepared.credentials.clone();
        let read = tokio::task::spawn_blocking(move || {
            let read = |name: bottle_core::id::CredentialName| {
                Ok(CredentialValue {
                    kind: source.kind(&name)?,
                    value: source.reveal(&name)?,
                    name,
                })
            };
            names
                .into_iter()
                .map(read)
                .collect::<Result<Vec<_>, EngineError>>()
        });
        let credentials = read.await.map_err(|_| EngineError::Cancelled)??;
        Ok(Values {
            env: environment(prepared.claude_kind, &env),
            credentials,
        })
    }

    fn berth(&self, prepared: &Prepared) -> Result<Berth, EngineError> {
        let store = self.store()?;
        let (id, folder, lock) = self.free_folder(&prepared.plan.agent)?;
        let conversation = uuid::Uuid::new_v4().to_string();
        let record = SessionRecord {
            id: id.clone(),
            agent: prepared.plan.agent.clone(),
            bottle: prepared.plan.bottle.clone(),
            backend: prepared.backend.name(),
            state: SessionState::Starting,
            created_at: self.now(),
            ended_at: None,
            exit_code: None,
            reason: None,
            conversation: conversation.clone(),
            workspace: prepared
                .workspace
                .as_ref()
                .map(|folder| folder.display().to_string()),
        };
        if let Err(error) = store.add(&record) {
            remove_folder(&folder)?;
            return Err(error);
        }
        Ok(Berth {
            id,
            folder,
            lock,
            conversation,
            again: false,
        })
    }

    /// Takes a session's id by making its folder: whoever makes the folder has the id.
    fn free_folder(
        &self,
        agent: &AgentName,
    ) -> Result<(SessionId, PathBuf, SessionLock), EngineError> {
        private_folder(&self.home().sessions())?;
        let mut tries = 0;
        loop {
            tries += 1;
            let random = uuid::Uuid::new_v4().as_u64_pair().0;
            let id = SessionId::generate(agent, random);
            let folder = self.home().session(&id);
            match fs::DirBuilder::new().mode(0o700).create(&folder) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists && tries < ID_TRIES => {}
                made => {
                    made.on("create", &folder)?;
                    let lock = SessionLock::take(&folder)?
                        .ok_or_else(|| EngineError::SessionInUse { id: id.clone() })?;
                    return Ok((id, folder, lock));
                }
            }
        }
    }

    /// Does all of a start. `made` becomes true once the backend may hold something of it.
    pub(crate) async fn run(
        &self,
        prepared: Prepared,
        values: Values,
        berth: Berth,
        made: &AtomicBool,
        sink: &dyn ProgressSink,
    ) -> Result<Live, EngineError> {
        let reporter = Reporter::new(sink);
        let backend = Arc::clone(&prepared.backend);
        let id = berth.id.clone();
        let mut plan = prepared.plan.clone();
        let spec = if berth.again {
            None
        } else {
            let images = reporter
                .phase(Phase::Image, async |step| {
                    Ok(backend.ensure_images(&prepared.image, step).await?)
                })
                .await?;
            Some(self.spec(&id, &plan, images))
        };
        let launched = reporter.phase(Phase::Launch, async |_| {
            if let Some(spec) = &spec {
                made.store(true, Ordering::Relaxed);
                let created = backend.create(spec).await;
                // What has the name belongs to somebody else, and stays.
                let taken = matches!(created, Err(BackendError::NameInUse { .. }));
                made.store(!taken, Ordering::Relaxed);
                created?;
            }
            backend.start(&id).await?;
            Ok(backend.guest(&id).await?)
        });
        let guest = launched.await?;
        let luggage = Luggage {
            backend: backend.name(),
            prompt: &prepared.agent.prompt,
            folder: &berth.folder,
            skills: &prepared.skills,
            skills_folder: prepared.skills_folder.clone(),
            claude_kind: prepared.claude_kind,
            git_user: prepared.git_user.as_ref(),
            workspace: prepared.workspace.as_deref(),
            again: berth.again,
        };
        let (made_ca, ca_pem) = oneshot::channel();
        let opened = reporter.phase(Phase::Doors, async |_| {
            let opened = self
                .open_doors(&*backend, &id, &prepared, values.credentials)
                .await?;
            let (_, hello, _) = &opened;
            // Where moving in has failed meanwhile, nobody waits for it.
            drop(made_ca.send(hello.ca_pem.clone()));
            Ok(opened)
        });
        let moved = reporter.phase(Phase::Provision, async |step| {
            let ca_pem = async {
                match ca_pem.await {
                    Ok(ca_pem) => ca_pem,
                    // The doors did not open; their error ends both.
                    Err(_) => pending().await,
                }
            };
            move_in(&*guest, &luggage, ca_pem, step).await
        });
        let ((control, hello, events), prompt_file) = tokio::try_join!(opened, moved)?;
        plan.egress.tls_interception.ca_fingerprint = Some(hello.ca_fingerprint.clone());
        private_file(&berth.folder.join(PLAN), plan.to_json().as_bytes())?;
        let evidence = reporter
            .phase(
                Phase::SelfTest,
                async |step: &crate::progress::PhaseReporter<'_>| {
                    let report = prove_sealed(&*guest, &berth.folder).await?;
                    step.step(&format!("{} checks passed", report.checks.len()), Some(1.0));
                    Ok(report)
                },
            )
            .await?;
        let store = self.store()?;
        store.set_state(&id, SessionState::Running)?;
        // What is not remembered is shown as new next time, and stops nothing.
        if let Err(error) = self.remember_start(&prepared) {
            tracing::warn!(%id, %error, "what the session started with is not remembered");
        }
        let (audit, recorded) =
            audit::record(Arc::clone(store), id.clone(), hello.ca_fingerprint, events);
        let command = ClaudeCommand {
            prompt_file,
            resume: berth.again && has_conversation(&*guest, &berth.conversation).await,
            conversation: berth.conversation,
            model: prepared.agent.model.clone(),
            env: values.env,
        };
        let (folder, lock) = (berth.folder, berth.lock);
        Ok(Live {
            id,
            plan,
            evidence,
            folder,
            backend,
            guest,
            control,
            command,
            lock,
            audit,
            recorded,
        })
    }

    fn spec(&self, id: &SessionId, plan: &Plan, images: Images) -> SessionSpec {
        SessionSpec {
            id: id.clone(),
            agent: plan.agent.clone(),
            owner: self.home().owner().clone(),
            images,
            runtime: plan.runtime,
            resources: plan.resources,
            daemons: plan.daemons.clone(),
        }
    }

    /// Connects to the bundle and hands it policy and credentials; until then its doors deny everything.
    async fn open_doors(
        &self,
        backend: &dyn Backend,
        id: &SessionId,
        prepared: &Prepared,
        credentials: Vec<CredentialValue>,
    ) -> Result<(ControlClient, Hello, mpsc::Receiver<NumberedEvent>), EngineError> {
        let told = async {
            let (control, hello, events) = connect(backend, id).await?;
            control
                .tell(Operation::SetPolicy {
                    policy: prepared.policy.clone(),
                })
                .await?;
            control
                .tell(Operation::SetCredentials { credentials })
                .await?;
            control.subscribe().await?;
            Ok((control, hello, events))
        };
        match told.await {
            Ok(opened) => Ok(opened),
            Err(source) => {
                let tail = backend.log_tail(id, Part::Bundle).await.unwrap_or_default();
                Err(EngineError::Control {
                    session: id.clone(),
                    source,
                    tail,
                })
            }
        }
    }

    /// Removes all of a session in which claude never came to run.
    pub(crate) async fn abandon(&self, live: Live) {
        self.undo(Some(&*live.backend), &live.id, &live.folder)
            .await;
        // Held to the last step, so that no cleanup of another process takes it for abandoned meanwhile.
        drop(live.lock);
    }

    /// Removes all of a start that failed. What cannot be removed now is found by `cleanup`, because record and folder stay.
    async fn undo(&self, made: Option<&dyn Backend>, id: &SessionId, folder: &Path) {
        if let Some(backend) = made
            && let Err(error) = backend.delete(id).await
        {
            tracing::warn!(%id, %error, "a failed start could not be removed");
            let reason = "its start failed, and the engine could not remove it";
            let kept = self.store().and_then(|store| {
                store.set_ended(id, SessionState::Starting, self.now(), None, Some(reason))
            });
            if let Err(error) = kept {
                tracing::warn!(%id, %error, "a failed start could not be recorded");
            }
            return;
        }
        let forgotten = remove_folder(folder).and_then(|()| self.store()?.forget(id));
        if let Err(error) = forgotten {
            tracing::warn!(%id, %error, "the record of a failed start could not be removed");
        }
    }
}

/// Does work unless it is cancelled first; what was going on is dropped then.
pub(crate) async fn unless<T>(
    cancel: &CancellationToken,
    work: impl Future<Output = Result<T, EngineError>>,
) -> Result<T, EngineError> {
    match cancel.run_until_cancelled(work).await {
        Some(result) => result,
        None => Err(EngineError::Cancelled),
    }
}

/// Tries the control socket until it answers or its bundle is seen to be gone.
async fn connect(
    backend: &dyn Backend,
    id: &SessionId,
) -> Result<(ControlClient, Hello, mpsc::Receiver<NumberedEvent>), ControlError> {
    let deadline = tokio::time::Instant::now() + DOORS_LIMIT;
    loop {
        let tried = match backend.control(id).await {
            Ok(stream) => ControlClient::connect(stream).await,
            Err(BackendError::BundleGone { .. }) => return Err(ControlError::Closed),
            Err(error) => Err(ControlError::Broken {
                source: std::io::Error::other(error),
            }),
        };
        match tried {
            Err(ControlError::Closed | ControlError::Broken { .. })
                if tokio::time::Instant::now() < deadline =>
            {
                tokio::time::sleep(DOORS_PAUSE).await;
            }
            other => return other,
        }
    }
}

/// Whether claude has written a transcript of this conversation: only then can it be resumed.
async fn has_conversation(guest: &dyn bottle_core::guest::Guest, conversation: &str) -> bool {
    use bottle_core::guest::{Exec, GuestUser};
    let text = r#"ls /home/node/.claude/projects/*/"$1".jsonl"#;
    let command = Exec::new(GuestUser::Node, ["sh", "-c", text, "sh", conversation]);
    guest
        .exec(&command, None)
        .await
        .is_ok_and(|output| output.code == 0)
}
