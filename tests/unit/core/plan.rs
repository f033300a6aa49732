//! The plan as a person reads it and as a program reads it. The JSON's keys are a promise: added to, never renamed.

use std::collections::BTreeSet;

use bottle_core::backend::{BackendName, Daemon, Resources, Runtime};
use bottle_core::id::{AgentName, BottleName, SkillName};
use bottle_core::manifest::{Location, parse_bottle};
use bottle_core::path::HostPath;
use bottle_core::plan::{
    Plan, PlannedEgress, PlannedPrompt, PlannedRemote, PlannedSkill, PlannedWorkspace,
    TlsInterception,
};

const BOTTLE: &str = "---
egress:
  routes:
    - host: '*.example.org'
    - host: api.anthropic.com
      auth: {scheme: claude, credential: demo}
      upstream: scripted
    - host: api.example.com
      matches:
        - {methods: [GET, HEAD], paths: [/v1/*]}
        - {paths: [/health]}
      auth: {scheme: bearer, credential: example}
---
";

fn plan() -> Plan {
    let routes = parse_bottle("b.md", BOTTLE, Location::BuiltIn)
        .unwrap()
        .routes;
    Plan {
        agent: AgentName::new("hello").unwrap(),
        bottle: BottleName::new("default").unwrap(),
        backend: BackendName::Docker,
        runtime: Some(Runtime::Runc),
        image: "built-in".into(),
        claude: "2.1.330".into(),
        env_names: vec!["EDITOR".into(), "HOME".into(), "PORT".into()],
        bottle_env_names: vec!["EDITOR".into(), "PORT".into()],
        skills: vec![PlannedSkill {
            name: SkillName::new("bottle-facts").unwrap(),
            source: HostPath::new("/home/a/.claude-bottle/skills/bottle-facts"),
        }],
        prompt: PlannedPrompt {
            path: HostPath::new("/home/a/.claude-bottle/agents/hello.md"),
            bytes: 312,
        },
        egress: PlannedEgress {
            hosts: routes.iter().map(|route| route.host.to_string()).collect(),
            routes,
            tls_interception: TlsInterception {
                enabled: true,
                ca_fingerprint: None,
            },
        },
        credentials: vec!["demo".into(), "example".into()],
        git_remotes: vec![PlannedRemote {
            name: "origin".into(),
            url: "https://example.com/a.git".into(),
            push: "hold".into(),
        }],
        git_gate: true,
        supervise: false,
        resources: Resources {
            cpus: 2.0,
            memory_mib: 4096,
            disk_mib: None,
        },
        daemons: vec![Daemon::Egress, Daemon::Scripted],
        workspace: Some(PlannedWorkspace {
            source: HostPath::new("/home/a/project"),
            destination: "/workspace".into(),
        }),
        warnings: vec!["the engine has no gVisor".into()],
    }
}

fn bare() -> Plan {
    let nothing = plan();
    Plan {
        runtime: None,
        env_names: Vec::new(),
        bottle_env_names: Vec::new(),
        skills: Vec::new(),
        prompt: PlannedPrompt {
            bytes: 0,
            ..nothing.prompt
        },
        egress: PlannedEgress {
            hosts: Vec::new(),
            routes: Vec::new(),
            ..nothing.egress
        },
        credentials: Vec::new(),
        git_remotes: Vec::new(),
        git_gate: false,
        resources: Resources {
            cpus: 1.5,
            memory_mib: 1500,
            disk_mib: Some(20480),
        },
        workspace: None,
        warnings: Vec::new(),
        ..nothing
    }
}

#[test]
fn text_is_what_a_person_reads() {
    insta::assert_snapshot!("text", plan().to_text());
    insta::assert_snapshot!("text_of_a_bare_plan", bare().to_text());
}

#[test]
fn json_is_what_a_program_reads() {
    insta::assert_snapshot!("json", plan().to_json());
}

#[test]
fn json_keeps_its_promised_keys() {
    let json: serde_json::Value = serde_json::from_str(&plan().to_json()).unwrap();
    let keys: BTreeSet<_> = json
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    for key in [
        "agent",
        "bottle",
        "backend",
        "runtime",
        "image",
        "env_names",
        "bottle_env_names",
        "skills",
        "prompt",
        "egress",
        "git_remotes",
        "git_gate",
        "supervise",
        "resources",
        "daemons",
    ] {
        assert!(keys.contains(key), "{key}");
    }
    for pointer in [
        "/prompt/path",
        "/prompt/bytes",
        "/egress/hosts",
        "/egress/routes",
        "/egress/tls_interception/enabled",
        "/egress/tls_interception/ca_fingerprint",
    ] {
        assert!(json.pointer(pointer).is_some(), "{pointer}");
    }
}

#[test]
fn json_comes_back_as_the_same_plan() {
    assert_eq!(
        serde_json::from_str::<Plan>(&plan().to_json()).unwrap(),
        plan()
    );
}

#[test]
fn text_cannot_command_the_terminal() {
    let evil = Plan {
        workspace: Some(PlannedWorkspace {
            source: HostPath::new("/tmp/\u{1b}[2J\u{9b}31m\r\nOpen hosts  none"),
            destination: "/workspace".into(),
        }),
        ..plan()
    };
    let text = evil.to_text();
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
    assert_eq!(text.lines().count(), plan().to_text().lines().count());
}
