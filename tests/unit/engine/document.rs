//! Agents and bottles as files that a person edits.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use bottle_core::advice::Advice;
use bottle_core::backend::BackendName;
use bottle_core::id::SessionId;
use bottle_core::manifest::Kind;
use bottle_engine::EngineError;
use bottle_engine::store::{SessionRecord, SessionState};

use super::room::{AGENT, BOTTLE, Room, tree};

#[test]
fn a_document_is_saved_over_what_was_opened_and_keeps_its_mode() {
    let room = Room::new();
    let file = room.home().join("agents/a.md");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let opened = room.engine.open_document(Kind::Agent, "a").unwrap();
    assert_eq!(opened.text, AGENT);
    let text = "---\nbottle: b\n---\nNew.\n";
    let saved = room
        .engine
        .save_document(Kind::Agent, "a", text, &opened.digest)
        .unwrap();
    assert_eq!(
        (
            saved.text.as_str(),
            fs::read_to_string(&file).unwrap().as_str()
        ),
        (text, text)
    );
    assert_ne!(saved.digest, opened.digest);
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o640
    );
    let names: Vec<_> = tree(&room.home().join("agents")).into_keys().collect();
    assert_eq!(names, [file], "nothing else is left there");
}

#[test]
fn what_somebody_else_wrote_is_never_overwritten() {
    let room = Room::new();
    let opened = room.engine.open_document(Kind::Agent, "a").unwrap();
    let theirs = "---\nbottle: b\n---\nTheirs.\n";
    room.write("agents/a.md", theirs);
    let refused = room
        .engine
        .save_document(Kind::Agent, "a", "mine", &opened.digest);
    let Err(EngineError::DocumentChanged { document }) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(document.text, theirs);
    assert_eq!(
        fs::read_to_string(room.home().join("agents/a.md")).unwrap(),
        theirs
    );
    room.engine
        .save_document(Kind::Agent, "a", "mine", &document.digest)
        .unwrap();

    fs::remove_file(room.home().join("agents/a.md")).unwrap();
    let gone = room
        .engine
        .save_document(Kind::Agent, "a", "mine", &document.digest);
    assert!(
        matches!(gone, Err(EngineError::DocumentChanged { document }) if document.digest.is_empty())
    );
    room.engine
        .save_document(Kind::Agent, "a", "mine", "")
        .unwrap();
    let there = room.engine.save_document(Kind::Agent, "a", "again", "");
    assert!(matches!(there, Err(EngineError::DocumentChanged { .. })));
}

#[test]
fn names_never_lead_out_of_the_folders() {
    let room = Room::new();
    for name in ["../a", "a/b", "", ".", "A", "a.md", "a\0", "/etc/passwd"] {
        for kind in [Kind::Agent, Kind::Bottle] {
            let refused = room.engine.save_document(kind, name, "x", "").unwrap_err();
            assert_eq!(refused.code(), "invalid_name", "{name}");
            assert_eq!(
                room.engine.create_document(kind, name).unwrap_err().code(),
                "invalid_name"
            );
            let renamed = room.engine.rename_document(kind, "a", name);
            assert_eq!(renamed.unwrap_err().code(), "invalid_name", "{name}");
        }
    }
}

#[test]
fn a_link_to_elsewhere_is_read_and_not_written() {
    let room = Room::new();
    let elsewhere = room.beside("dotfiles").join("l.md");
    fs::write(&elsewhere, AGENT).unwrap();
    symlink(&elsewhere, room.home().join("agents/l.md")).unwrap();
    let opened = room.engine.open_document(Kind::Agent, "l").unwrap();
    let refused = room
        .engine
        .save_document(Kind::Agent, "l", "x", &opened.digest)
        .unwrap_err();
    assert_eq!(refused.code(), "document_read_only");
    assert_eq!(fs::read_to_string(&elsewhere).unwrap(), AGENT);
}

