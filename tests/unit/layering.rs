//! Which crate may depend on which: read from what cargo says of the workspace, held against the table below.

use std::process::Command;

use serde_json::Value;

/// A crate of the workspace and the crates of the workspace that it may use. What is not listed may use none.
const INSIDE: &[(&str, &[&str])] = &[
    ("bottle-docker", &["bottle-core"]),
    ("bottle-smolmachines", &["bottle-core"]),
    ("bottle-credentials", &["bottle-core"]),
    ("bottle-sidecar", &["bottle-core"]),
    ("bottle-engine", &["bottle-core"]),
    ("bottle-wiring", BACKENDS),
    ("claude-bottle", WIRED),
    ("claude-bottle-desktop", WIRED),
];

/// What the crate that wires everything together may use.
const BACKENDS: &[&str] = &[
    "bottle-core",
    "bottle-credentials",
    "bottle-docker",
    "bottle-engine",
    "bottle-smolmachines",
];

/// What the programs may use: they get their backends from the wiring.
const WIRED: &[&str] = &[
    "bottle-core",
    "bottle-credentials",
    "bottle-engine",
    "bottle-wiring",
];

/// All that core may use from outside: data, errors and traits, nothing that reads or waits.
const OUTSIDE_OF_CORE: &[&str] = &[
    "async-trait",
    "futures-io",
    "granit-parser",
    "serde",
    "serde-saphyr",
    "serde_json",
    "specta",
    "strsim",
    "thiserror",
    "zeroize",
];

/// The only crate that may name Tauri.
const SHELL: &str = "claude-bottle-desktop";

/// One dependency of a crate, in its programs or its build.
struct Edge {
    from: String,
    to: String,
    inside: bool,
}

fn edges() -> Vec<Edge> {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
            "--manifest-path",
            manifest,
        ])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut edges = Vec::new();
    for package in metadata["packages"].as_array().unwrap() {
        for dependency in package["dependencies"].as_array().unwrap() {
            if dependency["kind"] != "dev" {
                edges.push(Edge {
                    from: package["name"].as_str().unwrap().to_owned(),
                    to: dependency["name"].as_str().unwrap().to_owned(),
                    inside: dependency["path"].is_string(),
                });
            }
        }
    }
    edges
}

/// Says what is wrong with an edge.
fn fault(edge: &Edge) -> Option<&'static str> {
    let Edge { from, to, inside } = edge;
    if matches!(from.as_str(), "tests" | "bench") {
        return None;
    }
    let tauri = to == "tauri" || to.starts_with("tauri-");
    if tauri && from != SHELL {
        return Some("only the desktop shell names Tauri");
    }
    if from == "bottle-core" && !OUTSIDE_OF_CORE.contains(&to.as_str()) {
        return Some("core is pure: types, policy and traits");
    }
    let allowed = INSIDE
        .iter()
        .find(|(name, _)| name == from)
        .map_or(&[] as &[&str], |(_, to)| to);
    (*inside && !allowed.contains(&to.as_str())).then_some("this crate may not know that one")
}

#[test]
fn every_dependency_points_the_right_way() {
    let edges = edges();
    assert!(
        edges
            .iter()
            .any(|edge| edge.from == "bottle-engine" && edge.to == "bottle-core")
    );
    let faults: Vec<String> = edges
        .iter()
        .filter_map(|edge| fault(edge).map(|why| format!("{} -> {}: {why}", edge.from, edge.to)))
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn wrong_edges_are_refused() {
    let wrong = [
        ("bottle-core", "tokio", false),
        ("bottle-core", "bottle-engine", true),
        ("bottle-engine", "bottle-docker", true),
        ("bottle-docker", "bottle-credentials", true),
        ("bottle-sidecar", "bottle-engine", true),
        ("bottle-new", "bottle-core", true),
        ("claude-bottle", "tauri", false),
        ("bottle-engine", "tauri-plugin-dialog", false),
        ("claude-bottle", "xtask", true),
        ("xtask", "bottle-core", true),
    ];
    for (from, to, inside) in wrong {
        let edge = Edge {
            from: from.to_owned(),
            to: to.to_owned(),
            inside,
        };
        assert!(fault(&edge).is_some(), "{from} -> {to}");
    }
}
