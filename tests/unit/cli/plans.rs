//! From nothing to a plan: `init`, and the dry run.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use super::super::engine::room::tree;
use super::Shell;

#[tokio::test]
async fn init_then_a_dry_run_gives_a_plan_without_an_engine_or_a_credential() {
    let shell = Shell::new();
    let written = shell.run(&["init"]).await;
    written.expect_code(0);
    for word in [
        "agents/hello.md",
        "bottles/first.md",
        "credential add claude",
        "start hello",
    ] {
        assert!(
            written.stdout.contains(word),
            "{word} in {}",
            written.stdout
        );
    }
    let mode = shell.home().metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o700);
    let before = tree(&shell.home());
    let planned = shell
        .run(&["start", "hello", "--dry-run", "--format", "json"])
        .await;
    planned.expect_code(0);
    assert_eq!(planned.stderr, "");
    let plan: Value = serde_json::from_str(&planned.stdout).unwrap();
    assert_eq!(plan["agent"], "hello");
    assert_eq!(
        plan["egress"]["hosts"],
        serde_json::json!(["api.anthropic.com"])
    );
    assert_eq!(plan["runtime"], Value::Null);
    let warnings = plan["warnings"].to_string();
    assert!(
        warnings.contains("credential add claude") && warnings.contains("runtime"),
        "{warnings}"
    );
    assert_eq!(tree(&shell.home()), before, "a dry run makes nothing");
}

#[tokio::test]
async fn init_keeps_a_bottle_that_is_there() {
    let shell = Shell::new();
    shell.write("bottles/first.md", "---\n---\nThe person's own.\n");
    let written = shell.run(&["init", "second"]).await;
    written.expect_code(0);
    assert!(!written.stdout.contains("first.md"), "{}", written.stdout);
    let kept = fs::read_to_string(shell.home().join("bottles/first.md")).unwrap();
    assert!(kept.contains("The person's own."));
    shell
        .run(&["start", "second", "--dry-run"])
        .await
        .expect_code(0);
}

#[tokio::test]
async fn the_text_form_is_for_a_person() {
    let shell = Shell::new();
    shell.run(&["init"]).await.expect_code(0);
    let folder = shell.user().join("project");
    fs::create_dir(&folder).unwrap();
    let planned = shell
        .run(&["start", "hello", "--dry-run", "-w", "project"])
        .await;
    planned.expect_code(0);
    for word in ["Open hosts", "api.anthropic.com", "a copy of", "Warnings"] {
        assert!(
            planned.stdout.contains(word),
            "{word} in {}",
            planned.stdout
        );
    }
}

#[tokio::test]
async fn the_home_can_be_elsewhere() {
    let shell = Shell::new();
    let elsewhere = shell.user().join("else/where");
    let mut command = shell.command(&["init"]);
    command.env("CLAUDE_BOTTLE_HOME", &elsewhere);
    tests::command_line::run(command).await.expect_code(0);
    assert!(elsewhere.join("agents/hello.md").is_file());
    assert!(!shell.home().exists());
}

#[tokio::test]
async fn a_reader_that_goes_away_is_no_error() {
    let shell = Shell::new();
    shell.run(&["init"]).await.expect_code(0);
    let mut command = shell.command(&["start", "hello", "--dry-run"]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    command.stdout(writer).stderr(std::process::Stdio::piped());
    let ended = command.output().unwrap();
    assert_eq!(String::from_utf8_lossy(&ended.stderr), "");
    assert!(ended.status.success());
}
