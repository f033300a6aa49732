//! Moving in, over a guest that remembers what it was given.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use bottle_core::advice::Advice;
use bottle_core::backend::{BackendError, BackendName};
use bottle_core::claude::{CA_FILE, ClaudeKind, PROMPT_FILE, SKILLS_DIR};
use bottle_core::event::Silent;
use bottle_core::guest::GuestUser;
use bottle_core::manifest::GitUser;
use bottle_engine::provision::{
    Delivery, provision_certificate, provision_git, provision_prompt, provision_settings,
    provision_skills,
};
use bottle_engine::skill::Skill;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::guest::Standing;
use super::room::{Room, write};

const PEM: &str = "-----BEGIN CERTIFICATE-----\npublic\n-----END CERTIFICATE-----\n";

async fn skill(room: &Room, name: &str) -> Skill {
    room.skill(name);
    room.engine
        .library(None)
        .skill(&name.parse().unwrap())
        .unwrap()
}

async fn delivered(standing: &Standing, delivery: Delivery) {
    let delivered = delivery.deliver(&*standing.guest, BackendName::Docker);
    delivered.await.unwrap();
}

#[tokio::test]
async fn the_prompt_file_lands_in_the_guest_with_the_expected_content() {
    let (standing, folder) = (Standing::new().await, TempDir::new().unwrap());
    let text = "Be kind.\n\"Quotes\", $HOME and ünïcode stay.\n";
    let mut delivery = Delivery::new();
    let path = provision_prompt(&mut delivery, folder.path(), text).unwrap();
    assert_eq!(path.unwrap().as_str(), PROMPT_FILE);
    delivered(&standing, delivery).await;
    assert_eq!(standing.file(PROMPT_FILE).unwrap(), text.as_bytes());
    let copied = standing.copied();
    assert_eq!((copied.len(), copied[0].entries.len()), (1, 1));
    assert_eq!(standing.ran()[0].command.user, GuestUser::Node);
    assert_eq!(
        (copied[0].entries[0].mode, copied[0].entries[0].owner),
        (0o600, 1000)
    );
    let kept = folder.path().join("prompt.txt");
    assert_eq!(fs::read_to_string(&kept).unwrap(), text);
    assert_eq!(kept.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn an_empty_prompt_is_copied_too_but_has_no_path() {
    let (standing, folder) = (Standing::new().await, TempDir::new().unwrap());
    write(&folder.path().join("prompt.txt"), "of an earlier start");
    let mut delivery = Delivery::new();
    let path = provision_prompt(&mut delivery, folder.path(), "").unwrap();
    assert_eq!(path, None);
    delivered(&standing, delivery).await;
    assert_eq!(standing.file(PROMPT_FILE).unwrap(), b"");
    let kept = folder.path().join("prompt.txt");
    assert_eq!(fs::read(&kept).unwrap(), b"");
    assert_eq!(kept.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn no_skills_is_a_no_op() {
    let standing = Standing::new().await;
    let folder = SKILLS_DIR.to_owned().try_into().unwrap();
    let mut delivery = Delivery::new();
    provision_skills(&mut delivery, &[], &folder, &Silent).unwrap();
    delivered(&standing, delivery).await;
    assert!(standing.ran().is_empty() && standing.copied().is_empty());
}

#[tokio::test]
async fn the_destination_is_wiped_first_and_all_skills_come_at_once() {
    let (room, standing) = (Room::bare(), Standing::new().await);
    standing.write(
        "/home/node/.claude/skills/old/SKILL.md",
        "of an earlier start",
    );
    let skills = [skill(&room, "one").await, skill(&room, "two").await];
    let folder = SKILLS_DIR.to_owned().try_into().unwrap();
    let mut delivery = Delivery::new();
    provision_skills(&mut delivery, &skills, &folder, &Silent).unwrap();
    delivered(&standing, delivery).await;
    assert_eq!(standing.steps(), ["exec deliver"]);
    let wiped = &standing.ran()[0].command;
    assert_eq!(
        (wiped.argv.last().unwrap().as_str(), wiped.user),
        (SKILLS_DIR, GuestUser::Node)
    );
    assert!(
        standing
            .file("/home/node/.claude/skills/old/SKILL.md")
            .is_none()
    );
    for name in ["one", "two"] {
        let path = format!("/home/node/.claude/skills/{name}/SKILL.md");
        assert!(standing.file(&path).is_some(), "{name}");
    }
    // Again, as a session that goes on does it.
    let mut delivery = Delivery::new();
    provision_skills(&mut delivery, &skills[..1], &folder, &Silent).unwrap();
    delivered(&standing, delivery).await;
    assert!(
        standing
            .file("/home/node/.claude/skills/two/SKILL.md")
            .is_none()
    );
}

#[tokio::test]
async fn the_skills_folder_override_is_obeyed() {
    let folder = "/home/node/my-skills";
    let room = Room::with_variables(&[("CLAUDE_BOTTLE_GUEST_SKILLS_DIR", folder)]);
    room.write("bottles/b.md", super::room::BOTTLE);
    room.write("agents/a.md", "---\nbottle: b\nskills: [s]\n---\n");
    room.skill("s");
    let live = room.launch().await.unwrap();
    let root = room.staged.root(&live.id);
    assert!(root.join("home/node/my-skills/s/SKILL.md").is_file());
    assert!(!root.join("home/node/.claude/skills").exists());
}

#[tokio::test]
async fn a_missing_skill_fails_at_copy_time_too_and_touches_nothing() {
    let (room, standing) = (Room::bare(), Standing::new().await);
    let skills = [skill(&room, "stays").await, skill(&room, "goes").await];
    let folder = SKILLS_DIR.to_owned().try_into().unwrap();
    fs::remove_dir_all(room.home().join("skills/goes")).unwrap();
    let error = provision_skills(&mut Delivery::new(), &skills, &folder, &Silent);
    assert_eq!(error.unwrap_err().code(), "skill_missing");
    room.skill("goes");
    symlink("/etc/hostname", room.home().join("skills/goes/link")).unwrap();
    let error = provision_skills(&mut Delivery::new(), &skills, &folder, &Silent);
    assert_eq!(error.unwrap_err().code(), "skill_unusable");
    assert!(standing.ran().is_empty() && standing.copied().is_empty());
}

#[tokio::test]
async fn a_link_inside_a_skill_is_copied_as_what_it_points_at() {
    let (room, standing) = (Room::bare(), Standing::new().await);
    let own = skill(&room, "s").await;
    let source = room.home().join("skills/s");
    write(&source.join("deep/run.sh"), "#!/bin/sh\n");
    fs::set_permissions(
        source.join("deep/run.sh"),
        fs::Permissions::from_mode(0o700),
    )
    .unwrap();
    symlink("deep/run.sh", source.join("link")).unwrap();
    symlink(".", source.join("deep/up")).unwrap();
    let folder = SKILLS_DIR.to_owned().try_into().unwrap();
    let mut delivery = Delivery::new();
    provision_skills(&mut delivery, &[own], &folder, &Silent).unwrap();
    delivered(&standing, delivery).await;
    let copied = standing.copied();
    let entries: BTreeMap<_, _> = copied[0]
        .entries
        .iter()
        .map(|entry| {
            (
                entry.path.strip_prefix(&SKILLS_DIR[1..]).unwrap(),
                (entry.kind, entry.mode, entry.content.as_slice()),
            )
        })
        .collect();
    let script = ("file", 0o755, b"#!/bin/sh\n".as_slice());
    assert_eq!(entries["/s/deep/run.sh"], script);
    assert_eq!(entries["/s/link"], script);
    assert_eq!(entries["/s/SKILL.md"].1, 0o644);
    assert!(
        copied[0]
            .entries
            .iter()
            .all(|e| e.owner == 1000 && e.kind != "link")
    );
}

#[tokio::test]
async fn the_certificate_goes_in_by_standard_input_and_no_key_with_it() {
    let standing = Standing::new().await;
    provision_certificate(&*standing.guest, PEM).await.unwrap();
    let ran = standing.ran();
    assert_eq!((ran.len(), ran[0].command.user), (1, GuestUser::Root));
    assert_eq!(ran[0].stdin, PEM.as_bytes());
    let script = ran[0].command.argv.join(" ");
    assert!(
        script.contains(CA_FILE) && !script.contains("CERTIFICATE"),
        "{script}"
    );
    for name in ["egress", "git-gate", "supervise"] {
        assert!(script.contains(name), "{name} has no address");
    }
}

#[tokio::test]
async fn a_started_bottle_was_never_given_a_key_or_a_credential() {
    let room = Room::new();
    room.write(
        "agents/a.md",
        "---\nbottle: b\nskills: [s]\ngit: {user: {name: N, email: n@e}}\n---\nHi.\n",
    );
    room.skill("s");
    let project = room.beside("project");
    write(&project.join("a.txt"), "x");
    let live = room.launch_on(Some(&project)).await.unwrap();
    let mut given = Vec::new();
    for ran in room.staged.guests().ran() {
        given.extend(ran.command.argv.join(" ").into_bytes());
        given.extend(
            ran.command
                .env
                .iter()
                .flat_map(|(_, value)| value.clone().into_bytes()),
        );
        given.extend(ran.stdin);
    }
    for copied in room.staged.guests().copied() {
        given.extend(copied.entries.into_iter().flat_map(|entry| entry.content));
    }
    let given = String::from_utf8_lossy(&given);
    assert!(
        given.contains("BEGIN CERTIFICATE"),
        "the certificate was given"
    );
    assert!(!given.contains("PRIVATE") && !given.contains(super::room::SECRET));
    let kept = super::room::tree(&live.folder);
    for (path, content) in kept {
        let content = content.unwrap_or_default();
        assert!(
            !content.contains("PRIVATE") && !content.contains(super::room::SECRET),
            "{path:?}"
        );
    }
}

async fn settings(kind: Option<ClaudeKind>) -> (Value, Value) {
    let standing = Standing::new().await;
    let mut delivery = Delivery::new();
    provision_settings(&mut delivery, kind).unwrap();
    delivered(&standing, delivery).await;
    let read = |path: &str| serde_json::from_slice(&standing.file(path).unwrap()).unwrap();
    for entry in &standing.copied()[0].entries {
        let private = if entry.kind == "folder" { 0o700 } else { 0o600 };
        assert_eq!(entry.mode, private, "{}", entry.path);
    }
    (
        read("/home/node/.claude.json"),
        read("/home/node/.claude/settings.json"),
    )
}

#[tokio::test]
async fn first_run_questions_are_answered_beforehand() {
    let (state, settings) = settings(Some(ClaudeKind::OauthToken)).await;
    assert_eq!(state["hasCompletedOnboarding"], json!(true));
    assert_eq!(
        state["projects"]["/workspace"]["hasTrustDialogAccepted"],
        json!(true)
    );
    assert_eq!(settings["skipDangerousModePermissionPrompt"], json!(true));
    assert!(state.get("customApiKeyResponses").is_none());
}

#[tokio::test]
async fn claude_is_light_or_dark_as_its_terminal_is() {
    let (state, _) = settings(Some(ClaudeKind::OauthToken)).await;
    assert_eq!(state["theme"], json!("auto"));
}

#[tokio::test]
async fn the_tail_of_the_placeholder_key_is_approved() {
    let (state, _) = settings(Some(ClaudeKind::ApiKey)).await;
    let approved = state["customApiKeyResponses"]["approved"][0]
        .as_str()
        .unwrap();
    assert_eq!(approved.len(), 20);
    assert!(ClaudeKind::ApiKey.placeholder().ends_with(approved));
    assert_eq!(state["customApiKeyResponses"]["rejected"], json!([]));
}

#[tokio::test]
async fn who_commits_are_by_goes_in_by_standard_input_one_line_each() {
    let standing = Standing::new().await;
    provision_git(&*standing.guest, None).await.unwrap();
    assert!(standing.ran().is_empty(), "nobody named: nothing done");
    let user = GitUser {
        name: "N; rm -rf /\n[core] hooksPath=/x".into(),
        email: "n@e".into(),
    };
    provision_git(&*standing.guest, Some(&user)).await.unwrap();
    let ran = &standing.ran()[0];
    assert_eq!(ran.stdin, b"N; rm -rf / [core] hooksPath=/x\nn@e\n");
    assert!(!ran.command.argv.join(" ").contains("hooksPath"));
    assert_eq!(ran.command.user, GuestUser::Node);
}

#[tokio::test]
async fn a_step_that_fails_in_the_guest_names_itself_and_shows_its_last_words() {
    let standing = Standing::new().await;
    standing.record().answer("ca-certificates", 1, "");
    let error = provision_certificate(&*standing.guest, PEM)
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the step 'certificate and doors' failed while moving in"
    );
    assert_eq!(error.code(), "provision_failed");
    assert!(!error.advice().is_empty());
}

#[tokio::test]
async fn a_delivery_that_fills_the_disk_says_so() {
    let standing = Standing::new().await;
    let mut delivery = Delivery::new();
    provision_settings(&mut delivery, None).unwrap();
    standing.record().fail(
        "tar -xpf",
        2,
        "tar: x: Cannot write: No space left on device\n",
    );
    let delivered = delivery.deliver(&*standing.guest, BackendName::Docker);
    let error = delivered.await.unwrap_err();
    assert_eq!(
        error.code(),
        BackendError::DiskFull {
            backend: BackendName::Docker
        }
        .code()
    );
}
