//! Tests of what the world outside may change.

#![cfg(test)]
