//! What the page can ask for, one module a noun. Each command reads its input, asks the engine and turns the answer into its wire form;
//! it decides nothing.

pub mod agent;
pub mod credential;
pub mod document;
pub mod session;
pub mod skill;
pub mod system;
pub mod task;
pub mod terminal;

use std::str::FromStr;

use bottle_core::id::InvalidName;

use crate::error::CommandError;

/// Reads a name or an id that the page gave.
fn name<T: FromStr<Err = InvalidName>>(given: &str) -> Result<T, CommandError> {
    given
        .parse()
        .map_err(|error| CommandError::invalid_name(given, &error))
}
