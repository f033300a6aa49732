//! `extends`: what a child keeps, replaces and adds, and what makes a chain invalid.

use bottle_core::advice::Advice;
use bottle_core::backend::BackendName;
use bottle_core::id::{AgentName, BottleName};
use bottle_core::manifest::{
    Bottle, EnvValue, Library, Location, ManifestError, parse_agent, parse_bottle, resolve,
    resolve_for,
};

fn name(text: &str) -> BottleName {
    BottleName::new(text).unwrap()
}

fn library(bottles: &[(&str, &str)]) -> Library {
    let entry = |&(stem, text): &(&str, &str)| {
        let file = format!("bottles/{stem}.md");
        let bottle = parse_bottle(&file, &format!("---\n{text}\n---\n"), Location::Home).unwrap();
        (name(stem), (file, bottle))
    };
    bottles.iter().map(entry).collect()
}

fn resolved(bottles: &[(&str, &str)], which: &str) -> Result<Bottle, ManifestError> {
    resolve(&library(bottles), &name(which))
}

#[test]
fn child_wins_and_keeps_the_rest() {
    let parent = "backend: docker\nimage: base\nresources: {cpus: 1, memory: 1g}\nenv: {A: p, B: p}\n\
                  egress: {routes: [{host: a.com}, {host: b.com}]}\n\
                  git: {remotes: [{name: o, url: 'https://h.com/p'}]}";
    let child = "extends: parent\nimage: own\nresources: {memory: 2g}\nenv: {B: c, C: c}\n\
                 egress: {routes: [{host: c.com}, {host: a.com, matches: [{methods: [GET]}]}]}\n\
                 git: {remotes: [{name: o, url: 'https://h.com/c'}, {name: p, url: 'https://h.com/q'}]}";
    let bottle = resolved(&[("parent", parent), ("child", child)], "child").unwrap();
    assert_eq!(bottle.extends, None);
    assert_eq!(bottle.backend, Some(BackendName::Docker));
    assert_eq!(bottle.image.as_deref(), Some("own"));
    assert_eq!(
        (bottle.resources.cpus, bottle.resources.memory_mib),
        (Some(1.0), Some(2048))
    );
    let env: Vec<_> = bottle
        .env
        .iter()
        .map(|(k, v)| (k.as_str(), v.clone()))
        .collect();
    let literal = |text: &str| EnvValue::Literal(text.into());
    assert_eq!(
        env,
        [
            ("A", literal("p")),
            ("B", literal("c")),
            ("C", literal("c"))
        ]
    );
    let hosts: Vec<_> = bottle
        .routes
        .iter()
        .map(|r| (r.host.as_str(), r.matches.len()))
        .collect();
    assert_eq!(hosts, [("a.com", 1), ("b.com", 0), ("c.com", 0)]);
    let remotes: Vec<_> = bottle.git_remotes.iter().map(|r| r.url.as_str()).collect();
    assert_eq!(remotes, ["https://h.com/c", "https://h.com/q"]);
}

#[test]
fn childs_route_replaces_the_parents_credential_too() {
    let parent = "egress: {routes: [{host: a.com, auth: {scheme: bearer, credential: x}}]}";
    let child = "extends: parent\negress: {routes: [{host: a.com}]}";
    let bottle = resolved(&[("parent", parent), ("child", child)], "child").unwrap();
    assert_eq!(bottle.routes[0].auth, None);
}

#[test]
fn three_generations_resolve() {
    let bottles = [
        ("a", "extends: b\nimage: a"),
        ("b", "extends: c\nenv: {X: b}"),
        ("c", "image: c\nenv: {X: c}\nruntime: runc"),
    ];
    let bottle = resolved(&bottles, "a").unwrap();
    assert_eq!(bottle.image.as_deref(), Some("a"));
    assert_eq!(bottle.env.get("X"), Some(&EnvValue::Literal("b".into())));
    assert!(bottle.runtime.is_some());
}

#[test]
fn cycle_is_named_with_the_place_that_closes_it() {
    let error = resolved(&[("a", "image: x\nextends: b"), ("b", "extends: a")], "a").unwrap_err();
    assert_eq!(
        error.to_string(),
        "bottles/b.md:2:10: the bottles extend each other in a circle: a -> b -> a"
    );
    assert_eq!(error.code(), "bottle_cycle");
    let itself = resolved(&[("a", "extends: a")], "a").unwrap_err();
    assert!(itself.to_string().ends_with("a -> a"), "{itself}");
    let behind = resolved(
        &[
            ("a", "extends: b"),
            ("b", "extends: c"),
            ("c", "extends: b"),
        ],
        "a",
    )
    .unwrap_err();
    assert!(behind.to_string().ends_with(": b -> c -> b"), "{behind}");
}

#[test]
fn missing_parent_names_the_nearest_bottle() {
    let error = resolved(&[("a", "extends: bsae"), ("base", "")], "a").unwrap_err();
    assert_eq!(
        error.to_string(),
        "bottles/a.md:2:10: there is no bottle 'bsae', did you mean 'base'"
    );
    assert_eq!(error.code(), "bottle_missing");
}

#[test]
fn missing_bottle_of_an_agent_is_reported_in_the_agents_file() {
    let text = "---\nbottle: defualt\n---\n";
    let agent = parse_agent(&AgentName::new("x").unwrap(), "agents/x.md", text).unwrap();
    let error = resolve_for(&library(&[("default", "")]), &agent, "agents/x.md").unwrap_err();
    assert_eq!(
        error.to_string(),
        "agents/x.md:2:9: there is no bottle 'defualt', did you mean 'default'"
    );
}

#[test]
fn endless_chain_is_refused() {
    let texts: Vec<_> = (0..40)
        .map(|n| (format!("b{n}"), format!("extends: b{}", n + 1)))
        .collect();
    let bottles: Vec<_> = texts
        .iter()
        .map(|(a, b)| (a.as_str(), b.as_str()))
        .collect();
    let error = resolved(&bottles, "b0").unwrap_err();
    assert!(
        error.to_string().contains("longer than 16 bottles"),
        "{error}"
    );
}
