//! What is remembered of sessions, by several programs at once, and the locks that say who is alive.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::{Command, Stdio};
use std::sync::Barrier;
use std::thread;

use bottle_core::advice::Advice;
use bottle_core::backend::BackendName;
use bottle_core::id::SessionId;
use bottle_engine::Home;
use bottle_engine::store::{SessionRecord, SessionState, Store};
use tempfile::TempDir;

use super::room::{Room, write};

fn id(number: u32) -> SessionId {
    SessionId::new(format!("a-{number:05}")).unwrap()
}

fn session(number: u32) -> SessionRecord {
    SessionRecord {
        id: id(number),
        agent: "a".parse().unwrap(),
        bottle: "b".parse().unwrap(),
        backend: BackendName::Docker,
        state: SessionState::Starting,
        created_at: f64::from(number),
        ended_at: None,
        exit_code: None,
        reason: None,
        conversation: "c".into(),
        workspace: Some("/a folder".into()),
    }
}

fn opened(folder: &TempDir) -> Store {
    Store::open(&folder.path().join("sessions.db")).unwrap()
}

#[test]
fn what_was_recorded_is_there_after_opening_again() {
    let folder = TempDir::new().unwrap();
    let store = opened(&folder);
    store.add(&session(1)).unwrap();
    store.add(&session(2)).unwrap();
    let ended = (SessionState::Preserved, 9.5, Some(-7), Some("it 'broke'"));
    store
        .set_ended(&id(1), ended.0, ended.1, ended.2, ended.3)
        .unwrap();
    drop(store);
    let store = opened(&folder);
    let record = store.get(&id(1)).unwrap().unwrap();
    assert_eq!(
        record,
        SessionRecord {
            state: SessionState::Preserved,
            ended_at: Some(9.5),
            exit_code: Some(-7),
            reason: Some("it 'broke'".into()),
            ..session(1)
        }
    );
    store.set_state(&id(1), SessionState::Running).unwrap();
    let record = store.get(&id(1)).unwrap().unwrap();
    assert_eq!(
        (record.ended_at, record.exit_code, record.reason),
        (None, None, None)
    );
    let newest_first: Vec<_> = store.list().unwrap().into_iter().map(|s| s.id).collect();
    assert_eq!(newest_first, [id(2), id(1)]);
    store.forget(&id(1)).unwrap();
    store.forget(&id(1)).unwrap();
    assert_eq!(store.get(&id(1)).unwrap(), None);
}

#[test]
fn an_id_is_taken_once() {
    let folder = TempDir::new().unwrap();
    let store = opened(&folder);
    store.add(&session(1)).unwrap();
    assert_eq!(store.add(&session(1)).unwrap_err().code(), "store_error");
}

#[test]
fn many_programs_open_and_write_at_once() {
    const PROGRAMS: u32 = 8;
    const EACH: u32 = 20;
    let folder = TempDir::new().unwrap();
    let barrier = Barrier::new(8);
    thread::scope(|scope| {
        for program in 0..PROGRAMS {
            let (folder, barrier) = (&folder, &barrier);
            scope.spawn(move || {
                barrier.wait();
                let store = opened(folder);
                for number in 0..EACH {
                    let number = program * EACH + number;
                    store.add(&session(number)).unwrap();
                    store.set_state(&id(number), SessionState::Running).unwrap();
                }
            });
        }
    });
    let all = opened(&folder).list().unwrap();
    assert_eq!(all.len(), usize::try_from(PROGRAMS * EACH).unwrap());
    assert!(
        all.iter()
            .all(|session| session.state == SessionState::Running)
    );
}

#[test]
fn a_database_of_a_newer_program_is_refused_and_not_changed() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("sessions.db");
    drop(opened(&folder));
    // Where SQLite keeps `user_version`: four bytes at 60 of the first page.
    let mut bytes = fs::read(&path).unwrap();
    bytes[60..64].copy_from_slice(&2_u32.to_be_bytes());
    fs::write(&path, &bytes).unwrap();
    let error = Store::open(&path).unwrap_err();
    assert_eq!(error.code(), "store_too_new");
    assert!(error.to_string().contains("format 2"), "{error}");
}

#[test]
fn what_is_no_database_is_refused_and_not_changed() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("sessions.db");
    fs::write(&path, "the person's diary".repeat(100)).unwrap();
    assert_eq!(Store::open(&path).unwrap_err().code(), "store_error");
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        "the person's diary".repeat(100)
    );
}

#[tokio::test]
async fn the_home_is_the_persons_alone_from_its_first_use() {
    let room = Room::new();
    fs::set_permissions(room.home(), fs::Permissions::from_mode(0o755)).unwrap();
    room.engine.store().unwrap();
    let mode = room.home().metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o700);
}

#[test]
fn a_home_has_the_same_owner_before_and_after_it_is_made() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("real")).unwrap();
    symlink("real", folder.path().join("link")).unwrap();
    let path = folder.path().join("link/home");
    let before = Home::new(&path).unwrap();
    fs::create_dir(&path).unwrap();
    let after = Home::new(&path).unwrap();
    let straight = Home::new(folder.path().join("real/home")).unwrap();
    assert_eq!(before.owner(), after.owner());
    assert_eq!(before.owner(), straight.owner());
    let other = Home::new(folder.path().join("real/other")).unwrap();
    assert_ne!(before.owner(), other.owner());
}

/// A process that holds a session's lock until it is killed.
#[cfg(target_os = "linux")]
fn holder(room: &Room, id: &SessionId) -> std::process::Child {
    let file = room.session(id).join("lock");
    write(&file, "");
    let mut child = Command::new("flock")
        .args([
            "--no-fork",
            file.to_str().unwrap(),
            "sh",
            "-c",
            "echo held; exec sleep 600",
        ])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let stdout = child.stdout.take().unwrap();
    BufReader::new(stdout).read_line(&mut line).unwrap();
    assert_eq!(line, "held\n");
    child
}

#[test]
#[cfg(target_os = "linux")]
fn a_lock_is_free_when_the_process_that_held_it_was_killed() {
    let room = Room::bare();
    let id = id(1);
    assert!(!room.engine.is_live(&id).unwrap(), "no folder");
    let mut child = holder(&room, &id);
    assert!(room.engine.is_live(&id).unwrap());
    assert!(room.second().is_live(&id).unwrap());
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!room.engine.is_live(&id).unwrap());
}

#[tokio::test]
async fn a_live_session_holds_its_lock_and_a_dropped_one_does_not() {
    let room = Room::new();
    let live = room.launch().await.unwrap();
    let id = live.id.clone();
    assert!(room.second().is_live(&id).unwrap());
    drop(live);
    assert!(!room.second().is_live(&id).unwrap());
}

#[test]
fn whatever_is_kept_first_no_one_else_can_enter_the_home() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    let folder = TempDir::new().unwrap();
    let home = Home::new(folder.path().join("a/home")).unwrap();
    home.make().unwrap();
    assert_eq!(mode(home.root()), 0o700);
    assert_eq!(
        mode(&folder.path().join("a")),
        0o700,
        "a folder on the way to it"
    );
    home.make().unwrap();
}
