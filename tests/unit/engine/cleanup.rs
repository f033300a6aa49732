//! Leftovers: what is taken for one, what is saved of it, and what is never touched.

use std::fs;
use std::path::PathBuf;

use bottle_core::advice::Advice;
use bottle_core::backend::Backend;
use bottle_core::event::Silent;
use bottle_core::id::SessionId;
use bottle_engine::cleanup::CleanupPlan;
use bottle_engine::store::SessionState;
use bottle_engine::{EngineError, Live, Outcome};
use tests::staged::{Trouble, When};

use super::guest::spec;
use super::room::{Room, Seen, write};

async fn talked(room: &Room) -> Live {
    let live = room.launch().await.unwrap();
    let projects = room
        .staged
        .root(&live.id)
        .join("home/node/.claude/projects");
    write(&projects.join("-workspace/talk.jsonl"), "{}\n");
    live
}

/// A session whose program died.
async fn crashed(room: &Room) -> SessionId {
    let live = talked(room).await;
    let id = live.id.clone();
    drop(live);
    id
}

async fn plan(room: &Room) -> CleanupPlan {
    room.engine.cleanup_plan().await.unwrap()
}

async fn clean(room: &Room, discard: bool) -> Result<(), EngineError> {
    let plan = plan(room).await;
    room.engine.cleanup(&plan, discard, &Silent).await
}

fn transcript(room: &Room, id: &SessionId) -> PathBuf {
    room.session(id).join("transcript/talk.jsonl")
}

#[tokio::test]
async fn an_empty_home_has_nothing_to_clean_and_is_not_made() {
    let room = Room::bare();
    assert!(plan(&room).await.is_empty());
    clean(&room, false).await.unwrap();
    assert!(!room.home().exists());
}

#[tokio::test]
async fn a_plan_changes_nothing() {
    let room = Room::new();
    let id = crashed(&room).await;
    let before = super::room::tree(&room.session(&id));
    assert_eq!(plan(&room).await, plan(&room).await);
    assert_eq!(room.staged.ids(), std::slice::from_ref(&id));
    assert_eq!(super::room::tree(&room.session(&id)), before);
}

#[tokio::test]
async fn a_start_that_crashed_is_removed_with_all_it_has() {
    let room = Room::new();
    for step in 1..10 {
        let begin = room.staged.steps().len();
        room.staged
            .trouble(begin + step, When::Before, Trouble::Waits);
        tokio::select! {
            _ = room.launch() => panic!("it waits"),
            () = room.staged.reached() => {}
        }
        room.staged.mend();
        let plan = plan(&room).await;
        assert_eq!(plan.sessions.len(), 1, "step {step}");
        assert_eq!(plan.sessions[0].state, SessionState::Starting);
        clean(&room, false).await.unwrap();
        room.assert_untouched();
        if room.staged.steps().last().unwrap() == "exec self-test" {
            return;
        }
    }
}

#[tokio::test]
async fn a_session_that_crashed_is_saved_and_then_removed() {
    let room = Room::new();
    let id = crashed(&room).await;
    let seen = Seen::default();
    let plan = plan(&room).await;
    room.engine.cleanup(&plan, false, &seen).await.unwrap();
    assert_eq!(room.staged.ids(), []);
    assert!(transcript(&room, &id).is_file());
    let record = room.engine.session(&id).unwrap();
    assert_eq!(
        (record.state, record.reason.as_deref()),
        (SessionState::Settled, Some("cleaned up"))
    );
    let again = room.engine.cleanup_plan().await.unwrap();
    assert!(again.is_empty(), "once is enough");
    let lines = seen.lines.lock().unwrap();
    assert!(
        lines.iter().any(|line| line.contains("is saved in")),
        "{lines:?}"
    );
}

#[tokio::test]
async fn a_preserved_session_is_saved_and_then_removed() {
    let room = Room::new();
    let live = talked(&room).await;
    let id = live.id.clone();
    room.engine
        .settle(live, Outcome::Exited(9), &Silent)
        .await
        .unwrap();
    clean(&room, false).await.unwrap();
    assert!(transcript(&room, &id).is_file());
    assert_eq!(room.engine.session(&id).unwrap().exit_code, Some(9));
    assert_eq!(room.staged.ids(), []);
}

