//! The vocabulary of claude-bottle: ids, paths, secrets, manifests, plans, the egress policy, progress and security events, the
//! control protocol, and the `Backend` and `Guest` traits.
//!
//! Everything here is pure: no file, no network, no clock, no environment. Other crates read files and hand the text in; this
//! crate says what the text means. It knows nothing of Docker, of virtual machines, of windows or of terminals.

pub mod advice;
pub mod authority;
pub mod backend;
pub mod claude;
pub mod control;
pub mod credential;
pub mod demo;
pub mod event;
pub mod guest;
pub mod id;
pub mod manifest;
pub mod path;
pub mod plan;
pub mod policy;
pub mod secret;
pub mod selftest;
