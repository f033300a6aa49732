//! Files of agents and bottles, as text and as fields.

use bottle_core::manifest::{Kind, fields};
use bottle_engine::document;
use serde::{Deserialize, Serialize};
use specta::Type;
use specta_typescript::Number;

use super::authority::Authority;
use super::{all, path_text};

/// What a document describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "kebab-case")]
pub enum DocumentKind {
    /// An agent.
    Agent,
    /// A bottle.
    Bottle,
}

impl From<DocumentKind> for Kind {
    fn from(kind: DocumentKind) -> Self {
        match kind {
            DocumentKind::Agent => Self::Agent,
            DocumentKind::Bottle => Self::Bottle,
        }
    }
}

impl From<Kind> for DocumentKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Agent => Self::Agent,
            Kind::Bottle => Self::Bottle,
        }
    }
}

/// A document as it lies on the disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// What it describes.
    pub kind: DocumentKind,
    /// Its name.
    pub name: String,
    /// Its file.
    pub file: String,
    /// Its text.
    pub text: String,
    /// Digest of the text; empty for one that is not saved yet.
    pub digest: String,
}

impl From<&document::Document> for Document {
    fn from(document: &document::Document) -> Self {
        Self {
            kind: document.kind.into(),
            name: document.name.clone(),
            file: path_text(&document.file),
            text: document.text.clone(),
            digest: document.digest.clone(),
        }
    }
}

impl From<document::Document> for Document {
    fn from(document: document::Document) -> Self {
        Self::from(&document)
    }
}

/// What is wrong with a file, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct FileFault {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub advice: String,
}

impl From<document::FileFault> for FileFault {
    fn from(fault: document::FileFault) -> Self {
        Self {
            file: fault.file,
            line: fault.line,
            column: fault.column,
            what: fault.what,
            advice: fault.advice,
        }
    }
}

/// What a text says, as far as it can be read.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Checked {
    /// What is wrong with it.
    pub fault: Option<FileFault>,
    /// Its fields, where it is an agent's.
    pub agent: Option<AgentFields>,
    /// Its fields, where it is a bottle's.
    pub bottle: Option<BottleFields>,
    /// What a session of it could do.
    pub authority: Option<Authority>,
}

impl From<document::Checked> for Checked {
    fn from(checked: document::Checked) -> Self {
        Self {
            fault: checked.fault.map(FileFault::from),
            agent: checked.agent.map(AgentFields::from),
            bottle: checked.bottle.map(BottleFields::from),
            authority: checked.authority.map(Authority::from),
        }
    }
}

/// An agent's fields.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AgentFields {
    /// What it is for.
    pub description: Option<String>,
    /// Its bottle.
    pub bottle: Option<String>,
    /// The model that it names.
    pub model: Option<String>,
    /// Its colour.
    pub color: Option<String>,
    /// Its skills.
    pub skills: Vec<String>,
    /// Its prompt.
    pub prompt: String,
    /// Who commits.
    pub git_name: Option<String>,
    /// With which address.
    pub git_email: Option<String>,
}

impl From<fields::AgentFields> for AgentFields {
    fn from(agent: fields::AgentFields) -> Self {
        Self {
            description: agent.description,
            bottle: agent.bottle,
            model: agent.model,
            color: agent.color,
            skills: agent.skills,
            prompt: agent.prompt,
            git_name: agent.git_name,
            git_email: agent.git_email,
        }
    }
}

/// A bottle's fields, as they are written.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct BottleFields {
    /// The bottle that it overlays.
    pub extends: Option<String>,
    /// Its backend.
    pub backend: Option<String>,
    /// Its runtime.
    pub runtime: Option<String>,
    /// Its image.
    pub image: Option<String>,
    /// Processors.
    #[specta(type = Option<Number>)]
    pub cpus: Option<f64>,
    /// Memory.
    pub memory: Option<String>,
    /// Disk.
    pub disk: Option<String>,
    /// Variables.
    pub env: Vec<EnvField>,
    /// Open hosts.
    pub routes: Vec<RouteField>,
    /// Who commits.
    pub git_name: Option<String>,
    /// With which address.
    pub git_email: Option<String>,
}

impl From<fields::BottleFields> for BottleFields {
    fn from(bottle: fields::BottleFields) -> Self {
        Self {
            extends: bottle.extends,
            backend: bottle.backend,
            runtime: bottle.runtime,
            image: bottle.image,
            cpus: bottle.cpus,
            memory: bottle.memory,
            disk: bottle.disk,
            env: all(bottle.env),
            routes: all(bottle.routes),
            git_name: bottle.git_name,
            git_email: bottle.git_email,
        }
    }
}

/// A variable as it is written: a literal, `?question` or `${HOST_VAR}`.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct EnvField {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl From<fields::EnvField> for EnvField {
    fn from(field: fields::EnvField) -> Self {
        Self {
            name: field.name,
            value: field.value,
        }
    }
}

/// An open host as it is written.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RouteField {
    /// Which names it stands for.
    pub host: String,
    /// Paths of its one shape of requests.
    pub paths: Vec<String>,
    /// Methods of its one shape of requests.
    pub methods: Vec<String>,
    /// The credential that is put in.
    pub credential: Option<String>,
    /// How it is sent.
    pub scheme: Option<String>,
    /// What happens when a guard finds something.
    pub on_finding: Option<String>,
    /// How many shapes of requests there are.
    pub matches: u32,
}

impl From<fields::RouteField> for RouteField {
    fn from(field: fields::RouteField) -> Self {
        Self {
            host: field.host,
            paths: field.paths,
            methods: field.methods,
            credential: field.credential,
            scheme: field.scheme,
            on_finding: field.on_finding,
            matches: field.matches,
        }
    }
}
