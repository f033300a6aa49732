//! What the repository looks like: its top level, the size of its files, and what must not stand in them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Everything that may lie at the top.
const TOP_LEVEL: &[&str] = &[
    ".cargo",
    ".ci",
    ".editorconfig",
    ".gitattributes",
    ".github",
    ".gitignore",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "clippy.toml",
    "deny.toml",
    "icons",
    "rust-toolchain.toml",
    "rustfmt.toml",
    "src-tauri",
    "tests",
    "ui",
];

/// Longest source file in lines.
const LONGEST: usize = 500;

/// Texts whose hosts and paths are looked at.
const TEXTS: &[&str] = &[
    "rs", "ts", "tsx", "svelte", "sh", "md", "toml", "yml", "yaml", "json",
];

/// Paths of one machine. Cut in two, so that this file does not hold them itself.
const MACHINE_PATHS: &[(&str, &str)] = &[
    ("/wo", "rk/"),
    ("/tmp/", "setup"),
    ("/bash", "_jobs"),
    ("/root", "/."),
];

/// Names of package registries in the name of a host.
const REGISTRIES: &[(&str, &str)] = &[
    ("np", "mjs"),
    ("deb", "ian"),
    ("python", "hosted"),
    ("py", "pi"),
    ("cra", "tes"),
    ("go", "lang"),
];

struct File {
    path: PathBuf,
    text: String,
}

impl File {
    fn extension(&self) -> &str {
        self.path
            .extension()
            .and_then(|extension| extension.to_str())
            .unwrap_or_default()
    }

    fn is_generated(&self) -> bool {
        let name = self.path.file_name().unwrap().to_string_lossy();
        name == "package-lock.json"
            || name.starts_with("bindings")
            || self.path.iter().any(|part| part == "gen")
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_path_buf()
}

/// All files that are committed, or would be.
fn paths() -> Vec<PathBuf> {
    let output = Command::new("git")
        .args([
            "-c",
            "safe.directory=*",
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let listing = String::from_utf8(output.stdout).unwrap();
    let paths = listing
        .split('\0')
        .filter(|path| !path.is_empty())
        .map(PathBuf::from);
    paths.filter(|path| root().join(path).exists()).collect()
}

fn sources() -> Vec<File> {
    let texts = paths().into_iter().filter_map(|path| {
        let text = fs::read_to_string(root().join(&path)).ok()?;
        Some(File { path, text })
    });
    let files: Vec<File> = texts
        .filter(|file| TEXTS.contains(&file.extension()) && !file.is_generated())
        .collect();
    assert!(files.len() > 50, "only {} files were found", files.len());
    files
}

fn lines(file: &File) -> impl Iterator<Item = (String, &str)> {
    file.text
        .lines()
        .enumerate()
        .map(|(number, line)| (format!("{}:{}", file.path.display(), number + 1), line))
}

/// The lines of a product's source that are not tests of its own.
fn product_lines(file: &File) -> impl Iterator<Item = (String, &str)> {
    lines(file).take_while(|(_, line)| !line.trim_start().starts_with("#[cfg(test)]"))
}

fn product_sources() -> Vec<File> {
    sources()
        .into_iter()
        .filter(|file| file.path.starts_with("src-tauri") && file.extension() == "rs")
        .filter(|file| !file.path.starts_with("src-tauri/tests"))
        .collect()
}

/// Whether a line names the host of a registry in an address.
fn names_registry(line: &str) -> bool {
    line.match_indices("//").any(|(at, slashes)| {
        let rest = &line[at + slashes.len()..];
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-')));
        let host = &rest[..end.unwrap_or(rest.len())];
        let ending = [".org", ".io", ".com"]
            .iter()
            .any(|ending| host.ends_with(ending));
        ending
            && REGISTRIES
                .iter()
                .any(|(head, tail)| host.contains(&format!("{head}{tail}")))
    })
}

#[test]
fn the_top_level_is_as_agreed() {
    let top: BTreeSet<String> = paths()
        .iter()
        .map(|path| path.iter().next().unwrap().to_string_lossy().into_owned())
        .collect();
    let strange: Vec<&String> = top
        .iter()
        .filter(|name| !TOP_LEVEL.contains(&name.as_str()))
        .collect();
    assert!(strange.is_empty(), "{strange:?}");
}

#[test]
fn no_source_file_is_too_long() {
    let long: Vec<String> = sources()
        .iter()
        .filter(|file| matches!(file.extension(), "rs" | "ts" | "tsx" | "svelte"))
        .map(|file| (file, file.text.lines().count()))
        .filter(|(_, count)| *count > LONGEST)
        .map(|(file, count)| format!("{}: {count}", file.path.display()))
        .collect();
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn no_text_names_a_path_of_one_machine_or_a_registry() {
    let faults: Vec<String> = sources()
        .iter()
        .flat_map(lines)
        .filter(|(_, line)| {
            let machine = MACHINE_PATHS
                .iter()
                .any(|(head, tail)| line.contains(&format!("{head}{tail}")));
            machine || names_registry(line)
        })
        .map(|(place, line)| format!("{place}: {}", line.trim()))
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn addresses_of_registries_are_recognised() {
    for (head, tail) in REGISTRIES {
        assert!(names_registry(&format!("fetch http://{head}{tail}.org/x")));
        assert!(names_registry(&format!(
            "\"https://registry.{head}{tail}.org\""
        )));
        assert!(!names_registry(&format!("{head}{tail} is a word")));
    }
    assert!(!names_registry("https://docs.example.com/crate"));
}

#[test]
fn shipped_code_never_unwraps() {
    let faults: Vec<String> = product_sources()
        .iter()
        .flat_map(product_lines)
        .filter(|(_, line)| line.contains(".unwrap()") || line.contains(".expect("))
        .map(|(place, line)| format!("{place}: {}", line.trim()))
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn shipped_code_is_finished() {
    let marks = [
        ["TO", "DO"],
        ["FIX", "ME"],
        ["XX", "X"],
        ["to", "do!"],
        ["unimpl", "emented!"],
    ]
    .map(|mark| mark.concat());
    let faults: Vec<String> = product_sources()
        .iter()
        .flat_map(lines)
        .filter(|(_, line)| {
            marks.iter().any(|mark| {
                line.match_indices(mark)
                    .any(|(at, _)| !line[..at].ends_with(char::is_alphanumeric))
            })
        })
        .map(|(place, line)| format!("{place}: {}", line.trim()))
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn modules_lie_beside_their_folders() {
    let faults: Vec<PathBuf> = paths()
        .into_iter()
        .filter(|path| path.ends_with("mod.rs"))
        .collect();
    assert!(faults.is_empty(), "{faults:?}");
}
