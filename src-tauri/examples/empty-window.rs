//! The smallest window that Tauri opens, of the same version and profile as the product's: what `cargo xtask bench` compares with.

use std::process::ExitCode;

fn main() -> ExitCode {
    let context = tauri::generate_context!("examples/empty-window/tauri.conf.json");
    match tauri::Builder::default().run(context) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the window cannot be opened: {error}");
            ExitCode::FAILURE
        }
    }
}
