//! When one policy is wider than another. What is wider and not reported would start without a word.

use bottle_core::policy::{
    Auth, AuthScheme, HostPattern, Match, OnFinding, Policy, Request, Route, Wider, compare, decide,
};
use proptest::prelude::*;

fn route(host: &str) -> Route {
    Route {
        host: HostPattern::new(host).unwrap(),
        matches: Vec::new(),
        auth: None,
        on_finding: OnFinding::Block,
        upstream: None,
    }
}

fn shaped(host: &str, shapes: &[(&[&str], &[&str])]) -> Route {
    let texts = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect();
    let shape = |(methods, paths): &(&[&str], &[&str])| Match {
        methods: texts(methods),
        paths: texts(paths),
    };
    Route {
        matches: shapes.iter().map(shape).collect(),
        ..route(host)
    }
}

fn with_credential(host: &str, credential: &str) -> Route {
    let auth = Auth {
        scheme: AuthScheme::Bearer,
        credential: credential.parse().unwrap(),
    };
    Route {
        auth: Some(auth),
        ..route(host)
    }
}

fn policy(routes: &[Route]) -> Policy {
    Policy {
        routes: routes.to_vec(),
    }
}

fn wider(before: &[Route], now: &[Route]) -> Vec<Wider> {
    compare(&policy(before), &policy(now))
}

fn host(host: &str) -> Wider {
    Wider::Host { host: host.into() }
}

#[test]
fn a_new_host_is_wider_and_one_less_is_not() {
    let (a, b) = (route("a.com"), route("b.com"));
    assert_eq!(
        wider(std::slice::from_ref(&a), &[a.clone(), b.clone()]),
        [host("b.com")]
    );
    assert_eq!(wider(&[a.clone(), b], &[a]), []);
}

#[test]
fn a_name_below_an_open_wildcard_is_covered() {
    let wild = route("*.a.com");
    assert_eq!(
        wider(
            std::slice::from_ref(&wild),
            &[wild.clone(), route("x.a.com")]
        ),
        []
    );
    assert_eq!(
        wider(
            std::slice::from_ref(&wild),
            &[wild.clone(), route("*.x.a.com")]
        ),
        []
    );
    assert_eq!(
        wider(std::slice::from_ref(&wild), &[wild.clone(), route("a.com")]),
        [host("a.com")]
    );
    assert_eq!(wider(&[route("x.a.com")], &[wild]), [host("*.a.com")]);
}

#[test]
fn a_narrow_route_that_goes_hands_its_host_to_the_wildcard_beside_it() {
    let wild = route("*.a.com");
    let narrow = shaped("x.a.com", &[(&["GET"], &["/v1/*"])]);
    let found = wider(&[wild.clone(), narrow], std::slice::from_ref(&wild));
    assert_eq!(
        found,
        [Wider::Methods {
            host: "*.a.com".into(),
            methods: vec![]
        }]
    );
}

#[test]
fn a_port_is_part_of_a_host() {
    assert_eq!(
        wider(&[route("a.com")], &[route("a.com:8443")]),
        [host("a.com:8443")]
    );
    assert_eq!(wider(&[route("a.com")], &[route("a.com:443")]), []);
    assert_eq!(
        wider(&[route("a.com:443")], &[route("a.com")]),
        [host("a.com")]
    );
}

#[test]
fn more_methods_and_more_paths_are_wider() {
    let before = [shaped("a.com", &[(&["GET"], &["/v1/*"])])];
    let methods = |methods: &[&str]| Wider::Methods {
        host: "a.com".into(),
        methods: methods.iter().map(|method| (*method).to_owned()).collect(),
    };
    let paths = |paths: &[&str]| Wider::Paths {
        host: "a.com".into(),
        paths: paths.iter().map(|path| (*path).to_owned()).collect(),
    };
    let now = |shape: (&[&str], &[&str])| wider(&before, &[shaped("a.com", &[shape])]);
    assert_eq!(now((&["GET"], &["/v1/*"])), []);
    assert_eq!(now((&["GET"], &["/v1/a", "/v1/*/b*"])), []);
    assert_eq!(now((&["GET", "PUT"], &["/v1/*"])), [methods(&["PUT"])]);
    assert_eq!(now((&[], &["/v1/*"])), [methods(&[])]);
    assert_eq!(now((&["GET"], &["/v1/*", "/v2"])), [paths(&["/v2"])]);
    assert_eq!(now((&["GET"], &["/v*"])), [paths(&["/v*"])]);
    assert_eq!(now((&["GET"], &[])), [paths(&[])]);
    assert_eq!(wider(&before, &[route("a.com")]), [methods(&[])]);
}

#[test]
fn a_method_that_was_open_for_another_path_is_wider_there() {
    let before = [shaped("a.com", &[(&["GET"], &["/a"]), (&["PUT"], &["/b"])])];
    let now = [shaped("a.com", &[(&["PUT"], &["/a"])])];
    assert_eq!(
        wider(&before, &now),
        [Wider::Paths {
            host: "a.com".into(),
            paths: vec!["/a".into()]
        }]
    );
}

