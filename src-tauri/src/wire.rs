//! What crosses between page and shell: plain data, made of the engine's types and never the engine's types themselves.
//!
//! Names are `camelCase`, numbers are `u32` or `f64`, and what comes in has types of its own. No type here can hold a secret, but for
//! [`secret::SecretInput`], which can only come in.

pub mod agent;
pub mod authority;
pub mod credential;
pub mod document;
pub mod edit;
pub mod event;
pub mod launch;
pub mod plan;
pub mod secret;
pub mod session;
pub mod settings;
pub mod skill;
pub mod system;
pub mod task;
pub mod terminal;
pub mod traffic;

use std::path::Path;

/// A count as the page gets it; more than it can hold is the most that it can hold.
pub(crate) fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// A path as the page shows it and gives it back.
pub(crate) fn path_text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// Turns each item of a list into its wire form.
pub(crate) fn all<From, To: std::convert::From<From>>(items: Vec<From>) -> Vec<To> {
    items.into_iter().map(To::from).collect()
}
