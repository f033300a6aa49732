//! Changes on the disk are told, once for a burst, and nothing is told of what is not shown.

use std::fs;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use bottle_engine::settings::Settings;
use bottle_engine::watch::{Changed, Watch};

use super::room::Room;

/// Far longer than a report takes; only a failing test waits so long.
const LONG: Duration = Duration::from_secs(10);

fn watched(room: &Room) -> (Watch, Receiver<Changed>) {
    let (told, hears) = channel();
    // A test that has ended hears nothing more.
    let tell = move |changed| told.send(changed).unwrap_or_default();
    let watch = Watch::start(&room.engine, tell).unwrap();
    (watch, hears)
}

#[test]
fn a_burst_of_changes_is_told_once() {
    let room = Room::new();
    let (_watch, hears) = watched(&room);
    for number in 0..20 {
        room.write("agents/a.md", &format!("---\nbottle: b\n---\n{number}\n"));
    }
    assert_eq!(hears.recv_timeout(LONG), Ok(Changed::Library));
    // What comes next is of the next change alone.
    room.engine.write_settings(&Settings::default()).unwrap();
    assert_eq!(hears.recv_timeout(LONG), Ok(Changed::Settings));
}

#[test]
fn skills_deep_in_folders_and_those_of_claude_code_are_seen() {
    let room = Room::new();
    let claude = room.beside("claude-skills");
    let (_watch, hears) = watched(&room);
    let folder = room.skill("s");
    assert_eq!(hears.recv_timeout(LONG), Ok(Changed::Library));
    fs::write(claude.join("note"), "x").unwrap();
    assert_eq!(hears.recv_timeout(LONG), Ok(Changed::Library));
    fs::write(folder.join("SKILL.md"), "y").unwrap();
    assert_eq!(hears.recv_timeout(LONG), Ok(Changed::Library));
}

#[test]
fn folders_that_appear_later_are_watched_too() {
    let room = Room::new();
    let (_watch, hears) = watched(&room);
    let claude = room.beside("claude-skills");
    assert_eq!(hears.recv_timeout(LONG), Ok(Changed::Library));
    fs::write(claude.join("note"), "x").unwrap();
    assert_eq!(hears.recv_timeout(LONG), Ok(Changed::Library));
}

#[test]
fn a_watch_that_is_dropped_tells_nothing_more() {
    let room = Room::new();
    let (watch, hears) = watched(&room);
    drop(watch);
    room.write("agents/a.md", "x");
    assert!(hears.recv_timeout(LONG).is_err(), "its thread has ended");
}