#[test]
fn a_credential_that_is_put_in_newly_is_wider() {
    let credential = |name: &str| Wider::Credential {
        host: "a.com".into(),
        credential: name.parse().unwrap(),
    };
    let plain = [route("a.com")];
    let keyed = [with_credential("a.com", "one")];
    assert_eq!(wider(&plain, &keyed), [credential("one")]);
    assert_eq!(wider(&keyed, &plain), []);
    assert_eq!(
        wider(&keyed, &[with_credential("a.com", "two")]),
        [credential("two")]
    );
    assert_eq!(wider(&[], &keyed), [host("a.com"), credential("one")]);
}

#[test]
fn a_guard_that_does_less_is_wider() {
    let held = |on_finding| {
        [Route {
            on_finding,
            ..route("a.com")
        }]
    };
    let guard = Wider::Guard {
        host: "a.com".into(),
    };
    assert_eq!(
        wider(&held(OnFinding::Block), &held(OnFinding::Redact)),
        std::slice::from_ref(&guard)
    );
    assert_eq!(
        wider(&held(OnFinding::Redact), &held(OnFinding::Hold)),
        [guard]
    );
    assert_eq!(wider(&held(OnFinding::Hold), &held(OnFinding::Block)), []);
}

fn host_text() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "a.com",
        "x.a.com",
        "y.x.a.com",
        "*.a.com",
        "*.x.a.com",
        "a.com:8443",
        "*.a.com:8443",
        "b.com",
        "nobody.a.com",
    ])
    .prop_map(str::to_owned)
}

fn some_shape() -> impl Strategy<Value = Match> {
    let methods =
        prop::collection::btree_set(prop::sample::select(vec!["GET", "POST", "PUT"]), 0..3);
    let paths = prop::collection::btree_set(
        prop::sample::select(vec!["/a", "/a/*", "/*", "/a/b", "*b", "/b*"]),
        0..3,
    );
    (methods, paths).prop_map(|(methods, paths)| Match {
        methods: methods.into_iter().map(str::to_owned).collect(),
        paths: paths.into_iter().map(str::to_owned).collect(),
    })
}

fn some_route() -> impl Strategy<Value = Route> {
    let credential = prop::option::of(prop::sample::select(vec!["one", "two"]));
    (
        host_text(),
        prop::collection::vec(some_shape(), 0..3),
        credential,
    )
        .prop_map(|(host, matches, credential)| Route {
            matches,
            ..credential.map_or_else(|| route(&host), |name| with_credential(&host, name))
        })
}

fn some_policy() -> impl Strategy<Value = Policy> {
    prop::collection::vec(some_route(), 0..5).prop_map(|routes| Policy { routes })
}

fn requests() -> Vec<(&'static str, u16, &'static str, &'static str)> {
    let mut all = Vec::new();
    for host in [
        "a.com",
        "x.a.com",
        "y.x.a.com",
        "z.a.com",
        "nobody.a.com",
        "b.com",
        "c.com",
    ] {
        for port in [80, 443, 8443] {
            for method in ["GET", "POST", "PUT", "DELETE"] {
                for path in ["/", "/a", "/a/", "/a/b", "/b", "/bc", "/a/c/b"] {
                    all.push((host, port, method, path));
                }
            }
        }
    }
    all
}

proptest! {
    #[test]
    fn nothing_is_wider_than_itself(policy in some_policy()) {
        prop_assert_eq!(compare(&policy, &policy), []);
    }

    #[test]
    fn what_passes_now_and_did_not_before_is_reported(before in some_policy(), now in some_policy()) {
        let found = compare(&before, &now);
        if found.is_empty() {
            for (host, port, method, path) in requests() {
                let request = Request { host, port, method, path, tls: true };
                let newly = decide(&now, &request).is_allowed() && !decide(&before, &request).is_allowed();
                prop_assert!(!newly, "{:?}\nbefore {:?}\nnow {:?}", request, before, now);
            }
        }
    }

    #[test]
    fn a_route_less_is_wider_only_where_a_wider_pattern_takes_its_host(policy in some_policy(), pick in any::<prop::sample::Index>()) {
        prop_assume!(!policy.routes.is_empty());
        let mut fewer = policy.clone();
        let gone = fewer.routes.remove(pick.index(policy.routes.len()));
        for wider in compare(&policy, &fewer) {
            let heir = fewer.routes.iter().find(|route| route.host.as_str() == wider.host()).unwrap();
            prop_assert!(heir.host == gone.host || heir.host.is_wildcard() || heir.host.port() != gone.host.port(), "{:?} {:?}", wider, gone);
        }
    }

    #[test]
    fn a_route_to_a_host_that_was_closed_is_always_wider(policy in some_policy(), name in "[d-z]{3,8}\\.org") {
        let mut more = policy.clone();
        more.routes.push(route(&name));
        prop_assert_eq!(compare(&policy, &more), [host(&name)]);
    }
}
