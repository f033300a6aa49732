//! Drafts survive, stay within their folder, and do not pile up.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use bottle_core::advice::Advice;
use bottle_engine::draft::{MAX_DRAFT, MAX_DRAFTS};

use super::room::Room;

#[test]
fn a_draft_is_kept_privately_until_it_is_forgotten() {
    let room = Room::bare();
    assert_eq!(room.engine.read_draft("agent/a").unwrap(), None);
    room.engine.save_draft("agent/a", "one").unwrap();
    room.engine.save_draft("agent/a", "two").unwrap();
    room.engine.save_draft("bottle/a", "three").unwrap();
    assert_eq!(
        room.second().read_draft("agent/a").unwrap().as_deref(),
        Some("two")
    );
    assert_eq!(room.engine.list_drafts().unwrap(), ["agent/a", "bottle/a"]);
    for entry in fs::read_dir(room.home().join("drafts")).unwrap() {
        let mode = entry.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    room.engine.remove_draft("agent/a").unwrap();
    room.engine.remove_draft("agent/a").unwrap();
    assert_eq!(room.engine.list_drafts().unwrap(), ["bottle/a"]);
}

#[test]
fn keys_that_are_no_plain_names_are_refused() {
    let room = Room::bare();
    for key in [
        "",
        "/",
        "../a",
        "agent/../a",
        "agent/.hidden",
        "a b",
        "a+b",
        "a\0",
        "agent//a",
        "a/b/c/d",
        &"a".repeat(200),
    ] {
        assert_eq!(
            room.engine.save_draft(key, "x").unwrap_err().code(),
            "draft_refused",
            "{key:?}"
        );
        assert!(room.engine.read_draft(key).is_err());
    }
    assert!(!room.home().join("drafts").exists());
}

#[test]
fn drafts_are_bounded_in_size_and_number() {
    let room = Room::bare();
    assert!(
        room.engine
            .save_draft("agent/big", &"x".repeat(MAX_DRAFT + 1))
            .is_err()
    );
    let folder = room.home().join("drafts");
    fs::create_dir_all(&folder).unwrap();
    for number in 0..MAX_DRAFTS {
        fs::write(folder.join(format!("agent+a{number}.draft")), "").unwrap();
    }
    assert!(room.engine.save_draft("agent/more", "x").is_err());
    room.engine.save_draft("agent/a1", "x").unwrap();
}