#[test]
fn new_documents_are_templates_that_work_and_never_replace() {
    let room = Room::new();
    let bottle = room.engine.create_document(Kind::Bottle, "first").unwrap();
    let agent = room.engine.create_document(Kind::Agent, "new").unwrap();
    for document in [&bottle, &agent] {
        let checked = room
            .engine
            .check_document(document.kind, &document.name, &document.text);
        assert_eq!(checked.fault, None);
        assert!(checked.authority.is_some());
    }
    assert_eq!(
        room.engine
            .create_document(Kind::Agent, "new")
            .unwrap_err()
            .code(),
        "already_there"
    );
}

#[test]
fn a_removed_document_comes_back_from_the_trash() {
    let room = Room::new();
    let removed = room.engine.remove_document(Kind::Agent, "a").unwrap();
    assert_eq!(removed.what, "agent a");
    assert_eq!(
        room.engine.list_trash().unwrap(),
        std::slice::from_ref(&removed)
    );
    assert_eq!(
        room.engine
            .open_document(Kind::Agent, "a")
            .unwrap_err()
            .code(),
        "agent_missing"
    );
    let place = room.engine.restore(&removed.id).unwrap();
    assert_eq!(fs::read_to_string(place).unwrap(), AGENT);
    assert_eq!(
        room.engine.restore(&removed.id).unwrap_err().code(),
        "trash_missing"
    );
    assert_eq!(
        room.engine.restore("../agents").unwrap_err().code(),
        "trash_missing"
    );

    let removed = room.engine.remove_document(Kind::Agent, "a").unwrap();
    room.write("agents/a.md", "other");
    assert_eq!(
        room.engine.restore(&removed.id).unwrap_err().code(),
        "already_there"
    );
    room.engine.empty_trash().unwrap();
    assert!(room.engine.list_trash().unwrap().is_empty());
}

