//! Credentials over a store in memory: names, kinds, values, the index file, and what happens when half of it fails.

mod rollback;

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bottle_core::advice::Advice;
use bottle_core::claude::ClaudeKind;
use bottle_core::id::{CredentialName, OwnerId};
use bottle_core::path::HostPath;
use bottle_core::secret::Secret;
use bottle_credentials::{
    Credentials, Error, IfPresent, Kind, MAX_VALUE, MemoryStore, SecretStore,
};
use tempfile::TempDir;

const CANARY: &str = "canary-value-7f3a";

struct Home {
    folder: TempDir,
    store: Arc<MemoryStore>,
}

impl Home {
    fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
            store: Arc::new(MemoryStore::new()),
        }
    }

    fn index(&self) -> HostPath {
        HostPath::new(self.folder.path().join("home/credentials.json"))
    }

    fn credentials(&self) -> Credentials {
        self.over(self.store.clone())
    }

    fn over(&self, store: Arc<dyn SecretStore>) -> Credentials {
        Credentials::open(store, self.index(), owner("home-1"))
            .with_clock(|| SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000))
    }
}

fn name(text: &str) -> CredentialName {
    CredentialName::new(text).unwrap()
}

fn owner(text: &str) -> OwnerId {
    OwnerId::new(text).unwrap()
}

fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

#[test]
fn what_was_added_is_listed_and_fetched() {
    let home = Home::new();
    let credentials = home.credentials();
    let added = credentials
        .add(&name("github"), &secret(CANARY), IfPresent::Fail)
        .unwrap();
    assert_eq!((added.kind, added.created_at), (Kind::Plain, 1_700_000_000));
    assert_eq!(home.credentials().list().unwrap(), [added]);
    assert_eq!(
        home.credentials().get(&name("github")).unwrap().expose(),
        CANARY
    );
}

#[test]
fn an_empty_home_has_no_credentials_and_stays_untouched() {
    let home = Home::new();
    assert!(home.credentials().list().unwrap().is_empty());
    assert!(!home.folder.path().join("home").exists());
}

#[test]
fn adding_a_taken_name_fails_and_keeps_the_value() {
    let home = Home::new();
    let credentials = home.credentials();
    credentials
        .add(&name("github"), &secret("first"), IfPresent::Fail)
        .unwrap();
    let error = credentials
        .add(&name("github"), &secret("second"), IfPresent::Fail)
        .unwrap_err();
    assert_eq!(error.code(), "credential_exists");
    assert_eq!(credentials.get(&name("github")).unwrap().expose(), "first");
    credentials
        .add(&name("github"), &secret("third"), IfPresent::Replace)
        .unwrap();
    assert_eq!(credentials.get(&name("github")).unwrap().expose(), "third");
}

#[test]
fn replacing_what_is_not_there_fails() {
    let home = Home::new();
    let error = home
        .credentials()
        .replace(&name("github"), &secret("value"))
        .unwrap_err();
    assert_eq!(error.code(), "credential_missing");
    assert!(home.store.get("home-1/github").unwrap().is_none());
}

#[test]
fn replacing_takes_the_new_kind() {
    let home = Home::new();
    let credentials = home.credentials();
    credentials
        .add(&name("claude"), &secret("sk-ant-api03-x"), IfPresent::Fail)
        .unwrap();
    credentials
        .replace(&name("claude"), &secret("sk-ant-oat01-y"))
        .unwrap();
    let kind = credentials.find(&name("claude")).unwrap().kind;
    assert_eq!(kind, Kind::Claude(ClaudeKind::OauthToken));
}

#[test]
fn removing_is_idempotent_and_takes_the_value() {
    let home = Home::new();
    let credentials = home.credentials();
    credentials
        .add(&name("github"), &secret("value"), IfPresent::Fail)
        .unwrap();
    assert!(credentials.remove(&name("github")).unwrap());
    assert!(!credentials.remove(&name("github")).unwrap());
    assert!(home.store.get("home-1/github").unwrap().is_none());
    assert_eq!(
        credentials.get(&name("github")).unwrap_err().code(),
        "credential_missing"
    );
}

#[test]
fn removing_takes_a_value_that_the_index_does_not_list() {
    let home = Home::new();
    home.store.set("home-1/orphan", &secret("value")).unwrap();
    assert!(home.credentials().remove(&name("orphan")).unwrap());
    assert!(home.store.get("home-1/orphan").unwrap().is_none());
}

#[test]
fn homes_of_different_owners_never_share_a_value() {
    let home = Home::new();
    home.credentials()
        .add(&name("github"), &secret("value"), IfPresent::Fail)
        .unwrap();
    let other = HostPath::new(home.folder.path().join("other/credentials.json"));
    let other = Credentials::open(home.store.clone(), other, owner("home-2"));
    other
        .add(&name("github"), &secret("other"), IfPresent::Fail)
        .unwrap();
    other.remove(&name("github")).unwrap();
    assert_eq!(
        home.credentials().get(&name("github")).unwrap().expose(),
        "value"
    );
}

#[test]
fn a_value_that_the_keychain_lost_is_told_apart_from_a_missing_name() {
    let home = Home::new();
    home.credentials()
        .add(&name("github"), &secret("value"), IfPresent::Fail)
        .unwrap();
    home.store.remove("home-1/github").unwrap();
    let error = home.credentials().get(&name("github")).unwrap_err();
    assert_eq!(error.code(), "credential_lost");
    assert!(error.advice().contains("credential replace github"));
}

