//! The command line as a person meets it, without an engine: a home and variables of its own in each test, and an engine's address at
//! which nobody answers.

mod errors;
mod plans;
mod quiet;

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;
use tests::command_line::{self, Ended};
use tests::world::built;

use super::engine::room::write;

/// Everything that one test has of its own.
struct Shell {
    folder: TempDir,
}

impl Shell {
    fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
        }
    }

    /// The person's home folder.
    fn user(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// The folder of the product, which is not there until it is made.
    fn home(&self) -> PathBuf {
        self.user().join(".claude-bottle")
    }

    fn write(&self, name: &str, text: &str) {
        write(&self.home().join(name), text);
    }

    /// The program with nothing of this machine's environment but the way to programs.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(built("claude-bottle"));
        command
            .args(arguments)
            .env_clear()
            .env("HOME", self.user())
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("DOCKER_HOST", "unix:///nowhere/docker.sock")
            .current_dir(self.user());
        command
    }

    async fn run(&self, arguments: &[&str]) -> Ended {
        command_line::run(self.command(arguments)).await
    }
}
