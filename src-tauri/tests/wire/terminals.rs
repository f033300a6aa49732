//! Terminals and the inbox: bytes arrive as they are and in order, and a page that was loaded anew holds nobody up.

use serde_json::json;
use tauri::async_runtime::block_on;

use crate::world::{Sent, World};

const SIZE: fn() -> serde_json::Value = || json!({"rows": 24, "columns": 80});

fn bytes(world: &World, channel: u32) -> Vec<u8> {
    let sent = world.heard(channel).into_iter();
    sent.filter_map(|sent| match sent {
        Sent::Raw(bytes) => Some(bytes),
        Sent::Json(_) => None,
    })
    .flatten()
    .collect()
}

#[test]
fn a_terminal_shows_what_is_printed_and_takes_what_is_typed() {
    let world = World::new();
    let id = world.running();
    let mut far = world.terminal();
    let open = json!({"id": id, "size": SIZE(), "output": World::channel(1)});
    let view = world.call("open_terminal", open);
    block_on(far.print(b"\x1b[1mhello\x00\xff"));
    let shown = World::wait("what was printed", || {
        let shown = bytes(&world, 1);
        shown.ends_with(b"\x00\xff").then_some(shown)
    });
    assert!(shown.ends_with(b"\x1b[1mhello\x00\xff"), "{shown:?}");
    for key in ["a", "b", "\r"] {
        world.call("write_terminal", json!({"id": id, "data": key}));
    }
    assert_eq!(block_on(far.typed(3)), b"ab\r");
    world.call(
        "resize_terminal",
        json!({"id": id, "size": {"rows": 50, "columns": 132}}),
    );
    World::wait("the new size", || {
        let told = far.sizes.try_recv().ok()?;
        ((told.rows, told.columns) == (50, 132)).then_some(())
    });
    let count = shown.len();
    world.call(
        "acknowledge_terminal",
        json!({"view": view, "bytes": count}),
    );
    world.call("close_terminal", json!({"view": view}));
}

#[test]
fn a_page_that_was_loaded_anew_gets_the_whole_terminal_again() {
    let world = World::new();
    let id = world.running();
    let mut far = world.terminal();
    let open = |channel: u32| {
        let arguments = json!({"id": id, "size": SIZE(), "output": World::channel(channel)});
        world.call("open_terminal", arguments);
    };
    open(1);
    block_on(far.print(b"before"));
    World::wait("what was printed", || {
        bytes(&world, 1).ends_with(b"before").then_some(())
    });
    world.shell().close_views();
    open(2);
    World::wait("the replay", || {
        bytes(&world, 2).ends_with(b"before").then_some(())
    });
}

#[test]
fn a_terminal_of_a_session_that_does_not_run_is_told() {
    let world = World::new();
    let id = "a-00000";
    let calls = [
        (
            "open_terminal",
            json!({"id": id, "size": SIZE(), "output": World::channel(1)}),
        ),
        ("write_terminal", json!({"id": id, "data": "x"})),
        ("resize_terminal", json!({"id": id, "size": SIZE()})),
        ("put_in_inbox", json!({"id": id, "files": []})),
        ("copy_to_inbox", json!({"id": id, "paths": []})),
    ];
    for (command, arguments) in calls {
        let error = world.fails(command, arguments.clone());
        assert_eq!(error, json!({"code": "no-session", "id": id}), "{command}");
        let mut bad = arguments;
        bad["id"] = json!("no id");
        assert_eq!(
            world.fails(command, bad)["code"],
            "invalid-name",
            "{command}"
        );
    }
    world.call("acknowledge_terminal", json!({"view": 4711, "bytes": 1}));
    world.call("close_terminal", json!({"view": 4711}));
}

#[test]
fn pasted_files_land_in_the_inbox() {
    let world = World::new();
    let id = world.running();
    let files = json!([{"name": "picture.png", "base64": "iVBORw=="}]);
    let paths = world.call("put_in_inbox", json!({"id": id, "files": files}));
    let path = paths[0].as_str().unwrap();
    assert!(path.ends_with("picture.png"), "{path}");
    let files = json!([{"name": "x", "base64": "no base64!"}]);
    let error = world.fails("put_in_inbox", json!({"id": id, "files": files}));
    assert_eq!(error["code"], "internal");
}

#[test]
fn dropped_files_land_in_the_inbox() {
    let world = World::new();
    let id = world.running();
    let file = world.beside("drop").join("notes.txt");
    std::fs::write(&file, "notes").unwrap();
    let paths = world.call("copy_to_inbox", json!({"id": id, "paths": [file]}));
    assert!(paths[0].as_str().unwrap().ends_with("notes.txt"), "{paths}");
    let missing = world.fails(
        "copy_to_inbox",
        json!({"id": id, "paths": ["/no/such/file"]}),
    );
    assert_eq!(missing["code"], "internal");
}
