//! The machine, the settings, and what leads out of the window.

use serde_json::{Value, json};

use crate::world::World;

fn settings() -> Value {
    json!({
        "theme": "dark", "openAtLogin": false, "hideDock": true, "startHidden": false,
        "shortcut": "Alt+Space", "terminalFontSize": 14, "firstRunDone": true, "confirmStart": false,
    })
}

#[test]
fn the_doctor_looks_at_everything_that_a_start_needs() {
    let world = World::new();
    let findings = world.call("probe_system", json!({}));
    let ids: Vec<&str> = findings
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|finding| finding["id"].as_str())
        .collect();
    for id in ["backend:docker", "keychain", "home", "sessions"] {
        assert!(ids.contains(&id), "{id} in {ids:?}");
    }
}

#[test]
fn preparing_an_image_is_a_task() {
    let world = World::new();
    let task = world.call("carry_out", json!({"action": "prepare-image"}));
    let arguments = json!({"task": task, "events": World::channel(1)});
    world.call("follow_task", arguments);
    let events = world.until_heard(1, "end");
    assert_eq!(events.last().unwrap()["error"], Value::Null, "{events:#?}");
}

#[test]
fn every_other_action_is_done_at_once() {
    let world = World::bare();
    for action in [
        "start-engine",
        "install-engine",
        "open-home",
        "add-credential",
    ] {
        let done = world.call("carry_out", json!({"action": action}));
        assert_eq!(done, Value::Null, "{action}");
    }
    let opened = world.desktop.opened.lock().unwrap().clone();
    let home = world.home().display().to_string();
    assert_eq!(opened.len(), 3, "{opened:?}");
    assert_eq!(opened[0], "engine");
    assert_eq!(opened[2], home);
}

#[test]
fn what_is_left_over_is_shown_and_removed() {
    let world = World::new();
    assert_eq!(world.call("cleanup_plan", json!({})), json!([]));
    let id = world.running();
    world.call("stop_session", json!({"id": id, "keep": true}));
    let plan = world.call("cleanup_plan", json!({}));
    let ids: Vec<&Value> = plan
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["id"])
        .collect();
    assert!(!ids.is_empty());
    world.call("clean_up", json!({"ids": ids}));
    assert_eq!(world.call("cleanup_plan", json!({})), json!([]));
}

#[test]
fn a_report_holds_no_secret() {
    let world = World::new();
    world.keep("other", "a-canary-of-the-report");
    let report = world.call("report", json!({}));
    let report = report.as_str().unwrap();
    assert!(report.contains(env!("CARGO_PKG_VERSION")), "{report}");
    assert!(!report.contains("canary"), "{report}");
}

#[test]
fn settings_are_kept_and_carried_out() {
    let world = World::bare();
    let before = world.call("read_settings", json!({}));
    assert_ne!(before, settings());
    let kept = world.call("write_settings", json!({"settings": settings()}));
    assert_eq!(kept, settings());
    assert_eq!(world.call("read_settings", json!({})), settings());
    assert!(world.desktop.applied.lock().unwrap()[0].hide_dock);
}

#[test]
fn settings_that_cannot_be_carried_out_are_not_kept() {
    let world = World::bare();
    let mut wrong = settings();
    wrong["shortcut"] = json!("nonsense");
    let refused = world.fails("write_settings", json!({"settings": wrong}));
    assert_eq!(refused["code"], "internal");
    assert_ne!(world.call("read_settings", json!({})), wrong);
    wrong["shortcut"] = Value::Null;
    wrong["terminalFontSize"] = json!(4000);
    let refused = world.fails("write_settings", json!({"settings": wrong}));
    assert_eq!(refused["code"], "internal");
    assert!(world.desktop.applied.lock().unwrap().is_empty());
}

#[test]
fn the_program_says_what_it_is() {
    let world = World::bare();
    let about = world.call("about", json!({}));
    assert_eq!(about["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(about["home"], world.home().display().to_string());
    assert_eq!(about["logs"], "/logs");
}

#[test]
fn dialogs_give_what_was_picked_or_nothing() {
    let world = World::bare();
    assert_eq!(world.call("pick_folder", json!({})), Value::Null);
    assert_eq!(world.call("pick_skills", json!({})), json!([]));
    let picks = [vec!["/p".into()], vec!["/s".into(), "/t".into()]];
    world.desktop.picks.lock().unwrap().extend(picks);
    assert_eq!(world.call("pick_folder", json!({})), "/p");
    assert_eq!(world.call("pick_skills", json!({})), json!(["/s", "/t"]));
}

#[test]
fn only_paths_of_ours_are_shown() {
    let world = World::new();
    let file = world.home().join("agents/a.md");
    world.call("reveal", json!({"path": file}));
    assert_eq!(world.desktop.opened.lock().unwrap().len(), 1);
    let outside = world.beside("outside");
    let sneaky = world.home().join("agents/../../outside");
    for path in [outside, sneaky, "/etc".into(), "/no/such/path".into()] {
        let refused = world.fails("reveal", json!({"path": path}));
        assert_eq!(refused["code"], "internal", "{}", path.display());
    }
    assert_eq!(world.desktop.opened.lock().unwrap().len(), 1);
}

#[test]
fn the_project_folder_of_a_session_is_shown() {
    let world = World::new();
    let project = world.beside("project");
    let mut start = World::start();
    start["input"]["workspace"] = json!(project);
    let task = world.call("start_session", start);
    world.call(
        "follow_task",
        json!({"task": task, "events": World::channel(1)}),
    );
    world.until_heard(1, "end");
    world.call("reveal", json!({"path": project}));
}

#[test]
fn only_web_addresses_are_opened() {
    let world = World::bare();
    world.call("open_link", json!({"url": "https://example.com/a?b#c"}));
    let bad = [
        "file:///etc/passwd",
        "javascript:alert(1)",
        "not a url",
        "x-apple:y",
    ];
    for url in bad {
        let refused = world.fails("open_link", json!({"url": url}));
        assert_eq!(refused["code"], "internal", "{url}");
    }
    let opened = world.desktop.opened.lock().unwrap().clone();
    assert_eq!(opened, ["https://example.com/a?b#c"]);
}
