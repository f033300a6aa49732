//! Changes to a document that leave everything else in it alone.

use bottle_core::manifest::{edit, fields};
use serde::Deserialize;
use specta::Type;
use specta_typescript::Number;

/// One change. A path's parts are keys, or positions in a list as text.
#[derive(Debug, Clone, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Edit {
    /// Writes a value; parents that are missing are made.
    Set {
        /// Where.
        path: Vec<String>,
        /// What.
        value: FieldValue,
    },
    /// Takes a key or an item out.
    Remove {
        /// Where.
        path: Vec<String>,
    },
    /// Adds an item to a list, which is made where it is missing.
    Append {
        /// Which list.
        path: Vec<String>,
        /// What.
        value: FieldValue,
    },
    /// Replaces the text below the keys.
    Body {
        /// The new text.
        text: String,
    },
}

/// A value that can be written.
#[derive(Debug, Clone, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum FieldValue {
    /// A word or a sentence.
    Text {
        /// It.
        text: String,
    },
    /// A number.
    Number {
        /// It.
        #[specta(type = Number)]
        number: f64,
    },
    /// A list of words.
    List {
        /// They.
        items: Vec<String>,
    },
    /// An open host.
    Route {
        /// It.
        route: RouteInput,
    },
}

/// An open host to be written.
#[derive(Debug, Clone, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RouteInput {
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

impl From<Edit> for edit::Edit {
    fn from(given: Edit) -> Self {
        match given {
            Edit::Set { path, value } => Self::Set {
                path,
                value: value.into(),
            },
            Edit::Remove { path } => Self::Remove { path },
            Edit::Append { path, value } => Self::Append {
                path,
                value: value.into(),
            },
            Edit::Body { text } => Self::Body { text },
        }
    }
}

impl From<FieldValue> for edit::FieldValue {
    fn from(value: FieldValue) -> Self {
        match value {
            FieldValue::Text { text } => Self::Text(text),
            FieldValue::Number { number } => Self::Number(number),
            FieldValue::List { items } => Self::List(items),
            FieldValue::Route { route } => Self::Route(route.into()),
        }
    }
}

impl From<RouteInput> for fields::RouteField {
    fn from(route: RouteInput) -> Self {
        Self {
            host: route.host,
            paths: route.paths,
            methods: route.methods,
            credential: route.credential,
            scheme: route.scheme,
            on_finding: route.on_finding,
            matches: route.matches,
        }
    }
}
