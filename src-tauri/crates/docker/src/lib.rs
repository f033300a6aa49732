//! Runs bottles as containers of a Docker engine: bottle-core's `Backend` and `Guest` over the engine's HTTP API.
//!
//! A session is two containers and one volume. The agent's container has no network at all; its doors are Unix sockets on the
//! volume, on which the bundle's container listens. Nothing that is secret is ever in the configuration of either: what
//! `docker inspect` shows is public.
//!
//! The crate reads no environment and knows no folder of the user's: [`Settings`] says where things are. It keeps no state of
//! sessions either; labels on the engine's objects are the truth, so a crash loses nothing.

pub mod endpoint;
pub mod layout;
pub mod recipe;

mod backend;
mod build;
mod control;
mod create;
mod digest;
mod engine;
mod exec;
mod fault;
mod guest;
mod images;
mod inventory;
mod lifecycle;
mod probe;
mod program;
mod removal;
mod runtime;
mod settings;
mod stream;
mod transport;

pub use backend::Docker;
pub use fault::Fault;
pub use settings::Settings;
pub use stream::{Demultiplexer, Lane};
