//! A backend on which a test stages what happens: sessions in memory, each guest a folder of the test, each bundle the real control
//! server in this process. It remembers what was asked of it, and fails or waits at the very step that a test names.

mod archive;
mod guest;
mod session;
mod stage;
mod terminal;
mod trouble;

use std::collections::BTreeMap;
use std::future::Future;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bottle_core::backend::{
    Backend, BackendError, BackendName, BackendSession, Capabilities, ControlStream, ImageSource,
    Images, Part, PartState, Probe, Resource, Runtime, SessionSpec,
};
use bottle_core::event::StepSink;
use bottle_core::guest::Guest;
use bottle_core::id::{OwnerId, SessionId};
use tempfile::TempDir;
use tokio::sync::{mpsc, watch};
use tokio_util::compat::TokioAsyncReadCompatExt;

pub use archive::CopiedEntry;
pub use guest::{Answer, Copied, Ran, Record, sealed};
pub use terminal::FarEnd;
pub use trouble::{Trouble, When};

use guest::StagedGuest;
use session::{Session, control, seen};
use trouble::Calls;

/// A backend on which a test stages what happens. Clones are the same backend.
#[derive(Clone)]
pub struct StagedBackend {
    shared: Arc<Shared>,
}

struct Shared {
    folder: TempDir,
    sessions: Mutex<BTreeMap<SessionId, Session>>,
    calls: Calls,
    guests: Record,
    runtimes: Mutex<Option<Vec<Runtime>>>,
    name_taken_by: Mutex<Option<OwnerId>>,
    images: AtomicBool,
    dies_at_start: AtomicBool,
    hang_ups: AtomicU32,
    terminals: Mutex<Option<mpsc::UnboundedSender<FarEnd>>>,
}

impl Default for StagedBackend {
    fn default() -> Self {
        Self::new()
    }
}

