//! Tests without an engine.

#![cfg(test)]

mod core;
mod credentials;
mod egress;
mod engine;
#[cfg(target_os = "linux")]
mod guest;
mod layering;
mod scripted;
mod tree;
