//! Long work that goes on while nobody looks: its list, its numbers, and how it is cancelled and forgotten.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bottle_core::event::{Phase, Progress, ProgressSink};
use bottle_core::id::SessionId;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::Desk;
use super::journal::{End, Journal, TaskFeed};
use super::notice::Bell;
use crate::error::EngineError;

/// Most tasks that ended well or were cancelled and can still be followed.
const REMEMBERED: usize = 16;

/// Names one task. Never used twice by a desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskNumber(pub u32);

impl std::fmt::Display for TaskNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// How a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskState {
    /// It goes on, or is being cancelled.
    Running,
    /// It came to its end.
    Done,
    /// It failed, and nothing of it is left.
    Failed,
    /// It was cancelled, and nothing of it is left.
    Cancelled,
}

/// A task as lists show it.
#[derive(Debug, Clone)]
pub struct TaskSummary {
    /// Its number.
    pub task: TaskNumber,
    /// What it does, in a few words.
    pub title: String,
    /// For which agent; empty where it is for none.
    pub agent: String,
    /// For which session, once that has an id.
    pub session: Option<SessionId>,
    /// Whether it starts the demo.
    pub demo: bool,
    /// How it stands.
    pub state: TaskState,
    /// When it began, in seconds since 1970.
    pub began_at: f64,
    /// The phase that it is in.
    pub phase: Option<Phase>,
    /// Why it failed.
    pub error: Option<Arc<EngineError>>,
}

/// One task.
pub(super) struct Task {
    pub(super) cancel: CancellationToken,
    pub(super) journal: Arc<Journal>,
    fixed: Fixed,
    status: Mutex<Status>,
    bell: Bell,
    work: Mutex<Option<AbortOnDropHandle<()>>>,
}

struct Fixed {
    number: TaskNumber,
    title: String,
    agent: String,
    demo: bool,
    began_at: f64,
}

struct Status {
    state: TaskState,
    session: Option<SessionId>,
    phase: Option<Phase>,
    error: Option<Arc<EngineError>>,
}

impl Task {
    fn status(&self) -> MutexGuard<'_, Status> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends its work where it stands, as a crash would.
    pub(super) fn abort(&self) {
        let work = self.work.lock();
        drop(work.unwrap_or_else(PoisonError::into_inner).take());
    }

    pub(super) fn summary(&self) -> TaskSummary {
        let status = self.status();
        TaskSummary {
            task: self.fixed.number,
            title: self.fixed.title.clone(),
            agent: self.fixed.agent.clone(),
            session: status.session.clone(),
            demo: self.fixed.demo,
            state: status.state,
            began_at: self.fixed.began_at,
            phase: status.phase,
            error: status.error.clone(),
        }
    }

    pub(super) fn name_session(&self, id: &SessionId) {
        self.status().session = Some(id.clone());
        self.bell.tasks();
        self.bell.sessions();
    }

    fn finish(&self, result: Result<(), EngineError>) {
        let (state, error) = match result {
            Ok(()) => (TaskState::Done, None),
            Err(error @ EngineError::Cancelled) => (TaskState::Cancelled, Some(error)),
            Err(error) => (TaskState::Failed, Some(error)),
        };
        let error = error.map(Arc::new);
        let session = {
            let mut status = self.status();
            status.state = state;
            status.phase = None;
            status.error.clone_from(&error);
            status.session.clone()
        };
        self.journal.end(End { session, error });
        self.bell.tasks();
        self.bell.sessions();
    }
}

impl ProgressSink for Task {
    fn send(&self, event: Progress) {
        let began = match &event {
            Progress::Began { phase, .. } => Some(*phase),
            Progress::Advanced { .. }
            | Progress::Log { .. }
            | Progress::Ended { .. }
            | Progress::Failed { .. } => None,
        };
        if began.is_some() {
            self.status().phase = began;
            self.bell.tasks();
        }
        self.journal.write(event);
    }
}

