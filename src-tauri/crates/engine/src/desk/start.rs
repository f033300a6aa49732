//! What tasks do: a start, the going on with a session, the making of images. What is cancelled is undone.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use bottle_core::backend::{BackendName, ImageSource};
use bottle_core::event::Phase;
use bottle_core::id::SessionId;

use super::Desk;
use super::task::{Task, TaskNumber};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::launch::unless;
use crate::prepare::StartRequest;
use crate::progress::Reporter;
use crate::session::Live;

impl Desk {
    /// Starts an agent, or the demo, on which the request's agent and answers have no bearing. Returns at once.
    pub fn start(self: &Arc<Self>, request: StartRequest, demo: bool) -> TaskNumber {
        let agent = if demo {
            bottle_core::demo::NAME.to_owned()
        } else {
            request.agent.to_string()
        };
        let title = if demo {
            "Start the demo".into()
        } else {
            format!("Start {agent}")
        };
        let (engine, desk) = (Arc::clone(&self.engine), Arc::downgrade(self));
        self.begin(title, agent, demo, None, move |task| async move {
            let reporter = Reporter::new(&*task);
            let preparing = reporter.phase(Phase::Prepare, async |_| {
                let prepared = if demo {
                    engine
                        .prepare_demo(request.workspace.as_deref(), request.backend)
                        .await
                } else {
                    engine.prepare(&request).await
                };
                prepared.and_then(|prepared| prepared.ready().map(|()| prepared))
            });
            let prepared = unless(&task.cancel, Box::pin(preparing)).await?;
            let named = |id: &SessionId| task.name_session(id);
            let launching = engine.launch_named(prepared, &*task, &task.cancel, &named);
            let live = Box::pin(launching).await?;
            Box::pin(hand_over(desk, &engine, &task, live, false)).await
        })
    }

    /// Goes on with a preserved or interrupted session. Returns at once.
    pub fn resume(self: &Arc<Self>, id: SessionId, env: BTreeMap<String, String>) -> TaskNumber {
        let record = self.engine.session(&id).ok();
        let agent = record
            .as_ref()
            .map(|record| record.agent.to_string())
            .unwrap_or_default();
        let demo = record.is_some_and(|record| crate::demo::is_demo(&record.bottle));
        let (engine, desk) = (Arc::clone(&self.engine), Arc::downgrade(self));
        let title = format!("Go on with {id}");
        let session = Some(id.clone());
        self.begin(title, agent, demo, session, move |task| async move {
            let resuming = engine.resume(&id, env, &*task, &task.cancel);
            let live = Box::pin(resuming).await?;
            Box::pin(hand_over(desk, &engine, &task, live, true)).await
        })
    }

    /// Makes the product's own images, so that the first start need not. Returns at once.
    pub fn prepare_images(self: &Arc<Self>, backend: Option<BackendName>) -> TaskNumber {
        let engine = Arc::clone(&self.engine);
        let title = "Prepare the images".to_owned();
        self.begin(title, String::new(), false, None, move |task| async move {
            let backend = engine.backend(backend)?;
            let reporter = Reporter::new(&*task);
            let making = reporter.phase(Phase::Image, async |step| {
                let source = ImageSource::BuiltIn;
                Ok(backend.ensure_images(&source, step).await.map(drop)?)
            });
            unless(&task.cancel, Box::pin(making)).await
        })
    }
}

/// Starts claude in a bottle that is ready, so that its prompt is there when somebody looks, and hands the session to the desk.
async fn hand_over(
    desk: Weak<Desk>,
    engine: &Engine,
    task: &Task,
    live: Live,
    again: bool,
) -> Result<(), EngineError> {
    let known = desk.upgrade().map(|desk| desk.state().size);
    let size = known.unwrap_or(super::FIRST_SIZE);
    let reporter = Reporter::new(task);
    let starting = reporter.phase(Phase::Claude, async |_| live.attach(size).await);
    let started = unless(&task.cancel, Box::pin(starting)).await;
    let (live, error) = match (started, desk.upgrade()) {
        (Ok(terminal), Some(desk)) => match desk.adopt(task, live, terminal, size) {
            Ok(()) => return Ok(()),
            Err(live) => (*live, EngineError::Cancelled),
        },
        (Ok(_), None) => (live, EngineError::Cancelled),
        (Err(error), _) => (live, error),
    };
    if again {
        engine.keep_again(live, &error).await?;
    } else {
        engine.abandon(live).await;
    }
    Err(error)
}
