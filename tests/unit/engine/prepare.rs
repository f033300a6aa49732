//! What is refused before anything is created, and in which words.

use std::collections::BTreeMap;
use std::fs;

use bottle_core::advice::Advice;
use bottle_core::backend::{BackendName, ImageSource};
use bottle_core::event::Silent;
use bottle_core::manifest::Fault;
use bottle_engine::{EngineError, StartRequest};
use tokio_util::sync::CancellationToken;

use super::room::{AGENT, BOTTLE, Room, request, write};

async fn refused(room: &Room, request: StartRequest) -> EngineError {
    let error = match room.engine.prepare(&request).await {
        Err(error) => error,
        Ok(prepared) => {
            let never = CancellationToken::new();
            let launched = room.engine.launch(prepared, &Silent, &never).await;
            launched.map(drop).expect_err("it must be refused")
        }
    };
    assert_eq!(
        room.staged.steps(),
        Vec::<String>::new(),
        "something was asked"
    );
    room.assert_untouched();
    let advice = error.advice();
    assert!(advice.ends_with(['.', '`']), "{advice}");
    error
}

/// A room whose bottle says this and whose agent is the usual one.
fn bottled(frontmatter: &str) -> Room {
    let room = Room::new();
    room.write("bottles/b.md", &format!("---\n{frontmatter}\n---\n"));
    room
}

#[tokio::test]
async fn an_unknown_key_is_named_with_file_line_column_and_the_nearest_key() {
    let room = bottled("runtime: runc\nresurces:\n  cpus: 2");
    let error = refused(&room, request()).await;
    let file = room.home().join("bottles/b.md");
    let said = format!(
        "{}:3:1: unknown key 'resurces', did you mean 'resources'",
        file.display()
    );
    assert_eq!(error.to_string(), said);
    assert_eq!(error.code(), "manifest_unknown_key");
}

#[tokio::test]
async fn a_missing_agent_names_the_nearest() {
    let room = Room::new();
    room.write("agents/builder.md", AGENT);
    let request = StartRequest {
        agent: "bulder".parse().unwrap(),
        ..request()
    };
    let error = refused(&room, request).await;
    assert_eq!(error.code(), "agent_missing");
    assert!(error.advice().contains("`builder`"), "{}", error.advice());
}

#[tokio::test]
async fn a_missing_bottle_is_named_at_the_place_that_asks_for_it() {
    let room = Room::new();
    room.write("agents/a.md", "---\ndescription: d\nbottle: bb\n---\n");
    let error = refused(&room, request()).await;
    let file = room.home().join("agents/a.md");
    let said = format!(
        "{}:3:9: there is no bottle 'bb', did you mean 'b'",
        file.display()
    );
    assert_eq!(error.to_string(), said);
}

#[tokio::test]
async fn bottles_that_extend_each_other_are_named() {
    let room = bottled("extends: c");
    room.write("bottles/c.md", "---\nextends: b\n---\n");
    let error = refused(&room, request()).await;
    assert!(error.to_string().contains("b -> c -> b"), "{error}");
    assert_eq!(error.code(), "bottle_cycle");
}

#[tokio::test]
async fn a_broken_bottle_that_nobody_uses_harms_nobody() {
    let room = Room::new();
    room.write("bottles/other.md", "no frontmatter");
    assert!(room.prepare().await.is_ok());
}

#[tokio::test]
async fn a_manifest_of_ten_megabytes_is_refused_by_its_size_without_being_read() {
    let room = Room::new();
    let big = format!("---\nbottle: b\n---\n{}", "x".repeat(10 << 20));
    room.write("agents/a.md", &big);
    let error = refused(&room, request()).await;
    let EngineError::Manifest(manifest) = &error else {
        panic!("{error:?}")
    };
    assert_eq!(*manifest.fault, Fault::TooLarge { bytes: big.len() });
}

#[tokio::test]
async fn a_manifest_of_ten_thousand_keys_is_refused() {
    let keys: String = (0..10_000).map(|n| format!("  V{n}: x\n")).collect();
    let room = bottled(&format!("env:\n{keys}"));
    assert_eq!(refused(&room, request()).await.code(), "manifest_too_large");
}

