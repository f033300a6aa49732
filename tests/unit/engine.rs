//! The engine without an engine: over the staged backend, with real files in folders of each test.

// These look at the guest's files with the tools of Linux, which stand in for those of a guest.
#[cfg(target_os = "linux")]
mod apply;
mod authority;
#[cfg(target_os = "linux")]
mod changes;
mod cleanup;
mod command;
mod desk;
mod doctor;
mod document;
mod draft;
mod guest;
mod launch;
mod plan;
mod prepare;
mod provision;
mod repository;
mod resume;
pub mod room;
mod settings;
mod settle;
mod shelf;
mod skills;
mod store;
mod watch;
mod workspace;
