//! A program that lives long, on a real engine with the real claude: what a window would do, without the window.

use std::collections::BTreeMap;
use std::num::NonZeroU16;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bottle_core::guest::TerminalSize;
use bottle_core::id::{AgentName, SessionId};
use bottle_engine::StartRequest;
use bottle_engine::desk::{Desk, InboxFile, SessionState, SessionSummary, TaskEvent, TaskNumber};
use tests::engine::docker_cli;
use tests::until::until;
use tests::world::{World, with_world};
use tokio::runtime::Handle;
use tokio_util::task::AbortOnDropHandle;
use vt100::Parser;

const SIZE: TerminalSize = TerminalSize {
    rows: 40,
    columns: 100,
};

/// What a window would show of a session's terminal.
struct Window {
    desk: Arc<Desk>,
    id: SessionId,
    screen: Arc<Mutex<Parser>>,
    _reader: AbortOnDropHandle<()>,
}

impl Window {
    fn open(desk: &Arc<Desk>, id: &SessionId, size: TerminalSize) -> Self {
        let mut view = desk.open_terminal(id, size).expect("a view");
        let side = |count| NonZeroU16::new(count).expect("a size");
        let parser = Parser::new(side(size.rows), side(size.columns), 1000);
        let screen = Arc::new(Mutex::new(parser));
        let (shown, acknowledged) = (Arc::clone(&screen), Arc::clone(desk));
        let reader = tokio::spawn(async move {
            while let Some(bytes) = view.next().await {
                let mut screen = shown.lock().unwrap_or_else(PoisonError::into_inner);
                screen.process(&bytes);
                let count = u32::try_from(bytes.len()).expect("a piece");
                acknowledged.acknowledge_terminal(view.number(), count);
            }
        });
        Self {
            desk: Arc::clone(desk),
            id: id.clone(),
            screen,
            _reader: AbortOnDropHandle::new(reader),
        }
    }

    fn text(&self) -> String {
        let screen = self.screen.lock().unwrap_or_else(PoisonError::into_inner);
        screen.screen().contents()
    }

    async fn shows(&self, part: &str) {
        let squeezed = |text: &str| text.split_whitespace().collect::<String>();
        let wanted = squeezed(part);
        let what = format!("'{part}' in the window");
        let look = async || squeezed(&self.text()).contains(&wanted).then_some(());
        let waiting = until(&what, look);
        let patience = tests::until::LIMIT / 2;
        let shown = tokio::time::timeout(patience, waiting).await;
        assert!(shown.is_ok(), "no {what}:\n{}", self.text());
    }

    /// Types, waits until it stands in the prompt, and presses return: keys that come together are taken for pasted text.
    async fn say(&self, text: &str) {
        self.press(text);
        self.shows(text).await;
        self.press("\r");
    }

    fn press(&self, keys: &str) {
        let keys = keys.as_bytes().to_vec();
        self.desk.write_terminal(&self.id, keys).expect("typed");
    }
}

fn desk(world: &World) -> Arc<Desk> {
    Desk::new(Arc::new(world.engine()), Handle::current())
}

fn demo() -> StartRequest {
    StartRequest {
        agent: AgentName::new("demo").expect("a name"),
        backend: None,
        workspace: None,
        env: BTreeMap::new(),
    }
}

/// Waits for a task that has to end well, and gives its session.
async fn ended(desk: &Desk, task: TaskNumber) -> SessionId {
    let mut feed = desk.follow_task(task).expect("a task");
    let mut last = None;
    while let Some(event) = feed.next().await {
        last = Some(event);
    }
    match last {
        Some(TaskEvent::End {
            session: Some(id),
            error: None,
        }) => id,
        other => panic!("{other:?}"),
    }
}

