//! The Docker backend itself: one lazily opened engine, and a turn for each session so that no two changes of one overlap.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bottle_core::backend::{
    Backend, BackendError, BackendName, BackendSession, Capabilities, ControlStream, ImageSource,
    Images, Part, Probe, Resource, Runtime, SessionSpec,
};
use bottle_core::event::StepSink;
use bottle_core::guest::Guest;
use bottle_core::id::{OwnerId, SessionId};
use tokio::sync::{Mutex as Turn, OnceCell};

use crate::engine::{self, Engine};
use crate::guest::DockerGuest;
use crate::layout::{LABEL_OWNER, LABEL_SESSION};
use crate::program::Programs;
use crate::settings::Settings;
use crate::{control, create, images, inventory, lifecycle, probe, removal, runtime};

/// One lock for each name in use.
#[derive(Default)]
pub(crate) struct Locks {
    turns: Mutex<HashMap<String, Arc<Turn<()>>>>,
}

impl Locks {
    /// The lock of a name. Locks that nobody holds any more are forgotten.
    pub(crate) fn of(&self, name: &str) -> Arc<Turn<()>> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        Arc::clone(turns.entry(name.to_owned()).or_default())
    }
}

/// What all calls share.
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) programs: Arc<Programs>,
    pub(crate) locks: Locks,
    engine: OnceCell<Arc<Engine>>,
    runtimes: OnceCell<Vec<Runtime>>,
}

/// Bottles as containers of the Docker engine that the user's settings name.
#[derive(Clone)]
pub struct Docker {
    shared: Arc<Shared>,
}

impl Docker {
    /// Takes the settings. Connects at the first call that needs an engine, and tries again at the next where none answered.
    #[must_use]
    pub fn connect(settings: Settings) -> Self {
        let shared = Shared {
            settings,
            programs: Arc::default(),
            locks: Locks::default(),
            engine: OnceCell::new(),
            runtimes: OnceCell::new(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    async fn engine(&self) -> Result<Arc<Engine>, BackendError> {
        let opened = self.shared.engine.get_or_try_init(|| async {
            engine::connect(&self.shared.settings).await.map(Arc::new)
        });
        opened.await.cloned()
    }

    async fn runtimes(&self, engine: &Engine) -> &[Runtime] {
        self.shared
            .runtimes
            .get_or_init(|| runtime::fit(engine))
            .await
    }

    /// Changes a session when it is its turn. The change goes on to its end even where the caller stops waiting: the engine would
    /// finish what it was asked anyway, and a `delete` that comes next must find all of it.
    async fn in_turn<F>(&self, id: &SessionId, change: F) -> Result<(), BackendError>
    where
        F: Future<Output = Result<(), BackendError>> + Send + 'static,
    {
        let turn = self.shared.locks.of(id.as_str());
        let running = tokio::spawn(async move {
            let _turn = turn.lock().await;
            change.await
        });
        match running.await {
            Ok(result) => result,
            Err(error) => Err(BackendError::Engine {
                action: format!("change session {id}"),
                source: error.into(),
            }),
        }
    }
}

#[async_trait]
impl Backend for Docker {
    fn name(&self) -> BackendName {
        BackendName::Docker
    }

    async fn probe(&self) -> Probe {
        // A connection from before says nothing of now.
        match engine::connect(&self.shared.settings).await {
            Ok(engine) => probe::answered(&engine),
            Err(error) => probe::refused(&self.shared.settings, &error),
        }
    }

    async fn capabilities(&self) -> Result<Capabilities, BackendError> {
        let engine = self.engine().await?;
        let runtimes = self.runtimes(&engine).await.to_vec();
        Ok(Capabilities {
            runtimes,
            architecture: engine.facts.architecture.clone(),
        })
    }

    async fn ensure_images(
        &self,
        source: &ImageSource,
        sink: &dyn StepSink,
    ) -> Result<Images, BackendError> {
        let engine = self.engine().await?;
        images::ensure(&self.shared, &engine, source, sink).await
    }

    async fn images_ready(&self, source: &ImageSource) -> Result<bool, BackendError> {
        let engine = self.engine().await?;
        images::ready(&self.shared, &engine, source).await
    }

    async fn create(&self, spec: &SessionSpec) -> Result<(), BackendError> {
        let engine = self.engine().await?;
        if let Some(wanted @ Runtime::Runsc) = spec.runtime
            && !self.runtimes(&engine).await.contains(&wanted)
        {
            return Err(runtime::unfit(wanted));
        }
        let spec = spec.clone();
        self.in_turn(&spec.id.clone(), async move {
            create::session(&engine, &spec).await
        })
        .await
    }

    async fn start(&self, id: &SessionId) -> Result<(), BackendError> {
        let engine = self.engine().await?;
        let session = id.clone();
        self.in_turn(id, async move { lifecycle::start(&engine, &session).await })
            .await
    }

    async fn stop(&self, id: &SessionId) -> Result<(), BackendError> {
        let engine = self.engine().await?;
        let session = id.clone();
        self.in_turn(id, async move { lifecycle::stop(&engine, &session).await })
            .await
    }

    async fn delete(&self, id: &SessionId) -> Result<(), BackendError> {
        let engine = self.engine().await?;
        let session = id.clone();
        self.in_turn(id, async move { removal::session(&engine, &session).await })
            .await
    }

    async fn get(&self, id: &SessionId) -> Result<Option<BackendSession>, BackendError> {
        let engine = self.engine().await?;
        Ok(inventory::sessions(&engine, LABEL_SESSION, id.as_str())
            .await?
            .into_iter()
            .next())
    }

    async fn list(&self, owner: &OwnerId) -> Result<Vec<BackendSession>, BackendError> {
        let engine = self.engine().await?;
        inventory::sessions(&engine, LABEL_OWNER, owner.as_str()).await
    }

    async fn guest(&self, id: &SessionId) -> Result<Arc<dyn Guest>, BackendError> {
        let engine = self.engine().await?;
        Ok(Arc::new(DockerGuest::open(engine, id).await?))
    }

    async fn control(&self, id: &SessionId) -> Result<ControlStream, BackendError> {
        control::open(&*self.engine().await?, id).await
    }

    async fn ended(&self, id: &SessionId, part: Part) -> Result<Option<i32>, BackendError> {
        lifecycle::ended(&*self.engine().await?, id, part).await
    }

    async fn log_tail(&self, id: &SessionId, part: Part) -> Result<Vec<String>, BackendError> {
        lifecycle::log_tail(&*self.engine().await?, id, part).await
    }

    async fn cleanup_plan(
        &self,
        owner: &OwnerId,
        keep: &[SessionId],
    ) -> Result<Vec<Resource>, BackendError> {
        inventory::cleanup_plan(&*self.engine().await?, owner, keep).await
    }

    async fn remove(&self, resource: &Resource) -> Result<(), BackendError> {
        removal::resource(&*self.engine().await?, resource).await
    }
}
