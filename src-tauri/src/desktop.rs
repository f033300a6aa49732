//! What the shell asks of the desktop around its page: dialogs, the file manager, the browser, the login item.
//!
//! A trait, so that every command can be tried without a display.

use std::path::{Path, PathBuf};

use bottle_engine::settings::Settings;

use crate::error::CommandError;
use crate::wire::launch::Launch;

/// The desktop. Calls that wait for the person block: they are made off the threads that serve the page.
pub trait Desktop: Send + Sync {
    /// Asks for a folder. Blocks.
    fn pick_folder(&self) -> Option<PathBuf>;

    /// Asks for folders, archives or files of skills. Blocks.
    fn pick_skills(&self) -> Vec<PathBuf>;

    /// Shows a file or folder in the file manager.
    ///
    /// # Errors
    /// Where no file manager answers.
    fn reveal(&self, path: &Path) -> Result<(), CommandError>;

    /// Opens an address in the browser.
    ///
    /// # Errors
    /// Where no browser answers.
    fn open_link(&self, url: &str) -> Result<(), CommandError>;

    /// Starts the container engine that is installed.
    ///
    /// # Errors
    /// Where only the person can start it, with what to do.
    fn start_engine(&self) -> Result<(), CommandError>;

    /// Says whether settings can be carried out, before they are kept.
    ///
    /// # Errors
    /// What is wrong with them.
    fn accept(&self, settings: &Settings) -> Result<(), CommandError>;

    /// Carries settings out.
    ///
    /// # Errors
    /// What could not be carried out.
    fn apply(&self, settings: &Settings) -> Result<(), CommandError>;

    /// Shows the main window at a view, where it was not the main window that asked for it.
    fn show(&self, launch: Launch);

    /// Hides the launcher, and shows the main window at a view where one is given.
    fn leave_launcher(&self, launch: Option<Launch>);

    /// Where the program logs to.
    fn logs(&self) -> PathBuf;
}
