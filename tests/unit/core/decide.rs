//! The decision: what passes, what does not, and which rule says so.

use bottle_core::id::CredentialName;
use bottle_core::policy::{
    Auth, AuthScheme, HostPattern, Match, OnFinding, Policy, Request, Route, Verdict, decide,
    decide_connect,
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

fn shaped(host: &str, paths: &[&str], methods: &[&str]) -> Route {
    let own = |list: &[&str]| list.iter().map(|&item| item.to_owned()).collect();
    Route {
        matches: vec![Match {
            paths: own(paths),
            methods: own(methods),
        }],
        ..route(host)
    }
}

fn with_auth(host: &str) -> Route {
    let credential = CredentialName::new("main").unwrap();
    Route {
        auth: Some(Auth {
            scheme: AuthScheme::Bearer,
            credential,
        }),
        ..route(host)
    }
}

fn policy(routes: impl IntoIterator<Item = Route>) -> Policy {
    Policy {
        routes: routes.into_iter().collect(),
    }
}

fn get<'a>(host: &'a str, path: &'a str) -> Request<'a> {
    Request {
        host,
        port: 443,
        method: "GET",
        path,
        tls: true,
    }
}

fn reason(verdict: Verdict) -> String {
    match verdict {
        Verdict::Deny { reason, .. } => reason,
        Verdict::Allow { rule, .. } => panic!("allowed by {rule}"),
    }
}

#[test]
fn missing_policy_denies() {
    let verdict = decide(&Policy::default(), &get("example.com", "/"));
    assert_eq!(verdict.rule(), "no-route");
    assert_eq!(reason(verdict), "example.com is not open in this bottle");
    assert!(!decide_connect(&Policy::default(), "example.com", 443).is_allowed());
}

#[test]
fn open_host_passes_and_names_its_rule() {
    let verdict = decide(
        &policy([route("a.com"), route("b.com")]),
        &get("b.com", "/x"),
    );
    assert_eq!(
        verdict,
        Verdict::Allow {
            rule: "host/b.com".into(),
            route: 1
        }
    );
}

#[test]
fn other_port_is_named_in_the_reason() {
    let verdict = decide_connect(&policy([route("a.com")]), "a.com", 22);
    assert_eq!(
        reason(verdict),
        "a.com is not open on port 22 in this bottle"
    );
}

#[test]
fn address_is_refused_with_its_own_rule() {
    for host in [
        "127.0.0.1",
        "[::1]",
        "::1",
        "2130706433",
        "0x7f.1",
        "127.0.0.1.",
    ] {
        assert_eq!(
            decide(&policy([route("a.com")]), &get(host, "/")).rule(),
            "address",
            "{host}"
        );
    }
}

#[test]
fn most_exact_pattern_decides_alone() {
    let policy = policy([
        route("*.example.com"),
        shaped("api.example.com", &["/v1/*"], &[]),
        shaped("*.deep.example.com", &["/only"], &[]),
        route("api.example.com:8443"),
    ]);
    let at = |host, port, path| {
        decide(
            &policy,
            &Request {
                host,
                port,
                method: "GET",
                path,
                tls: true,
            },
        )
    };
    assert!(at("www.example.com", 443, "/x").is_allowed());
    assert!(at("api.example.com", 443, "/v1/x").is_allowed());
    assert_eq!(
        at("api.example.com", 443, "/x").rule(),
        "host/api.example.com"
    );
    assert!(!at("a.deep.example.com", 443, "/x").is_allowed());
    assert!(at("api.example.com", 8443, "/x").is_allowed());
}

#[test]
fn first_of_equal_patterns_wins() {
    let verdict = decide(
        &policy([shaped("a.com", &["/x"], &[]), route("a.com")]),
        &get("a.com", "/y"),
    );
    assert!(!verdict.is_allowed());
}

#[test]
fn method_and_path_must_fit_the_same_shape() {
    let mut open = shaped("a.com", &["/read/*"], &["GET"]);
    open.matches.push(Match {
        paths: vec!["/write".into()],
        methods: vec!["POST".into()],
    });
    let policy = policy([open]);
    let ask = |method, path| {
        decide(
            &policy,
            &Request {
                method,
                ..get("a.com", path)
            },
        )
    };
    assert!(ask("GET", "/read/1").is_allowed());
    assert!(ask("POST", "/write").is_allowed());
    assert!(!ask("POST", "/read/1").is_allowed());
    assert!(!ask("get", "/read/1").is_allowed());
    assert!(!ask("HEAD", "/read/1").is_allowed());
    let denied = ask("DELETE", "/write");
    assert_eq!(denied.rule(), "host/a.com");
    assert_eq!(
        reason(denied),
        "DELETE /write is not open on a.com in this bottle; open there: GET /read/*; POST /write"
    );
}

#[test]
fn query_is_no_part_of_the_compared_path() {
    let policy = policy([shaped("a.com", &["/v1/messages"], &[])]);
    assert!(decide(&policy, &get("a.com", "/v1/messages?beta=true")).is_allowed());
    assert!(!decide(&policy, &get("a.com", "/other?/v1/messages")).is_allowed());
    assert!(decide(&policy, &get("a.com", "/v1/messages?back=/../..//%2f")).is_allowed());
}

#[test]
fn star_stands_for_any_characters() {
    let policy = policy([shaped("a.com", &["/a/*/c", "/x*", "/e/*/*/f"], &[])]);
    for (path, open) in [
        ("/a/b/c", true),
        ("/a/b/b/c", true),
        ("/a//c", false),
        ("/a/c", false),
        ("/a/b/cd", false),
        ("/x", true),
        ("/xyz/1", true),
        ("/e/1/2/f", true),
        ("/e/1/f", false),
        ("/", false),
    ] {
        assert_eq!(
            decide(&policy, &get("a.com", path)).is_allowed(),
            open,
            "{path}"
        );
    }
}

#[test]
fn paths_that_servers_read_differently_are_refused() {
    let policy = policy([shaped("a.com", &["/open/*"], &[])]);
    for path in [
        "/open/../secret",
        "/open/..",
        "/open/./x",
        "/open/.",
        "/open//x",
        "//open/x",
        "/open/%2e%2e/secret",
        "/open/%2E./secret",
        "/open/.%2e/x",
        "/open/%2fsecret",
        "/open/%2Fx",
        "/open/%5cx",
        "/open/%5Cx",
        "/open/\\..\\x",
        "/open/%00",
        "/open/%0d%0aX",
        "/open/%7f",
        "/open/a\nb",
        "/open/a\0b",
        "/open/a\u{7f}",
        "/open/a b",
        "/open/ü",
        "/open/%",
        "/open/%2",
        "/open/%zz",
        "/open/%252e%252e/x",
        "/open/..;/x",
        "/open/;..",
        "/open/;../x",
        "/open/a;../x",
        "/open/;/x",
        "/open/..;a=b/x",
        "/open/%3b",
        "/open/a#b",
        "open/x",
        "",
        "*",
        "http://a.com/open/x",
    ] {
        assert_eq!(
            decide(&policy, &get("a.com", path)).rule(),
            "bad-path",
            "{path}"
        );
    }
    for path in [
        "/open/x",
        "/open/a.b",
        "/open/..a",
        "/open/...",
        "/open/%20x",
        "/open/%C3%BC",
        "/open/@a/b;v=1",
    ] {
        assert!(decide(&policy, &get("a.com", path)).is_allowed(), "{path}");
    }
}

#[test]
fn one_shape_with_paths_makes_every_path_plain() {
    let mut open = shaped("a.com", &[], &["GET"]);
    open.matches.push(Match {
        paths: vec!["/x".into()],
        methods: Vec::new(),
    });
    assert_eq!(
        decide(&policy([open]), &get("a.com", "/a/../b")).rule(),
        "bad-path"
    );
}

#[test]
fn credential_is_never_sent_in_the_clear() {
    let policy = policy([with_auth("a.com")]);
    let plain = Request {
        port: 80,
        tls: false,
        ..get("a.com", "/")
    };
    assert_eq!(decide(&policy, &plain).rule(), "plain-http-with-credential");
    assert!(decide(&policy, &get("a.com", "/")).is_allowed());
}

#[test]
fn connect_passes_where_some_request_could() {
    let policy = policy([shaped("a.com", &["/x"], &["POST"])]);
    assert_eq!(
        decide_connect(&policy, "a.com", 443),
        Verdict::Allow {
            rule: "host/a.com".into(),
            route: 0
        }
    );
    assert_eq!(decide_connect(&policy, "b.com", 443).rule(), "no-route");
    assert_eq!(decide_connect(&policy, "10.0.0.1", 443).rule(), "address");
}

#[test]
fn reasons_hold_no_control_characters() {
    let denied = reason(decide(
        &Policy::default(),
        &get("a\r\nX: y\u{1b}[2J.com", "/"),
    ));
    assert!(!denied.chars().any(char::is_control), "{denied:?}");
    assert!(reason(decide(&Policy::default(), &get(&"a".repeat(9000), "/"))).len() < 400);
}

fn hosts() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-c]\\.(com|org)",
        "[a-c]\\.[a-c]\\.(com|org)",
        "\\*\\.[a-c]\\.(com|org)",
        "[a-c]\\.(com|org):(443|8080)",
    ]
}

