//! Credentials go in and never come out.

use serde_json::json;

use crate::world::World;

const VALUE: &str = "sk-ant-oat01-a-canary-that-must-not-come-out";

#[test]
fn a_credential_is_kept_without_its_value_coming_back() {
    let world = World::bare();
    let kept = world.call(
        "add_credential",
        json!({"name": "claude", "value": VALUE, "replace": false}),
    );
    assert_eq!(kept["name"], "claude");
    assert_eq!(kept["kind"], "Claude OAuth token");
    assert_eq!(kept["claude"], true);
    let listed = world.call("list_credentials", json!({}));
    assert_eq!(listed[0]["name"], "claude");
    assert!(!format!("{kept}{listed}").contains("canary"));
}

#[test]
fn bottles_that_name_a_credential_are_listed_with_it() {
    let world = World::new();
    let listed = world.call("list_credentials", json!({}));
    assert_eq!(listed[0]["usedBy"], json!(["b"]));
}

#[test]
fn a_taken_name_is_refused_unless_it_is_to_be_replaced() {
    let world = World::bare();
    let add = |replace: bool| {
        let arguments = json!({"name": "claude", "value": VALUE, "replace": replace});
        world.ask("add_credential", arguments)
    };
    add(false).unwrap();
    let refused = add(false).unwrap_err();
    assert_eq!(refused["code"], "credential-refused");
    assert_eq!(refused["name"], "claude");
    add(true).unwrap();
}

#[test]
fn a_bad_value_is_refused_without_being_repeated() {
    let world = World::bare();
    let refused = world.fails(
        "add_credential",
        json!({"name": "claude", "value": "canary\u{7}", "replace": false}),
    );
    assert_eq!(refused["code"], "credential-refused");
    assert!(!refused.to_string().contains("canary"), "{refused}");
}

#[test]
fn a_bad_name_is_an_invalid_name() {
    let world = World::bare();
    for command in ["add_credential", "remove_credential"] {
        let arguments = json!({"name": "No Name", "value": VALUE, "replace": false});
        let refused = world.fails(command, arguments);
        assert_eq!(refused["code"], "invalid-name", "{command}");
        assert_eq!(refused["name"], "No Name");
    }
}

#[test]
fn removing_what_is_gone_is_a_success() {
    let world = World::new();
    for _ in 0..2 {
        world.call("remove_credential", json!({"name": "claude"}));
    }
    assert_eq!(world.call("list_credentials", json!({})), json!([]));
}
