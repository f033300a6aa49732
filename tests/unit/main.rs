//! Tests without an engine.

#![cfg(test)]

mod cli;
mod contract;
mod core;
mod credentials;
mod docker;
mod egress;
mod engine;
#[cfg(target_os = "linux")]
mod guest;
mod layering;
mod scripted;
mod tree;
