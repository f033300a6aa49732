//! Variables: where their values come from, and which a bottle may not set.

use bottle_core::manifest::{EnvValue, Fault, reserved_variable};

use super::{bottle, fault};

fn value(text: &str) -> EnvValue {
    let bottle = bottle(&format!("env:\n  X: {text}")).unwrap();
    bottle.env.get("X").cloned().unwrap()
}

#[test]
fn literals_stay_as_written() {
    for (text, literal) in [
        ("plain", "plain"),
        ("8080", "8080"),
        ("1.10", "1.10"),
        ("true", "true"),
        ("off", "off"),
        ("''", ""),
        ("'null'", "null"),
        ("0x1F", "0x1F"),
        ("\"a\\tb\"", "a\tb"),
        ("$HOME", "$HOME"),
    ] {
        assert_eq!(value(text), EnvValue::Literal(literal.into()), "{text}");
    }
}

#[test]
fn question_mark_asks_and_braces_take_from_the_host() {
    assert_eq!(
        value("'? Which port'"),
        EnvValue::Question("Which port".into())
    );
    assert_eq!(
        value("?Which port"),
        EnvValue::Question("Which port".into())
    );
    assert_eq!(
        value("${MY_EDITOR}"),
        EnvValue::HostVariable("MY_EDITOR".into())
    );
}

#[test]
fn half_written_forms_are_refused() {
    for text in [
        "'?'", "'? '", "${}", "${1A}", "a${B}", "${A}${B}", "${A", "", "[a]", "{a: b}",
    ] {
        assert!(bottle(&format!("env:\n  X: {text}")).is_err(), "{text}");
    }
}

#[test]
fn names_are_those_of_variables() {
    for name in ["1A", "A-B", "'A B'", "A=B", "'É'", "''"] {
        assert!(
            matches!(fault(&format!("env:\n  {name}: x")), Fault::BadValue { .. }),
            "{name}"
        );
    }
    assert!(bottle("env: {_a1: x, A: y}").is_ok());
}

#[test]
fn variables_of_the_product_are_refused_with_a_reason() {
    for name in [
        "HTTP_PROXY",
        "https_proxy",
        "No_Proxy",
        "ALL_PROXY",
        "NODE_EXTRA_CA_CERTS",
        "SSL_CERT_FILE",
        "REQUESTS_CA_BUNDLE",
        "GIT_SSL_CAINFO",
        "CURL_CA_BUNDLE",
        "ANTHROPIC_API_KEY",
        "ANTHROPIC_BASE_URL",
        "CLAUDE_CODE_OAUTH_TOKEN",
        "LD_PRELOAD",
        "LD_LIBRARY_PATH",
        "PATH",
        "HOME",
    ] {
        let refused = fault(&format!("env:\n  {name}: x"));
        let Fault::ReservedVariable { why, .. } = refused else {
            panic!("{name}: {refused:?}")
        };
        assert_eq!(reserved_variable(name), Some(why));
    }
    assert_eq!(reserved_variable("EDITOR"), None);
}

#[test]
fn credential_of_the_host_does_not_come_in_under_another_name() {
    for name in ["ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN"] {
        assert!(
            bottle(&format!("env:\n  MY_KEY: ${{{name}}}")).is_err(),
            "{name}"
        );
    }
}

#[test]
fn place_of_a_refused_name_is_the_name() {
    let error = super::refused("env:\n  OK: x\n  PATH: y");
    assert!(
        error
            .to_string()
            .starts_with("b.md:4:3: the variable 'PATH'"),
        "{error}"
    );
}
