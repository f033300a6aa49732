//! The bundle: everything that stands between a bottle and the world, as a library and as the program `bottle-sidecar`.
//!
//! [`init`] runs the daemons of one session. [`egress`] is the HTTP(S) door, [`control`] the engine's way in; both work on one
//! [`state::State`] and neither knows the other. [`guest`] is the small program inside the bottle. Nothing here knows Docker,
//! virtual machines or the user's files: doors and control are Unix sockets in folders that the caller names.

pub mod ca;
pub mod control;
pub mod egress;
pub mod error;
pub mod events;
#[cfg(target_os = "linux")]
pub mod guest;
pub mod init;
pub mod options;
pub mod scripted;
pub mod state;
pub mod vault;

pub use error::SidecarError;
