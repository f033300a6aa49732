//! What opens the window from outside: links, and what the window is told to show.

use claude_bottle_desktop::deep_link::read;
use claude_bottle_desktop::wire::launch::{Launch, LaunchView};
use serde_json::{Value, json};
use tauri::Url;

use crate::world::World;

fn launch(url: &str) -> Option<Launch> {
    read(&Url::parse(url).unwrap())
}

#[test]
fn a_link_lands_in_the_composer() {
    let compose = Launch::named(LaunchView::Compose, "reviewer");
    assert_eq!(launch("claude-bottle://agent/reviewer"), Some(compose));
}

#[test]
fn a_link_that_is_not_an_agents_name_does_nothing() {
    for url in [
        "claude-bottle://start/reviewer",
        "claude-bottle://agent/../bottles/x",
        "claude-bottle://agent/a/b",
        "claude-bottle://agent/",
        "claude-bottle://agent/A%20B",
        "https://agent/reviewer",
    ] {
        assert_eq!(launch(url), None, "{url}");
    }
}

#[test]
fn a_launch_is_taken_once() {
    let world = World::bare();
    let home = json!({"view": "home", "name": Value::Null});
    assert_eq!(world.call("take_launch", json!({})), home);
    world.shell().set_launch(Launch::task(7));
    let start = json!({"view": "start", "name": "task:7"});
    assert_eq!(world.call("take_launch", json!({})), start);
    assert_eq!(world.call("take_launch", json!({})), home);
}

#[test]
fn the_launcher_is_left_for_a_view_or_for_nothing() {
    let world = World::bare();
    world.call(
        "leave_launcher",
        json!({"view": Value::Null, "name": Value::Null}),
    );
    world.call(
        "leave_launcher",
        json!({"view": "session", "name": "a-00000"}),
    );
    let left = world.desktop.opened.lock().unwrap().clone();
    let session = Launch::named(LaunchView::Session, "a-00000");
    assert_eq!(
        left,
        [
            "left for None".to_owned(),
            format!("left for {:?}", Some(session))
        ]
    );
}
