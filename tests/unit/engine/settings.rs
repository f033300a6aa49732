//! Settings: defaults, what is kept, and what is refused.

use std::fs;

use bottle_core::advice::Advice;
use bottle_engine::settings::{Settings, Theme};

use super::room::Room;

#[test]
fn without_a_file_the_defaults_hold_and_nothing_is_written() {
    let room = Room::bare();
    assert_eq!(room.engine.settings().unwrap(), Settings::default());
    assert!(!room.home().exists());
}

#[test]
fn what_is_written_is_read_back() {
    let room = Room::bare();
    let settings = Settings {
        theme: Theme::Dark,
        shortcut: Some("CommandOrControl+Shift+B".into()),
        terminal_font_size: 15,
        ..Settings::default()
    };
    assert_eq!(room.engine.write_settings(&settings).unwrap(), settings);
    assert_eq!(room.second().settings().unwrap(), settings);
}

#[test]
fn a_file_with_some_keys_keeps_the_defaults_of_the_others() {
    let room = Room::bare();
    room.write("settings.json", r#"{"theme": "light"}"#);
    let expected = Settings {
        theme: Theme::Light,
        ..Settings::default()
    };
    assert_eq!(room.engine.settings().unwrap(), expected);
}

#[test]
fn what_is_no_setting_is_refused_and_left_alone() {
    let room = Room::bare();
    for text in [
        r#"{"colour": "red"}"#,
        "{",
        "[]",
        r#"{"theme": "blue"}"#,
        r#"{"terminalFontSize": 400}"#,
        r#"{"shortcut": ""}"#,
    ] {
        room.write("settings.json", text);
        let error = room.engine.settings().unwrap_err();
        assert_eq!(error.code(), "settings_invalid", "{text}");
        assert!(!error.advice().is_empty());
        assert_eq!(
            fs::read_to_string(room.home().join("settings.json")).unwrap(),
            text
        );
    }
    let tiny = Settings {
        terminal_font_size: 1,
        ..Settings::default()
    };
    assert_eq!(
        room.engine.write_settings(&tiny).unwrap_err().code(),
        "settings_invalid"
    );
}
