//! The real window of the product on a screen of its own: opened, looked at, clicked and typed into as a person would.
//!
//! A test gets an Xvfb, a session bus with an unlocked keyring, and a WebKitWebDriver that starts the window in a [`crate::world::World`]. All of
//! it ends with the [`Desktop`]. What is seen is kept as pictures in the folder that `CLAUDE_BOTTLE_SCREENS` names.

mod desktop;
mod driver;
mod page;

pub use desktop::{Desktop, with_desktop};
pub use page::{Page, Violation};
