//! The scripted Messages API: plays the vendor for the demo and the tests, on a Unix socket that egress dials.
//!
//! It answers as the vendor does (streamed or whole, errors in the vendor's words) and refuses every request that does not carry
//! the credential which egress puts in, so a reply proves the injection. It must not know policies, sessions or real credentials.

mod conversation;
mod reply;
mod script;
mod server;

pub use conversation::{Conversation, Unreadable};
pub use reply::Reply;
pub use script::{Block, Script, choose};
pub use server::{Admits, serve};
