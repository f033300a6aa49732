//! Git: remotes behind the gate.

use bottle_core::manifest::{Fault, GitRemote, PushMode};

use super::{bottle, fault, refused};

fn remote(fields: &str) -> GitRemote {
    let bottle = bottle(&format!("git: {{remotes: [{{name: origin, {fields}}}]}}")).unwrap();
    bottle.git_remotes.into_iter().next().unwrap()
}

#[test]
fn remote_is_read_with_all_its_keys() {
    let ssh = remote(
        "url: 'git@example.com:a/b.git', identity: work, host_key: ssh-ed25519 AAAA, push: scan",
    );
    assert_eq!(ssh.identity.as_deref(), Some("work"));
    assert_eq!(ssh.host_key.as_deref(), Some("ssh-ed25519 AAAA"));
    assert_eq!(ssh.push, PushMode::Scan);
    let https = remote("url: 'https://example.com/a/b.git', credential: forge");
    assert_eq!(https.credential.unwrap().as_str(), "forge");
    assert_eq!(https.push, PushMode::Hold);
}

#[test]
fn urls_without_safe_transport_are_refused() {
    for url in [
        "http://example.com/a",
        "git://example.com/a",
        "file:///etc",
        "/srv/a.git",
        "ext::sh -c x",
        "ssh://-oProxyCommand=x/a",
        "-oProxyCommand=x@h:a",
        "git@-oProxyCommand=x:a",
        "ssh:///a",
        "a b",
        "https:/example.com",
    ] {
        let text = format!("git: {{remotes: [{{name: o, url: '{url}'}}]}}");
        assert!(matches!(fault(&text), Fault::BadValue { .. }), "{url}");
    }
}

#[test]
fn secrets_in_urls_are_refused_and_not_repeated() {
    for url in [
        "https://me:hunter2@example.com/a",
        "https://hunter2@example.com/a",
        "ssh://git:hunter2@h/a",
    ] {
        let error = refused(&format!("git: {{remotes: [{{name: o, url: '{url}'}}]}}"));
        assert!(
            !format!("{error} {error:?}").contains("hunter2"),
            "{error:?}"
        );
    }
}

#[test]
fn credential_and_identity_fit_the_transport() {
    refused("git: {remotes: [{name: o, url: 'https://h.com/a', identity: x}]}");
    refused("git: {remotes: [{name: o, url: 'git@h.com:a', credential: x}]}");
}

#[test]
fn names_are_plain_and_listed_once() {
    for name in ["a/b", "-a", ".a", "a..b", "'a b'", "''"] {
        refused(&format!(
            "git: {{remotes: [{{name: {name}, url: 'https://h.com/a'}}]}}"
        ));
    }
    let twice =
        "git: {remotes: [{name: o, url: 'https://h.com/a'}, {name: o, url: 'https://h.com/b'}]}";
    assert!(matches!(fault(twice), Fault::Repeated { .. }));
}

#[test]
fn user_needs_both_parts() {
    assert!(matches!(
        fault("git: {user: {name: A}}"),
        Fault::MissingKey { key: "email" }
    ));
    refused("git: {user: {name: 'A <b>', email: a@b.c}}");
}
