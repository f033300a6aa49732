//! The end of a session's use: what is saved, what goes, what is kept.

use std::fs;

use bottle_core::advice::Advice;
use bottle_core::backend::{Backend, Part, PartState};
use bottle_core::event::{Phase, Progress, SecurityEvent, Silent};
use bottle_core::id::SessionId;
use bottle_engine::store::SessionState;
use bottle_engine::{Live, Outcome};

use super::room::{Room, Seen, write};

/// A session with a transcript in its bottle.
async fn talked(room: &Room) -> Live {
    let live = room.launch().await.unwrap();
    let projects = room
        .staged
        .root(&live.id)
        .join("home/node/.claude/projects");
    write(&projects.join("-workspace/talk.jsonl"), "{\"said\":1}\n");
    write(&projects.join("-workspace/notes.txt"), "not a transcript");
    live
}

fn state(room: &Room, id: &SessionId) -> SessionState {
    room.engine.session(id).unwrap().state
}

#[tokio::test]
async fn exit_code_0_saves_the_transcript_and_deletes_the_bottle() {
    let room = Room::new();
    let live = talked(&room).await;
    let id = live.id.clone();
    let settled = room
        .engine
        .settle(live, Outcome::Exited(0), &Silent)
        .await
        .unwrap();
    let transcript = settled.transcript.unwrap();
    assert!(!settled.kept && settled.changed_files == 0);
    assert_eq!(
        fs::read_to_string(transcript.join("talk.jsonl")).unwrap(),
        "{\"said\":1}\n"
    );
    assert!(!transcript.join("notes.txt").exists());
    assert_eq!(room.staged.ids(), []);
    assert_eq!(state(&room, &id), SessionState::Settled);
    let folder = room.session(&id);
    for gone in ["prompt.txt", "baseline.json", "lock"] {
        assert!(!folder.join(gone).exists(), "{gone}");
    }
    for stays in ["plan.json", "self-test.json"] {
        assert!(folder.join(stays).exists(), "{stays}");
    }
    assert!(room.engine.cleanup_plan().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_session_without_a_transcript_settles_too() {
    let room = Room::new();
    let live = room.launch().await.unwrap();
    let settled = room
        .engine
        .settle(live, Outcome::Exited(0), &Silent)
        .await
        .unwrap();
    assert_eq!((settled.kept, settled.transcript), (false, None));
}

#[tokio::test]
async fn anything_else_keeps_the_bottle_stopped_with_its_reason() {
    for (outcome, code, reason) in [
        (Outcome::Exited(7), Some(7), "claude ended with code 7"),
        (
            Outcome::Interrupted("the terminal closed".into()),
            None,
            "the terminal closed",
        ),
    ] {
        let room = Room::new();
        let live = talked(&room).await;
        let id = live.id.clone();
        let settled = room.engine.settle(live, outcome, &Silent).await.unwrap();
        assert!(settled.kept && settled.transcript.is_none());
        let record = room.engine.session(&id).unwrap();
        assert_eq!(record.state, SessionState::Preserved);
        assert_eq!(
            (record.exit_code, record.reason.as_deref()),
            (code, Some(reason))
        );
        let seen = room.staged.get(&id).await.unwrap().unwrap();
        assert!(matches!(seen.guest, PartState::Ended { .. }));
        assert!(
            !room.engine.is_live(&id).unwrap(),
            "anybody may go on with it"
        );
    }
}

#[tokio::test]
async fn work_that_cannot_be_saved_keeps_the_bottle() {
    type Spoil = fn(&Room, &SessionId);
    let cases: [(&str, Spoil); 5] = [
        ("the guest is gone", |room, id| {
            room.staged.die(id, Part::Guest)
        }),
        ("nobody can look", |room, _| {
            room.staged.guests().answer("projects/*/", 126, "")
        }),
        ("copying fails", |room, _| {
            room.staged
                .refuse("copy out of /home/node/.claude/projects")
        }),
        ("no archive comes", |room, _| {
            room.staged.guests().answer("copy-out", 0, vec![b'x'; 2048])
        }),
        ("the place is taken", |room, id| {
            write(&room.session(id).join("transcript"), "a file")
        }),
    ];
    for (what, spoil) in cases {
        let room = Room::new();
        let live = talked(&room).await;
        let id = live.id.clone();
        spoil(&room, &id);
        let seen = Seen::default();
        let settled = room
            .engine
            .settle(live, Outcome::Exited(0), &seen)
            .await
            .expect(what);
        assert!(settled.kept, "{what}");
        assert_eq!(room.staged.ids(), std::slice::from_ref(&id), "{what}");
        let record = room.engine.session(&id).unwrap();
        let reason = record.reason.unwrap();
        assert!(
            reason.starts_with("the work could not be saved: "),
            "{what}: {reason}"
        );
        assert_eq!(settled.reason, Some(reason));
        let progress = seen.progress.lock().unwrap();
        let told = |event: &Progress| matches!(event, Progress::Log { line, .. } if line.contains("could not be saved"));
        assert!(progress.iter().any(told), "{what}");
    }
}

#[tokio::test]
async fn a_bottle_that_cannot_be_deleted_is_an_error_and_its_transcript_is_safe() {
    let room = Room::new();
    let live = talked(&room).await;
    let id = live.id.clone();
    room.staged.refuse("delete");
    let error = room
        .engine
        .settle(live, Outcome::Exited(0), &Silent)
        .await
        .unwrap_err();
    assert_eq!(error.code(), "engine_error");
    room.staged.mend();
    // Even where its bottle is gone by then.
    room.staged.delete(&id).await.unwrap();
    let plan = room.engine.cleanup_plan().await.unwrap();
    assert_eq!(plan.sessions.len(), 1);
    room.engine.cleanup(&plan, false, &Silent).await.unwrap();
    assert!(room.session(&id).join("transcript/talk.jsonl").is_file());
    assert_eq!(state(&room, &id), SessionState::Settled);
}

#[tokio::test]
async fn only_transcripts_are_taken_whatever_the_archive_says() {
    let room = Room::new();
    let live = talked(&room).await;
    let mut archive = tar::Builder::new(Vec::new());
    let mut add = |path: &str, kind: tar::EntryType, link: &str| {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(0o4777);
        let content: &[u8] = if link.is_empty() { b"words" } else { b"" };
        header.set_size(content.len() as u64);
        // Written by hand: the library refuses to write what a hostile guest would.
        header.as_gnu_mut().unwrap().name[..path.len()].copy_from_slice(path.as_bytes());
        header.as_gnu_mut().unwrap().linkname[..link.len()].copy_from_slice(link.as_bytes());
        header.set_cksum();
        archive.append(&header, content).unwrap();
    };
    use tar::EntryType::{Fifo, Link, Regular, Symlink};
    add("-workspace/good.jsonl", Regular, "");
    add("/etc/absolute.jsonl", Regular, "");
    add("../../../up.jsonl", Regular, "");
    add("-workspace/link.jsonl", Symlink, "/etc/passwd");
    add("-workspace/hard.jsonl", Link, "/etc/passwd");
    add("-workspace/pipe.jsonl", Fifo, "x");
    add("-workspace/.jsonl", Regular, "");
    let packed = archive.into_inner().unwrap();
    room.staged.guests().answer("copy-out", 0, packed);
    let settled = room
        .engine
        .settle(live, Outcome::Exited(0), &Silent)
        .await
        .unwrap();
    let folder = settled.transcript.unwrap();
    let mut names: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(
        names,
        ["absolute.jsonl", "good.jsonl", "up.jsonl"],
        "by their last name only"
    );
    assert!(!folder.parent().unwrap().join("up.jsonl").exists());
}

#[tokio::test]
async fn the_last_security_events_of_a_bundle_are_kept() {
    let room = Room::new();
    let live = talked(&room).await;
    let id = live.id.clone();
    let event = SecurityEvent::Denied {
        daemon: "egress".into(),
        host: "example.com".into(),
        method: "GET".into(),
        path: "/".into(),
        rule: "no-route".into(),
        reason: "no route".into(),
    };
    room.staged.bundle(&id).unwrap().record(event.clone());
    // Said and answered on the same connection, so the event is on its way before the bottle ends.
    live.control().subscribe().await.unwrap();
    room.engine
        .settle(live, Outcome::Exited(0), &Silent)
        .await
        .unwrap();
    let audit = room.engine.audit(&id).unwrap();
    assert!(audit.iter().any(|entry| entry.event == event), "{audit:?}");
    room.engine.forget(&id).unwrap();
    assert!(room.engine.audit(&id).unwrap().is_empty());
    assert!(!room.session(&id).exists());
}

#[tokio::test]
async fn settling_is_a_phase_like_the_others() {
    let room = Room::new();
    let live = talked(&room).await;
    let seen = Seen::default();
    room.engine
        .settle(live, Outcome::Exited(0), &seen)
        .await
        .unwrap();
    let progress = seen.progress.lock().unwrap();
    assert!(matches!(
        progress.first(),
        Some(Progress::Began {
            phase: Phase::Settle,
            ..
        })
    ));
    assert!(matches!(
        progress.last(),
        Some(Progress::Ended {
            phase: Phase::Settle,
            ..
        })
    ));
}

#[tokio::test]
async fn the_end_of_either_part_is_seen() {
    for part in [Part::Guest, Part::Bundle] {
        let room = Room::new();
        let live = room.launch().await.unwrap();
        let dying = async { room.staged.die(&live.id, part) };
        let (ended, ()) = tokio::join!(live.ended(), dying);
        assert_eq!(ended.unwrap(), part);
    }
}

#[tokio::test]
async fn stopping_from_elsewhere_ends_it_and_its_owner_keeps_it() {
    let room = Room::new();
    let live = room.launch().await.unwrap();
    let id = live.id.clone();
    room.second().stop(&id).await.unwrap();
    assert_eq!(live.ended().await.unwrap(), Part::Guest);
    assert_eq!(
        state(&room, &id),
        SessionState::Running,
        "its owner says what becomes of it"
    );
    let outcome = Outcome::Interrupted("the bottle was stopped".into());
    room.engine.settle(live, outcome, &Silent).await.unwrap();
    let before = room.engine.session(&id).unwrap();
    room.second().stop(&id).await.unwrap();
    assert_eq!(
        room.engine.session(&id).unwrap(),
        before,
        "stopped already, with a better reason"
    );
}
