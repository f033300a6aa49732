//! The pinned claude still takes the flags and reads the variables that the product gives it.

use bottle_core::claude::{ClaudeKind, VERSION};
use bottle_core::event::{SecurityEvent, Silent};
use bottle_core::guest::{Exec, GuestUser};
use bottle_core::path::GuestPath;
use bottle_engine::{Engine, Live, Outcome};
use futures_util::io::Cursor;
use tests::world::with_world;
use tokio_util::sync::CancellationToken;

use crate::asked_for;

/// The variables of a session that the canaries lean on.
const VARIABLES: [(&str, &str); 7] = [
    ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
    ("DISABLE_AUTOUPDATER", "1"),
    ("HTTPS_PROXY", "http://egress:9099"),
    ("HTTP_PROXY", "http://egress:9099"),
    (
        "NODE_EXTRA_CA_CERTS",
        "/usr/local/share/ca-certificates/claude-bottle.crt",
    ),
    ("PATH", "/usr/local/bin:/usr/bin:/bin"),
    ("HOME", "/home/node"),
];

pub(crate) async fn bottle(engine: &Engine) -> Live {
    let prepared = engine.prepare_demo(None, None).await.expect("a plan");
    let cancel = CancellationToken::new();
    let launched = engine.launch(prepared, &Silent, &cancel);
    launched.await.expect("a session")
}

pub(crate) async fn settle(engine: &Engine, live: Live) {
    let settled = engine.settle(live, Outcome::Exited(0), &Silent).await;
    assert!(!settled.expect("settled").kept);
}

/// Runs claude in a bottle, with a prompt on its standard input; gives its exit code and all that it printed.
async fn claude(
    live: &Live,
    user: GuestUser,
    without: &[&str],
    arguments: &[&str],
) -> (i32, String) {
    let kind = ClaudeKind::OauthToken;
    let env = VARIABLES
        .into_iter()
        .chain([(kind.variable(), kind.placeholder())])
        .filter(|(name, _)| !without.contains(name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let argv = ["timeout", "60", "claude"].iter().chain(arguments).copied();
    let command = Exec::new(user, argv)
        .with_env(env.collect())
        .in_folder(GuestPath::new("/workspace").expect("a folder"));
    let prompt = Box::pin(Cursor::new(b"hello there".to_vec()));
    let output = live.guest().exec(&command, Some(prompt)).await;
    let output = output.expect("claude");
    let text = [output.stdout, output.stderr].concat();
    (output.code, String::from_utf8_lossy(&text).into_owned())
}

async fn sh(live: &Live, script: &str) -> String {
    let command = Exec::new(GuestUser::Node, ["sh", "-c", script]);
    let output = live.guest().exec(&command, None).await.expect("an answer");
    assert_eq!(output.code, 0, "{script}: {output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test]
async fn the_pinned_claude_takes_every_flag_that_is_leaned_on() {
    let test = "the_pinned_claude_takes_every_flag_that_is_leaned_on";
    if !asked_for(test) {
        return;
    }
    with_world(test, |world| async move {
        let engine = world.engine();
        let live = bottle(&engine).await;
        let node = GuestUser::Node;
        let (code, version) = claude(&live, node, &[], &["--version"]).await;
        assert!(code == 0 && version.contains(VERSION), "{version}");
        let (code, said) = claude(&live, node, &[], &["--no-such-flag", "--print"]).await;
        assert_ne!(code, 0, "flags are not checked any more: {said}");

        let conversation = "00000000-0000-4000-8000-00000000c0de";
        let turn = async |id_flag: &str, prompt: &str| {
            sh(&live, &format!("echo {prompt} > /tmp/prompt")).await;
            let arguments = [
                "--dangerously-skip-permissions",
                "--append-system-prompt-file",
                "/tmp/prompt",
                "--system-prompt-snapshot",
                "off",
                id_flag,
                conversation,
                "--print",
            ];
            let (code, said) = claude(&live, node, &[], &arguments).await;
            assert!(
                code == 0 && said.contains("You wrote \"hello there\""),
                "{id_flag}: {said}"
            );
        };
        turn("--session-id", "MARK-OF-THE-FIRST").await;
        turn("--resume", "MARK-OF-THE-SECOND").await;
        let transcripts = format!("cat ~/.claude/projects/-workspace/{conversation}.jsonl");
        let told = sh(&live, &transcripts).await;
        assert_eq!(
            told.matches("You wrote").count(),
            2,
            "one conversation: {told}"
        );
        for mark in ["MARK-OF-THE-FIRST", "MARK-OF-THE-SECOND"] {
            assert!(told.contains(mark), "{mark} never was in the system prompt");
        }
        settle(&engine, live).await;
    })
    .await;
}

#[tokio::test]
async fn claude_still_refuses_to_run_without_permissions_as_root() {
    let test = "claude_still_refuses_to_run_without_permissions_as_root";
    if !asked_for(test) {
        return;
    }
    with_world(test, |world| async move {
        let engine = world.engine();
        let live = bottle(&engine).await;
        let arguments = ["--dangerously-skip-permissions", "--print"];
        let (code, said) = claude(&live, GuestUser::Root, &[], &arguments).await;
        assert!(
            code == 1 && said.contains("cannot be used with root"),
            "{code}: {said}"
        );
        settle(&engine, live).await;
    })
    .await;
}

#[tokio::test]
async fn claude_still_reads_its_variables() {
    let test = "claude_still_reads_its_variables";
    if !asked_for(test) {
        return;
    }
    with_world(test, |world| async move {
        let engine = world.engine();
        let live = bottle(&engine).await;
        let run = async |without: &[&str]| {
            sh(&live, "rm -rf /tmp/claude-*").await;
            claude(&live, GuestUser::Node, without, &["--print"]).await
        };
        let (code, said) = run(&[]).await;
        assert!(code == 0 && said.contains("You wrote"), "with all: {said}");
        let hosts = hosts(&engine, &live);
        assert_eq!(
            hosts,
            ["api.anthropic.com"],
            "only what is essential is asked for"
        );
        // Each of these missing keeps claude from its answer.
        for without in [
            ["HTTPS_PROXY", "HTTP_PROXY"].as_slice(),
            &["CLAUDE_CODE_OAUTH_TOKEN"],
        ] {
            let (code, said) = run(without).await;
            assert!(
                code != 0 && !said.contains("You wrote"),
                "without {without:?}: {code}, {said}"
            );
        }
        settle(&engine, live).await;
    })
    .await;
}

/// Every host that was asked for in a session, once, but for that of the self-test.
pub(crate) fn hosts(engine: &Engine, live: &Live) -> Vec<String> {
    let events = engine.audit(&live.id).expect("events").into_iter();
    let mut hosts: Vec<String> = events
        .filter_map(|entry| match entry.event {
            SecurityEvent::Allowed { host, .. } | SecurityEvent::Denied { host, .. } => Some(host),
            SecurityEvent::RoutesChanged { .. }
            | SecurityEvent::Paused { .. }
            | SecurityEvent::Lost { .. } => None,
        })
        .filter(|host| !host.ends_with(".invalid"))
        .collect();
    hosts.sort();
    hosts.dedup();
    hosts
}