#[test]
fn blanks_and_line_ends_around_a_value_are_cut() {
    let home = Home::new();
    let credentials = home.credentials();
    credentials
        .add(&name("github"), &secret(" \tghp_x\r\n"), IfPresent::Fail)
        .unwrap();
    assert_eq!(credentials.get(&name("github")).unwrap().expose(), "ghp_x");
}

#[test]
fn values_that_cannot_stand_in_a_header_are_refused() {
    let longest = "x".repeat(MAX_VALUE - 1);
    let cases = [
        ("", "credential_empty"),
        (" \n\t ", "credential_empty"),
        ("two\nlines", "credential_unprintable"),
        ("tab\tinside", "credential_unprintable"),
        ("nul\0", "credential_unprintable"),
        ("\u{a0}x", "credential_unprintable"),
        ("schlüssel", "credential_unprintable"),
        (&format!("{longest}x"), "credential_too_long"),
    ];
    let home = Home::new();
    for (value, code) in cases {
        let error = home
            .credentials()
            .add(&name("x"), &secret(value), IfPresent::Fail)
            .unwrap_err();
        assert_eq!(error.code(), code, "{value:?}");
    }
    home.credentials()
        .add(&name("x"), &secret(&longest), IfPresent::Fail)
        .unwrap();
}

#[test]
fn the_prefix_tells_the_kind() {
    let cases = [
        (
            "sk-ant-oat01-abc",
            Kind::Claude(ClaudeKind::OauthToken),
            "\"oauth-token\"",
        ),
        (
            "sk-ant-api03-abc",
            Kind::Claude(ClaudeKind::ApiKey),
            "\"api-key\"",
        ),
        ("sk-ant-other", Kind::Plain, "\"plain\""),
        ("xsk-ant-oat01", Kind::Plain, "\"plain\""),
    ];
    for (value, kind, json) in cases {
        assert_eq!(Kind::of(&secret(value)), kind);
        assert_eq!(serde_json::to_string(&kind).unwrap(), json);
    }
}

#[test]
fn the_index_is_private_and_holds_no_value() {
    let home = Home::new();
    home.credentials()
        .add(&name("github"), &secret(CANARY), IfPresent::Fail)
        .unwrap();
    let index = home.index();
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(index.as_path()), 0o600);
    assert_eq!(mode(index.as_path().parent().unwrap()), 0o700);
    let text = std::fs::read_to_string(&index).unwrap();
    assert!(
        text.contains("\"github\"") && text.contains("\"plain\""),
        "{text}"
    );
    let folder = index.as_path().parent().unwrap();
    for file in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(
            !bytes
                .windows(CANARY.len())
                .any(|part| part == CANARY.as_bytes())
        );
    }
}

#[test]
fn debug_never_shows_a_value() {
    let home = Home::new();
    let credentials = home.credentials();
    credentials
        .add(&name("github"), &secret(CANARY), IfPresent::Fail)
        .unwrap();
    let all = format!(
        "{credentials:?} {:?}",
        credentials.get(&name("github")).unwrap()
    );
    assert!(!all.contains(CANARY), "{all}");
}

#[test]
fn a_refused_value_is_not_in_the_error() {
    let home = Home::new();
    let value = format!("{CANARY}\u{7f}");
    let error = home
        .credentials()
        .add(&name("x"), &secret(&value), IfPresent::Fail)
        .unwrap_err();
    let all = format!("{error} {error:?} {}", error.advice());
    assert!(!all.contains(CANARY), "{all}");
}

#[test]
fn an_unreadable_index_stops_every_change() {
    let home = Home::new();
    home.credentials()
        .add(&name("github"), &secret("value"), IfPresent::Fail)
        .unwrap();
    for text in [
        "",
        "[]",
        r#"{"credentials":{}, "more":1}"#,
        r#"{"credentials":{"A B":{}}}"#,
    ] {
        std::fs::write(home.index(), text).unwrap();
        let credentials = home.credentials();
        let results = [
            credentials.list().map(drop),
            credentials.get(&name("github")).map(drop),
            credentials
                .add(&name("new"), &secret("value"), IfPresent::Fail)
                .map(drop),
            credentials.remove(&name("github")).map(drop),
        ];
        for result in results {
            assert_eq!(
                result.unwrap_err().code(),
                "credential_index_unreadable",
                "{text}"
            );
        }
    }
    assert_eq!(
        home.store.get("home-1/github").unwrap().unwrap().expose(),
        "value"
    );
    assert!(home.store.get("home-1/new").unwrap().is_none());
}

#[test]
fn an_oversized_index_is_refused_unread() {
    let home = Home::new();
    std::fs::create_dir(home.folder.path().join("home")).unwrap();
    std::fs::File::create(home.index())
        .unwrap()
        .set_len(1 << 40)
        .unwrap();
    let error = home.credentials().list().unwrap_err();
    assert!(matches!(error, Error::IndexSize { bytes, .. } if bytes == 1 << 40));
}

#[test]
fn changes_from_many_at_once_are_all_kept() {
    let home = Home::new();
    std::thread::scope(|scope| {
        for number in 0..8 {
            let credentials = home.credentials();
            scope.spawn(move || {
                for part in 0..4 {
                    let name = name(&format!("name-{number}-{part}"));
                    credentials
                        .add(&name, &secret("value"), IfPresent::Fail)
                        .unwrap();
                }
            });
        }
    });
    assert_eq!(home.credentials().list().unwrap().len(), 32);
}