async fn stands(desk: &Arc<Desk>, id: &SessionId, state: SessionState) -> SessionSummary {
    until(&format!("{id} to be {state:?}"), async || {
        let list = desk.list().await.expect("a list");
        list.into_iter()
            .find(|seen| seen.record.id == *id && seen.state == state)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_is_started_typed_into_and_stopped_and_nothing_is_left() {
    with_world(
        "the_demo_is_started_typed_into_and_stopped_and_nothing_is_left",
        |world| async move {
            let desk = desk(&world);
            let id = ended(&desk, desk.start(demo(), true)).await;
            let window = Window::open(&desk, &id, SIZE);
            window.shows("bypass permissions on").await;
            window.say("hello from a window").await;
            let answer = "Hello from the bottle! You wrote \"hello from a window\"";
            window.shows(answer).await;

            let file = InboxFile {
                name: "a note.txt".into(),
                bytes: b"from the clipboard".to_vec(),
            };
            let paths = desk.put_in_inbox(&id, vec![file]).await.expect("a path");
            window.say(&format!("run: cat {}", paths[0])).await;
            window.shows("done: from the clipboard").await;

            // A window that is opened later, and smaller, shows the same conversation.
            let smaller = TerminalSize {
                rows: 30,
                columns: 80,
            };
            let other = Window::open(&desk, &id, smaller);
            other.shows("done: from the clipboard").await;
            other.say("run: stty size < /proc/$PPID/fd/0").await;
            other.shows("done: 30 80").await;

            let facts = desk.facts(&id).await.expect("facts");
            assert!(facts.plan.is_some());
            assert!(facts.evidence.expect("evidence").proves());
            let settled = desk.stop(&id, false).await.expect("stopped");
            assert!(!settled.kept && settled.transcript.is_some(), "{settled:?}");
            assert_eq!(world.left(), Vec::<String>::new());
            stands(&desk, &id, SessionState::Settled).await;
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_goes_on_after_the_program_was_gone() {
    with_world(
        "a_conversation_goes_on_after_the_program_was_gone",
        |world| async move {
            let first = desk(&world);
            let id = ended(&first, first.start(demo(), true)).await;
            let window = Window::open(&first, &id, SIZE);
            window.shows("bypass permissions on").await;
            window.say("run: echo precious").await;
            window.shows("done: precious").await;
            drop(window);
            drop(first);

            let second = desk(&world);
            let seen = stands(&second, &id, SessionState::Interrupted).await;
            assert!(!seen.here);
            let resumed = second.resume(id.clone(), BTreeMap::new());
            assert_eq!(ended(&second, resumed).await, id);
            let window = Window::open(&second, &id, SIZE);
            window.shows("done: precious").await;
            window.say("run: pgrep -c -x claude").await;
            window.shows("done: 1").await;
            drop(window);

            assert!(second.close(Duration::from_secs(60)).await);
            let seen = stands(&second, &id, SessionState::Preserved).await;
            assert_eq!(seen.reason.as_deref(), Some("claude-bottle was closed"));
            let third = desk(&world);
            third.discard(&id).await.expect("discarded");
            let seen = stands(&third, &id, SessionState::Settled).await;
            assert!(seen.transcript, "its work was saved first");
            assert_eq!(world.left(), Vec::<String>::new());
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_that_dies_is_seen_within_a_second() {
    with_world(
        "a_bundle_that_dies_is_seen_within_a_second",
        |world| async move {
            let desk = desk(&world);
            let id = ended(&desk, desk.start(demo(), true)).await;
            let mut changes = desk.changes();
            let name = format!("claude-bottle-{id}-bundle");
            let _killed = docker_cli(&["kill", "-s", "KILL", &name]);
            let seen = tokio::time::timeout(Duration::from_secs(1), changes.next()).await;
            assert!(seen.expect("within a second").expect("a desk").sessions);
            let seen = stands(&desk, &id, SessionState::Preserved).await;
            let reason = seen.reason.expect("a reason");
            assert!(reason.starts_with("the bundle ended"), "{reason}");
            desk.discard(&id).await.expect("discarded");
            assert_eq!(world.left(), Vec::<String>::new());
        },
    )
    .await;
}