#[test]
fn a_note_in_the_trash_cannot_name_a_place_outside() {
    let room = Room::new();
    let removed = room.engine.remove_document(Kind::Agent, "a").unwrap();
    let note = room
        .home()
        .join("trash")
        .join(&removed.id)
        .join("note.json");
    fs::write(&note, r#"{"what":"x","at":1.0,"place":"../../evil"}"#).unwrap();
    assert_eq!(
        room.engine.restore(&removed.id).unwrap_err().code(),
        "trash_missing"
    );
}

#[test]
fn a_new_name_tells_who_still_says_the_old_one() {
    let room = Room::new();
    room.write("bottles/child.md", "---\nextends: b\n---\n");
    let renamed = room.engine.rename_document(Kind::Bottle, "b", "c").unwrap();
    assert_eq!(
        (
            renamed.document.name.as_str(),
            renamed.document.text.as_str()
        ),
        ("c", BOTTLE)
    );
    assert_eq!(renamed.named_by, ["a", "child"]);
    assert!(!room.home().join("bottles/b.md").exists());
    assert_eq!(
        room.engine
            .rename_document(Kind::Bottle, "c", "child")
            .unwrap_err()
            .code(),
        "already_there"
    );
    assert_eq!(
        room.engine
            .rename_document(Kind::Bottle, "gone", "x")
            .unwrap_err()
            .code(),
        "bottle_missing"
    );
}

#[test]
fn a_check_says_what_is_wrong_and_where() {
    let room = Room::new();
    let checked = room
        .engine
        .check_document(Kind::Bottle, "b", "---\nimge: x\nimage: y\n---\n");
    let fault = checked.fault.unwrap();
    assert_eq!((fault.line, fault.column), (2, 1));
    assert!(
        fault.what.contains("did you mean 'image'"),
        "{}",
        fault.what
    );
    assert!(!fault.advice.is_empty() && fault.file.ends_with("bottles/b.md"));
    assert_eq!(checked.bottle.unwrap().image.as_deref(), Some("y"));
    assert_eq!(checked.authority, None);

    let checked = room
        .engine
        .check_document(Kind::Agent, "x", "---\nbottle: bb\n---\n");
    let fault = checked.fault.unwrap();
    assert!(
        fault.what.contains("did you mean 'b'") && fault.line == 2,
        "{fault:?}"
    );
    assert!(checked.agent.is_some());
    let unreadable = room.engine.check_document(Kind::Agent, "x", "nothing");
    assert!(unreadable.fault.is_some() && unreadable.agent.is_none());
    let nameless = room.engine.check_document(Kind::Agent, "", AGENT);
    assert_eq!(nameless.fault.unwrap().what, "it has no name yet");
}

#[test]
fn a_check_reads_the_parents_of_a_text_that_is_not_saved() {
    let room = Room::new();
    let checked = room.engine.check_document(
        Kind::Bottle,
        "new",
        "---\nextends: b\nresources: {cpus: 8}\n---\n",
    );
    let authority = checked.authority.unwrap();
    assert_eq!(authority.routes[0].host, "api.anthropic.com");
    let circle = room
        .engine
        .check_document(Kind::Bottle, "b", "---\nextends: b\n---\n");
    assert!(circle.fault.unwrap().what.contains("circle"));
}

fn record(id: &str, agent: &str, at: f64, state: SessionState) -> SessionRecord {
    SessionRecord {
        id: SessionId::new(id).unwrap(),
        agent: agent.parse().unwrap(),
        bottle: "b".parse().unwrap(),
        backend: BackendName::Docker,
        state,
        created_at: at,
        ended_at: None,
        exit_code: None,
        reason: None,
        conversation: "c".into(),
        workspace: Some(format!("/projects/{id}")),
    }
}

#[test]
fn agents_come_by_recency_then_by_name_with_what_is_wrong() {
    let room = Room::new();
    room.write("agents/z.md", AGENT);
    room.write(
        "agents/broken.md",
        "---\nbottle: gone\ndescription: d\n---\n",
    );
    let store = room.engine.store().unwrap();
    store
        .add(&record("z-00001", "z", 10.0, SessionState::Settled))
        .unwrap();
    store
        .add(&record("z-00002", "z", 20.0, SessionState::Running))
        .unwrap();
    let agents = room.engine.list_agents(None).unwrap();
    let names: Vec<_> = agents.iter().map(|agent| agent.name.as_str()).collect();
    assert_eq!(names, ["z", "a", "broken"]);
    assert_eq!(
        (
            agents[0].last_started_at,
            agents[0].last_workspace.as_deref()
        ),
        (Some(20.0), Some("/projects/z-00002"))
    );
    assert_eq!(agents[0].running, 0, "no process owns it");
    assert_eq!(agents[2].description.as_deref(), Some("d"));
    assert!(
        agents[2]
            .fault
            .as_ref()
            .unwrap()
            .what
            .contains("no bottle 'gone'")
    );
}

#[tokio::test]
async fn a_session_that_runs_here_counts() {
    let room = Room::new();
    let live = room.launch().await.unwrap();
    assert_eq!(room.engine.list_agents(None).unwrap()[0].running, 1);
    drop(live);
}

#[test]
fn bottles_say_what_they_open_and_who_uses_them() {
    let room = Room::new();
    room.write("bottles/child.md", "---\nextends: b\negress: {routes: [{host: x.com, auth: {scheme: basic, credential: k}}]}\n---\n");
    room.write("bottles/wrong.md", "---\nextends: gone\n---\n");
    let bottles = room.engine.list_bottles().unwrap();
    let names: Vec<_> = bottles.iter().map(|bottle| bottle.name.as_str()).collect();
    assert_eq!(names, ["b", "child", "wrong"]);
    assert_eq!(bottles[0].used_by, ["a"]);
    assert_eq!(bottles[1].hosts, ["api.anthropic.com", "x.com"]);
    assert_eq!(bottles[1].credentials, ["claude", "k"]);
    assert_eq!(bottles[1].extends.as_deref(), Some("b"));
    assert!(bottles[2].fault.is_some());
}
