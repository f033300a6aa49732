//! Reads an agent's file: the purpose, which may come with a repository and may serve as a Claude Code subagent as well.

use super::error::Fault;
use super::value::Value;
use super::{Agent, ManifestError, frontmatter, git, yaml};
use crate::id::{AgentName, BottleName, SkillName};

/// All keys, in the order of the documentation.
pub(super) const AGENT_KEYS: &[&str] = &[
    "bottle",
    "skills",
    "git",
    "name",
    "description",
    "model",
    "color",
];

/// Reads an agent's file; `name` is the file's stem.
///
/// # Errors
/// [`ManifestError`] with the place of the first thing that is wrong.
pub fn parse_agent(name: &AgentName, file: &str, text: &str) -> Result<Agent, ManifestError> {
    let halves = frontmatter::split(file, text)?;
    let tree = yaml::read(file, halves.yaml)?;
    let fields = Value::root(file, &tree).fields(AGENT_KEYS)?;
    if let Some(value) = fields.get("name")
        && value.line()? != name.as_str()
    {
        let written = value.line()?.chars().take(64).collect();
        return Err(value.refuse(Fault::NameDiffers {
            written,
            file_name: name.to_string(),
        }));
    }
    let bottle = fields.need("bottle")?;
    let line = |value: Value<'_>| value.line().map(str::to_owned);
    let git = fields.read("git", |git| git.fields(&["user"]))?;
    Ok(Agent {
        name: name.clone(),
        bottle: bottle.parse(BottleName::new)?,
        bottle_at: bottle.at(),
        skills: fields.read("skills", read_skills)?.unwrap_or_default(),
        description: fields.read("description", |value| value.text().map(str::to_owned))?,
        model: fields.read("model", line)?,
        color: fields.read("color", line)?,
        git_user: git
            .map(|git| git.read("user", git::read_user))
            .transpose()?
            .flatten(),
        prompt: halves.body,
    })
}

fn read_skills(skills: Value<'_>) -> Result<Vec<SkillName>, ManifestError> {
    let mut read = Vec::new();
    for item in skills.list()? {
        let skill = item.parse(SkillName::new)?;
        if !read.contains(&skill) {
            read.push(skill);
        }
    }
    Ok(read)
}
