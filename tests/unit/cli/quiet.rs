//! What only looks makes nothing: no folder, no database, no file.

use std::fs;

use serde_json::{Value, json};

use super::Shell;

#[tokio::test]
async fn looking_around_an_empty_home_makes_nothing() {
    for (arguments, code, said) in [
        (&["list"][..], 0, "No sessions."),
        (&["list", "--all"], 0, "No sessions."),
        (&["list", "--json"], 0, "[]"),
        (&["cleanup"], 0, "Nothing to clean up."),
        (&["cleanup", "--yes"], 0, "Nothing to clean up."),
        (&["credential", "list"], 0, "No credentials."),
        (&["credential", "list", "--json"], 0, "[]"),
        (&["doctor"], 3, "FAIL  backend:docker"),
        (&["info", "a-00000"], 1, ""),
        (&["stop", "a-00000"], 1, ""),
        (&["start", "gone", "--dry-run"], 4, ""),
        (&["completions", "bash"], 0, "claude-bottle"),
    ] {
        let shell = Shell::new();
        let ended = shell.run(arguments).await;
        ended.expect_code(code);
        assert!(ended.stdout.contains(said), "{arguments:?}: {ended:?}");
        let made: Vec<_> = fs::read_dir(shell.user()).unwrap().collect();
        assert!(made.is_empty(), "{arguments:?} made {made:?}");
    }
}

#[tokio::test]
async fn the_doctor_has_one_thing_to_do_for_each_failure() {
    let shell = Shell::new();
    let ended = shell.run(&["doctor", "--json"]).await;
    ended.expect_code(3);
    let findings: Vec<Value> = serde_json::from_str(&ended.stdout).unwrap();
    let subjects: Vec<_> = findings
        .iter()
        .map(|finding| finding["subject"].clone())
        .collect();
    for subject in ["backend:docker", "home", "sessions", "keychain"] {
        assert!(
            subjects.contains(&json!(subject)),
            "{subject} in {subjects:?}"
        );
    }
    for finding in findings.iter().filter(|finding| finding["well"] == false) {
        let problem = &finding["problems"][0];
        for key in ["code", "what", "advice"] {
            assert!(!problem[key].as_str().unwrap().is_empty(), "{finding}");
        }
    }
}

#[tokio::test]
async fn credentials_that_bottles_want_and_nobody_has_are_shown() {
    let shell = Shell::new();
    shell.run(&["init"]).await.expect_code(0);
    let ended = shell.run(&["credential", "list"]).await;
    ended.expect_code(0);
    let line = ended.stdout.trim();
    assert!(
        line.contains("claude") && line.contains("MISSING") && line.contains("first"),
        "{line}"
    );
}

#[tokio::test]
async fn completions_know_the_words_of_the_command_line() {
    for shell in ["bash", "zsh", "fish"] {
        let ended = Shell::new().run(&["completions", shell]).await;
        ended.expect_code(0);
        for word in ["credential", "dry-run", "completions", "workspace"] {
            assert!(ended.stdout.contains(word), "{word} for {shell}");
        }
    }
}

#[tokio::test]
async fn the_version_is_told() {
    let ended = Shell::new().run(&["--version"]).await;
    ended.expect_code(0);
    assert!(
        ended.stdout.starts_with("claude-bottle "),
        "{}",
        ended.stdout
    );
}
