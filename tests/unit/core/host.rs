//! Host patterns: which are valid, and what they match.

use bottle_core::policy::{HostPattern, InvalidHost};
use proptest::prelude::*;

fn pattern(text: &str) -> HostPattern {
    HostPattern::new(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn refused(text: &str) -> InvalidHost {
    HostPattern::new(text).expect_err(text)
}

#[test]
fn exact_name_matches_itself_only() {
    let host = pattern("api.example.com");
    assert!(host.matches("api.example.com", 443));
    assert!(host.matches("API.Example.COM", 443));
    for other in [
        "example.com",
        "x.api.example.com",
        "apiXexample.com",
        "api.example.com.",
        "",
    ] {
        assert!(!host.matches(other, 443), "{other}");
    }
}

#[test]
fn wildcard_matches_every_depth_below_and_never_the_apex() {
    let host = pattern("*.example.com");
    for inside in ["a.example.com", "a.b.example.com", "A.Example.Com"] {
        assert!(host.matches(inside, 443), "{inside}");
    }
    for outside in [
        "example.com",
        ".example.com",
        "..example.com",
        "a..example.com",
        "badexample.com",
        "a.example.com.evil.com",
        "a.example.com.",
        "a b.example.com",
        "a\0.example.com",
        "-a.example.com",
        "*.example.com",
        "a/.example.com",
        "example.com.example.org",
    ] {
        assert!(!host.matches(outside, 443), "{outside}");
    }
}

#[test]
fn pattern_without_port_means_443_and_80() {
    let host = pattern("example.com");
    assert!(host.matches("example.com", 443) && host.matches("example.com", 80));
    assert!(!host.matches("example.com", 8443) && !host.matches("example.com", 22));
}

#[test]
fn pattern_with_port_means_that_port_alone() {
    let host = pattern("*.example.com:8443");
    assert!(host.matches("a.example.com", 8443));
    assert!(!host.matches("a.example.com", 443));
}

#[test]
fn addresses_in_every_spelling_are_refused() {
    for text in [
        "127.0.0.1",
        "127.1",
        "0177.0.0.1",
        "0x7f.0.0.1",
        "0x7f000001",
        "2130706433",
        "1.2.3.4:80",
        "::1",
        "[::1]",
        "[::1]:443",
        "fe80::1%eth0",
        "::ffff:1.2.3.4",
        "*.1",
        "example.0x",
        "a.0x1f",
        "*.0.0.1",
    ] {
        assert!(
            matches!(
                refused(text),
                InvalidHost::Address { .. } | InvalidHost::Wildcard { .. }
            ),
            "{text}"
        );
    }
}

#[test]
fn wildcards_that_are_too_wide_or_misplaced_are_refused() {
    for text in [
        "*",
        "*.com",
        "*.",
        "a.*.com",
        "*a.example.com",
        "**.example.com",
        "*.*.example.com",
        "a*.example.com",
    ] {
        assert!(
            matches!(refused(text), InvalidHost::Wildcard { .. }),
            "{text}: {:?}",
            refused(text)
        );
    }
}

#[test]
fn each_mistake_is_named() {
    assert_eq!(refused(""), InvalidHost::Empty);
    assert!(
        matches!(refused("Example.com"), InvalidHost::Capitals { lower, .. } if lower == "example.com")
    );
    assert!(matches!(
        refused("bücher.example"),
        InvalidHost::NotAscii { .. }
    ));
    assert!(matches!(
        refused("example.com."),
        InvalidHost::TrailingDot { .. }
    ));
    assert!(matches!(
        refused("https://example.com"),
        InvalidHost::NotOnlyAHost { .. }
    ));
    assert!(matches!(
        refused("example.com/path"),
        InvalidHost::NotOnlyAHost { .. }
    ));
    assert!(matches!(
        refused("user@example.com"),
        InvalidHost::NotOnlyAHost { .. }
    ));
    assert!(matches!(refused("localhost"), InvalidHost::NoDomain { .. }));
    assert!(matches!(
        refused("a_b.example.com"),
        InvalidHost::BadCharacter { .. }
    ));
    assert!(matches!(
        refused("-a.example.com"),
        InvalidHost::BadCharacter { .. }
    ));
    assert!(matches!(
        refused("a..example.com"),
        InvalidHost::BadCharacter { .. }
    ));
    assert!(matches!(
        refused("exa mple.com"),
        InvalidHost::BadCharacter { .. }
    ));
    assert!(matches!(
        refused(&format!("{}.com", "a".repeat(64))),
        InvalidHost::TooLong { .. }
    ));
    assert!(matches!(
        refused(&"a.".repeat(130)),
        InvalidHost::TooLong { .. } | InvalidHost::TrailingDot { .. }
    ));
    for port in ["0", "65536", "", "0443", "+443", "https"] {
        assert!(
            matches!(
                refused(&format!("example.com:{port}")),
                InvalidHost::Port { .. }
            ),
            "{port}"
        );
    }
}

#[test]
fn punycode_is_taken_as_it_is() {
    assert!(pattern("xn--bcher-kva.example").matches("xn--bcher-kva.example", 443));
}

#[test]
fn serde_checks_as_the_constructor_does() {
    let host: HostPattern = serde_json::from_str("\"*.example.com:8080\"").unwrap();
    assert_eq!(
        serde_json::to_string(&host).unwrap(),
        "\"*.example.com:8080\""
    );
    assert!(serde_json::from_str::<HostPattern>("\"*\"").is_err());
}

#[test]
fn patterns_sort_as_their_texts_do() {
    let mut hosts: Vec<_> = ["b.com", "*.a.com", "a.com:8080", "a.com"]
        .map(pattern)
        .into();
    hosts.sort();
    let texts: Vec<_> = hosts.iter().map(HostPattern::as_str).collect();
    assert_eq!(texts, ["*.a.com", "a.com", "a.com:8080", "b.com"]);
}

proptest! {
    #[test]
    fn any_text_gives_a_pattern_or_an_error(text in ".{0,80}") {
        if let Ok(host) = HostPattern::new(text.clone()) {
            prop_assert_eq!(host.as_str(), text.as_str());
            prop_assert!(host.name().contains('.'));
        }
    }

    #[test]
    fn wildcard_never_matches_its_apex(name in "[a-z]{1,10}(\\.[a-z]{2,8}){1,3}", port: u16) {
        let below = pattern(&format!("*.{name}"));
        prop_assert!(!below.matches(&name, port));
    }

    #[test]
    fn wildcard_matches_only_what_ends_in_its_name(host in "[a-z.*-]{0,30}") {
        if pattern("*.example.com").matches(&host, 443) {
            prop_assert!(host.ends_with(".example.com"));
        }
    }
}
