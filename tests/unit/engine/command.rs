//! How claude is started: its arguments, its environment, and what must never be in either.

use std::collections::BTreeMap;

use bottle_core::claude::{ClaudeKind, PROMPT_FILE};
use bottle_core::guest::{Exec, GuestUser, TerminalSize};
use bottle_core::path::GuestPath;
use bottle_engine::Live;
use bottle_engine::attach::ClaudeCommand;

use super::room::{BOTTLE, Room, SECRET};

fn command(prompt: bool, resume: bool) -> ClaudeCommand {
    ClaudeCommand {
        prompt_file: prompt.then(|| GuestPath::new(PROMPT_FILE).unwrap()),
        conversation: "11111111-2222-4333-8444-555555555555".into(),
        resume,
        model: None,
        env: Vec::new(),
    }
}

fn follows(argv: &[String], flag: &str) -> Option<String> {
    let place = argv.iter().position(|word| word == flag)?;
    argv.get(place + 1).cloned()
}

#[test]
fn the_prompt_file_is_named_only_with_a_prompt() {
    let argv = command(true, false).interactive().argv;
    assert_eq!(
        follows(&argv, "--append-system-prompt-file").as_deref(),
        Some(PROMPT_FILE)
    );
    let argv = command(false, false).interactive().argv;
    assert!(!argv.iter().any(|word| word.contains("prompt")), "{argv:?}");
}

#[test]
fn a_new_conversation_is_named_and_an_old_one_is_resumed() {
    let id = command(false, false).conversation;
    let new = command(false, false).interactive().argv;
    assert_eq!(follows(&new, "--session-id"), Some(id.clone()));
    assert!(!new.contains(&"--resume".to_owned()));
    let old = command(false, true).interactive().argv;
    assert_eq!(follows(&old, "--resume"), Some(id));
    assert!(!old.contains(&"--session-id".to_owned()));
}

#[test]
fn claude_runs_as_node_in_the_project_folder_with_all_permissions() {
    for exec in [
        command(false, false).interactive(),
        command(false, false).headless(false),
    ] {
        assert_eq!(exec.argv[..2], ["claude", "--dangerously-skip-permissions"]);
        assert_eq!(exec.user, GuestUser::Node);
        assert_eq!(exec.workdir.unwrap().as_str(), "/workspace");
    }
}

#[test]
fn one_turn_prints_and_reads_its_prompt_from_standard_input() {
    let text = command(false, false).headless(false).argv;
    assert!(text.contains(&"--print".to_owned()) && !text.contains(&"--output-format".to_owned()));
    let json = command(false, false).headless(true).argv;
    assert_eq!(
        follows(&json, "--output-format").as_deref(),
        Some("stream-json")
    );
    assert_eq!(
        json.last().unwrap(),
        "--verbose",
        "no word follows that claude could take for a prompt"
    );
}

#[test]
fn the_model_is_named_where_the_agent_names_one() {
    let with = ClaudeCommand {
        model: Some("opus".into()),
        ..command(false, false)
    };
    assert_eq!(
        follows(&with.interactive().argv, "--model").as_deref(),
        Some("opus")
    );
    assert_eq!(
        follows(&command(false, false).interactive().argv, "--model"),
        None
    );
}

/// What claude was started with last.
async fn started(room: &Room, live: &Live) -> Exec {
    drop(live.headless(false).await.unwrap());
    room.staged.guests().ran().last().unwrap().command.clone()
}

fn variables(exec: &Exec) -> BTreeMap<&str, &str> {
    let pairs: BTreeMap<_, _> = exec
        .env
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    assert_eq!(pairs.len(), exec.env.len(), "each variable once");
    pairs
}

#[tokio::test]
async fn the_text_of_the_prompt_is_in_no_argument_and_no_variable() {
    let room = Room::new();
    room.write(
        "agents/a.md",
        "---\nbottle: b\n---\nThe text of the prompt.\n",
    );
    let live = room.launch().await.unwrap();
    let exec = started(&room, &live).await;
    let said = format!("{exec:?}");
    assert!(
        said.contains(PROMPT_FILE) && !said.contains("The text"),
        "{said}"
    );
    let size = TerminalSize {
        rows: 24,
        columns: 80,
    };
    drop(live.attach(size).await.unwrap());
    let attached = room.staged.guests().ran().last().unwrap().command.clone();
    assert_eq!(attached.argv, exec.argv[..exec.argv.len() - 1]);
}

#[tokio::test]
async fn a_bottles_own_variables_are_there_and_never_in_the_place_of_ours() {
    let room = Room::with_variables(&[("EDITOR_OF_HOST", "vi")]);
    let own = "env: {EDITOR: '${EDITOR_OF_HOST}', LANG: xx, TERM: dumb, SHELL: /bin/sh, no_such_rule: kept}\n";
    room.write(
        "bottles/b.md",
        &BOTTLE.replacen("---\n", &format!("---\n{own}"), 1),
    );
    room.write("agents/a.md", super::room::AGENT);
    let live = room.launch().await.unwrap();
    let exec = started(&room, &live).await;
    let variables = variables(&exec);
    assert_eq!(
        (variables["EDITOR"], variables["no_such_rule"]),
        ("vi", "kept")
    );
    assert_eq!(variables["LANG"], "C.UTF-8");
    assert_eq!(variables["TERM"], "xterm-256color");
    assert_eq!(variables["HTTPS_PROXY"], "http://egress:9099");
    assert_eq!(variables["IS_SANDBOX"], "1");
    let mut names: Vec<&str> = variables.into_keys().collect();
    names.sort_unstable();
    assert_eq!(names, live.plan.env_names, "the plan names them all");
}

#[tokio::test]
async fn the_placeholder_matches_the_kind_of_the_credential() {
    for (scheme, kept, kind) in [
        (
            "claude",
            Some(ClaudeKind::OauthToken),
            ClaudeKind::OauthToken,
        ),
        ("claude", Some(ClaudeKind::ApiKey), ClaudeKind::ApiKey),
        ("claude", None, ClaudeKind::OauthToken),
        ("bearer", None, ClaudeKind::OauthToken),
        ("x-api-key", None, ClaudeKind::ApiKey),
    ] {
        let room = Room::new();
        room.kept.add("claude", kept, SECRET);
        room.write(
            "bottles/b.md",
            &BOTTLE.replace("scheme: claude", &format!("scheme: {scheme}")),
        );
        let live = room.launch().await.unwrap();
        let exec = started(&room, &live).await;
        let variables = variables(&exec);
        assert_eq!(
            variables.get(kind.variable()),
            Some(&kind.placeholder()),
            "{scheme} {kept:?}"
        );
        let tokens = ["CLAUDE_CODE_OAUTH_TOKEN", "ANTHROPIC_API_KEY"];
        let count = tokens
            .iter()
            .filter(|name| variables.contains_key(*name))
            .count();
        assert_eq!(count, 1, "{scheme} {kept:?}");
        assert!(!format!("{exec:?}").contains(SECRET));
    }
}

#[tokio::test]
async fn a_bottle_without_a_credential_for_claude_has_no_placeholder() {
    let room = Room::new();
    room.write(
        "bottles/b.md",
        "---\negress: {routes: [{host: api.anthropic.com}]}\n---\n",
    );
    let live = room.launch().await.unwrap();
    let exec = started(&room, &live).await;
    let variables = variables(&exec);
    assert!(
        !variables
            .keys()
            .any(|name| name.contains("TOKEN") || name.contains("KEY"))
    );
}
