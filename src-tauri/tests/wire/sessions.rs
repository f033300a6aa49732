//! Sessions and starts: planned, followed, cancelled, stopped, gone on with, discarded.

use std::fs;

use serde_json::{Value, json};
use tests::staged::{Trouble, When};

use crate::world::{BOTTLE, World};

fn follow(world: &World, task: &Value, channel: u32) -> Vec<Value> {
    let arguments = json!({"task": task, "events": World::channel(channel)});
    world.call("follow_task", arguments);
    world.until_heard(channel, "end")
}

/// Starts the agent `a` and gives the error that the start ends with.
fn failed(world: &World) -> Value {
    let task = world.call("start_session", World::start());
    let events = follow(world, &task, 1);
    events.last().unwrap()["error"].clone()
}

#[test]
fn a_plan_shows_everything_and_creates_nothing() {
    let world = World::new();
    let sheet = world.call("plan_session", World::start());
    assert_eq!(sheet["plan"]["agent"], "a");
    assert_eq!(sheet["plan"]["hosts"], json!(["api.anthropic.com"]));
    assert_eq!(sheet["plan"]["routes"][0]["credential"], "claude");
    assert_eq!(sheet["missing"], json!([]));
    assert_eq!(sheet["authority"]["lastStart"], Value::Null);
    assert!(world.staged.ids().is_empty());
}

#[test]
fn a_plan_names_what_is_still_to_be_said() {
    let world = World::new();
    world.call("remove_credential", json!({"name": "claude"}));
    world.write(
        "bottles/b.md",
        &BOTTLE.replacen("---\n", "---\nenv: {WHO: \"?Who is it?\"}\n", 1),
    );
    let sheet = world.call("plan_session", World::start());
    assert_eq!(sheet["missing"], json!(["claude"]));
    assert_eq!(
        sheet["questions"],
        json!([{"name": "WHO", "question": "Who is it?"}])
    );
}

#[test]
fn the_demo_needs_no_file_and_no_credential() {
    let world = World::bare();
    let mut start = World::start();
    start["input"]["agent"] = json!("");
    start["input"]["demo"] = json!(true);
    let sheet = world.call("plan_session", start);
    assert_eq!(sheet["plan"]["agent"], "demo");
    assert_eq!(sheet["plan"]["routes"][0]["scripted"], true);
}

#[test]
fn a_plan_of_a_broken_file_says_where() {
    let world = World::new();
    world.write("bottles/b.md", "---\negres: {}\n---\n");
    let error = world.fails("plan_session", World::start());
    assert_eq!(error["code"], "manifest");
    assert_eq!(error["fault"]["line"], 2);
    let file = world.home().join("bottles/b.md").display().to_string();
    assert_eq!(error["fault"]["file"], file);
}

#[test]
fn an_agent_that_is_not_there_is_told_with_the_nearest() {
    let world = World::new();
    let mut start = World::start();
    start["input"]["agent"] = json!("ab");
    let error = world.fails("plan_session", start.clone());
    assert_eq!(error["code"], "no-agent");
    assert_eq!(error["name"], "ab");
    start["input"]["agent"] = json!("No Name");
    assert_eq!(
        world.fails("plan_session", start.clone())["code"],
        "invalid-name"
    );
    assert_eq!(world.fails("start_session", start)["code"], "invalid-name");
}

#[test]
fn a_skill_that_is_not_there_is_told() {
    let world = World::new();
    world.write("agents/a.md", "---\nbottle: b\nskills: [none]\n---\n");
    let error = world.fails("plan_session", World::start());
    assert_eq!(error["code"], "skill");
    assert_eq!(error["name"], "none");
}

#[test]
fn a_project_folder_that_is_not_there_is_told() {
    let world = World::new();
    let mut start = World::start();
    start["input"]["workspace"] = json!("/no/such/folder");
    let error = world.fails("plan_session", start);
    assert_eq!(error["code"], "workspace");
    assert_eq!(error["path"], "/no/such/folder");
}

#[test]
fn a_backend_that_is_not_there_is_told() {
    let world = World::new();
    let mut start = World::start();
    start["input"]["backend"] = json!("smolmachines");
    let error = world.fails("plan_session", start);
    assert_eq!(error["code"], "no-backend", "{error}");
    assert_eq!(error["backend"], "smolmachines");
}

#[test]
fn a_start_streams_its_phases_and_ends_with_its_session() {
    let world = World::new();
    let task = world.call("start_session", World::start());
    let events = follow(&world, &task, 1);
    let phases: Vec<&Value> = events
        .iter()
        .filter(|event| event["kind"] == "began")
        .map(|event| &event["phase"])
        .collect();
    let order = [
        "image",
        "launch",
        "doors",
        "provision",
        "self-test",
        "claude",
    ];
    let of_order: Vec<&&Value> = phases
        .iter()
        .filter(|phase| order.contains(&phase.as_str().unwrap()))
        .collect();
    assert_eq!(of_order.len(), order.len(), "{phases:?}");
    let id = events.last().unwrap()["session"].as_str().unwrap();
    let listed = world.call("list_sessions", json!({}));
    assert_eq!(listed[0]["id"], id);
    assert_eq!(listed[0]["state"], "running");
    assert_eq!(listed[0]["here"], true);
    assert_eq!(follow(&world, &task, 2).len(), events.len());
}

#[test]
fn a_start_without_its_credential_fails_with_its_name() {
    let world = World::new();
    world.call("remove_credential", json!({"name": "claude"}));
    let error = failed(&world);
    assert_eq!(
        error,
        json!({"code": "missing-credential", "name": "claude"})
    );
    let tasks = world.call("list_tasks", json!({}));
    assert_eq!(tasks[0]["state"], "failed");
    assert_eq!(tasks[0]["error"], error);
    world.call("dismiss_task", json!({"task": tasks[0]["task"]}));
    assert_eq!(world.call("list_tasks", json!({})), json!([]));
}

