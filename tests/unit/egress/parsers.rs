//! Properties that hold for every input of the parsers that stand between a guest and the policy.

use bottle_sidecar::egress::authority::Authority;
use bottle_sidecar::egress::headers::{clean_request, clean_response};
use http::StatusCode;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;

const SENSITIVE: [&str; 8] = [
    "authorization",
    "proxy-authorization",
    "x-api-key",
    "cookie",
    "x-goog-api-key",
    "connection",
    "transfer-encoding",
    "content-length",
];

fn headers() -> impl Strategy<Value = HeaderMap> {
    let name = prop_oneof![
        prop::sample::select(SENSITIVE.to_vec()).prop_map(str::to_owned),
        "[a-z][a-z0-9-]{0,12}",
        Just("te".to_owned()),
        Just("upgrade".to_owned()),
    ];
    let value = prop_oneof![
        "[ -~]{0,30}",
        "(close|upgrade|x-[a-z]{1,4}|trailers)(, ?[a-z-]{1,12}){0,3}"
    ];
    prop::collection::vec((name, value), 0..20).prop_map(|pairs| {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            if let (Ok(name), Ok(value)) =
                (HeaderName::try_from(name), HeaderValue::try_from(value))
            {
                map.append(name, value);
            }
        }
        map
    })
}

proptest! {
    #[test]
    fn reading_an_authority_never_panics(text in "\\PC{0,300}", port in proptest::option::of(any::<u16>())) {
        let _read = Authority::parse(&text, port).is_ok();
    }

    #[test]
    fn what_is_read_is_plain_and_names_itself(text in "[a-zA-Z0-9._:\\[\\]@%/ -]{0,40}") {
        if let Ok(read) = Authority::parse(&text, Some(443)) {
            prop_assert!(read.host().bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b)));
            prop_assert_ne!(read.port(), 0);
            let written = read.written(443);
            prop_assert!(read.is_named_by(written.as_bytes(), 443));
            prop_assert_eq!(Authority::parse(&written, Some(443)), Ok(read));
        }
    }

    #[test]
    fn a_name_with_anything_around_it_is_another(before in "[a-z.:@/]{0,3}", after in "[a-z.:@/]{0,3}") {
        let authority = Authority::parse("open.test", Some(443)).unwrap();
        let given = format!("{before}open.test{after}");
        prop_assert_eq!(authority.is_named_by(given.as_bytes(), 443), before.is_empty() && after.is_empty());
    }

    #[test]
    fn nothing_sensitive_is_left_of_a_request(mut map in headers()) {
        let trailers = map.get_all("te").iter().any(|v| v.to_str().is_ok_and(|v| v.contains("trailers")));
        clean_request(&mut map);
        for name in SENSITIVE.iter().chain(&["upgrade", "host", "expect"]) {
            prop_assert!(!map.contains_key(*name), "{}", name);
        }
        if let Some(te) = map.get("te") {
            prop_assert!(trailers && te == "trailers");
        }
        let once = map.clone();
        clean_request(&mut map);
        prop_assert_eq!(once, map);
    }

    #[test]
    fn no_framing_is_left_of_a_response(mut map in headers(), head in any::<bool>()) {
        clean_response(&mut map, StatusCode::OK, head);
        prop_assert!(!map.contains_key("transfer-encoding") && !map.contains_key("connection"));
        prop_assert!(head || !map.contains_key("content-length"));
    }
}
