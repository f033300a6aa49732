//! Every command through the real IPC, over a real engine on the staged backend, without a display: what the page gets where it goes
//! well, and which error it gets where it does not.

#![cfg(test)]

mod bindings;
mod credentials;
mod documents;
mod errors;
mod links;
mod sessions;
mod skills;
mod system;
mod terminals;
mod tray;
mod world;
