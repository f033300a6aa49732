//! Routes as a form changes them: key by key, and whole where they are new.

use bottle_core::manifest::fields::{BottleFields, RouteField};
use bottle_core::manifest::{Edit, FieldValue, Location, parse_bottle};

use super::edit::{changed, inner, path};

const BOTTLE: &str = include_str!("../../../src-tauri/crates/engine/src/templates/bottle.md");

fn route(host: &str) -> RouteField {
    RouteField {
        host: host.into(),
        ..RouteField::default()
    }
}

#[test]
fn a_route_is_added_whole_in_the_style_of_the_template() {
    let full = RouteField {
        paths: vec!["/v1/*".into()],
        methods: vec!["GET".into(), "POST".into()],
        credential: Some("example".into()),
        on_finding: Some("hold".into()),
        ..route("api.example.com")
    };
    let edited = changed(
        BOTTLE,
        Edit::Append {
            path: path("egress.routes"),
            value: FieldValue::Route(full.clone()),
        },
    );
    let bottle = parse_bottle("b.md", &edited, Location::Home).unwrap();
    assert_eq!(bottle.routes.len(), 2);
    let fields = BottleFields::read("b.md", &edited).unwrap();
    assert_eq!(
        fields.routes[1],
        RouteField {
            scheme: Some("bearer".into()),
            matches: 1,
            ..full
        }
    );
    let added = "    - host: api.example.com\n      matches:\n        - paths: [/v1/*]\n          methods: [GET, POST]\n      auth:\n        scheme: bearer\n        credential: example\n      on_finding: hold\n";
    assert!(edited.contains(added), "{edited}");
    assert_eq!(edited.replacen(added, "", 1), BOTTLE);
}

#[test]
fn a_route_changes_key_by_key() {
    let yaml = "egress:\n  routes:\n    # mine\n    - host: a.com # why\n      # the shapes\n      matches:\n        - paths: [/a] # p\n          methods: [GET]\n";
    let change = |route: RouteField| Edit::Set {
        path: path("egress.routes.0"),
        value: FieldValue::Route(route),
    };
    let narrowed = RouteField {
        methods: vec!["GET".into(), "PUT".into()],
        credential: Some("c".into()),
        scheme: Some("basic".into()),
        matches: 1,
        ..route("b.com")
    };
    assert_eq!(
        inner(yaml, change(narrowed)),
        "egress:\n  routes:\n    # mine\n    - host: b.com # why\n      # the shapes\n      matches:\n        - methods: [GET, PUT]\n      auth:\n        scheme: basic\n        credential: c\n"
    );
    let open = inner(
        yaml,
        change(RouteField {
            matches: 1,
            ..route("a.com")
        }),
    );
    assert_eq!(
        open,
        "egress:\n  routes:\n    # mine\n    - host: a.com # why\n      # the shapes\n"
    );
}

#[test]
fn shapes_that_a_form_does_not_show_stay() {
    let yaml =
        "egress:\n  routes:\n    - host: a.com\n      matches: [{paths: [/a]}, {paths: [/b]}]\n";
    let edited = inner(
        yaml,
        Edit::Set {
            path: path("egress.routes.0"),
            value: FieldValue::Route(RouteField {
                matches: 2,
                paths: vec!["/a".into()],
                ..route("b.com")
            }),
        },
    );
    assert_eq!(edited, yaml.replace("a.com", "b.com"));
}
