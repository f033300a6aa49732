//! The Docker backend on a real engine.

mod bundle;
mod guest;
mod images;
mod sessions;