impl StagedBackend {
    /// A backend with no session and nothing wrong with it.
    ///
    /// # Panics
    /// Where there is no room for a folder.
    #[must_use]
    pub fn new() -> Self {
        let shared = Shared {
            folder: TempDir::new().expect("a folder"),
            sessions: Mutex::default(),
            calls: Calls::default(),
            guests: Record::default(),
            runtimes: Mutex::new(Some(vec![Runtime::Runsc, Runtime::Runc])),
            name_taken_by: Mutex::default(),
            images: AtomicBool::new(true),
            dies_at_start: AtomicBool::new(false),
            hang_ups: AtomicU32::new(0),
            terminals: Mutex::default(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    fn sessions(&self) -> MutexGuard<'_, BTreeMap<SessionId, Session>> {
        lock(&self.shared.sessions)
    }

    fn part(&self, id: &SessionId, part: Part) -> Option<watch::Receiver<PartState>> {
        let sessions = self.sessions();
        sessions
            .get(id)
            .map(|session| session.part(part).subscribe())
    }

    async fn step<T>(
        &self,
        name: String,
        work: impl Future<Output = Result<T, BackendError>> + Send,
    ) -> Result<T, BackendError> {
        self.shared.calls.step(name, work).await
    }
}

#[async_trait]
impl Backend for StagedBackend {
    fn name(&self) -> BackendName {
        BackendName::Docker
    }

    async fn probe(&self) -> Probe {
        Probe {
            available: true,
            engine: Some("staged".into()),
            endpoint: None,
            problems: Vec::new(),
        }
    }

    async fn capabilities(&self) -> Result<Capabilities, BackendError> {
        let runtimes = lock(&self.shared.runtimes).clone();
        let runtimes = runtimes.ok_or_else(|| BackendError::Unavailable {
            backend: self.name(),
            endpoint: "nowhere".into(),
            source: None,
        })?;
        Ok(Capabilities {
            runtimes,
            architecture: "amd64".into(),
        })
    }

    async fn ensure_images(
        &self,
        _source: &ImageSource,
        sink: &dyn StepSink,
    ) -> Result<Images, BackendError> {
        self.step("ensure_images".into(), async {
            sink.log("built");
            self.shared.images.store(true, Ordering::Relaxed);
            Ok(Images {
                agent: "agent".into(),
                bundle: "bundle".into(),
            })
        })
        .await
    }

    async fn images_ready(&self, source: &ImageSource) -> Result<bool, BackendError> {
        let built = self.shared.images.load(Ordering::Relaxed);
        Ok(built && !matches!(source, ImageSource::Reference { .. }))
    }

    async fn create(&self, spec: &SessionSpec) -> Result<(), BackendError> {
        self.step("create".into(), async {
            let stranger = lock(&self.shared.name_taken_by).take();
            let mut sessions = self.sessions();
            if let Some(stranger) = stranger {
                sessions.insert(spec.id.clone(), Session::new(spec, stranger));
            }
            if sessions.contains_key(&spec.id) {
                let name = spec.id.to_string();
                return Err(BackendError::NameInUse { name });
            }
            guest::make_root(&self.root(&spec.id));
            sessions.insert(spec.id.clone(), Session::new(spec, spec.owner.clone()));
            Ok(())
        })
        .await
    }

    async fn start(&self, id: &SessionId) -> Result<(), BackendError> {
        self.step("start".into(), async {
            let mut sessions = self.sessions();
            let gone = || BackendError::GuestGone {
                session: id.clone(),
            };
            let session = sessions.get_mut(id).ok_or_else(gone)?;
            if *session.bundle.borrow() != PartState::Running {
                session.control = control(&session.spec);
            }
            session.guest.send_replace(PartState::Running);
            session.bundle.send_replace(PartState::Running);
            if self.shared.dies_at_start.load(Ordering::Relaxed) {
                session.end(Part::Bundle, Some(1));
            }
            Ok(())
        })
        .await
    }

    async fn stop(&self, id: &SessionId) -> Result<(), BackendError> {
        self.shared.calls.note("stop")?;
        if let Some(session) = self.sessions().get(id) {
            session.end(Part::Guest, Some(0));
            session.end(Part::Bundle, Some(0));
        }
        Ok(())
    }

    async fn delete(&self, id: &SessionId) -> Result<(), BackendError> {
        self.shared.calls.note("delete")?;
        if let Some(session) = self.sessions().remove(id) {
            session.end(Part::Guest, None);
            session.end(Part::Bundle, None);
        }
        remove(&self.root(id));
        Ok(())
    }

    async fn get(&self, id: &SessionId) -> Result<Option<BackendSession>, BackendError> {
        self.shared.calls.note("get")?;
        Ok(self.sessions().get(id).map(|s| seen(id, s)))
    }

    async fn list(&self, owner: &OwnerId) -> Result<Vec<BackendSession>, BackendError> {
        self.shared.calls.note("list")?;
        let sessions = self.sessions();
        let own = sessions.iter().filter(|(_, s)| s.owner == *owner);
        Ok(own.map(|(id, session)| seen(id, session)).collect())
    }

    async fn guest(&self, id: &SessionId) -> Result<Arc<dyn Guest>, BackendError> {
        self.step("guest".into(), async {
            let guest = StagedGuest {
                backend: self.clone(),
                id: id.clone(),
            };
            guest.runs()?;
            Ok(Arc::new(guest) as Arc<dyn Guest>)
        })
        .await
    }

    async fn control(&self, id: &SessionId) -> Result<ControlStream, BackendError> {
        self.step("control".into(), async {
            let gone = || BackendError::BundleGone {
                session: id.clone(),
            };
            let sessions = self.sessions();
            let session = sessions.get(id).ok_or_else(gone)?;
            if *session.bundle.borrow() != PartState::Running {
                return Err(gone());
            }
            let (near, far) = tokio::io::duplex(1 << 16);
            let hang_ups = &self.shared.hang_ups;
            let fewer = |left: u32| left.checked_sub(1);
            if hang_ups
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, fewer)
                .is_ok()
            {
                return Ok(Box::pin(near.compat()) as ControlStream);
            }
            let control = session.control.clone();
            tokio::spawn(async move {
                let end = control.shutdown.clone();
                drop(end.run_until_cancelled(control.talk(far)).await);
            });
            Ok(Box::pin(near.compat()) as ControlStream)
        })
        .await
    }

    async fn ended(&self, id: &SessionId, part: Part) -> Result<Option<i32>, BackendError> {
        let Some(mut state) = self.part(id, part) else {
            return Ok(None);
        };
        let ended = state.wait_for(|state| matches!(state, PartState::Ended { .. }));
        Ok(match ended.await.map(|state| *state) {
            Ok(PartState::Ended { code }) => code,
            Ok(PartState::Absent | PartState::Created | PartState::Running) | Err(_) => None,
        })
    }

    async fn log_tail(&self, id: &SessionId, _part: Part) -> Result<Vec<String>, BackendError> {
        let known = self.sessions().contains_key(id);
        Ok(known.then(|| "last words".into()).into_iter().collect())
    }

    async fn cleanup_plan(
        &self,
        owner: &OwnerId,
        keep: &[SessionId],
    ) -> Result<Vec<Resource>, BackendError> {
        self.shared.calls.note("cleanup_plan")?;
        let sessions = self.sessions();
        let unused = sessions
            .iter()
            .filter(|(id, session)| session.owner == *owner && !keep.contains(id));
        Ok(unused
            .flat_map(|(_, session)| session.resources.clone())
            .collect())
    }

    async fn remove(&self, resource: &Resource) -> Result<(), BackendError> {
        self.shared.calls.note("remove")?;
        let mut sessions = self.sessions();
        let Some(id) = &resource.session else {
            return Ok(());
        };
        let Some(session) = sessions.get_mut(id) else {
            return Ok(());
        };
        session.resources.remove(resource);
        if session.resources.is_empty() {
            session.end(Part::Guest, None);
            session.end(Part::Bundle, None);
            sessions.remove(id);
            remove(&self.root(id));
        }
        Ok(())
    }
}

fn remove(folder: &Path) {
    // A step that was given up may still be writing in a thread of its own, and ends by itself.
    while let Err(error) = std::fs::remove_dir_all(folder) {
        if error.kind() == ErrorKind::NotFound {
            return;
        }
        let refilled = error.kind() == ErrorKind::DirectoryNotEmpty;
        assert!(refilled, "{} cannot be removed: {error}", folder.display());
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
