//! One session that runs here: what ends it is seen as it happens, and it settles by itself.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use bottle_core::backend::{BackendError, Part};
use bottle_core::event::Silent;
use bottle_core::guest::{Exit, Guest, Terminal, TerminalSize};
use bottle_core::id::SessionId;
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use super::Desk;
use super::task::Task;
use super::terminal::Hosted;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::session::{Live, Outcome, Settled};
use crate::settle::with_causes;
use crate::store::SessionState;

/// How long a second sign is waited for that says more than the first: claude and the bundle end with the bottle, and a moment before
/// it.
const SECOND_SIGN: Duration = Duration::from_millis(400);
/// How long the last that claude printed may take to arrive.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// How long an engine may take to stop a bottle whose work is kept in it.
const STOP_LIMIT: Duration = Duration::from_secs(60);

/// How a sitting ended; the error is for everybody who waits for it.
pub(super) type Ending = Result<Settled, Arc<EngineError>>;

/// One session that runs here.
pub(super) struct Sitting {
    pub(super) claude: Hosted,
    pub(super) guest: Arc<dyn Guest>,
    pub(super) recorded: watch::Receiver<()>,
    pub(super) inbox: tokio::sync::Mutex<()>,
    order: watch::Sender<Option<Outcome>>,
    /// Why it is being stopped, once it is.
    stopping: Mutex<Option<Option<String>>>,
    ending: watch::Sender<Option<Ending>>,
    watcher: Mutex<Option<AbortOnDropHandle<()>>>,
}

impl Sitting {
    /// Says how it shall end. The first word counts.
    pub(super) fn order(&self, outcome: Outcome) {
        self.order.send_if_modified(|order| {
            let first = order.is_none();
            order.get_or_insert(outcome);
            first
        });
    }

    /// Waits until it is settled.
    pub(super) async fn settled(&self) -> Ending {
        let mut ending = self.ending.subscribe();
        let found = ending.wait_for(Option::is_some).await;
        found
            .ok()
            .and_then(|ending| ending.clone())
            .unwrap_or_else(|| Err(Arc::new(EngineError::Cancelled)))
    }

    /// Whether it is being stopped, and why where there is a word for it.
    pub(super) fn stopping(&self) -> Option<Option<String>> {
        let stopping = self.stopping.lock();
        stopping.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lets go of it where it stands, as a crash would.
    pub(super) fn abort(&self) {
        let watcher = self.watcher.lock();
        drop(watcher.unwrap_or_else(PoisonError::into_inner).take());
    }

    fn note_stopping(&self, reason: Option<String>) {
        let stopping = self.stopping.lock();
        *stopping.unwrap_or_else(PoisonError::into_inner) = Some(reason);
    }
}

impl Desk {
    /// Takes a session over with claude on its terminal. Gives it back where the task was cancelled or the desk closes meanwhile.
    pub(super) fn adopt(
        self: &Arc<Self>,
        task: &Task,
        live: Live,
        terminal: Terminal,
        size: TerminalSize,
    ) -> Result<(), Box<Live>> {
        let mut state = self.state();
        if state.closing || task.cancel.is_cancelled() {
            return Err(Box::new(live));
        }
        let _within = self.runtime.enter();
        let (claude, exit) = Hosted::new(terminal, size);
        // Whoever opened a window since claude was started wants its size.
        claude.resize(state.size);
        let sitting = Arc::new(Sitting {
            claude,
            guest: Arc::clone(live.guest()),
            recorded: live.recorded.clone(),
            inbox: tokio::sync::Mutex::default(),
            order: watch::Sender::new(None),
            stopping: Mutex::new(None),
            ending: watch::Sender::new(None),
            watcher: Mutex::new(None),
        });
        state.sittings.insert(live.id.clone(), Arc::clone(&sitting));
        let desk = Arc::downgrade(self);
        let engine = Arc::clone(&self.engine);
        let watched = watch_over(desk, engine, Arc::clone(&sitting), live, exit);
        let watcher = AbortOnDropHandle::new(tokio::spawn(watched));
        let held = sitting.watcher.lock();
        *held.unwrap_or_else(PoisonError::into_inner) = Some(watcher);
        Ok(())
    }