#[test]
fn a_start_without_an_answer_fails_with_the_question() {
    let world = World::new();
    world.write(
        "bottles/b.md",
        &BOTTLE.replacen("---\n", "---\nenv: {WHO: \"?Who is it?\"}\n", 1),
    );
    let error = failed(&world);
    assert_eq!(error["code"], "unanswered");
    assert_eq!(error["question"], "Who is it?");
    let mut start = World::start();
    start["input"]["answers"] = json!([{"name": "WHO", "value": "me"}]);
    let task = world.call("start_session", start);
    let events = follow(&world, &task, 2);
    assert_eq!(events.last().unwrap()["error"], Value::Null);
}

#[test]
fn a_cancelled_start_leaves_nothing() {
    let world = World::new();
    world.staged.trouble(0, When::Before, Trouble::Waits);
    let task = world.call("start_session", World::start());
    tauri::async_runtime::block_on(world.staged.reached());
    assert_eq!(world.call("list_tasks", json!({}))[0]["state"], "running");
    world.call("cancel_task", json!({"task": task}));
    let events = follow(&world, &task, 1);
    assert_eq!(
        events.last().unwrap()["error"],
        json!({"code": "cancelled"})
    );
    assert!(world.staged.ids().is_empty());
    assert_eq!(world.call("list_sessions", json!({})), json!([]));
}

#[test]
fn a_task_that_is_forgotten_ends_at_once() {
    let world = World::bare();
    let events = follow(&world, &json!(4711), 1);
    assert_eq!(events.len(), 1);
    world.call("cancel_task", json!({"task": 4711}));
    world.call("dismiss_task", json!({"task": 4711}));
}

#[test]
fn a_session_is_stopped_kept_and_gone_on_with() {
    let world = World::new();
    let id = world.running();
    let settled = world.call("stop_session", json!({"id": id, "keep": true}));
    assert_eq!(settled["kept"], true);
    assert_eq!(
        world.call("list_sessions", json!({}))[0]["state"],
        "preserved"
    );
    let task = world.call("resume_session", json!({"id": id, "answers": []}));
    let events = follow(&world, &task, 3);
    assert_eq!(events.last().unwrap()["session"], json!(id));
    let settled = world.call("stop_session", json!({"id": id, "keep": false}));
    assert_eq!(settled["kept"], false);
    assert!(world.staged.ids().is_empty());
}

#[test]
fn a_kept_session_is_discarded() {
    let world = World::new();
    let id = world.running();
    let refused = world.fails("discard_session", json!({"id": id}));
    assert_eq!(refused, json!({"code": "session-in-use", "id": id}));
    world.call("stop_session", json!({"id": id, "keep": true}));
    world.call("discard_session", json!({"id": id}));
    assert!(world.staged.ids().is_empty());
}

#[test]
fn a_settled_session_cannot_be_gone_on_with() {
    let world = World::new();
    let id = world.running();
    world.call("stop_session", json!({"id": id, "keep": false}));
    let task = world.call("resume_session", json!({"id": id, "answers": []}));
    let events = follow(&world, &task, 1);
    let error = &events.last().unwrap()["error"];
    assert_eq!(*error, json!({"code": "not-resumable", "id": id}));
}

#[test]
fn everything_that_is_known_of_a_session_is_shown() {
    let world = World::new();
    let id = world.running();
    let facts = world.call("session_facts", json!({"id": id}));
    assert_eq!(facts["summary"]["id"], json!(id));
    assert_eq!(facts["plan"]["agent"], "a");
    assert_eq!(facts["evidence"]["passed"], true);
    let folder = facts["folder"].as_str().unwrap();
    assert!(fs::metadata(folder).unwrap().is_dir());
}

#[test]
fn a_session_that_is_not_there_is_told_by_every_command() {
    let world = World::new();
    let id = "a-00000";
    let calls = [
        ("stop_session", json!({"id": id, "keep": true})),
        ("discard_session", json!({"id": id})),
        ("session_facts", json!({"id": id})),
        ("apply_changes", json!({"id": id, "force": false})),
        (
            "follow_traffic",
            json!({"id": id, "events": World::channel(1)}),
        ),
    ];
    for (command, arguments) in calls {
        let error = world.fails(command, arguments.clone());
        assert_eq!(error, json!({"code": "no-session", "id": id}), "{command}");
        let mut bad = arguments;
        bad["id"] = json!("../x");
        assert_eq!(
            world.fails(command, bad)["code"],
            "invalid-name",
            "{command}"
        );
    }
}

#[test]
fn what_the_guards_decided_is_told_to_its_end() {
    let world = World::new();
    let id = world.running();
    world.call(
        "follow_traffic",
        json!({"id": id, "events": World::channel(5)}),
    );
    world.call("stop_session", json!({"id": id, "keep": false}));
    let events = world.until_heard(5, "end");
    assert_eq!(events.last().unwrap(), &json!({"kind": "end"}));
}

#[test]
fn changes_are_brought_back_to_the_project() {
    let world = World::new();
    let project = world.beside("project");
    fs::write(project.join("old.txt"), "old").unwrap();
    let mut start = World::start();
    start["input"]["workspace"] = json!(project);
    let task = world.call("start_session", start);
    let events = follow(&world, &task, 1);
    let id = events.last().unwrap()["session"]
        .as_str()
        .unwrap()
        .to_owned();
    let written = world.call("apply_changes", json!({"id": id, "force": false}));
    assert_eq!(written, json!([]));
}
