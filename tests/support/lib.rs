//! Support of the tests.

pub mod backend_contract;
pub mod engine;
mod skip;

pub use skip::skip;
