//! The keychain of this system for real: a Secret Service of its own on a session bus of its own, in a home of its own.
//!
//! Each test starts this program again inside `dbus-run-session`, where one of the ignored tests below does the work. The bus
//! ends with it, and the keyring daemon ends with the bus, so the person's keychain is never seen and nothing stays behind.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use bottle_core::advice::Advice;
use bottle_core::id::{CredentialName, OwnerId};
use bottle_core::path::HostPath;
use bottle_core::secret::Secret;
use bottle_credentials::{Credentials, IfPresent, Keychain};
use tempfile::TempDir;

const CANARY: &str = "canary-value-of-the-keychain-52c1";

/// Makes a keyring with a password of its own and leaves it unlocked.
const UNLOCKED: &str = r#"printf 'of this test' | gnome-keyring-daemon --unlock --components=secrets >/dev/null && exec "$@""#;
/// Makes a keyring in another session, then comes back without the password, as after a restart: the bus starts the daemon.
/// That first daemon is ended by hand, because its bus can be gone before it ever joined.
const LOCKED: &str = r#"mkdir "$HOME/earlier" &&
XDG_RUNTIME_DIR="$HOME/earlier" dbus-run-session -- sh -c "
  printf 'of this test' | gnome-keyring-daemon --unlock --foreground --components=secrets &
  until [ -s \$HOME/.local/share/keyrings/login.keyring ]; do sleep 0.02; done
  kill \$! && wait
" >/dev/null
exec "$@""#;
/// Points at a bus that is not there.
const ABSENT: &str = r#"DBUS_SESSION_BUS_ADDRESS="unix:path=$HOME/no-bus" && export DBUS_SESSION_BUS_ADDRESS && exec "$@""#;

fn missing_program() -> Option<&'static str> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    ["dbus-run-session", "gnome-keyring-daemon"]
        .into_iter()
        .find(|program| !std::env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

/// Runs one ignored test of this file in a session that `prepare` sets up. Fails with its output, skips where nothing can run it.
fn in_session(test: &str, prepare: &str) {
    if let Some(program) = missing_program() {
        tests::skip(module_path!(), test, &format!("{program} is not installed"));
        return;
    }
    let home = TempDir::new().unwrap();
    let runtime = home.path().join("runtime");
    std::fs::create_dir(&runtime).unwrap();
    let output = Command::new("timeout")
        .args(["60", "dbus-run-session", "--", "sh", "-c", prepare, "sh"])
        .arg(std::env::current_exe().unwrap())
        .args([
            "--exact",
            &format!("credentials::{test}"),
            "--ignored",
            "--nocapture",
        ])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", home.path())
        .env("XDG_RUNTIME_DIR", &runtime)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && told.contains("1 passed"),
        "{told}\n{complaints}"
    );
    assert!(
        !told.contains(CANARY) && !complaints.contains(CANARY),
        "a value was printed"
    );
    assert!(
        !holds(home.path(), CANARY.as_bytes()),
        "a value lies in a file"
    );
}

fn holds(folder: &Path, needle: &[u8]) -> bool {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .any(|entry| {
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                holds(&entry.path(), needle)
            } else {
                kind.is_file()
                    && std::fs::read(entry.path())
                        .is_ok_and(|bytes| bytes.windows(needle.len()).any(|part| part == needle))
            }
        })
}

fn index() -> PathBuf {
    PathBuf::from(std::env::var_os("HOME").unwrap()).join("claude-bottle/credentials.json")
}

fn credentials(owner: &str) -> Credentials {
    let owner = OwnerId::new(owner).unwrap();
    Credentials::open(Arc::new(Keychain::new()), HostPath::new(index()), owner)
}

fn name() -> CredentialName {
    CredentialName::new("github").unwrap()
}

fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

#[test]
fn the_keychain_keeps_replaces_and_forgets() {
    in_session("inside_an_unlocked_keychain", UNLOCKED);
}

#[test]
fn a_locked_keychain_is_told_and_never_waited_for() {
    in_session("inside_a_locked_keychain", LOCKED);
}

#[test]
fn no_keychain_is_told_with_what_to_start() {
    in_session("inside_a_session_without_a_bus", ABSENT);
}

#[test]
#[ignore = "runs inside the session that the_keychain_keeps_replaces_and_forgets starts"]
fn inside_an_unlocked_keychain() {
    let credentials = credentials("home-1");
    credentials.probe().unwrap();
    credentials
        .add(&name(), &secret(CANARY), IfPresent::Fail)
        .unwrap();
    assert_eq!(credentials.get(&name()).unwrap().expose(), CANARY);
    credentials.replace(&name(), &secret("second")).unwrap();
    assert_eq!(credentials.get(&name()).unwrap().expose(), "second");

    let other = self::credentials("home-2");
    assert_eq!(other.get(&name()).unwrap_err().code(), "credential_lost");

    assert!(credentials.remove(&name()).unwrap());
    assert!(!credentials.remove(&name()).unwrap());
    assert_eq!(
        credentials.get(&name()).unwrap_err().code(),
        "credential_missing"
    );
}

#[test]
#[ignore = "runs inside the session that a_locked_keychain_is_told_and_never_waited_for starts"]
fn inside_a_locked_keychain() {
    let credentials = credentials("home-1");
    let problem = credentials.probe().unwrap_err();
    assert_eq!(problem.code, "keychain_locked");
    assert!(problem.advice.contains("nlock"), "{problem:?}");
    let error = credentials
        .add(&name(), &secret(CANARY), IfPresent::Fail)
        .unwrap_err();
    assert_eq!(error.code(), "keychain_locked", "{error:?}");
    assert!(credentials.list().unwrap().is_empty());
}

#[test]
#[ignore = "runs inside the session that no_keychain_is_told_with_what_to_start starts"]
fn inside_a_session_without_a_bus() {
    let credentials = credentials("home-1");
    let problem = credentials.probe().unwrap_err();
    assert_eq!(problem.code, "keychain_unavailable");
    let error = credentials
        .add(&name(), &secret(CANARY), IfPresent::Fail)
        .unwrap_err();
    assert_eq!(error.code(), "keychain_unavailable", "{error:?}");
    assert!(
        error.advice().contains("gnome-keyring"),
        "{}",
        error.advice()
    );
    assert!(credentials.list().unwrap().is_empty());
}
