//! What a program that lives long is given: over the staged backend, with claude played by the test.

mod ends;
mod inbox;
mod sequences;
mod sessions;
mod tasks;
mod terminals;
mod traffic;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bottle_core::id::SessionId;
use bottle_engine::desk::{
    Desk, SessionState, SessionSummary, TaskEvent, TaskNumber, TaskState, View,
};
use bottle_engine::{Engine, StartRequest};
use tests::staged::FarEnd;
use tests::until::until;
use tokio::runtime::Handle;
use tokio::sync::mpsc::UnboundedReceiver;

use super::room::{Room, request};

/// Longest time that anything may take where nothing is slow.
pub const SOON: Duration = Duration::from_secs(60);

/// A room with a desk in it, and the far ends of the terminals that it opens.
pub struct Study {
    pub room: Room,
    pub desk: Arc<Desk>,
    pub terminals: UnboundedReceiver<FarEnd>,
}

impl Study {
    pub fn new() -> Self {
        let room = Room::new();
        let terminals = room.staged.terminals();
        let desk = desk(room.second());
        Self {
            room,
            desk,
            terminals,
        }
    }

    /// Starts the agent `a` and gives its session and claude's end of the terminal.
    pub async fn started(&mut self) -> (SessionId, FarEnd) {
        let task = self.desk.start(request(), false);
        let id = ended_well(&self.desk, task).await;
        (id, self.claude().await)
    }

    /// Claude's end of the terminal that was opened last.
    pub async fn claude(&mut self) -> FarEnd {
        soon(self.terminals.recv()).await.unwrap()
    }

    /// The session in the desk's list.
    pub async fn seen(&self, id: &SessionId) -> Option<SessionSummary> {
        let list = self.desk.list().await.unwrap();
        list.into_iter().find(|session| session.record.id == *id)
    }

    /// Waits until a session stands so.
    pub async fn stands(&self, id: &SessionId, state: SessionState) -> SessionSummary {
        let what = format!("{state:?}");
        let look = async || self.seen(id).await.filter(|seen| seen.state == state);
        until(&what, look).await
    }

    /// Goes on with a session.
    pub async fn resumed(&mut self, id: &SessionId) -> FarEnd {
        let task = self.desk.resume(id.clone(), BTreeMap::new());
        assert_eq!(ended_well(&self.desk, task).await, *id);
        self.claude().await
    }
}

/// A desk over an engine, as a new program would have it.
pub fn desk(engine: Engine) -> Arc<Desk> {
    Desk::new(Arc::new(engine), Handle::current())
}

/// Waits, but not for ever.
pub async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(SOON, work).await.expect("in time")
}

/// Everything that a task said, up to its end.
pub async fn told(desk: &Desk, task: TaskNumber) -> Vec<TaskEvent> {
    let mut feed = desk.follow_task(task).expect("a task");
    let mut events = Vec::new();
    while let Some(event) = soon(feed.next()).await {
        events.push(event);
    }
    events
}

/// Waits for a task that has to end well, and gives its session.
pub async fn ended_well(desk: &Desk, task: TaskNumber) -> SessionId {
    match told(desk, task).await.pop() {
        Some(TaskEvent::End {
            session: Some(session),
            error: None,
        }) => session,
        other => panic!("{other:?}"),
    }
}

/// Waits for a task that has to come to nothing, and gives its error's code.
pub async fn ended_badly(desk: &Desk, task: TaskNumber) -> &'static str {
    use bottle_core::advice::Advice;
    match told(desk, task).await.pop() {
        Some(TaskEvent::End {
            error: Some(error), ..
        }) => error.code(),
        other => panic!("{other:?}"),
    }
}

/// Reads so many bytes of a view and acknowledges them.
pub async fn shown(desk: &Desk, view: &mut View, count: usize) -> Vec<u8> {
    let mut all = Vec::new();
    while all.len() < count {
        let bytes = soon(view.next()).await.expect("more to show");
        desk.acknowledge_terminal(view.number(), u32::try_from(bytes.len()).unwrap());
        all.extend(bytes);
    }
    all
}

/// A request for an agent that is not there.
pub fn nobody() -> StartRequest {
    StartRequest {
        agent: "nobody".parse().unwrap(),
        ..request()
    }
}

/// How a task stands that may not be listed any more.
pub fn state(desk: &Desk, task: TaskNumber) -> Option<TaskState> {
    let listed = desk.tasks().into_iter().find(|seen| seen.task == task);
    listed.map(|task| task.state)
}
