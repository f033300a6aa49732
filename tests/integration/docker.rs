//! The Docker backend on a real engine.

mod bundle;
mod far;
mod guest;
mod images;
mod sessions;
