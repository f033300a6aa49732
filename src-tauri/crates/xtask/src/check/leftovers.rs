//! What tests must not leave behind: the user's own data folder, and resources on the engine.

use std::collections::BTreeSet;
use std::env;
use std::process::Command;

use anyhow::{Context, Result};

use crate::process;

/// Every resource of a session carries this label.
const LABEL: &str = "label=dev.claude-bottle.session";

/// How each kind of resource is listed, by something that stays the same.
const LISTINGS: &[(&str, &[&str])] = &[
    (
        "container",
        &["container", "ls", "--all", "--format", "{{.Names}}"],
    ),
    ("volume", &["volume", "ls", "--format", "{{.Name}}"]),
    ("network", &["network", "ls", "--format", "{{.Name}}"]),
];

/// What of that is there at one moment.
pub struct Leftovers(BTreeSet<String>);

impl Leftovers {
    /// Looks at the home folder and the engine.
    pub fn look() -> Result<Self> {
        let mut found = BTreeSet::new();
        let home = env::home_dir().context("the home folder is unknown: set HOME")?;
        let data = home.join(".claude-bottle");
        if data.exists() {
            found.insert(format!("folder {}", data.display()));
        }
        for (kind, listing) in LISTINGS {
            let names = process::output(
                Command::new("docker")
                    .args(*listing)
                    .args(["--filter", LABEL]),
            )?;
            found.extend(names.lines().map(|name| format!("{kind} {name}")));
        }
        Ok(Self(found))
    }

    /// What is here and was not there before.
    pub fn beyond(&self, before: &Self) -> Vec<String> {
        self.0
            .difference(&before.0)
            .map(|what| format!("left behind: {what}"))
            .collect()
    }
}
