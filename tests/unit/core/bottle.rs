//! Bottles as people write them.

use bottle_core::advice::Advice;
use bottle_core::backend::{BackendName, Runtime};
use bottle_core::manifest::{Fault, Location, Pipelock, PipelockMode, Position, parse_bottle};
use bottle_core::policy::{AuthScheme, OnFinding};

use super::{bottle, fault, refused};

const FULL: &str = "\u{feff}---\r
extends: base\r
backend: docker\r
runtime: runsc\r
resources: {cpus: 1.5, memory: 4GiB, disk: 20g}\r
env:\r
  PORT: 8080\r
  RATE: 1.10\r
egress:\r
  routes:\r
    - host: api.example.com\r
      matches:\r
        - paths: [/v1/*]\r
          methods: [GET, POST]\r
      auth: {scheme: bearer, credential: example}\r
      on_finding: hold\r
    - host: '*.example.org:8443'\r
git:\r
  user: {name: A Person, email: a@example.com}\r
pipelock: off\r
image: ./Dockerfile\r
---\r
\r
Notes of\r
mine.\r
";

#[test]
fn every_key_is_read() {
    let bottle = parse_bottle("b.md", FULL, Location::Home).unwrap();
    assert_eq!(bottle.extends.unwrap().as_str(), "base");
    assert_eq!(
        bottle.extends_at,
        Position {
            line: 2,
            column: 10
        }
    );
    assert_eq!(bottle.backend, Some(BackendName::Docker));
    assert_eq!(bottle.runtime, Some(Runtime::Runsc));
    assert_eq!(bottle.resources.cpus, Some(1.5));
    assert_eq!(bottle.resources.memory_mib, Some(4096));
    assert_eq!(bottle.resources.disk_mib, Some(20480));
    let [api, rest] = bottle.routes.as_slice() else {
        panic!("two routes")
    };
    assert_eq!(api.host.as_str(), "api.example.com");
    assert_eq!(api.matches[0].methods, ["GET", "POST"]);
    assert_eq!(api.auth.as_ref().unwrap().scheme, AuthScheme::Bearer);
    assert_eq!(api.on_finding, OnFinding::Hold);
    assert_eq!(rest.host.port(), Some(8443));
    assert_eq!(bottle.git_user.unwrap().email, "a@example.com");
    assert_eq!(bottle.pipelock.unwrap().mode, PipelockMode::Off);
    assert_eq!(bottle.image.as_deref(), Some("./Dockerfile"));
    assert_eq!(bottle.notes, "Notes of\nmine.");
}

#[test]
fn empty_frontmatter_opens_nothing() {
    let bottle = bottle("").unwrap();
    assert!(bottle.routes.is_empty() && bottle.env.is_empty());
}

#[test]
fn unknown_key_names_file_line_column_and_the_nearest_key() {
    let error = refused("backend: docker\negres:\n  routes: []");
    assert_eq!(
        error.to_string(),
        "b.md:3:1: unknown key 'egres', did you mean 'egress'"
    );
    assert!(
        error.advice().contains("egress, git, pipelock"),
        "{}",
        error.advice()
    );
    assert_eq!(error.code(), "manifest_unknown_key");
}

#[test]
fn unknown_keys_fail_at_every_level() {
    for (text, expected) in [
        (
            "egress: {route: []}",
            "b.md:2:10: unknown key 'route', did you mean 'routes'",
        ),
        (
            "egress:\n  routes:\n    - hots: a.com",
            "b.md:4:7: unknown key 'hots', did you mean 'host'",
        ),
        (
            "egress: {routes: [{host: a.com, auth: {scheme: bearer, credentials: x}}]}",
            "b.md:2:56: unknown key 'credentials', did you mean 'credential'",
        ),
        (
            "egress: {routes: [{host: a.com, matches: [{path: [/x]}]}]}",
            "b.md:2:44: unknown key 'path', did you mean 'paths'",
        ),
        ("resources: {ram: 4g}", "b.md:2:13: unknown key 'ram'"),
        (
            "git: {user: {mail: x}}",
            "b.md:2:14: unknown key 'mail', did you mean 'email'",
        ),
        ("pipelock: {tls: true}", "b.md:2:12: unknown key 'tls'"),
    ] {
        assert_eq!(refused(text).to_string(), expected);
    }
}

#[test]
fn unknown_word_names_the_nearest() {
    assert_eq!(
        refused("backend: dokcer").to_string(),
        "b.md:2:10: 'dokcer' is not a value of 'backend', did you mean 'docker'"
    );
    assert!(matches!(fault("pipelock: on"), Fault::UnknownWord { .. }));
    assert!(matches!(
        fault("runtime: kata"),
        Fault::UnknownWord { nearest: None, .. }
    ));
}

#[test]
fn duplicate_key_is_refused_with_both_places() {
    let error = refused("image: a\nbackend: docker\nimage: b");
    assert_eq!(
        error.to_string(),
        "b.md:4:1: the key 'image' is already given at 2:1"
    );
}

#[test]
fn same_host_twice_is_refused() {
    let error = refused("egress:\n  routes:\n    - host: a.com\n    - host: a.com");
    assert_eq!(
        error.to_string(),
        "b.md:5:7: the host 'a.com' is already listed at 4:7"
    );
}

#[test]
fn bad_host_is_named_with_its_place() {
    let error = refused("egress:\n  routes:\n    - host: '*'");
    assert_eq!(
        error.position,
        Position {
            line: 4,
            column: 13
        }
    );
    assert!(matches!(*error.fault, Fault::Host(_)));
}

#[test]
fn upstream_belongs_to_the_built_in_demo() {
    let text = "---\negress: {routes: [{host: a.com, upstream: scripted}]}\n---";
    assert!(parse_bottle("b.md", text, Location::BuiltIn).is_ok());
    let error = parse_bottle("b.md", text, Location::Home).unwrap_err();
    assert!(matches!(*error.fault, Fault::BuiltInOnly { .. }));
}

#[test]
fn bottle_of_a_repository_is_refused_unread() {
    let error = parse_bottle("x/b.md", "not even a manifest", Location::Repository).unwrap_err();
    assert_eq!(error.code(), "bottle_in_repository");
}

#[test]
fn what_would_mean_everything_when_left_empty_is_refused() {
    for text in [
        "egress: {routes: [{host: a.com, matches: []}]}",
        "egress: {routes: [{host: a.com, matches: }]}",
        "egress: {routes: [{host: a.com, matches: [{}]}]}",
        "egress: {routes: [{host: a.com, matches: [{paths: []}]}]}",
        "egress: {routes: [{host: a.com, matches: [{methods: }]}]}",
        "egress: {routes: [{host: a.com, auth: }]}",
        "egress: {routes: [{}]}",
        "extends:",
        "backend: ''",
    ] {
        refused(text);
    }
}

#[test]
fn path_patterns_that_no_plain_request_has_are_refused() {
    for path in [
        "v1", "'*'", "/a/../b", "//a", "'/a?b'", "/%2e", "'/a#b'", "'/a b'",
    ] {
        let text = format!("egress: {{routes: [{{host: a.com, matches: [{{paths: [{path}]}}]}}]}}");
        assert!(matches!(fault(&text), Fault::BadValue { .. }), "{path}");
    }
}

#[test]
fn methods_are_written_in_capitals() {
    let text = "egress: {routes: [{host: a.com, matches: [{methods: [get]}]}]}";
    assert!(matches!(fault(text), Fault::BadValue { .. }));
}

#[test]
fn sizes_are_read_in_their_usual_forms() {
    for (text, mib) in [
        ("4GiB", 4096),
        ("4g", 4096),
        ("4 GiB", 4096),
        ("512MiB", 512),
        ("512m", 512),
        ("2048", 2048),
    ] {
        let bottle = bottle(&format!("resources: {{memory: {text}}}")).unwrap();
        assert_eq!(bottle.resources.memory_mib, Some(mib), "{text}");
    }
    for text in [
        "",
        "4GB",
        "4.5g",
        "-1",
        "lots",
        "99999999999g",
        "5000000g",
        "1",
        "g",
        "[4]",
        "4 g g",
    ] {
        refused(&format!("resources: {{memory: {text}}}"));
    }
}

#[test]
fn processors_are_a_positive_number() {
    for text in ["0", "-1", ".nan", "nan", ".inf", "inf", "1e9", "two"] {
        refused(&format!("resources: {{cpus: {text}}}"));
    }
}

#[test]
fn pipelock_is_a_word_or_keys() {
    let read = |text: &str| bottle(text).unwrap().pipelock.unwrap();
    assert_eq!(
        read("pipelock: strict"),
        Pipelock {
            mode: PipelockMode::Strict,
            tls_interception: false
        }
    );
    assert_eq!(
        read("pipelock: {tls_interception: true}"),
        Pipelock {
            mode: PipelockMode::Strict,
            tls_interception: true
        }
    );
    assert!(matches!(
        fault("pipelock: {tls_interception: yes}"),
        Fault::WrongKind { .. }
    ));
}

#[test]
fn wrong_kinds_are_named() {
    for (text, expected) in [
        (
            "egress: open",
            "b.md:2:9: 'egress' takes keys with values, not text",
        ),
        (
            "egress: {routes: a.com}",
            "b.md:2:18: 'routes' takes a list, not text",
        ),
        ("image: [a]", "b.md:2:8: 'image' takes text, not a list"),
        (
            "- a",
            "b.md:2:1: 'the frontmatter' takes keys with values, not a list",
        ),
    ] {
        assert_eq!(refused(text).to_string(), expected);
    }
}