    fn leave(&self, id: &SessionId, sitting: &Arc<Sitting>) {
        let mut state = self.state();
        // Somebody may have gone on with it as soon as its lock was free.
        if (state.sittings.get(id)).is_some_and(|known| Arc::ptr_eq(known, sitting)) {
            drop(state.sittings.remove(id));
        }
        drop(state);
        self.bell.sessions();
    }
}

/// Waits for the end of a session, whatever it is, and settles it.
async fn watch_over(
    desk: Weak<Desk>,
    engine: Arc<Engine>,
    sitting: Arc<Sitting>,
    live: Live,
    mut exit: Box<dyn Exit>,
) {
    let id = live.id.clone();
    let outcome = end_of(&live, &mut *exit, sitting.order.subscribe()).await;
    let reason = match &outcome {
        Outcome::Exited(0) | Outcome::Finished => None,
        Outcome::Exited(code) => Some(format!("claude ended with code {code}")),
        Outcome::Interrupted(reason) => Some(reason.clone()),
    };
    tracing::info!(%id, ?outcome, "a session ends");
    sitting.note_stopping(reason);
    if let Some(desk) = desk.upgrade() {
        desk.bell.sessions();
    }
    if matches!(outcome, Outcome::Exited(_)) {
        sitting.claude.drain(LAST_WORDS).await;
    }
    let ending = Box::pin(settle(&engine, &id, live, outcome)).await;
    sitting.claude.drain(Duration::ZERO).await;
    // First out of the list: who waits for the end looks at that next.
    if let Some(desk) = desk.upgrade() {
        desk.leave(&id, &sitting);
    }
    sitting.ending.send_replace(Some(ending));
}

async fn settle(engine: &Engine, id: &SessionId, live: Live, outcome: Outcome) -> Ending {
    let kept = !matches!(outcome, Outcome::Exited(0) | Outcome::Finished);
    let settling = engine.settle(live, outcome, &Silent);
    let settled = if kept {
        tokio::time::timeout(STOP_LIMIT, settling)
            .await
            .unwrap_or(Err(EngineError::Cancelled))
    } else {
        settling.await
    };
    settled.map_err(|error| {
        tracing::warn!(%id, %error, "a session was not settled");
        // It must not look as if it ran on.
        let noted = engine.session(id).and_then(|record| {
            if record.state != SessionState::Running {
                return Ok(());
            }
            let reason = format!("it could not be settled: {}", with_causes(&error));
            let state = SessionState::Preserved;
            engine
                .store()?
                .set_ended(id, state, engine.now(), None, Some(&reason))
        });
        if let Err(error) = noted {
            tracing::warn!(%id, %error, "the end of a session was not recorded");
        }
        Arc::new(error)
    })
}

/// Waits for the first of: an order, the end of the bottle or its bundle, the end of claude.
async fn end_of(
    live: &Live,
    exit: &mut dyn Exit,
    mut order: watch::Receiver<Option<Outcome>>,
) -> Outcome {
    let ended = live.ended();
    tokio::pin!(ended);
    let ordered = async {
        let given = order.wait_for(Option::is_some).await;
        given.ok().and_then(|given| given.clone())
    };
    let code = tokio::select! {
        biased;
        Some(outcome) = ordered => return outcome,
        part = &mut ended => return Outcome::Interrupted(words(live, part).await),
        code = exit.wait() => code,
    };
    if matches!(code, Ok(0)) {
        return Outcome::Exited(0);
    }
    if let Ok(part) = tokio::time::timeout(SECOND_SIGN, ended).await {
        return Outcome::Interrupted(words(live, part).await);
    }
    match code {
        Ok(code) => Outcome::Exited(code),
        Err(error) => Outcome::Interrupted(format!("the connection to claude broke: {error}")),
    }
}

/// Says what it means that a part ended.
async fn words(live: &Live, part: Result<Part, BackendError>) -> String {
    match part {
        Ok(Part::Guest) => "the bottle was stopped from outside".into(),
        Ok(Part::Bundle) => {
            // Who stops a session stops both.
            let guest = live.backend.ended(&live.id, Part::Guest);
            match tokio::time::timeout(SECOND_SIGN, guest).await {
                Ok(Ok(_)) => "the bottle was stopped from outside".into(),
                Ok(Err(_)) | Err(_) => "the bundle ended, and with it the doors".into(),
            }
        }
        Err(error) => format!("the engine stopped answering: {error}"),
    }
}
