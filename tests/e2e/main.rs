//! Journeys of a person through the real window, with the real engine and the real claude.

#![cfg(test)]

mod compose;
mod demo;
mod outside;
mod terminal;
mod trouble;
mod views;
