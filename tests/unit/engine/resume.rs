//! Going on with a preserved session, and what may not be gone on with.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use bottle_core::advice::Advice;
use bottle_core::backend::{Backend, PartState};
use bottle_core::event::Silent;
use bottle_core::id::SessionId;
use bottle_engine::store::SessionState;
use bottle_engine::{EngineError, Live, Outcome};
use tests::staged::{Trouble, When};
use tokio_util::sync::CancellationToken;

use super::room::{Room, write};

/// A session that ended badly and is kept.
async fn kept(room: &Room, workspace: Option<&PathBuf>) -> SessionId {
    let live = room
        .launch_on(workspace.map(PathBuf::as_path))
        .await
        .unwrap();
    let id = live.id.clone();
    let settled = room
        .engine
        .settle(live, Outcome::Exited(3), &Silent)
        .await
        .unwrap();
    assert!(settled.kept);
    id
}

async fn resume(room: &Room, id: &SessionId) -> Result<Live, EngineError> {
    let never = CancellationToken::new();
    room.engine
        .resume(id, BTreeMap::new(), &Silent, &never)
        .await
}

async fn refused(room: &Room, id: &SessionId) -> &'static str {
    resume(room, id).await.map(drop).unwrap_err().code()
}

fn state(room: &Room, id: &SessionId) -> SessionState {
    room.engine.session(id).unwrap().state
}

#[tokio::test]
async fn a_kept_session_goes_on_with_the_first_steps_and_keeps_the_rest() {
    let room = Room::new();
    let project = room.beside("project");
    write(&project.join("a.txt"), "x");
    room.write("agents/a.md", "---\nbottle: b\nskills: [s]\n---\nHi.\n");
    room.skill("s");
    let id = kept(&room, Some(&project)).await;
    let root = room.staged.root(&id);
    write(&root.join("workspace/new.txt"), "work");
    write(&root.join("home/node/.claude.json"), "changed by claude");
    let before = room.staged.steps().len();
    let live = resume(&room, &id).await.unwrap();
    let mut steps = room.staged.steps().split_off(before);
    // These two move in side by side.
    steps[2..5].sort();
    let expected = [
        "start",
        "guest",
        "control",
        "exec certificate",
        "exec deliver",
        "exec self-test",
        "exec look for a transcript",
    ];
    assert_eq!(steps, expected);
    assert_eq!(live.id, id);
    assert_eq!(
        fs::read_to_string(root.join("workspace/new.txt")).unwrap(),
        "work"
    );
    let json = fs::read_to_string(root.join("home/node/.claude.json")).unwrap();
    assert_eq!(json, "changed by claude");
    assert_eq!(state(&room, &id), SessionState::Running);
    assert!(
        room.staged.bundle(&id).unwrap().rules().policy.is_some(),
        "its doors are open again"
    );
}

#[tokio::test]
async fn the_conversation_is_resumed_only_where_there_is_one() {
    let room = Room::new();
    let id = kept(&room, None).await;
    let conversation = room.engine.session(&id).unwrap().conversation;
    let started = async || {
        let live = resume(&room, &id).await.unwrap();
        drop(live.headless(false).await.unwrap());
        let argv = room
            .staged
            .guests()
            .ran()
            .last()
            .unwrap()
            .command
            .argv
            .clone();
        let settled = room.engine.settle(live, Outcome::Exited(3), &Silent).await;
        assert!(settled.unwrap().kept);
        argv
    };
    assert!(started().await.contains(&"--session-id".to_owned()));
    let file = format!("home/node/.claude/projects/-workspace/{conversation}.jsonl");
    write(&room.staged.root(&id).join(file), "{}\n");
    let argv = started().await;
    assert!(argv.contains(&"--resume".to_owned()) && argv.contains(&conversation));
}

#[tokio::test]
async fn whatever_step_fails_keeps_the_bottle_stopped() {
    let room = Room::new();
    let id = kept(&room, None).await;
    let steps = 7;
    for step in (0..steps).filter(|step| *step != 2) {
        let begin = room.staged.steps().len();
        room.staged
            .trouble(begin + step, When::Before, Trouble::Fails);
        let failed = resume(&room, &id).await.map(drop);
        let tried = room.staged.steps().split_off(begin);
        if tried.last().is_some_and(|step| step.contains("transcript")) {
            assert!(
                failed.is_ok(),
                "nobody knows whether there was a conversation"
            );
            break;
        }
        assert!(failed.is_err(), "{tried:?}");
        let seen = room.staged.get(&id).await.unwrap().unwrap();
        assert!(!matches!(seen.guest, PartState::Running), "{tried:?}");
        let record = room.engine.session(&id).unwrap();
        assert_eq!(record.state, SessionState::Preserved, "{tried:?}");
        assert!(record.reason.unwrap().starts_with("resume failed"));
    }
    room.staged.mend();
    assert!(resume(&room, &id).await.is_ok(), "and it can still go on");
}

