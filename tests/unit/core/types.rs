//! Ids, guest paths, secrets and the control protocol's lines.

use bottle_core::claude::ClaudeKind;
use bottle_core::control::{self, CredentialValue, Message, Operation, Reply};
use bottle_core::id::{AgentName, CredentialName, InvalidName, MAX_NAME, SessionId};
use bottle_core::path::GuestPath;
use bottle_core::policy::{Policy, Verdict, decide_connect};
use bottle_core::secret::Secret;
use proptest::prelude::*;

const CANARY: &str = "canary-secret-51c2";

#[test]
fn secret_shows_nothing_of_itself() {
    let secret = Secret::new(CANARY.to_owned());
    assert_eq!(format!("{secret:?} {secret:#?}"), "<redacted> <redacted>");
    assert_eq!(secret.expose(), CANARY);
}

#[test]
fn structures_around_a_secret_show_nothing_of_it() {
    let request = control::Request {
        id: 1,
        op: Operation::SetCredentials {
            credentials: vec![credential()],
        },
    };
    assert!(!format!("{request:?}").contains(CANARY));
}

fn credential() -> CredentialValue {
    CredentialValue {
        name: CredentialName::new("main").unwrap(),
        kind: Some(ClaudeKind::OauthToken),
        value: Secret::new(CANARY.to_owned()),
    }
}

#[test]
fn control_line_is_one_line_and_comes_back() {
    let request = control::Request {
        id: 7,
        op: Operation::SetCredentials {
            credentials: vec![credential()],
        },
    };
    let line = control::line(&request).unwrap();
    assert_eq!(line.iter().filter(|&&b| b == b'\n').count(), 1);
    assert_eq!(line.last(), Some(&b'\n'));
    let back: control::Request = serde_json::from_slice(&line).unwrap();
    let Operation::SetCredentials { credentials } = back.op else {
        panic!("another operation")
    };
    assert_eq!(
        (back.id, credentials[0].value.expose().as_str()),
        (7, CANARY)
    );
}

#[test]
fn control_messages_come_back() {
    let reply = Message::Reply {
        id: 3,
        reply: Reply::Done,
    };
    let line = control::line(&reply).unwrap();
    assert_eq!(
        std::str::from_utf8(&line).unwrap(),
        "{\"type\":\"reply\",\"id\":3,\"reply\":{\"name\":\"done\"}}\n"
    );
    assert!(matches!(
        serde_json::from_slice(&line).unwrap(),
        Message::Reply {
            id: 3,
            reply: Reply::Done
        }
    ));
}

#[test]
fn unknown_fields_and_operations_are_refused() {
    for line in [
        r#"{"id":1,"op":{"name":"status"},"more":1}"#,
        r#"{"id":1,"op":{"name":"open-everything"}}"#,
        r#"{"id":1,"op":{"name":"pause","paused":true,"why":"x"}}"#,
        r#"{"id":1,"op":{"name":"set-policy","policy":{"routes":[{"host":"*"}]}}}"#,
        r#"{"id":1,"op":{"name":"set-policy","policy":{"routes":[{"host":"a.com","allow":1}]}}}"#,
    ] {
        assert!(
            serde_json::from_str::<control::Request>(line).is_err(),
            "{line}"
        );
    }
}

#[test]
fn policy_that_came_over_the_wire_decides_the_same() {
    let policy: Policy = serde_json::from_str(r#"{"routes":[{"host":"*.a.com"}]}"#).unwrap();
    assert!(matches!(
        decide_connect(&policy, "x.a.com", 443),
        Verdict::Allow { route: 0, .. }
    ));
    assert!(serde_json::from_str::<Policy>("{}").is_err());
}

#[test]
fn session_ids_are_an_agents_name_and_five_characters() {
    let agent = AgentName::new("my-agent").unwrap();
    let id = SessionId::generate(&agent, 36_u64.pow(5) - 1);
    assert_eq!(id.as_str(), "my-agent-zzzzz");
    for bad in [
        "",
        "zzzzz",
        "-zzzzz",
        "a-zzzz",
        "a-zzzzzz",
        "a-ZZZZZ",
        "a--zzzzz",
        "a/../b-zzzzz",
        "a_b-zzzzz",
    ] {
        assert!(SessionId::new(bad).is_err(), "{bad}");
    }
}

#[test]
fn names_follow_the_skill_formats_rules() {
    for bad in ["-a", "a-", "a--b", "A", "a_b", "a b", "a/b", "..", "é"] {
        assert!(
            matches!(AgentName::new(bad), Err(InvalidName::BadCharacter { .. })),
            "{bad}"
        );
    }
    assert!(AgentName::new("a".repeat(MAX_NAME)).is_ok());
    assert!(AgentName::new("a".repeat(MAX_NAME + 1)).is_err());
}

#[test]
fn guest_paths_are_absolute_and_plain() {
    for good in ["/", "/a", "/home/node/.claude"] {
        assert!(GuestPath::new(good).is_ok(), "{good}");
    }
    for bad in [
        "", "a", "a/b", "/a/", "//", "/a//b", "/a/../b", "/.", "/a/.", "/a\0b",
    ] {
        assert!(GuestPath::new(bad).is_err(), "{bad}");
    }
    let folder = GuestPath::new("/a").unwrap();
    assert_eq!(folder.join("b/c").unwrap().as_str(), "/a/b/c");
    assert!(folder.join("../b").is_err() && folder.join("").is_err() && folder.join("/b").is_err());
}

proptest! {
    #[test]
    fn generated_session_ids_are_valid(name in "[a-z0-9]{1,20}(-[a-z0-9]{1,8}){0,2}", random: u64) {
        let agent = AgentName::new(name).unwrap();
        let id = SessionId::generate(&agent, random);
        prop_assert_eq!(SessionId::new(id.as_str().to_owned()), Ok(id));
    }

    #[test]
    fn joined_guest_paths_stay_below(part in "[a-z./]{0,12}") {
        let folder = GuestPath::new("/base").unwrap();
        if let Ok(joined) = folder.join(&part) {
            prop_assert!(joined.as_str().starts_with("/base/"));
            prop_assert!(!joined.as_str().split('/').any(|part| part == ".."));
        }
    }
}