proptest! {
    #[test]
    fn nothing_passes_unless_a_route_matches(
        open in prop::collection::vec(hosts(), 0..5),
        host in "[a-c](\\.[a-c]){0,2}\\.(com|org)",
        port in prop::sample::select(vec![80_u16, 443, 8080, 22]),
        path in "/[a-z/.%]{0,12}",
    ) {
        let policy = policy(open.iter().map(|host| route(host)));
        let matched = policy.routes.iter().any(|route| route.host.matches(&host, port));
        let request = Request { host: &host, port, method: "GET", path: &path, tls: true };
        prop_assert_eq!(decide(&policy, &request).is_allowed(), matched);
        prop_assert_eq!(decide_connect(&policy, &host, port).is_allowed(), matched);
    }

    #[test]
    fn any_input_gives_a_verdict(host in ".{0,40}", method in ".{0,8}", path in ".{0,40}", port: u16, tls: bool) {
        let policy = policy([shaped("a.com", &["/x/*"], &["GET"])]);
        let request = Request { host: &host, port, method: &method, path: &path, tls };
        prop_assert!(!decide(&policy, &request).is_allowed());
    }

    #[test]
    fn allowed_path_never_leaves_its_folder(tail in "[a-z./%25efEF\\\\;]{0,24}") {
        let policy = policy([shaped("a.com", &["/open/*"], &[])]);
        let path = format!("/open/{tail}");
        if decide(&policy, &get("a.com", &path)).is_allowed() {
            let decoded = decode(&decode(&path));
            prop_assert!(!decoded.split(['/', '\\', ';']).any(|part| part == ".."), "{}", path);
        }
    }
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digits = after
            .get(..2)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = digits
            .filter(|_| first == b'%')
            .and_then(|d| u8::from_str_radix(d, 16).ok());
        rest = if byte.is_some() { &after[2..] } else { after };
        bytes.push(byte.unwrap_or(first));
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
