//! What a manifest says, as written, for a form: no default is filled in, nothing is followed, and what is wrong elsewhere in the file
//! does not hide the rest. Only a file whose YAML cannot be read at all has no fields.

use serde::{Deserialize, Serialize};

use super::yaml::{Entry, Kind, Node};
use super::{ManifestError, frontmatter, yaml};

/// An agent's keys.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AgentFields {
    /// What it is for.
    pub description: Option<String>,
    /// Its bottle.
    pub bottle: Option<String>,
    /// The model.
    pub model: Option<String>,
    /// Its colour.
    pub color: Option<String>,
    /// Its skills, in the order written.
    pub skills: Vec<String>,
    /// The body.
    pub prompt: String,
    /// `git.user.name`.
    pub git_name: Option<String>,
    /// `git.user.email`.
    pub git_email: Option<String>,
}

/// A bottle's keys.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BottleFields {
    /// The bottle to overlay.
    pub extends: Option<String>,
    /// What runs it.
    pub backend: Option<String>,
    /// The guest's runtime.
    pub runtime: Option<String>,
    /// Where the image comes from.
    pub image: Option<String>,
    /// Processors.
    pub cpus: Option<f64>,
    /// Memory, as written.
    pub memory: Option<String>,
    /// Disk, as written.
    pub disk: Option<String>,
    /// Variables, in the order written.
    pub env: Vec<EnvField>,
    /// Open hosts, in the order written.
    pub routes: Vec<RouteField>,
    /// `git.user.name`.
    pub git_name: Option<String>,
    /// `git.user.email`.
    pub git_email: Option<String>,
}

/// A variable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnvField {
    /// Its name.
    pub name: String,
    /// Its value: a literal, `?question` or `${HOST_VAR}`.
    pub value: String,
}

/// An open host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RouteField {
    /// The host pattern.
    pub host: String,
    /// Paths of the first shape of requests; any where empty.
    pub paths: Vec<String>,
    /// Methods of the first shape of requests; any where empty.
    pub methods: Vec<String>,
    /// The credential that is put in.
    pub credential: Option<String>,
    /// How it is sent.
    pub scheme: Option<String>,
    /// What happens when a guard finds something.
    pub on_finding: Option<String>,
    /// How many shapes of requests there are. A form shows one; more are left as they are.
    pub matches: u32,
}

/// What the frontmatter of a skill says; Claude Code owns that format, so all other keys are passed over.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SkillFields {
    /// Its name.
    pub name: Option<String>,
    /// What it is for and when to use it.
    pub description: Option<String>,
}

impl SkillFields {
    /// Reads them.
    ///
    /// # Errors
    /// [`ManifestError`] where there is no frontmatter or its YAML cannot be read.
    pub fn read(file: &str, text: &str) -> Result<Self, ManifestError> {
        let halves = frontmatter::split(file, text)?;
        let tree = yaml::read(file, halves.yaml)?;
        Ok(Self {
            name: text_at(&tree, &["name"]),
            description: text_at(&tree, &["description"]),
        })
    }
}

impl AgentFields {
    /// Reads them.
    ///
    /// # Errors
    /// [`ManifestError`] where the YAML cannot be read.
    pub fn read(file: &str, text: &str) -> Result<Self, ManifestError> {
        let halves = frontmatter::split(file, text)?;
        let tree = yaml::read(file, halves.yaml)?;
        Ok(Self {
            description: text_at(&tree, &["description"]),
            bottle: text_at(&tree, &["bottle"]),
            model: text_at(&tree, &["model"]),
            color: text_at(&tree, &["color"]),
            skills: texts_at(&tree, &["skills"]),
            prompt: halves.body,
            git_name: text_at(&tree, &["git", "user", "name"]),
            git_email: text_at(&tree, &["git", "user", "email"]),
        })
    }
}

impl BottleFields {
    /// Reads them.
    ///
    /// # Errors
    /// [`ManifestError`] where the YAML cannot be read.
    pub fn read(file: &str, text: &str) -> Result<Self, ManifestError> {
        let halves = frontmatter::split(file, text)?;
        let tree = yaml::read(file, halves.yaml)?;
        let env = at(&tree, &["env"]).map_or(&[] as &[Entry], entries);
        let variable = |entry: &Entry| EnvField {
            name: entry.key.clone(),
            value: own_text(&entry.value).unwrap_or_default().to_owned(),
        };
        let routes = at(&tree, &["egress", "routes"]).map_or(&[] as &[Node], items);
        Ok(Self {
            extends: text_at(&tree, &["extends"]),
            backend: text_at(&tree, &["backend"]),
            runtime: text_at(&tree, &["runtime"]),
            image: text_at(&tree, &["image"]),
            cpus: text_at(&tree, &["resources", "cpus"]).and_then(|text| text.parse().ok()),
            memory: text_at(&tree, &["resources", "memory"]),
            disk: text_at(&tree, &["resources", "disk"]),
            env: env.iter().map(variable).collect(),
            routes: routes.iter().map(route).collect(),
            git_name: text_at(&tree, &["git", "user", "name"]),
            git_email: text_at(&tree, &["git", "user", "email"]),
        })
    }
}

fn route(item: &Node) -> RouteField {
    let shapes = at(item, &["matches"]).map_or(&[] as &[Node], items);
    let shape = shapes.first();
    RouteField {
        host: text_at(item, &["host"]).unwrap_or_default(),
        paths: shape
            .map(|shape| texts_at(shape, &["paths"]))
            .unwrap_or_default(),
        methods: shape
            .map(|shape| texts_at(shape, &["methods"]))
            .unwrap_or_default(),
        credential: text_at(item, &["auth", "credential"]),
        scheme: text_at(item, &["auth", "scheme"]),
        on_finding: text_at(item, &["on_finding"]),
        matches: u32::try_from(shapes.len()).unwrap_or(u32::MAX),
    }
}

fn at<'n>(node: &'n Node, path: &[&str]) -> Option<&'n Node> {
    let Some((key, rest)) = path.split_first() else {
        return Some(node);
    };
    let entry = entries(node).iter().find(|entry| entry.key == *key)?;
    at(&entry.value, rest)
}

fn entries(node: &Node) -> &[Entry] {
    match &node.kind {
        Kind::Map(entries) => entries,
        Kind::Nothing | Kind::Text(_) | Kind::List(_) => &[],
    }
}

fn items(node: &Node) -> &[Node] {
    match &node.kind {
        Kind::List(items) => items,
        Kind::Nothing | Kind::Text(_) | Kind::Map(_) => &[],
    }
}

fn own_text(node: &Node) -> Option<&str> {
    match &node.kind {
        Kind::Text(text) => Some(text),
        Kind::Nothing | Kind::List(_) | Kind::Map(_) => None,
    }
}

fn text_at(node: &Node, path: &[&str]) -> Option<String> {
    at(node, path).and_then(own_text).map(str::to_owned)
}

fn texts_at(node: &Node, path: &[&str]) -> Vec<String> {
    let list = at(node, path).map_or(&[] as &[Node], items);
    list.iter()
        .filter_map(own_text)
        .map(str::to_owned)
        .collect()
}
