//! The Docker backend without an engine: where it looks for one, what it asks of it, and what it makes of the answers.

mod answers;
mod endpoint;
mod layout;
mod recipe;
mod stream;