#[tokio::test]
async fn cancelling_keeps_the_bottle_stopped() {
    let room = Room::new();
    let id = kept(&room, None).await;
    let begin = room.staged.steps().len();
    room.staged.trouble(begin + 3, When::Before, Trouble::Waits);
    let cancel = CancellationToken::new();
    let cancelling = async {
        room.staged.reached().await;
        cancel.cancel();
    };
    let resuming = room.engine.resume(&id, BTreeMap::new(), &Silent, &cancel);
    let (resumed, ()) = tokio::join!(resuming, cancelling);
    assert_eq!(resumed.map(drop).unwrap_err().code(), "cancelled");
    assert_eq!(state(&room, &id), SessionState::Preserved);
    room.staged.mend();
    assert!(resume(&room, &id).await.is_ok());
}

#[tokio::test]
async fn what_cannot_go_on_is_refused_with_its_reason() {
    let room = Room::new();
    let never = SessionId::new("a-zzzzz").unwrap();
    assert_eq!(refused(&room, &never).await, "session_missing");
    assert!(
        !room.engine.home().database().exists(),
        "asking makes nothing"
    );

    let live = room.launch().await.unwrap();
    let id = live.id.clone();
    assert_eq!(refused(&room, &id).await, "session_in_use");
    room.engine
        .settle(live, Outcome::Exited(0), &Silent)
        .await
        .unwrap();
    assert_eq!(refused(&room, &id).await, "not_resumable");

    let id = kept(&room, None).await;
    room.staged.delete(&id).await.unwrap();
    assert_eq!(refused(&room, &id).await, "not_resumable");
}

#[tokio::test]
async fn a_start_that_crashed_half_way_is_not_gone_on_with() {
    let room = Room::new();
    let live = room.launch().await.unwrap();
    let id = live.id.clone();
    drop(live);
    room.engine
        .store()
        .unwrap()
        .set_state(&id, SessionState::Starting)
        .unwrap();
    assert_eq!(refused(&room, &id).await, "not_resumable");
    room.engine.stop(&id).await.unwrap();
    assert_eq!(
        state(&room, &id),
        SessionState::Starting,
        "stopping makes it no better"
    );
}

#[tokio::test]
async fn a_crashed_session_goes_on() {
    let room = Room::new();
    let live = room.launch().await.unwrap();
    let id = live.id.clone();
    drop(live);
    let live = resume(&room, &id).await.unwrap();
    assert_eq!(live.id, id);
}

#[tokio::test]
async fn a_crash_while_going_on_loses_no_work() {
    let room = Room::new();
    let id = kept(&room, None).await;
    let root = room.staged.root(&id);
    write(
        &root.join("home/node/.claude/projects/-workspace/c.jsonl"),
        "{}\n",
    );
    let begin = room.staged.steps().len();
    room.staged.trouble(begin + 3, When::Before, Trouble::Waits);
    tokio::select! {
        _ = resume(&room, &id) => panic!("it waits"),
        () = room.staged.reached() => {}
    }
    room.staged.mend();
    let plan = room.engine.cleanup_plan().await.unwrap();
    room.engine.cleanup(&plan, false, &Silent).await.unwrap();
    assert!(
        room.session(&id).join("transcript/c.jsonl").is_file(),
        "its transcript was saved first"
    );
    assert_eq!(state(&room, &id), SessionState::Settled);
}

#[tokio::test]
async fn questions_of_the_bottle_are_asked_anew() {
    let room = Room::new();
    let asks = super::room::BOTTLE.replacen("---\n", "---\nenv: {TICKET: '?Which'}\n", 1);
    room.write("bottles/b.md", &asks);
    let mut prepared = room.prepare().await.unwrap();
    prepared.answer("TICKET", "1".into());
    let never = CancellationToken::new();
    let live = room.engine.launch(prepared, &Silent, &never).await.unwrap();
    let id = live.id.clone();
    room.engine
        .settle(live, Outcome::Exited(3), &Silent)
        .await
        .unwrap();
    assert_eq!(refused(&room, &id).await, "question_unanswered");
    assert_eq!(state(&room, &id), SessionState::Preserved);
    let env = BTreeMap::from([("TICKET".to_owned(), "2".to_owned())]);
    assert!(room.engine.resume(&id, env, &Silent, &never).await.is_ok());
}
