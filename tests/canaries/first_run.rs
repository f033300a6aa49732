//! Claude's first-run questions are still answered by the files that provisioning writes, and only by them.

use std::process::Command;

use bottle_core::claude::ClaudeKind;
use bottle_engine::{Engine, Live};
use tests::engine::docker_cli;
use tests::terminal::TestTerminal;
use tests::world::with_world;

use crate::asked_for;
use crate::claude::{bottle, hosts, settle};

/// What claude shows when it is ready.
const READY: &str = "bypass permissions on";

/// Claude on a terminal in a bottle, with one kind of credential.
fn claude(live: &Live, kind: ClaudeKind) -> TestTerminal {
    let mut command = Command::new("docker");
    command.args(["exec", "-it", "--user", "node", "--workdir", "/workspace"]);
    let fixed = [
        ("TERM", "xterm-256color"),
        ("HTTPS_PROXY", "http://egress:9099"),
        (
            "NODE_EXTRA_CA_CERTS",
            "/usr/local/share/ca-certificates/claude-bottle.crt",
        ),
        ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
        ("CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL", "1"),
        ("DISABLE_AUTOUPDATER", "1"),
    ];
    for (name, value) in fixed
        .into_iter()
        .chain([(kind.variable(), kind.placeholder())])
    {
        command.args(["--env", &format!("{name}={value}")]);
    }
    let container = format!("claude-bottle-{}", live.id);
    command.args([&container, "claude", "--dangerously-skip-permissions"]);
    TestTerminal::start(&command)
}

fn in_bottle(live: &Live, script: &str) {
    let container = format!("claude-bottle-{}", live.id);
    let _said = docker_cli(&["exec", "--user", "node", &container, "sh", "-c", script]);
}

async fn leave(mut terminal: TestTerminal) {
    terminal.say("/exit").await;
    assert_eq!(terminal.end().await.code(), Some(0), "{}", terminal.text());
}

/// Claude answers with one kind of credential without asking anything first.
async fn answers(engine: &Engine, live: &Live, kind: ClaudeKind) {
    let mut terminal = claude(live, kind);
    terminal.shows(READY).await;
    terminal.say("hello canary").await;
    terminal.shows("You wrote \"hello canary\"").await;
    leave(terminal).await;
    assert_eq!(hosts(engine, live), ["api.anthropic.com"]);
}

#[tokio::test]
async fn the_files_of_provisioning_answer_every_first_question() {
    let test = "the_files_of_provisioning_answer_every_first_question";
    if !asked_for(test) {
        return;
    }
    with_world(test, |world| async move {
        let engine = world.engine();
        let live = bottle(&engine).await;
        answers(&engine, &live, ClaudeKind::OauthToken).await;

        // Without each of them there is a question, or they would not be needed any more.
        in_bottle(&live, "mv ~/.claude/settings.json /tmp/settings.json");
        let mut terminal = claude(&live, ClaudeKind::OauthToken);
        terminal.shows("Bypass Permissions mode").await;
        drop(terminal);
        in_bottle(
            &live,
            "pkill -KILL -x claude; cp /tmp/settings.json ~/.claude/ && rm ~/.claude.json",
        );
        let mut terminal = claude(&live, ClaudeKind::OauthToken);
        // Not even the first question: what claude wants to know beforehand, the bottle does not open.
        terminal
            .shows("Failed to connect to platform.claude.com")
            .await;
        drop(terminal);
        in_bottle(&live, "pkill -KILL -x claude || true");
        settle(&engine, live).await;
    })
    .await;
}

#[tokio::test]
async fn an_api_key_is_approved_by_its_last_characters() {
    let test = "an_api_key_is_approved_by_its_last_characters";
    if !asked_for(test) {
        return;
    }
    with_world(test, |world| async move {
        let engine = world.engine();
        let live = bottle(&engine).await;
        let mut terminal = claude(&live, ClaudeKind::ApiKey);
        terminal.shows("Detected a custom API key").await;
        drop(terminal);
        let key = ClaudeKind::ApiKey.placeholder();
        let state = serde_json::json!({
            "hasCompletedOnboarding": true,
            "theme": "dark",
            "projects": {"/workspace": {"hasTrustDialogAccepted": true}},
            "customApiKeyResponses": {"approved": [&key[key.len() - 20..]], "rejected": []},
        });
        let script = format!("pkill -KILL -x claude; printf %s '{state}' > ~/.claude.json");
        in_bottle(&live, &script);
        answers(&engine, &live, ClaudeKind::ApiKey).await;
        settle(&engine, live).await;
    })
    .await;
}