#[tokio::test]
async fn bytes_that_are_not_text_are_an_error_with_a_place() {
    let room = Room::new();
    fs::write(
        room.home().join("agents/a.md"),
        b"---\nbottle: \xff\xfe\n---\n",
    )
    .unwrap();
    let error = refused(&room, request()).await;
    assert!(error.to_string().contains("a.md:2:"), "{error}");
}

#[tokio::test]
async fn a_missing_credential_stops_a_start_and_creates_nothing() {
    let room = Room::new();
    room.kept.remove("claude");
    let error = refused(&room, request()).await;
    assert_eq!(error.code(), "credential_missing");
    assert!(error.advice().contains("credential add claude"));
}

#[tokio::test]
async fn a_credential_of_any_host_may_be_the_missing_one() {
    let room = Room::new();
    let more = "    - host: example.com\n      auth: {scheme: bearer, credential: other}\n---\n";
    let bottle = BOTTLE.strip_suffix("---\n").unwrap();
    room.write("bottles/b.md", &format!("{bottle}{more}"));
    let error = refused(&room, request()).await;
    assert!(error.to_string().contains("other"), "{error}");
}

#[tokio::test]
async fn a_credential_that_goes_between_plan_and_start_stops_the_start() {
    let room = Room::new();
    let prepared = room.prepare().await.unwrap();
    room.kept.remove("claude");
    let never = CancellationToken::new();
    let launched = room.engine.launch(prepared, &Silent, &never).await;
    assert_eq!(launched.map(drop).unwrap_err().code(), "credential_missing");
    room.assert_untouched();
}

#[tokio::test]
async fn a_variable_of_the_host_that_is_not_set_is_named() {
    let room = bottled("env: {TOKEN: '${NOT_SET_HERE}'}");
    let error = refused(&room, request()).await;
    assert_eq!(error.code(), "host_variable_missing");
    let said = error.to_string();
    assert!(
        said.contains("TOKEN") && said.contains("NOT_SET_HERE"),
        "{said}"
    );
}

#[tokio::test]
async fn a_question_without_an_answer_stops_the_start_and_an_answer_lets_it_go_on() {
    let room = bottled("env: {TICKET: '?Which ticket'}");
    let error = refused(&room, request()).await;
    assert_eq!(error.code(), "question_unanswered");
    let mut prepared = room.prepare().await.unwrap();
    let asked = [("TICKET".to_owned(), "Which ticket".to_owned())];
    assert_eq!(prepared.questions(), asked);
    prepared.answer("TICKET", "42".into());
    assert_eq!(prepared.questions(), []);
}

#[tokio::test]
async fn variables_that_are_given_follow_the_rules_of_the_bottles_own() {
    let room = Room::new();
    for (name, why) in [
        ("ANTHROPIC_API_KEY", "outside the bottle"),
        ("anthropic_base_url", "outside the bottle"),
        ("LD_PRELOAD", "code"),
        ("https_proxy", "doors"),
        ("1A", "A-Z"),
        ("A B", "A-Z"),
        ("", "A-Z"),
    ] {
        let request = StartRequest {
            env: BTreeMap::from([(name.to_owned(), "sk-ant-real".to_owned())]),
            ..request()
        };
        let error = refused(&room, request).await;
        assert_eq!(error.code(), "variable_refused", "{name}");
        let said = error.to_string();
        assert!(
            said.contains(why) && !said.contains("sk-ant-real"),
            "{said}"
        );
    }
}

#[tokio::test]
async fn what_this_version_does_not_have_is_refused_and_never_left_out() {
    let remote = "git:\n  remotes:\n    - {name: origin, url: 'https://git.example.com/a.git'}";
    for (frontmatter, feature) in [
        (remote, "git.remotes"),
        ("pipelock: strict", "pipelock: strict"),
        ("pipelock: {tls_interception: true}", "pipelock: strict"),
    ] {
        let error = refused(&bottled(frontmatter), request()).await;
        assert_eq!(error.code(), "not_in_this_version");
        assert!(error.to_string().contains(feature), "{error}");
    }
    assert!(bottled("pipelock: off").prepare().await.is_ok());
}

