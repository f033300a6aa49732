//! What claude-bottle does, without a window or a terminal: prepare a plan, launch a bottle, provision it, prove that it is sealed,
//! attach to claude, settle, clean up.
//!
//! It knows backends, guests and credentials only as traits of core. It never prints, never reads the user's home by itself (the
//! caller says where things are) and reports what it does as typed progress.

pub mod attach;
pub mod audit;
pub mod authority;
pub mod changes;
pub mod cleanup;
mod control;
pub mod demo;
pub mod desk;
pub mod doctor;
pub mod document;
pub mod draft;
mod durable;
mod engine;
pub mod error;
pub mod home;
pub mod init;
mod launch;
pub mod library;
mod lock;
pub mod prepare;
pub mod progress;
pub mod provision;
mod resume;
mod selftest;
pub mod session;
pub mod settings;
mod settle;
pub mod skill;
pub mod store;
pub mod trash;
pub mod watch;
mod workspace;

pub use control::{ControlClient, ControlError};
pub use engine::{Engine, Host};
pub use error::EngineError;
pub use home::Home;
pub use prepare::{Prepared, StartRequest};
pub use session::{Live, Outcome, Settled};
