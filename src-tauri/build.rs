//! Hands configuration, capabilities and icons to Tauri.

use std::fs;

/// What Vite makes of `ui/`. Checks and tests of the shell need the folder, not what is in it.
const PAGES: &str = "../ui/dist";

fn main() {
    println!("cargo:rerun-if-changed={PAGES}");
    if let Err(error) = fs::create_dir_all(PAGES) {
        println!("cargo:error=cannot create {PAGES}: {error}");
    }
    tauri_build::build();
}
