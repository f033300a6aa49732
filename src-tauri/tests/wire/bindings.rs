//! The page's side of the list of commands is made of the shell's, and is not behind it.

use std::fs;

use claude_bottle_desktop::ipc;
use tempfile::TempDir;

/// Set by `cargo xtask bindings`.
const WRITE: &str = "CLAUDE_BOTTLE_WRITE_BINDINGS";

#[test]
fn bindings_are_up_to_date() {
    let committed = ipc::bindings_file();
    if std::env::var_os(WRITE).is_some() {
        ipc::write_bindings(&committed).unwrap();
        return;
    }
    let folder = TempDir::new().unwrap();
    let made = folder.path().join("bindings.ts");
    ipc::write_bindings(&made).unwrap();
    let (made, committed) = (
        fs::read_to_string(made).unwrap(),
        fs::read_to_string(committed),
    );
    assert!(
        committed.is_ok_and(|committed| committed == made),
        "ui/src/lib/ipc/bindings.ts is behind the shell: run `cargo xtask bindings`"
    );
}
