//! The dry run: everything is resolved, nothing is created, nothing secret is shown.

use std::collections::{BTreeMap, BTreeSet};

use bottle_core::backend::{Daemon, Runtime};
use bottle_core::claude::ClaudeKind;
use bottle_engine::StartRequest;
use serde_json::Value;

use super::room::{AGENT, Room, SECRET, request, tree};

const BOTTLE: &str = "---
extends: base
env:
  EDITOR: literal-value
  TICKET: '?Which ticket'
  FROM_HOST: ${TOKEN_OF_HOST}
egress:
  routes:
    - host: zeta.example.com
      auth: {scheme: bearer, credential: zeta}
    - host: api.anthropic.com
      auth: {scheme: claude, credential: claude}
    - host: '*.example.org'
      auth: {scheme: bearer, credential: zeta}
---
";
const BASE: &str = "---
runtime: runc
resources: {cpus: 1.5, memory: 1GiB}
egress:
  routes:
    - host: base.example.com
---
";

fn room() -> Room {
    let room = Room::with_variables(&[("TOKEN_OF_HOST", "value-of-the-host")]);
    room.kept.add("zeta", None, "value-of-zeta");
    room.write("bottles/b.md", BOTTLE);
    room.write("bottles/base.md", BASE);
    let agent = "---\nbottle: b\nskills: [zebra, ant, zebra]\n---\nBe kind.\n";
    room.write("agents/a.md", agent);
    room.skill("zebra");
    room.skill("ant");
    room
}

#[tokio::test]
async fn the_plan_holds_the_resolved_allowlist_and_runtime_and_creates_nothing() {
    let room = room();
    let before = tree(&room.home());
    let plan = room.prepare().await.unwrap().plan;
    let hosts = [
        "*.example.org",
        "api.anthropic.com",
        "base.example.com",
        "zeta.example.com",
    ];
    assert_eq!(plan.egress.hosts, hosts);
    let routes: Vec<_> = plan.egress.routes.iter().map(|r| r.host.as_str()).collect();
    assert_eq!(routes, hosts);
    assert_eq!(plan.runtime, Some(Runtime::Runc));
    assert_eq!(plan.daemons, [Daemon::Egress]);
    assert_eq!(
        (plan.resources.cpus, plan.resources.memory_mib),
        (1.5, 1024)
    );
    assert_eq!(plan.prompt.bytes, 8);
    assert_eq!(room.staged.steps(), Vec::<String>::new());
    assert_eq!(room.staged.ids(), []);
    assert_eq!(tree(&room.home()), before, "the home is as it was");
}

#[tokio::test]
async fn a_home_that_is_not_there_is_not_made() {
    let room = Room::bare();
    assert!(room.prepare().await.is_err());
    assert!(!room.home().exists());
}

#[tokio::test]
async fn the_best_runtime_of_the_engine_is_the_default() {
    let room = Room::new();
    let plan = room.prepare().await.unwrap().plan;
    assert_eq!(plan.runtime, Some(Runtime::Runsc));
}

#[tokio::test]
async fn without_an_engine_there_is_a_plan_with_a_warning() {
    let room = Room::new();
    room.staged.set_runtimes(None);
    let plan = room.prepare().await.unwrap().plan;
    assert_eq!(plan.runtime, None);
    assert!(plan.warnings[0].contains("runtime"), "{:?}", plan.warnings);
}

#[tokio::test]
async fn the_keys_of_the_json_are_a_promise() {
    let plan = room().prepare().await.unwrap().plan;
    let json: Value = serde_json::from_str(&plan.to_json()).unwrap();
    let promised = [
        "agent",
        "backend",
        "bottle",
        "daemons",
        "egress",
        "env_names",
        "git_gate",
        "git_remotes",
        "image",
        "prompt",
        "resources",
        "runtime",
        "skills",
        "supervise",
    ];
    let keys: BTreeSet<&str> = json
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    for key in promised {
        assert!(keys.contains(key), "{key} is gone");
    }
    for pointer in [
        "/prompt/path",
        "/prompt/bytes",
        "/egress/hosts",
        "/egress/routes",
        "/egress/tls_interception/enabled",
        "/egress/tls_interception/ca_fingerprint",
    ] {
        assert!(json.pointer(pointer).is_some(), "{pointer} is gone");
    }
}

#[tokio::test]
async fn lists_are_sorted_and_without_duplicates() {
    let plan = room().prepare().await.unwrap().plan;
    let skills: Vec<_> = plan.skills.iter().map(|s| s.name.to_string()).collect();
    for list in [
        &plan.env_names,
        &plan.credentials,
        &plan.egress.hosts,
        &skills,
    ] {
        assert!(list.is_sorted_by(|a, b| a < b), "{list:?}");
        assert!(!list.is_empty());
    }
    assert_eq!(plan.credentials, ["claude", "zeta"]);
}

#[tokio::test]
async fn no_value_of_a_variable_or_credential_is_in_text_or_json() {
    let room = room();
    let given = BTreeMap::from([("TICKET".to_owned(), "value-that-was-given".to_owned())]);
    let request = StartRequest {
        env: given,
        ..request()
    };
    let plan = room.engine.prepare(&request).await.unwrap().plan;
    for text in [plan.to_json(), plan.to_text()] {
        for value in [
            SECRET,
            "value-of-zeta",
            "literal-value",
            "value-of-the-host",
            "value-that-was-given",
            ClaudeKind::OauthToken.placeholder(),
        ] {
            assert!(!text.contains(value), "{value} is in {text}");
        }
        for name in ["EDITOR", "TICKET", "FROM_HOST"] {
            assert!(text.contains(name), "{name} is not in {text}");
        }
    }
}

#[tokio::test]
async fn a_credential_that_is_not_kept_yet_is_a_warning_that_names_the_command() {
    let room = Room::new();
    room.kept.remove("claude");
    let prepared = room.prepare().await.unwrap();
    let warnings = prepared.plan.warnings.join("\n");
    assert!(
        warnings.contains("`claude-bottle credential add claude`"),
        "{warnings}"
    );
    assert!(prepared.ready().is_err());
}

#[tokio::test]
async fn a_bottle_without_a_way_to_claude_is_a_warning() {
    let room = Room::bare();
    room.write("bottles/b.md", "---\n---\n");
    room.write("agents/a.md", AGENT);
    let plan = room.prepare().await.unwrap().plan;
    assert!(plan.warnings[0].contains("cannot"), "{:?}", plan.warnings);
    assert!(plan.egress.hosts.is_empty() && plan.credentials.is_empty());
}
