//! What the images are made of is still what was pinned.

use std::fs;
use std::path::Path;
use std::process::Command;

use bottle_core::claude::VERSION;

use crate::asked_for;

fn dockerfile() -> String {
    let images = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src-tauri/images");
    fs::read_to_string(images.join("Dockerfile.claude")).expect("the Dockerfile of claude")
}

fn argument(dockerfile: &str, name: &str) -> String {
    let start = format!("ARG {name}=");
    let line = dockerfile
        .lines()
        .find_map(|line| line.strip_prefix(&start));
    line.unwrap_or_else(|| panic!("no {name}")).to_owned()
}

#[test]
fn the_registry_has_the_packages_that_are_pinned() {
    let test = "the_registry_has_the_packages_that_are_pinned";
    if !asked_for(test) {
        return;
    }
    let dockerfile = dockerfile();
    assert_eq!(argument(&dockerfile, "CLAUDE_VERSION"), VERSION);
    for (platform, pinned) in [
        ("x64", "CLAUDE_INTEGRITY_X64"),
        ("arm64", "CLAUDE_INTEGRITY_ARM64"),
    ] {
        let package = format!("@anthropic-ai/claude-code-linux-{platform}@{VERSION}");
        let asked = Command::new("npm")
            .args(["view", &package, "dist.integrity"])
            .output();
        let output = match asked {
            Ok(output) if output.status.success() => output,
            Ok(output) => {
                let errors = String::from_utf8_lossy(&output.stderr).into_owned();
                assert!(!errors.contains("E404"), "{package} is gone: {errors}");
                tests::skip("canaries", test, &format!("npm has no answer: {errors}"));
                return;
            }
            Err(error) => {
                tests::skip("canaries", test, &format!("npm cannot be run: {error}"));
                return;
            }
        };
        let integrity = String::from_utf8_lossy(&output.stdout);
        assert_eq!(integrity.trim(), argument(&dockerfile, pinned), "{package}");
    }
}

#[test]
fn the_registry_has_the_base_image_that_is_pinned() {
    let test = "the_registry_has_the_base_image_that_is_pinned";
    if !asked_for(test) {
        return;
    }
    let base = argument(&dockerfile(), "BASE");
    assert!(
        base.contains("@sha256:"),
        "{base} is not pinned by its digest"
    );
    let asked = Command::new("docker")
        .args(["manifest", "inspect", &base])
        .output();
    let output = asked.expect("Docker's command line");
    if output.status.success() {
        return;
    }
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !errors.contains("manifest unknown"),
        "{base} is gone: {errors}"
    );
    tests::skip(
        "canaries",
        test,
        &format!("no image registry answers: {errors}"),
    );
}