impl Desk {
    /// Tasks that go on, or failed and were not dismissed; the newest first.
    #[must_use]
    pub fn tasks(&self) -> Vec<TaskSummary> {
        let tasks: Vec<_> = self.state().tasks.values().rev().cloned().collect();
        let summaries = tasks.iter().map(|task| task.summary());
        summaries
            .filter(|task| matches!(task.state, TaskState::Running | TaskState::Failed))
            .collect()
    }

    /// Follows a task from its beginning, whatever it has said already; `None` where it is not known any more.
    #[must_use]
    pub fn follow_task(&self, task: TaskNumber) -> Option<TaskFeed> {
        let state = self.state();
        let task = state.tasks.get(&task)?;
        Some(TaskFeed::new(Arc::clone(&task.journal)))
    }

    /// Cancels a task: what it made is removed again. One that has ended, or is not known, is passed over.
    pub fn cancel_task(&self, task: TaskNumber) {
        // Under the lock of the hand-over, so that a session is either taken over or undone.
        let state = self.state();
        if let Some(task) = state.tasks.get(&task) {
            task.cancel.cancel();
        }
    }

    /// Forgets a task that has ended.
    pub fn dismiss_task(&self, task: TaskNumber) {
        let mut state = self.state();
        let ended = |task: &Arc<Task>| task.summary().state != TaskState::Running;
        if state.tasks.get(&task).is_some_and(ended) {
            drop(state.tasks.remove(&task));
            self.bell.tasks();
        }
    }

    /// Begins a task, which ends when its work does.
    pub(super) fn begin<W>(
        &self,
        title: String,
        agent: String,
        demo: bool,
        session: Option<SessionId>,
        work: impl FnOnce(Arc<Task>) -> W + Send + 'static,
    ) -> TaskNumber
    where
        W: Future<Output = Result<(), EngineError>> + Send + 'static,
    {
        let mut state = self.state();
        let number = TaskNumber(state.next_task);
        state.next_task += 1;
        let task = Arc::new(Task {
            cancel: CancellationToken::new(),
            journal: Arc::new(Journal::new()),
            fixed: Fixed {
                number,
                title,
                agent,
                demo,
                began_at: self.engine.now(),
            },
            status: Mutex::new(Status {
                state: TaskState::Running,
                session,
                phase: None,
                error: None,
            }),
            bell: self.bell.clone(),
            work: Mutex::new(None),
        });
        if state.closing {
            task.cancel.cancel();
        }
        forget_old(&mut state.tasks);
        state.tasks.insert(number, Arc::clone(&task));
        let own = Arc::clone(&task);
        let running = self.runtime.spawn(async move {
            let ended = Ended(Arc::clone(&own));
            let result = if own.cancel.is_cancelled() {
                Err(EngineError::Cancelled)
            } else {
                Box::pin(work(own)).await
            };
            ended.0.finish(result);
        });
        let held = task.work.lock();
        *held.unwrap_or_else(PoisonError::into_inner) = Some(AbortOnDropHandle::new(running));
        drop(state);
        self.bell.tasks();
        number
    }
}

/// Ends the journal of a task whatever becomes of its work, so that nobody waits for it for ever.
struct Ended(Arc<Task>);

impl Drop for Ended {
    fn drop(&mut self) {
        if self.0.summary().state == TaskState::Running {
            self.0.finish(Err(EngineError::Cancelled));
        }
    }
}

/// Makes room for one more task: the oldest that ended, and that nobody has to be told of, goes.
fn forget_old(tasks: &mut BTreeMap<TaskNumber, Arc<Task>>) {
    let over =
        |task: &Arc<Task>| matches!(task.summary().state, TaskState::Done | TaskState::Cancelled);
    let old: Vec<_> = tasks
        .iter()
        .filter(|(_, task)| over(task))
        .map(|(number, _)| *number)
        .collect();
    let surplus = (old.len() + 1).saturating_sub(REMEMBERED);
    for number in old.into_iter().take(surplus) {
        drop(tasks.remove(&number));
    }
}
