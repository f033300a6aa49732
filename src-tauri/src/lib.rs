//! The desktop shell: the only place of the product that knows Tauri.
//!
//! It shows one page in a window, answers its commands by asking the engine, and keeps a menu bar item and a launcher beside it. It
//! decides nothing that the command line would have to decide too.

mod app;
mod changes;
mod commands;
pub mod deep_link;
pub mod desktop;
mod drag;
pub mod error;
pub mod ipc;
mod launcher;
mod log;
mod menu;
mod native;
pub mod quit;
mod signals;
pub mod state;
pub mod tray;
#[cfg(feature = "updater")]
mod update;
mod window;
pub mod wire;

pub use app::run;
