//! Tests with a real engine.

#![cfg(test)]

mod credentials;
mod desk;
mod docker;
mod session;
mod setup;
