//! The Debian package as people get it: looked into, then installed and started in a container that has nothing of this clone.

#![cfg(test)]

mod machine;

use std::path::{Path, PathBuf};
use std::process::Command;

use machine::Machine;

/// Names the package, which `cargo xtask test package` makes.
const DEB: &str = "CLAUDE_BOTTLE_DEB";

fn deb() -> PathBuf {
    let deb = std::env::var_os(DEB).expect("`cargo xtask test package` makes the package first");
    PathBuf::from(deb)
}

fn dpkg_deb(arguments: &[&str]) -> String {
    let output = Command::new("dpkg-deb")
        .args(arguments)
        .arg(deb())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Skips a test by name where the package cannot be looked into.
fn has_dpkg(test: &str) -> bool {
    let there = Path::new("/usr/bin/dpkg-deb").exists();
    if !there {
        tests::skip(module_path!(), test, "dpkg-deb is not installed");
    }
    there
}

#[test]
fn the_package_holds_the_window_the_command_line_and_the_programs_of_the_images() {
    if !has_dpkg("the_package_holds_the_window_the_command_line_and_the_programs_of_the_images") {
        return;
    }
    let contents = dpkg_deb(&["--contents"]);
    let architecture = dpkg_deb(&["--showformat=${Architecture}", "--show"]);
    for program in [
        "usr/bin/claude-bottle-desktop".to_owned(),
        "usr/bin/claude-bottle".to_owned(),
        format!("usr/lib/claude-bottle/programs/bottle-guest-linux-{architecture}"),
        format!("usr/lib/claude-bottle/programs/bottle-sidecar-linux-{architecture}"),
    ] {
        let line = contents
            .lines()
            .find(|line| line.trim_end().ends_with(&format!(" {program}")));
        let line = line.unwrap_or_else(|| panic!("{program} is not in:\n{contents}"));
        assert!(
            line.starts_with("-rwxr-xr-x"),
            "anybody may run it, nobody but root write it: {line}"
        );
    }
}

#[test]
fn the_desktop_shows_the_app_and_hands_it_its_links() {
    if !has_dpkg("the_desktop_shows_the_app_and_hands_it_its_links") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let unpacked = Command::new("dpkg-deb")
        .arg("--extract")
        .arg(deb())
        .arg(folder.path())
        .status();
    assert!(unpacked.unwrap().success());
    let entry = folder
        .path()
        .join("usr/share/applications/claude-bottle.desktop");
    let entry = std::fs::read_to_string(entry).unwrap();
    for wanted in [
        "Exec=claude-bottle-desktop",
        "Categories=Development;",
        "x-scheme-handler/claude-bottle",
    ] {
        assert!(entry.contains(wanted), "{wanted} is not in:\n{entry}");
    }
    let icons = folder.path().join("usr/share/icons/hicolor");
    for size in ["32x32", "128x128"] {
        let icon = icons.join(size).join("apps/claude-bottle-desktop.png");
        assert!(icon.is_file(), "{} is missing", icon.display());
    }
}

#[tokio::test]
async fn an_installed_package_opens_a_window_whose_page_answers() {
    let test = "an_installed_package_opens_a_window_whose_page_answers";
    let machine = match Machine::start() {
        Ok(machine) => machine,
        Err(why) => return tests::skip(module_path!(), test, &why),
    };
    machine.copy_in(&deb(), "/package.deb");
    // It refuses where the package asks for something that the system does not have.
    machine.run("apt-get install --yes --no-install-recommends /package.deb");
    let version = machine.run("claude-bottle --version");
    assert!(version.contains(env!("CARGO_PKG_VERSION")), "{version}");
    let window = machine.open_window("/usr/bin/claude-bottle-desktop").await;
    let shown = machine
        .page_shows(&window, "Try it without an account")
        .await;
    assert!(shown.contains("Docker"), "what is missing is told: {shown}");
    machine.run("pgrep --full /usr/bin/claude-bottle-desktop");
}
