//! Support of the tests.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what supports a test fails the way a test fails"
)]

pub mod backend_contract;
pub mod command_line;
pub mod engine;
pub mod engine_line;
mod skip;
pub mod staged;
pub mod terminal;
pub mod traces;
pub mod turn;
pub mod until;
pub mod window;
pub mod world;

pub use skip::skip;
