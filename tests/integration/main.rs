//! Tests with a real engine.

#![cfg(test)]

mod credentials;
mod docker;
mod session;
mod setup;