#[tokio::test]
async fn a_live_session_is_kept_whoever_asks() {
    let room = Room::new();
    let live = talked(&room).await;
    for engine in [&room.engine, &room.second()] {
        assert!(engine.is_live(&live.id).unwrap());
        assert!(engine.cleanup_plan().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_session_without_work_leaves_nothing_at_all() {
    let room = Room::new();
    drop(room.launch().await.unwrap());
    clean(&room, false).await.unwrap();
    room.assert_untouched();
}

#[tokio::test]
async fn work_that_cannot_be_saved_is_kept_unless_it_may_be_lost() {
    let room = Room::new();
    let id = crashed(&room).await;
    room.staged.refuse("start");
    let error = clean(&room, false).await.unwrap_err();
    assert_eq!(error.code(), "engine_error");
    assert_eq!(
        room.staged.ids(),
        std::slice::from_ref(&id),
        "its containers too"
    );
    assert!(room.session(&id).is_dir());
    clean(&room, true).await.unwrap();
    room.assert_untouched();
}

#[tokio::test]
async fn one_that_fails_does_not_keep_the_others() {
    let room = Room::new();
    let first = crashed(&room).await;
    let second = crashed(&room).await;
    fs::write(room.session(&first).join("transcript"), "in the way").unwrap();
    assert!(clean(&room, false).await.is_err());
    assert_eq!(room.staged.ids(), [first]);
    assert!(transcript(&room, &second).is_file());
}

#[tokio::test]
async fn a_session_that_went_on_since_the_plan_is_left_alone() {
    let room = Room::new();
    let id = crashed(&room).await;
    let plan = plan(&room).await;
    let never = tokio_util::sync::CancellationToken::new();
    let resumed = room.second();
    let live = resumed
        .resume(&id, Default::default(), &Silent, &never)
        .await
        .unwrap();
    room.engine.cleanup(&plan, true, &Silent).await.unwrap();
    assert_eq!(room.staged.ids(), std::slice::from_ref(&id));
    assert!(live.folder.join("plan.json").is_file());
    // And one that settled since then keeps its transcript.
    resumed
        .settle(live, Outcome::Exited(0), &Silent)
        .await
        .unwrap();
    room.engine.cleanup(&plan, true, &Silent).await.unwrap();
    assert!(transcript(&room, &id).is_file());
    assert_eq!(
        room.engine.session(&id).unwrap().state,
        SessionState::Settled
    );
}

#[tokio::test]
async fn folders_that_no_record_knows_are_removed_and_other_files_stay() {
    let room = Room::new();
    let settled = talked(&room).await;
    let id = settled.id.clone();
    room.engine
        .settle(settled, Outcome::Exited(0), &Silent)
        .await
        .unwrap();
    let sessions = room.engine.home().sessions();
    write(&sessions.join("a-00000/prompt.txt"), "x");
    write(&sessions.join("notes.txt"), "the person's");
    write(&sessions.join("Not An Id/x"), "the person's");
    let plan = plan(&room).await;
    let unknown = SessionId::new("a-00000").unwrap();
    assert_eq!(plan.folders, [unknown]);
    room.engine.cleanup(&plan, false, &Silent).await.unwrap();
    assert!(!sessions.join("a-00000").exists());
    assert!(sessions.join("notes.txt").exists() && sessions.join("Not An Id/x").exists());
    assert!(transcript(&room, &id).is_file());
}

#[tokio::test]
async fn resources_that_no_record_knows_are_removed() {
    let room = Room::new();
    let owner = room.engine.home().owner().as_str().to_owned();
    room.staged.create(&spec(&owner, "11111")).await.unwrap();
    let settled = talked(&room).await;
    let id = settled.id.clone();
    room.engine
        .settle(settled, Outcome::Exited(0), &Silent)
        .await
        .unwrap();
    // Of a settled session: somebody's removal came half way.
    let again = SessionId::new(id.as_str()).unwrap();
    let mut left = spec(&owner, "22222");
    left.id = again;
    room.staged.create(&left).await.unwrap();
    let plan = plan(&room).await;
    assert_eq!((plan.sessions.len(), plan.resources.len()), (0, 6));
    room.engine.cleanup(&plan, false, &Silent).await.unwrap();
    assert_eq!(room.staged.ids(), []);
}

#[tokio::test]
async fn what_belongs_to_another_home_is_never_touched() {
    let room = Room::new();
    room.staged
        .create(&spec("somebody-else", "33333"))
        .await
        .unwrap();
    crashed(&room).await;
    clean(&room, true).await.unwrap();
    let theirs = SessionId::new("a-33333").unwrap();
    assert_eq!(room.staged.ids(), [theirs]);
}

#[tokio::test]
async fn a_backend_that_does_not_answer_keeps_what_it_may_hold() {
    let room = Room::new();
    let id = crashed(&room).await;
    for call in ["cleanup_plan", "get", "delete", "start"] {
        room.staged.refuse(call);
    }
    let plan = plan(&room).await;
    assert_eq!((plan.sessions.len(), plan.resources.len()), (1, 0));
    assert!(room.engine.cleanup(&plan, false, &Silent).await.is_err());
    assert!(room.engine.session(&id).is_ok() && room.session(&id).is_dir());
}

#[tokio::test]
async fn leftovers_are_a_finding_of_the_doctor() {
    let room = Room::new();
    let sessions = async || {
        let findings = room.engine.doctor().await;
        findings
            .into_iter()
            .find(|finding| finding.subject == "sessions")
            .unwrap()
    };
    assert!(sessions().await.problems.is_empty());
    crashed(&room).await;
    let finding = sessions().await;
    assert_eq!(finding.problems[0].code, "leftovers");
    assert!(finding.problems[0].advice.contains("claude-bottle cleanup"));
}

#[tokio::test]
async fn a_session_in_use_is_not_forgotten() {
    let room = Room::new();
    let live = room.launch().await.unwrap();
    let error = room.engine.forget(&live.id).unwrap_err();
    assert_eq!(error.code(), "session_in_use");
    room.engine
        .forget(&SessionId::new("a-zzzzz").unwrap())
        .unwrap();
}
