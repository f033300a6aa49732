//! Agents as people and repositories write them.

use bottle_core::id::AgentName;
use bottle_core::manifest::{Agent, Fault, ManifestError, Position, parse_agent};

fn agent(text: &str) -> Result<Agent, ManifestError> {
    parse_agent(&AgentName::new("helper").unwrap(), "helper.md", text)
}

#[test]
fn file_of_a_subagent_works_as_it_is() {
    let text = "---\nname: helper\ndescription: |\n  Helps.\n  Well.\nmodel: inherit\ncolor: blue\nbottle: default\n\
                skills: [one, two, one]\ngit: {user: {name: A, email: a@b.c}}\n---\n\nYou help.\n\n---\nStill prompt.\n";
    let agent = agent(text).unwrap();
    assert_eq!(agent.bottle.as_str(), "default");
    assert_eq!(agent.bottle_at, Position { line: 8, column: 9 });
    assert_eq!(
        agent.skills.iter().map(|s| s.as_str()).collect::<Vec<_>>(),
        ["one", "two"]
    );
    assert_eq!(agent.model.as_deref(), Some("inherit"));
    assert_eq!(agent.prompt, "You help.\n\n---\nStill prompt.");
    assert!(agent.git_user.is_some());
}

#[test]
fn agent_needs_a_bottle() {
    let error = agent("---\nskills: []\n---\n").unwrap_err();
    assert_eq!(
        error.to_string(),
        "helper.md:2:1: the key 'bottle' is missing"
    );
}

#[test]
fn agent_cannot_bring_what_is_the_bottles() {
    for key in ["egress", "env", "image", "extends", "pipelock", "resources"] {
        let error = agent(&format!("---\nbottle: a\n{key}: x\n---\n")).unwrap_err();
        assert!(matches!(*error.fault, Fault::UnknownKey { .. }), "{key}");
    }
    assert!(agent("---\nbottle: a\ngit: {remotes: []}\n---\n").is_err());
}

#[test]
fn name_must_be_the_files() {
    let error = agent("---\nname: other\nbottle: a\n---\n").unwrap_err();
    assert!(matches!(*error.fault, Fault::NameDiffers { .. }));
}

#[test]
fn names_of_bottles_and_skills_cannot_be_paths() {
    for name in ["../x", "a/b", "/etc", "A", "''", "a--b"] {
        assert!(
            agent(&format!("---\nbottle: {name}\n---\n")).is_err(),
            "{name}"
        );
        assert!(
            agent(&format!("---\nbottle: a\nskills: [{name}]\n---\n")).is_err(),
            "{name}"
        );
    }
}
