//! The JSON of every error that the page can get: the interface acts on these words, so they do not change by accident.

use std::sync::Arc;

use bottle_core::backend::{BackendError, BackendName};
use bottle_core::id::SessionId;
use bottle_core::selftest::Check;
use bottle_engine::EngineError;
use claude_bottle_desktop::error::CommandError;
use claude_bottle_desktop::wire::document::{Document, DocumentKind, FileFault};
use claude_bottle_desktop::wire::session;
use claude_bottle_desktop::wire::system::Problem;
use serde_json::{Value, json};

fn each() -> Vec<(CommandError, Value)> {
    let text = String::from;
    let problem = Problem {
        code: text("engine_unavailable"),
        what: text("w"),
        advice: text("a"),
    };
    let fault = FileFault {
        file: text("f"),
        line: 2,
        column: 3,
        what: text("w"),
        advice: text("a"),
    };
    let check = session::Check {
        id: text("no-tcp"),
        title: text("t"),
        passed: false,
        seen: text("s"),
    };
    let document = Document {
        kind: DocumentKind::Bottle,
        name: text("n"),
        file: text("f"),
        text: text("t"),
        digest: text("d"),
    };
    let (what, advice) = (text("w"), text("a"));
    vec![
        (
            CommandError::NoBackend {
                backend: text("docker"),
                problems: vec![problem],
            },
            json!({"code": "no-backend", "backend": "docker", "problems": [{"code": "engine_unavailable", "what": "w", "advice": "a"}]}),
        ),
        (
            CommandError::Manifest { fault },
            json!({"code": "manifest", "fault": {"file": "f", "line": 2, "column": 3, "what": "w", "advice": "a"}}),
        ),
        (
            CommandError::MissingCredential { name: text("n") },
            json!({"code": "missing-credential", "name": "n"}),
        ),
        (
            CommandError::CredentialRefused {
                name: text("n"),
                what: what.clone(),
                advice: advice.clone(),
            },
            json!({"code": "credential-refused", "name": "n", "what": "w", "advice": "a"}),
        ),
        (
            CommandError::NoAgent {
                name: text("n"),
                nearest: None,
            },
            json!({"code": "no-agent", "name": "n", "nearest": null}),
        ),
        (
            CommandError::Skill {
                name: text("n"),
                what: what.clone(),
                advice: advice.clone(),
            },
            json!({"code": "skill", "name": "n", "what": "w", "advice": "a"}),
        ),
        (
            CommandError::Unanswered {
                name: text("n"),
                question: text("q"),
            },
            json!({"code": "unanswered", "name": "n", "question": "q"}),
        ),
        (
            CommandError::Workspace {
                path: text("p"),
                what: what.clone(),
            },
            json!({"code": "workspace", "path": "p", "what": "w"}),
        ),
        (
            CommandError::Image {
                what: what.clone(),
                advice: advice.clone(),
                tail: vec![text("l")],
            },
            json!({"code": "image", "what": "w", "advice": "a", "tail": ["l"]}),
        ),
        (
            CommandError::DiskFull {
                what: what.clone(),
                advice: advice.clone(),
            },
            json!({"code": "disk-full", "what": "w", "advice": "a"}),
        ),
        (
            CommandError::NotSealed {
                checks: vec![check],
            },
            json!({"code": "not-sealed", "checks": [{"id": "no-tcp", "title": "t", "passed": false, "seen": "s"}]}),
        ),
        (
            CommandError::NoSession { id: text("i") },
            json!({"code": "no-session", "id": "i"}),
        ),
        (
            CommandError::SessionInUse { id: text("i") },
            json!({"code": "session-in-use", "id": "i"}),
        ),
        (
            CommandError::NotResumable { id: text("i") },
            json!({"code": "not-resumable", "id": "i"}),
        ),
        (
            CommandError::Conflict {
                files: vec![text("f")],
            },
            json!({"code": "conflict", "files": ["f"]}),
        ),
        (
            CommandError::DocumentChanged { document },
            json!({"code": "document-changed", "document": {"kind": "bottle", "name": "n", "file": "f", "text": "t", "digest": "d"}}),
        ),
        (
            CommandError::Exists { name: text("n") },
            json!({"code": "exists", "name": "n"}),
        ),
        (
            CommandError::InvalidName {
                name: text("n"),
                what: what.clone(),
            },
            json!({"code": "invalid-name", "name": "n", "what": "w"}),
        ),
        (CommandError::Cancelled, json!({"code": "cancelled"})),
        (
            CommandError::Internal {
                what,
                advice,
                causes: vec![text("c")],
            },
            json!({"code": "internal", "what": "w", "advice": "a", "causes": ["c"]}),
        ),
    ]
}

