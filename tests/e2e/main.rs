//! Journeys of a person through the real window, with the real engine and the real claude.

mod compose;
mod demo;
mod trouble;
