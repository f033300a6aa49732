//! What ends a session: seen as it happens, told in words, and settled by itself.

use std::time::{Duration, Instant};

use bottle_core::backend::{Backend, Part};
use bottle_core::guest::TerminalSize;
use bottle_engine::desk::SessionState;
use tests::until::until;

use super::super::room::write;
use super::{Study, soon};

#[tokio::test]
async fn claude_that_ends_well_settles_and_leaves_its_transcript() {
    let mut study = Study::new();
    let (id, claude) = study.started().await;
    let projects = "home/node/.claude/projects/-workspace/talk.jsonl";
    write(&study.room.staged.root(&id).join(projects), "{}\n");
    assert_eq!(study.stands(&id, SessionState::Running).await.reason, None);
    claude.exit(0);
    let seen = study.stands(&id, SessionState::Settled).await;
    assert!(seen.transcript && !seen.here);
    assert_eq!((seen.reason, seen.record.exit_code), (None, Some(0)));
    assert_eq!(study.room.staged.ids(), []);
    assert!(study.desk.live().is_empty());
}

#[tokio::test]
async fn claude_that_ends_badly_is_kept_with_its_code() {
    let mut study = Study::new();
    let (id, claude) = study.started().await;
    claude.exit(7);
    let seen = study.stands(&id, SessionState::Preserved).await;
    assert_eq!(seen.record.exit_code, Some(7));
    assert_eq!(seen.reason.unwrap(), "claude ended with code 7");
    drop(study.resumed(&id).await);
    assert!(study.stands(&id, SessionState::Running).await.here);
}

#[tokio::test]
async fn a_bundle_that_dies_is_told_within_a_second_and_the_session_kept() {
    let mut study = Study::new();
    let (id, _claude) = study.started().await;
    let mut changes = study.desk.changes();
    let began = Instant::now();
    study.room.staged.die(&id, Part::Bundle);
    assert!(soon(changes.next()).await.unwrap().sessions);
    let told = study.seen(&id).await.unwrap();
    assert!(began.elapsed().as_millis() < 1_000, "{:?}", began.elapsed());
    assert_ne!(told.state, SessionState::Running);
    let seen = study.stands(&id, SessionState::Preserved).await;
    assert_eq!(
        seen.reason.unwrap(),
        "the bundle ended, and with it the doors"
    );
}

#[tokio::test]
async fn a_window_that_shows_nothing_keeps_no_end_from_being_told() {
    let mut study = Study::new();
    let (id, mut claude) = study.started().await;
    let size = TerminalSize {
        rows: 32,
        columns: 120,
    };
    let mut view = study.desk.open_terminal(&id, size).unwrap();
    let flood = vec![b'x'; 4 << 20];
    let mut printing = Box::pin(claude.print(&flood));
    let pause = Duration::from_millis(300);
    // What is taken and never acknowledged holds claude up after a while.
    loop {
        tokio::select! {
            () = &mut printing => panic!("all was printed"),
            _shown = view.next() => {}
            () = tokio::time::sleep(pause) => break,
        }
    }
    let mut changes = study.desk.changes();
    let began = Instant::now();
    study.room.staged.die(&id, Part::Bundle);
    assert!(soon(changes.next()).await.unwrap().sessions);
    let told = study.seen(&id).await.unwrap();
    assert!(began.elapsed().as_millis() < 1_000, "{:?}", began.elapsed());
    assert_ne!(told.state, SessionState::Running);
    study.stands(&id, SessionState::Preserved).await;
}

#[tokio::test]
async fn a_bottle_that_is_stopped_from_outside_says_so_whatever_ended_first() {
    for parts in [[Part::Guest, Part::Bundle], [Part::Bundle, Part::Guest]] {
        let mut study = Study::new();
        let (id, claude) = study.started().await;
        study.room.staged.die(&id, parts[0]);
        claude.exit(137);
        study.room.staged.die(&id, parts[1]);
        let seen = study.stands(&id, SessionState::Preserved).await;
        assert_eq!(seen.reason.unwrap(), "the bottle was stopped from outside");
    }
}

#[tokio::test]
async fn a_terminal_that_breaks_keeps_the_session() {
    let mut study = Study::new();
    let (id, claude) = study.started().await;
    drop(claude);
    let seen = study.stands(&id, SessionState::Preserved).await;
    let reason = seen.reason.unwrap();
    assert!(
        reason.starts_with("the connection to claude broke: "),
        "{reason}"
    );
}

#[tokio::test]
async fn what_cannot_be_settled_does_not_look_as_if_it_ran_on() {
    let mut study = Study::new();
    let (id, _claude) = study.started().await;
    study.room.staged.refuse("delete");
    let error = study.desk.stop(&id, false).await.unwrap_err();
    assert_eq!(error.to_string(), "cannot delete");
    let seen = study.stands(&id, SessionState::Preserved).await;
    let reason = seen.reason.unwrap();
    assert!(
        reason.starts_with("it could not be settled: cannot delete"),
        "{reason}"
    );
}

#[tokio::test]
async fn stopping_saves_the_work_or_keeps_the_bottle_as_it_is_told() {
    let mut study = Study::new();
    for (keep, state) in [
        (false, SessionState::Settled),
        (true, SessionState::Preserved),
    ] {
        let (id, _claude) = study.started().await;
        let settled = soon(study.desk.stop(&id, keep)).await.unwrap();
        assert_eq!(settled.kept, keep);
        let seen = study.seen(&id).await.unwrap();
        assert_eq!((seen.state, seen.record.exit_code), (state, None));
        assert_eq!(study.room.staged.ids().contains(&id), keep);
        let again = soon(study.desk.stop(&id, keep)).await.unwrap();
        assert_eq!(again.kept, keep, "stopped already");
    }
}

