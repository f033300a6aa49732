//! Agents and bottles as files: opened, made, checked, edited, saved, renamed, removed; and drafts.

use std::fs;

use serde_json::{Value, json};

use crate::world::{AGENT, World};

fn open(world: &World) -> Value {
    world.call("open_document", json!({"kind": "agent", "name": "a"}))
}

#[test]
fn agents_and_bottles_are_listed() {
    let world = World::new();
    let agents = world.call("list_agents", json!({}));
    assert_eq!(agents[0]["name"], "a");
    assert_eq!(agents[0]["bottle"], "b");
    assert_eq!(agents[0]["origin"], "home");
    let bottles = world.call("list_bottles", json!({}));
    assert_eq!(bottles[0]["usedBy"], json!(["a"]));
    assert_eq!(bottles[0]["hosts"], json!(["api.anthropic.com"]));
}

#[test]
fn a_broken_file_is_listed_with_its_fault() {
    let world = World::new();
    world.write("agents/broken.md", "---\nbotle: b\n---\n");
    let agents = world.call("list_agents", json!({}));
    let broken = agents.as_array().unwrap();
    let broken = broken
        .iter()
        .find(|agent| agent["name"] == "broken")
        .unwrap();
    assert_eq!(broken["fault"]["line"], 2);
}

#[test]
fn a_document_is_opened_with_its_digest() {
    let world = World::new();
    let opened = open(&world);
    assert_eq!(opened["text"], AGENT);
    assert_eq!(opened["kind"], "agent");
    assert_ne!(opened["digest"], "");
}

#[test]
fn an_agent_that_is_not_there_names_the_nearest() {
    let world = World::new();
    world.write("agents/reviewer.md", AGENT);
    let missing = world.fails("open_document", json!({"kind": "agent", "name": "reviewr"}));
    assert_eq!(missing["code"], "no-agent");
    assert_eq!(missing["nearest"], "reviewer");
}

#[test]
fn a_bottle_that_is_not_there_is_told_with_what_to_do() {
    let world = World::new();
    let missing = world.fails("open_document", json!({"kind": "bottle", "name": "none"}));
    assert_eq!(missing["code"], "internal");
    assert_ne!(missing["advice"], "");
}

#[test]
fn a_new_document_is_written_and_its_name_is_taken_then() {
    let world = World::bare();
    let new = json!({"kind": "bottle", "name": "fresh"});
    let made = world.call("create_document", new.clone());
    assert!(fs::read_to_string(made["file"].as_str().unwrap()).is_ok());
    let taken = world.fails("create_document", new);
    assert_eq!(taken, json!({"code": "exists", "name": "fresh"}));
    let bad = world.fails("create_document", json!({"kind": "agent", "name": "No"}));
    assert_eq!(bad["code"], "invalid-name");
}

#[test]
fn checking_reads_fields_and_says_where_a_fault_is() {
    let world = World::new();
    let check = |text: &str| {
        let arguments = json!({"kind": "agent", "name": "a", "text": text});
        world.call("check_document", arguments)
    };
    let well = check("---\nbottle: b\ndescription: d\n---\nDo it.\n");
    assert_eq!(well["fault"], Value::Null);
    assert_eq!(well["agent"]["description"], "d");
    assert_eq!(well["authority"]["routes"][0]["host"], "api.anthropic.com");
    let wrong = check("---\nbottle: b\nskils: []\n---\n");
    assert_eq!(wrong["fault"]["line"], 3);
}

#[test]
fn an_edit_leaves_comments_alone() {
    let world = World::bare();
    let edited = world.call(
        "edit_document",
        json!({
            "kind": "agent",
            "text": "---\n# why\nbottle: b\n---\n",
            "edits": [
                {"kind": "set", "path": ["bottle"], "value": {"kind": "text", "text": "c"}},
                {"kind": "body", "text": "Do it.\n"},
            ],
        }),
    );
    assert_eq!(edited, "---\n# why\nbottle: c\n---\n\nDo it.\n");
}

