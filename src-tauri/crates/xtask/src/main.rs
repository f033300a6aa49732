//! `cargo xtask`: the program behind the two commands of the README.

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match xtask::command(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            xtask::tell(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
