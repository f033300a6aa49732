//! The menu bar item as data, and what quitting says.

use claude_bottle_desktop::quit::words;
use claude_bottle_desktop::tray::snapshot::{Entry, Session, Snapshot, Standing};

fn action(id: &str, text: &str) -> Entry {
    Entry::Action {
        id: id.into(),
        text: text.into(),
    }
}

fn busy() -> Snapshot {
    Snapshot {
        failed: vec![(7, "Start writer".into())],
        running: vec![Session {
            id: "reviewer-ab12c".into(),
        }],
        agents: vec!["reviewer".into(), "writer".into()],
        trouble: true,
    }
}

#[test]
fn what_needs_the_person_comes_first() {
    let entries = busy().entries();
    assert_eq!(entries[0], action("doctor", "Something is missing…"));
    assert_eq!(entries[1], action("task:7", "Failed: Start writer…"));
    assert_eq!(entries[2], Entry::Separator);
}

#[test]
fn the_worst_decides_the_shape() {
    let mut snapshot = busy();
    assert_eq!(snapshot.standing(), Standing::Trouble);
    snapshot.trouble = false;
    assert_eq!(snapshot.standing(), Standing::Waiting);
    snapshot.failed.clear();
    assert_eq!(snapshot.standing(), Standing::Running);
    snapshot.running.clear();
    assert_eq!(snapshot.standing(), Standing::Idle);
}

#[test]
fn every_menu_can_open_and_quit() {
    for snapshot in [Snapshot::default(), busy()] {
        let entries = snapshot.entries();
        for id in ["open", "doctor", "quit"] {
            let found = entries
                .iter()
                .any(|entry| matches!(entry, Entry::Action { id: has, .. } if has == id));
            assert!(found, "{id} in {entries:?}");
        }
    }
}

#[test]
fn agents_keep_their_order() {
    let entries = busy().entries();
    let start = entries.iter().find_map(|entry| match entry {
        Entry::More { text, entries } if text == "Start" => Some(entries),
        Entry::More { .. } | Entry::Separator | Entry::Words(_) | Entry::Action { .. } => None,
    });
    let names = [
        action("start:reviewer", "reviewer"),
        action("start:writer", "writer"),
    ];
    assert_eq!(start.unwrap().as_slice(), names);
}

#[test]
fn a_running_session_can_be_opened_and_stopped() {
    let entries = busy().entries();
    let session = Entry::More {
        text: "reviewer-ab12c".into(),
        entries: vec![
            action("session:reviewer-ab12c", "Open"),
            action("stop:reviewer-ab12c", "Stop and Keep"),
        ],
    };
    assert!(entries.contains(&session), "{entries:?}");
}

#[test]
fn quitting_names_what_it_stops() {
    let one = words(&["reviewer-ab12c".into()]);
    assert!(
        one.starts_with("This is stopped:\n\nreviewer-ab12c"),
        "{one}"
    );
    let two = words(&["a-00000".into(), "b-00000".into()]);
    assert!(
        two.contains("These 2 are stopped:\n\na-00000\nb-00000"),
        "{two}"
    );
}
