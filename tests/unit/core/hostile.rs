//! Manifests that were written to hurt. None may take long, grow, or be read as something that they do not say.

use bottle_core::manifest::{Fault, Location, MAX_MANIFEST, ManifestError, Position, parse_bottle};
use proptest::prelude::*;

use super::{bottle, fault, refused};

fn whole(text: &str) -> ManifestError {
    parse_bottle("b.md", text, Location::Home).expect_err("must be refused")
}

#[test]
fn ten_megabytes_are_refused_unread() {
    let text = format!("---\nimage: {}\n---\n", "a".repeat(10 << 20));
    assert!(matches!(*whole(&text).fault, Fault::TooLarge { bytes } if bytes > MAX_MANIFEST));
}

#[test]
fn ten_thousand_keys_are_refused() {
    let keys: String = (0..10_000).map(|n| format!("  K{n}: x\n")).collect();
    assert_eq!(fault(&format!("env:\n{keys}")), Fault::TooManyKeys);
    let list: String = (0..10_000)
        .map(|n| format!("    - host: a{n}.com\n"))
        .collect();
    assert_eq!(
        fault(&format!("egress:\n  routes:\n{list}")),
        Fault::TooManyKeys
    );
}

#[test]
fn aliases_anchors_and_merges_are_refused() {
    let bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]";
    for text in [
        bomb,
        "env: &e {A: b}",
        "env: *e",
        "env: {<<: {A: b}}",
        "? *x\n: y",
        "&a image: b",
    ] {
        assert!(
            matches!(fault(text), Fault::Unsupported { .. }),
            "{text}: {:?}",
            fault(text)
        );
    }
}

#[test]
fn tags_directives_and_second_documents_are_refused() {
    for text in [
        "image: !!str x",
        "image: !run x",
        "!x image: y",
        "env: !!map {}",
    ] {
        assert!(matches!(fault(text), Fault::Unsupported { .. }), "{text}");
    }
    refused("%YAML 1.2");
    refused("image: a\n...\n%TAG ! x\nimage: b");
    refused("image: a\n...\nimage: b");
}

#[test]
fn deep_nesting_is_refused() {
    for depth in [17, 100, 1000, 100_000] {
        let flow = format!("image: {}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(fault(&flow), Fault::TooDeep, "{depth}");
        assert!(
            matches!(
                fault(&format!("image: {}", "{a: ".repeat(depth))),
                Fault::TooDeep
            ),
            "{depth}"
        );
    }
    let block: String = (0..400).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
    assert_eq!(fault(&block), Fault::TooDeep);
    assert_eq!(fault(&format!("{}x", "- ".repeat(5000))), Fault::TooDeep);
}

#[test]
fn broken_yaml_says_where() {
    for (text, line) in [
        ("image: [a", 2),
        ("a: b: c", 2),
        ("image: a\n\tb: c", 2),
        ("image: 'a", 2),
        ("image: \"\\q\"", 2),
    ] {
        let error = refused(text);
        assert!(
            matches!(*error.fault, Fault::Syntax { .. }),
            "{text}: {error}"
        );
        assert!(error.position.line >= line, "{text}: {error}");
    }
}

#[test]
fn frontmatter_needs_both_fences() {
    assert_eq!(*whole("").fault, Fault::NoFrontmatter);
    assert_eq!(*whole("image: a\n").fault, Fault::NoFrontmatter);
    assert_eq!(*whole("\n---\nimage: a\n---\n").fault, Fault::NoFrontmatter);
    assert_eq!(*whole("----\n----\n").fault, Fault::NoFrontmatter);
    assert_eq!(*whole("---\nimage: a\n").fault, Fault::UnclosedFrontmatter);
    assert_eq!(
        *whole("---\nimage: a\n ---\n").fault,
        Fault::UnclosedFrontmatter
    );
    assert_eq!(whole("").position, Position::START);
}

#[test]
fn control_characters_are_refused_however_they_are_written() {
    for text in [
        "image: \"a\\0b\"",
        "image: \"\\e[2J\"",
        "env: {A: \"x\\u009b\"}",
        "\"ima\\bge\": x",
    ] {
        assert_eq!(fault(text), Fault::ControlCharacter, "{text}");
    }
}

#[test]
fn keys_that_look_alike_are_no_keys() {
    for text in ["Image: a", "'image ': a", "imаge: a", "\u{200b}image: a"] {
        assert!(matches!(fault(text), Fault::UnknownKey { .. }), "{text}");
    }
    assert!(bottle("? image\n: a").is_ok());
    refused("? [image]\n: a");
    refused("? {a: b}\n: c");
    refused("~: a");
}

#[test]
fn long_keys_are_cut_in_errors() {
    let error = refused(&format!("'{}': a", "k".repeat(900)));
    assert!(error.to_string().len() < 200, "{error}");
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_with_a_place(text in "(---\n)?[a-z:\\-\\[\\]{}&*!|>'\"%#\\n \\t,?@`]{0,200}(\n---\n)?") {
        if let Err(error) = parse_bottle("b.md", &text, Location::Home) {
            prop_assert!(error.position.line >= 1 && error.position.column >= 1);
        }
    }

    #[test]
    fn any_value_under_a_key_is_read_or_refused(value in "\\PC{0,60}") {
        for key in ["extends", "backend", "resources", "env", "egress", "git", "pipelock", "image"] {
            drop(bottle(&format!("{key}: {value}")));
        }
    }
}
