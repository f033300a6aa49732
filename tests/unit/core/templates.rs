//! The files that `init` writes and the demo's own: they parse, and so does every example in them.

use bottle_core::id::{AgentName, SkillName};
use bottle_core::manifest::{Agent, Bottle, Location, parse_agent, parse_bottle};
use bottle_core::policy::{AuthScheme, Upstream};
use bottle_core::{claude, demo};

const AGENT: &str = include_str!("../../../src-tauri/crates/engine/src/templates/agent.md");
const BOTTLE: &str = include_str!("../../../src-tauri/crates/engine/src/templates/bottle.md");
const DEMO_AGENT: &str = include_str!("../../../src-tauri/crates/engine/src/demo/agent.md");
const DEMO_BOTTLE: &str = include_str!("../../../src-tauri/crates/engine/src/demo/bottle.md");
const DEMO_SKILL: &str = include_str!("../../../src-tauri/crates/engine/src/demo/skill/SKILL.md");

fn agent(name: &str, text: &str) -> Agent {
    let parsed = parse_agent(&AgentName::new(name).unwrap(), "agent.md", text);
    parsed.unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn bottle(text: &str, location: Location) -> Bottle {
    parse_bottle("bottle.md", text, location).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Uncomments the examples: a `#` with a key right behind it, or with the spaces of a nested line.
fn with_examples(text: &str) -> String {
    let line = |line: &str| match line.strip_prefix('#') {
        Some(example) if !example.starts_with(' ') || example.starts_with("  ") => {
            example.to_owned()
        }
        _ => line.to_owned(),
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn first_agent_and_bottle_are_small_and_closed() {
    let agent = agent("anything", AGENT);
    assert_eq!(agent.bottle.as_str(), "first");
    assert!(agent.skills.is_empty() && agent.model.is_none() && !agent.prompt.is_empty());
    let bottle = bottle(BOTTLE, Location::Home);
    let hosts: Vec<_> = bottle
        .routes
        .iter()
        .map(|route| route.host.as_str())
        .collect();
    assert_eq!(hosts, [claude::API_HOST]);
    assert!(bottle.env.is_empty() && bottle.extends.is_none() && bottle.image.is_none());
}

#[test]
fn examples_of_the_first_agent_work_when_uncommented() {
    let agent = agent("hello", &with_examples(AGENT));
    assert_eq!(agent.skills.len(), 1);
    assert!(agent.model.is_some() && agent.color.is_some() && agent.git_user.is_some());
}

#[test]
fn examples_of_the_first_bottle_show_every_key() {
    let bottle = bottle(&with_examples(BOTTLE), Location::Home);
    assert!(bottle.extends.is_some() && bottle.backend.is_some() && bottle.runtime.is_some());
    assert!(bottle.resources.cpus.is_some() && bottle.resources.memory_mib.is_some());
    assert!(bottle.resources.disk_mib.is_some() && bottle.image.is_some());
    assert!(bottle.pipelock.is_some() && bottle.git_user.is_some());
    assert_eq!(
        (
            bottle.env.len(),
            bottle.routes.len(),
            bottle.git_remotes.len()
        ),
        (3, 3, 2)
    );
}

#[test]
fn demo_opens_claudes_host_alone_and_names_what_answers() {
    let agent = agent(demo::NAME, DEMO_AGENT);
    assert_eq!(agent.bottle.as_str(), demo::NAME);
    assert_eq!(agent.skills, [SkillName::new(demo::SKILL).unwrap()]);
    assert!(!agent.prompt.is_empty());
    let bottle = bottle(DEMO_BOTTLE, Location::BuiltIn);
    let [route] = bottle.routes.as_slice() else {
        panic!("one route")
    };
    assert_eq!(route.host.as_str(), claude::API_HOST);
    assert_eq!(route.upstream, Some(Upstream::Scripted));
    let auth = route.auth.as_ref().unwrap();
    assert_eq!(
        (auth.scheme, auth.credential.as_str()),
        (AuthScheme::Claude, demo::NAME)
    );
}

#[test]
fn demo_bottle_is_refused_from_a_persons_folder() {
    assert!(parse_bottle("bottle.md", DEMO_BOTTLE, Location::Home).is_err());
}

#[test]
fn demo_skill_has_the_frontmatter_of_a_skill() {
    let frontmatter = DEMO_SKILL
        .strip_prefix("---\n")
        .and_then(|rest| rest.split_once("\n---\n"));
    let (frontmatter, body) = frontmatter.expect("frontmatter");
    assert!(frontmatter.contains(&format!("name: {}\n", demo::SKILL)));
    assert!(frontmatter.contains("description: ") && !body.trim().is_empty());
}