#[tokio::test]
async fn stopping_what_is_only_on_its_way_cancels_it() {
    use super::super::room::request;
    use tests::staged::{Trouble, When};
    let study = Study::new();
    study.room.staged.trouble(4, When::Before, Trouble::Waits);
    let task = study.desk.start(request(), false);
    soon(study.room.staged.reached()).await;
    let listed = study.desk.tasks().remove(0);
    let id = listed.session.unwrap();
    let seen = study.seen(&id).await.unwrap();
    assert_eq!(
        (seen.state, seen.task),
        (SessionState::Starting, Some(task))
    );
    let settled = soon(study.desk.stop(&id, false)).await.unwrap();
    assert!(!settled.kept);
    study.room.assert_untouched();
}

#[tokio::test]
async fn closing_keeps_what_runs_and_undoes_what_is_on_its_way() {
    use super::super::room::request;
    use tests::staged::{Trouble, When};
    let mut study = Study::new();
    let (id, _claude) = study.started().await;
    let step = study.room.staged.steps().len() + 3;
    study
        .room
        .staged
        .trouble(step, When::Before, Trouble::Waits);
    let task = study.desk.start(request(), false);
    soon(study.room.staged.reached()).await;
    assert!(study.desk.close(super::SOON).await);
    assert!(study.desk.live().is_empty());
    let list = study.desk.list().await.unwrap();
    assert_eq!(list.len(), 1, "{list:?}");
    assert_eq!(list[0].record.id, id);
    assert_eq!(list[0].reason.as_deref(), Some("claude-bottle was closed"));
    assert_eq!(super::ended_badly(&study.desk, task).await, "cancelled");
    study.room.staged.mend();
    let task = study.desk.start(request(), false);
    let code = super::ended_badly(&study.desk, task).await;
    assert_eq!(code, "cancelled", "nothing starts from here on");
}

#[tokio::test]
async fn closing_waits_no_longer_than_it_may() {
    let mut study = Study::new();
    let (id, _claude) = study.started().await;
    let projects = study
        .room
        .staged
        .root(&id)
        .join("home/node/.claude/projects");
    write(&projects.join("-workspace/talk.jsonl"), "{}\n");
    let step = study.room.staged.steps().len();
    let waits = tests::staged::Trouble::Waits;
    let before = tests::staged::When::Before;
    study.room.staged.trouble(step, before, waits);
    let desk = std::sync::Arc::clone(&study.desk);
    let other = id.clone();
    let stopping = tokio::spawn(async move { desk.stop(&other, false).await.map(drop) });
    soon(study.room.staged.reached()).await;
    let deadline = Duration::from_millis(50);
    assert!(!study.desk.close(deadline).await);
    stopping.abort();
}

#[tokio::test]
async fn a_desk_that_is_dropped_leaves_its_sessions_to_the_next() {
    let mut study = Study::new();
    let (id, _claude) = study.started().await;
    let next = super::desk(study.room.second());
    let first = std::mem::replace(&mut study.desk, next);
    let seen = study.seen(&id).await.unwrap();
    assert_eq!((seen.state, seen.here), (SessionState::Running, false));
    drop(first);
    let seen = study.stands(&id, SessionState::Interrupted).await;
    assert_eq!(
        seen.reason.unwrap(),
        "claude-bottle ended while it was running"
    );
    let stops = |study: &Study| {
        let calls = study.room.staged.calls();
        calls.iter().filter(|call| *call == "stop").count()
    };
    let before = stops(&study);
    drop(study.resumed(&id).await);
    assert_eq!(
        stops(&study),
        before + 1,
        "a claude from before may run in it"
    );
}

#[tokio::test]
async fn an_interrupted_session_is_discarded_with_its_work_saved() {
    let mut study = Study::new();
    let (id, _claude) = study.started().await;
    let projects = study
        .room
        .staged
        .root(&id)
        .join("home/node/.claude/projects");
    write(&projects.join("-workspace/talk.jsonl"), "{}\n");
    use bottle_core::advice::Advice;
    let in_use = study.desk.discard(&id).await.unwrap_err();
    assert_eq!(in_use.code(), "session_in_use");
    let next = super::desk(study.room.second());
    drop(std::mem::replace(&mut study.desk, next));
    study.stands(&id, SessionState::Interrupted).await;
    study.desk.discard(&id).await.unwrap();
    let seen = study.stands(&id, SessionState::Settled).await;
    assert!(seen.transcript);
    assert_eq!(study.room.staged.ids(), []);
    study.desk.discard(&id).await.unwrap();
}

#[tokio::test]
async fn a_session_of_another_program_is_stopped_and_its_owner_keeps_it() {
    let mut study = Study::new();
    let (id, _claude) = study.started().await;
    let other = super::desk(study.room.second());
    let settled = soon(other.stop(&id, false)).await.unwrap();
    assert!(settled.kept);
    let owner = study.stands(&id, SessionState::Preserved).await;
    assert_eq!(owner.reason.unwrap(), "the bottle was stopped from outside");
    let state = study.room.staged.get(&id).await.unwrap();
    assert!(state.is_some());
    until("the other to see it", async || {
        let list = other.list().await.unwrap();
        (list[0].state == SessionState::Preserved).then_some(())
    })
    .await;
}