#[test]
fn the_json_of_every_error_is_as_agreed() {
    let each = each();
    for (error, expected) in &each {
        assert_eq!(serde_json::to_value(error).unwrap(), *expected);
    }
    // Fails to compile where a variant is added, and fails here where it is not pinned above.
    let number = |error: &CommandError| match error {
        CommandError::NoBackend { .. } => 0,
        CommandError::Manifest { .. } => 1,
        CommandError::MissingCredential { .. } => 2,
        CommandError::CredentialRefused { .. } => 3,
        CommandError::NoAgent { .. } => 4,
        CommandError::Skill { .. } => 5,
        CommandError::Unanswered { .. } => 6,
        CommandError::Workspace { .. } => 7,
        CommandError::Image { .. } => 8,
        CommandError::DiskFull { .. } => 9,
        CommandError::NotSealed { .. } => 10,
        CommandError::NoSession { .. } => 11,
        CommandError::SessionInUse { .. } => 12,
        CommandError::NotResumable { .. } => 13,
        CommandError::Conflict { .. } => 14,
        CommandError::DocumentChanged { .. } => 15,
        CommandError::Exists { .. } => 16,
        CommandError::InvalidName { .. } => 17,
        CommandError::Cancelled => 18,
        CommandError::Internal { .. } => 19,
    };
    let numbers: Vec<i32> = each.iter().map(|(error, _)| number(error)).collect();
    assert_eq!(numbers, (0..20).collect::<Vec<i32>>());
}

fn of(error: EngineError) -> Value {
    serde_json::to_value(CommandError::from(Arc::new(error))).unwrap()
}

#[test]
fn a_backends_error_tells_what_it_is_for_the_person() {
    let unavailable = BackendError::Unavailable {
        backend: BackendName::Docker,
        endpoint: "unix:///x".into(),
        source: None,
    };
    let unavailable = of(unavailable.into());
    assert_eq!(unavailable["code"], "no-backend");
    assert_eq!(
        unavailable["problems"][0]["what"],
        "No docker engine answers at unix:///x."
    );
    let build = BackendError::ImageBuild {
        image: "i".into(),
        step: "s".into(),
        tail: vec!["last".into()],
    };
    let build = of(build.into());
    assert_eq!(build["code"], "image");
    assert_eq!(build["tail"], json!(["last"]));
    let full = BackendError::DiskFull {
        backend: BackendName::Docker,
    };
    assert_eq!(of(full.into())["code"], "disk-full");
    let moving_in = EngineError::Provision {
        step: "skills",
        source: BackendError::DiskFull {
            backend: BackendName::Docker,
        },
    };
    assert_eq!(of(moving_in)["code"], "disk-full");
}

#[test]
fn a_check_that_was_not_made_counts_as_failed() {
    let failed = Check {
        id: "no-tcp".into(),
        title: "t".into(),
        passed: false,
        seen: "s".into(),
    };
    let error = of(EngineError::NotSealed {
        failed: vec![failed],
        missing: vec!["no-udp".into()],
    });
    assert_eq!(error["code"], "not-sealed");
    assert_eq!(error["checks"][0]["id"], "no-tcp");
    assert_eq!(error["checks"][1]["id"], "no-udp");
    assert_eq!(error["checks"][1]["passed"], false);
}

#[test]
fn an_error_without_a_code_of_its_own_brings_its_causes() {
    let source = std::io::Error::new(std::io::ErrorKind::PermissionDenied, "not yours");
    let error = of(EngineError::File {
        action: "write",
        path: "/f".into(),
        source,
    });
    assert_eq!(error["code"], "internal");
    assert_eq!(error["what"], "cannot write /f");
    assert_eq!(error["causes"], json!(["not yours"]));
    assert_ne!(error["advice"], "");
}

#[test]
fn sessions_are_named_by_their_id() {
    let id = || SessionId::new("a-00000").unwrap();
    let each = [
        (EngineError::NoSession { id: id() }, "no-session"),
        (EngineError::NotRunning { id: id() }, "no-session"),
        (EngineError::SessionInUse { id: id() }, "session-in-use"),
        (EngineError::NotResumable { id: id() }, "not-resumable"),
    ];
    for (error, code) in each {
        assert_eq!(of(error), json!({"code": code, "id": "a-00000"}));
    }
}