#[tokio::test]
async fn a_backend_that_is_not_built_in_is_refused() {
    let request = StartRequest {
        backend: Some(BackendName::Smolmachines),
        ..request()
    };
    let error = refused(&Room::new(), request).await;
    assert_eq!(error.code(), "backend_unavailable");
}

#[tokio::test]
async fn a_project_folder_that_cannot_be_read_is_named() {
    let room = Room::new();
    write(&room.beside("x").join("file"), "text");
    for path in [room.beside("x").join("file"), room.beside("x").join("gone")] {
        let request = StartRequest {
            workspace: Some(path.clone()),
            ..request()
        };
        let error = refused(&room, request).await;
        assert_eq!(error.code(), "workspace_unreadable");
        let said = error.to_string();
        assert!(
            said.contains(path.file_name().unwrap().to_str().unwrap()),
            "{said}"
        );
    }
}

#[tokio::test]
async fn files_that_look_secret_in_the_project_folder_are_a_warning() {
    let room = Room::new();
    let folder = room.beside("project");
    for name in [".env", ".env.local", "key.pem", "main.rs"] {
        write(&folder.join(name), "x");
    }
    let request = StartRequest {
        workspace: Some(folder),
        ..request()
    };
    let plan = room.engine.prepare(&request).await.unwrap().plan;
    let warnings = plan.warnings.join("\n");
    assert!(warnings.contains(".env, .env.local, key.pem"), "{warnings}");
    assert!(!warnings.contains("main.rs"));
}

#[tokio::test]
async fn a_password_in_the_address_of_a_remote_is_a_warning_that_does_not_repeat_it() {
    for (url, warned) in [
        ("https://me:hunter2@git.example.com/a.git", true),
        ("https://git.example.com/a@b:c.git", false),
        ("https://me@git.example.com/a.git", false),
        ("git@git.example.com:a.git", false),
    ] {
        let room = Room::new();
        let folder = room.beside("project");
        write(
            &folder.join(".git/config"),
            &format!("[remote \"origin\"]\n\turl = {url}\n"),
        );
        let request = StartRequest {
            workspace: Some(folder),
            ..request()
        };
        let plan = room.engine.prepare(&request).await.unwrap().plan;
        let warnings = plan.warnings.join("\n");
        assert_eq!(warnings.contains(".git/config"), warned, "{url}");
        assert!(!warnings.contains("hunter2"));
    }
}

#[tokio::test]
async fn a_variable_that_has_no_effect_is_a_warning() {
    let room = bottled("env: {LANG: xx, EDITOR: vi}");
    let warnings = room.prepare().await.unwrap().plan.warnings.join("\n");
    assert!(
        warnings.contains("variable LANG has no effect"),
        "{warnings}"
    );
    assert!(!warnings.contains("EDITOR"));
}

#[tokio::test]
async fn an_image_is_a_reference_or_a_dockerfile_beside_the_bottles() {
    let room = bottled("image: registry.example.com/base:1");
    assert_eq!(
        *room.prepare().await.unwrap().image(),
        ImageSource::Reference {
            name: "registry.example.com/base:1".into()
        }
    );
    let room = bottled("image: ./Dockerfile");
    let error = refused(&room, request()).await;
    assert_eq!(error.code(), "dockerfile_unreadable");
    assert!(error.to_string().contains("bottles/Dockerfile"), "{error}");
    room.write("bottles/Dockerfile", "FROM base\n");
    let text = "FROM base\n".to_owned();
    let prepared = room.prepare().await.unwrap();
    assert_eq!(*prepared.image(), ImageSource::Dockerfile { text });
    assert_eq!(prepared.plan.image, "./Dockerfile");
}

#[tokio::test]
async fn a_skills_folder_that_holds_work_is_refused() {
    for folder in [
        "/",
        "/workspace",
        "/home/node",
        "/home/node/.claude",
        "skills",
        "/a/../b",
    ] {
        let room = Room::with_variables(&[("CLAUDE_BOTTLE_GUEST_SKILLS_DIR", folder)]);
        room.write("bottles/b.md", BOTTLE);
        room.write("agents/a.md", AGENT);
        let error = refused(&room, request()).await;
        assert_eq!(error.code(), "skills_folder_unusable", "{folder}");
    }
}
