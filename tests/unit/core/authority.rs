//! What a start grants, in words, and how it is wider than the last one.

use bottle_core::authority::{Grants, Widening, describe, widenings};

use super::bottle;

fn grants(frontmatter: &str) -> Grants {
    Grants::of(&bottle(frontmatter).unwrap())
}

const FULL: &str = "runtime: runsc
resources: {cpus: 2, memory: 4GiB, disk: 20GiB}
env: {A: literal, B: '?ask', C: '${TZ}'}
egress:
  routes:
    - host: api.example.com
      matches: [{paths: [/v1/*], methods: [GET]}]
      auth: {scheme: bearer, credential: example}
git:
  remotes:
    - {name: origin, url: 'https://git.example.com/a.git', credential: example}
pipelock: strict
";

#[test]
fn nothing_is_wider_than_itself() {
    assert_eq!(widenings(&grants(FULL), &grants(FULL)), []);
}

#[test]
fn each_kind_of_widening_is_seen() {
    let with = |from: &str, to: &str| {
        assert!(FULL.contains(from), "{from}");
        widenings(&grants(FULL), &grants(&FULL.replace(from, to)))
    };
    assert_eq!(with("cpus: 2", "cpus: 4"), [Widening::Cpus(2.0, 4.0)]);
    assert_eq!(
        with("memory: 4GiB", "memory: 8GiB"),
        [Widening::Memory(4096, 8192)]
    );
    assert_eq!(with("disk: 20GiB", "disk: 21GiB"), [Widening::Disk]);
    assert_eq!(with(", disk: 20GiB", ""), [Widening::Disk]);
    assert_eq!(with("runtime: runsc\n", ""), [Widening::Runtime]);
    assert_eq!(
        with("pipelock: strict", "pipelock: off"),
        [Widening::SecondOpinion]
    );
    assert_eq!(
        with("A: literal", "A: '${HOME_TOWN}'"),
        [Widening::HostVariable("HOME_TOWN".into())]
    );
    assert_eq!(with("a.git", "b.git"), [Widening::Remote("origin".into())]);
    assert_eq!(
        with("name: origin", "name: other"),
        [Widening::Remote("other".into())]
    );
    assert_eq!(
        with(
            "credential: example}\npipelock",
            "credential: other}\npipelock"
        ),
        [Widening::Remote("origin".into())]
    );
    assert_eq!(
        with("example}\npipelock", "example, push: scan}\npipelock"),
        [Widening::Push("origin".into())]
    );
    assert!(matches!(
        &*with("[GET]", "[GET, PUT]"),
        [Widening::Egress(_)]
    ));
}

#[test]
fn less_of_anything_is_not_wider() {
    for (from, to) in [
        ("cpus: 2", "cpus: 1"),
        ("memory: 4GiB", "memory: 2GiB"),
        ("disk: 20GiB", "disk: 2GiB"),
        (", C: '${TZ}'", ""),
        ("      auth: {scheme: bearer, credential: example}\n", ""),
        ("/v1/*", "/v1/a"),
    ] {
        assert!(FULL.contains(from), "{from}");
        let now = grants(&FULL.replace(from, to));
        assert_eq!(widenings(&grants(FULL), &now), [], "{from}");
    }
}

#[test]
fn a_first_start_is_compared_with_nothing() {
    let authority = describe(&grants(FULL), None, Some("/project".into()));
    assert!(authority.widened.is_empty() && authority.last_start.is_none());
    assert_eq!(authority.workspace.as_deref(), Some("/project"));
    let [route] = authority.routes.as_slice() else {
        panic!("one route")
    };
    assert_eq!(
        (route.host.as_str(), route.wider),
        ("api.example.com", false)
    );
    assert_eq!(
        (route.methods.as_slice(), route.paths.as_slice()),
        (&["GET".to_owned()][..], &["/v1/*".to_owned()][..])
    );
    assert_eq!(authority.credentials[0].text, "example");
    assert_eq!(authority.git_remotes[0].text, "origin");
}

#[test]
fn what_is_wider_is_marked_and_said_in_a_sentence() {
    let now = grants(&FULL.replace(
        "routes:\n",
        "routes:\n    - host: new.example.com\n      auth: {scheme: basic, credential: new}\n",
    ));
    let authority = describe(&now, Some((&grants(FULL), 7.0)), None);
    assert_eq!(authority.last_start, Some(7.0));
    let marked: Vec<_> = authority
        .routes
        .iter()
        .map(|route| (route.host.as_str(), route.wider))
        .collect();
    assert_eq!(
        marked,
        [("api.example.com", false), ("new.example.com", true)]
    );
    let marked: Vec<_> = authority
        .credentials
        .iter()
        .map(|item| (item.text.as_str(), item.wider))
        .collect();
    assert_eq!(marked, [("example", false), ("new", true)]);
    assert_eq!(
        authority.widened,
        [
            "new.example.com is open now.",
            "The credential new is put in for new.example.com now."
        ]
    );
}

#[test]
fn grants_come_back_from_json_as_they_were() {
    let json = serde_json::to_string(&grants(FULL)).unwrap();
    let read: Grants = serde_json::from_str(&json).unwrap();
    assert_eq!(read, grants(FULL));
    let bare = grants("image: a");
    assert_eq!(
        serde_json::from_str::<Grants>(&serde_json::to_string(&bare).unwrap()).unwrap(),
        bare
    );
}
