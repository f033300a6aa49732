//! Skills: looked at, copied in, approved, given to agents, removed.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::world::World;

/// A folder outside the home that can become the skill `s`.
fn folder(world: &World) -> PathBuf {
    let folder = world.beside("outside/s");
    let text = "---\nname: s\ndescription: Does it.\n---\nDo it.\n";
    fs::write(folder.join("SKILL.md"), text).unwrap();
    folder
}

fn add(world: &World) -> Result<Value, Value> {
    world.ask(
        "add_skills",
        json!({"paths": [folder(world)], "replace": false}),
    )
}

#[test]
fn a_folder_is_looked_at_before_it_is_copied() {
    let world = World::new();
    let seen = world.call("inspect_skills", json!({"paths": [folder(&world)]}));
    assert_eq!(seen[0]["name"], "s");
    assert_eq!(seen[0]["description"], "Does it.");
    assert_eq!(seen[0]["problems"], json!([]));
    assert_eq!(seen[0]["files"][0]["path"], "SKILL.md");
    assert_eq!(world.call("list_skills", json!({})), json!([]));
}

#[test]
fn what_is_no_skill_is_shown_with_its_problems() {
    let world = World::new();
    let seen = world.call("inspect_skills", json!({"paths": [world.beside("empty")]}));
    assert_ne!(seen[0]["problems"], json!([]));
    let refused = world.fails(
        "add_skills",
        json!({"paths": [world.beside("empty")], "replace": false}),
    );
    assert_eq!(refused["code"], "skill");
}

#[test]
fn a_skill_is_added_once() {
    let world = World::new();
    let added = add(&world).unwrap();
    assert_eq!(added[0]["name"], "s");
    assert_eq!(added[0]["source"], "home");
    assert_eq!(added[0]["pin"], "same");
    assert_eq!(
        add(&world).unwrap_err(),
        json!({"code": "exists", "name": "s"})
    );
    assert_eq!(world.call("list_skills", json!({}))[0]["name"], "s");
}

#[test]
fn a_changed_skill_is_approved_anew() {
    let world = World::new();
    add(&world).unwrap();
    let text = "---\nname: s\ndescription: Does more.\n---\nDo more.\n";
    world.write("skills/s/SKILL.md", text);
    assert_eq!(world.call("list_skills", json!({}))[0]["pin"], "changed");
    let approved = world.call("approve_skill", json!({"name": "s"}));
    assert_eq!(approved["pin"], "same");
    assert_eq!(world.call("read_skill", json!({"name": "s"})), text);
}

#[test]
fn a_skill_is_given_to_an_agent_and_taken_back() {
    let world = World::new();
    add(&world).unwrap();
    let both = json!({"agent": "a", "skill": "s"});
    let given = world.call("attach_skill", both.clone());
    assert!(given["text"].as_str().unwrap().contains("- s"), "{given}");
    assert_eq!(
        world.call("list_skills", json!({}))[0]["usedBy"],
        json!(["a"])
    );
    let taken = world.call("detach_skill", both);
    assert!(!taken["text"].as_str().unwrap().contains("- s"), "{taken}");
}

#[test]
fn a_skill_that_is_not_there_is_told_by_name() {
    let world = World::new();
    for command in ["approve_skill", "read_skill", "remove_skill"] {
        let missing = world.fails(command, json!({"name": "none"}));
        assert_eq!(missing["code"], "skill", "{command}: {missing}");
        assert_eq!(missing["name"], "none");
        let bad = world.fails(command, json!({"name": "No"}));
        assert_eq!(bad["code"], "invalid-name", "{command}");
    }
}

#[test]
fn a_removed_skill_is_listed_no_more() {
    let world = World::new();
    add(&world).unwrap();
    world.call("remove_skill", json!({"name": "s"}));
    assert_eq!(world.call("list_skills", json!({})), json!([]));
}
