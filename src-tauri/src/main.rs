//! The window's program.

use std::process::ExitCode;

fn main() -> ExitCode {
    claude_bottle_desktop::run()
}