#[test]
fn a_route_is_appended_to_a_bottle() {
    let world = World::bare();
    let route = json!({
        "host": "example.com", "paths": [], "methods": ["GET"],
        "credential": null, "scheme": null, "onFinding": null, "matches": 1,
    });
    let edits = json!([{
        "kind": "append", "path": ["egress", "routes"],
        "value": {"kind": "route", "route": route},
    }]);
    let arguments = json!({"kind": "bottle", "text": "---\n---\n", "edits": edits});
    let edited = world.call("edit_document", arguments);
    assert!(edited.as_str().unwrap().contains("example.com"), "{edited}");
}

#[test]
fn an_edit_that_cannot_be_made_is_told() {
    let world = World::bare();
    let arguments = json!({
        "kind": "agent", "text": "no frontmatter",
        "edits": [{"kind": "set", "path": ["bottle"], "value": {"kind": "text", "text": "c"}}],
    });
    assert_eq!(world.fails("edit_document", arguments)["code"], "internal");
}

#[test]
fn saving_over_a_change_on_disk_shows_the_change() {
    let world = World::new();
    let opened = open(&world);
    let save = |text: &str, base: &Value| {
        let arguments = json!({"kind": "agent", "name": "a", "text": text, "base": base});
        world.ask("save_document", arguments)
    };
    let saved = save("---\nbottle: b\n---\nOne.\n", &opened["digest"]).unwrap();
    assert_ne!(saved["digest"], opened["digest"]);
    world.write("agents/a.md", "---\nbottle: b\n---\nTheirs.\n");
    let changed = save("---\nbottle: b\n---\nMine.\n", &saved["digest"]).unwrap_err();
    assert_eq!(changed["code"], "document-changed");
    assert_eq!(
        changed["document"]["text"],
        "---\nbottle: b\n---\nTheirs.\n"
    );
    assert_eq!(open(&world)["text"], changed["document"]["text"]);
}

#[test]
fn a_removed_document_lies_in_the_trash() {
    let world = World::new();
    world.call("remove_document", json!({"kind": "agent", "name": "a"}));
    assert_eq!(world.call("list_agents", json!({})), json!([]));
    assert!(world.home().join("trash").exists());
}

#[test]
fn what_was_removed_comes_back_unless_its_place_is_taken() {
    let world = World::new();
    let before = open(&world);
    let remove = || world.call("remove_document", json!({"kind": "agent", "name": "a"}));
    let restore = |id: &Value| world.ask("restore_removed", json!({"id": id}));
    let first = remove();
    restore(&first).unwrap();
    assert_eq!(open(&world), before);
    assert_eq!(restore(&first).unwrap_err()["code"], "internal");
    let second = remove();
    world.write("agents/a.md", AGENT);
    assert_eq!(restore(&second).unwrap_err()["code"], "exists");
}

#[test]
fn a_renamed_document_has_its_new_name() {
    let world = World::new();
    let rename = |from: &str, to: &str| {
        let arguments = json!({"kind": "agent", "from": from, "to": to});
        world.ask("rename_document", arguments)
    };
    assert_eq!(rename("a", "z").unwrap()["name"], "z");
    assert_eq!(world.call("list_agents", json!({}))[0]["name"], "z");
    world.write("agents/a.md", AGENT);
    assert_eq!(rename("a", "z").unwrap_err()["code"], "exists");
}

#[test]
fn a_draft_outlives_the_page() {
    let world = World::bare();
    let key = json!({"key": "agent/a"});
    assert_eq!(world.call("read_draft", key.clone()), Value::Null);
    world.call("save_draft", json!({"key": "agent/a", "text": "typed"}));
    assert_eq!(world.call("read_draft", key.clone()), "typed");
    assert_eq!(world.call("list_drafts", json!({})), json!(["agent/a"]));
    world.call("remove_draft", key.clone());
    assert_eq!(world.call("read_draft", key), Value::Null);
    let bad = world.fails("save_draft", json!({"key": "../x", "text": "typed"}));
    assert_eq!(bad["code"], "internal");
}
