//! What the images are made of: their Dockerfiles, the name that follows from the content, and what a build's output means. Pure.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::digest;

/// The Dockerfile of the guest's image.
pub const AGENT_DOCKERFILE: &str = include_str!("../../../images/Dockerfile.claude");
/// The Dockerfile of the bundle's image.
pub const BUNDLE_DOCKERFILE: &str = include_str!("../../../images/Dockerfile.sidecars");
/// The repository of the guest's images.
pub const AGENT_REPOSITORY: &str = "claude-bottle-agent";
/// The repository of the bundle's images.
pub const BUNDLE_REPOSITORY: &str = "claude-bottle-bundle";
/// The base image that a person may have imported where no registry can be reached.
pub const LOCAL_BASE: &str = "debian:bookworm-slim";
/// Hexadecimal digits of a content's digest in an image's tag.
const KEY: usize = 12;
/// Longest part of an instruction that is shown as a step, in characters.
const SHOWN: usize = 72;

/// Everything that an image's content follows from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipe {
    /// The repository that the image goes into.
    pub repository: &'static str,
    /// The text of the Dockerfile.
    pub dockerfile: String,
    /// The build arguments.
    pub arguments: BTreeMap<String, String>,
    /// The digests of the files that are copied in, by their names.
    pub files: BTreeMap<String, String>,
    /// The id of the image that it starts from.
    pub base: String,
}

impl Recipe {
    /// The name of the image: the same content has the same name on every engine.
    #[must_use]
    pub fn image(&self) -> String {
        let mut hash = Sha256::new();
        // Every part is led by its length, so that no two recipes run together into the same bytes.
        let mut add = |part: &str| {
            hash.update(part.len().to_be_bytes());
            hash.update(part.as_bytes());
        };
        add(&self.dockerfile);
        add(&self.base);
        for map in [&self.arguments, &self.files] {
            add(&map.len().to_string());
            for (name, value) in map {
                add(name);
                add(value);
            }
        }
        let key: String = digest::hex(&hash.finalize()).chars().take(KEY).collect();
        format!("{}:{key}", self.repository)
    }
}

/// The pinned base image: the default of a Dockerfile's `ARG BASE`.
#[must_use]
pub fn pinned_base(dockerfile: &str) -> Option<&str> {
    dockerfile
        .lines()
        .find_map(|line| line.trim().strip_prefix("ARG BASE="))
        .map(|value| value.trim().trim_matches('"'))
}

/// One step of a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step<'a> {
    /// Counts from 1.
    pub number: u32,
    /// How many there are.
    pub of: u32,
    /// The instruction.
    pub instruction: &'a str,
}

impl<'a> Step<'a> {
    /// Reads the builder's line `Step 3/12 : RUN …`.
    #[must_use]
    pub fn read(line: &'a str) -> Option<Self> {
        let (count, instruction) = line.strip_prefix("Step ")?.split_once(" : ")?;
        let (number, of) = count.split_once('/')?;
        Some(Self {
            number: number.parse().ok()?,
            of: of.parse().ok()?,
            instruction,
        })
    }

    /// The instruction, short enough for one line.
    #[must_use]
    pub fn title(&self) -> String {
        let mut words = self
            .instruction
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        if let Some((at, _)) = words.char_indices().nth(SHOWN) {
            words.truncate(at);
            words.push('…');
        }
        words
    }
}

/// What a Dockerfile's author says of its instructions: for each, in order, the comment that stands right above it.
#[must_use]
pub fn titles(dockerfile: &str) -> Vec<Option<String>> {
    let mut titles = Vec::new();
    let (mut comment, mut goes_on) = (None, false);
    for line in dockerfile.lines().map(str::trim) {
        if goes_on {
            goes_on = line.ends_with('\\');
        } else if let Some(text) = line.strip_prefix('#') {
            comment = Some(text.trim().to_owned());
        } else if line.is_empty() {
            comment = None;
        } else {
            titles.push(comment.take());
            goes_on = line.ends_with('\\');
        }
    }
    titles
}

/// How the product's own image starts its guests, to be put back on top of a person's recipe.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Start {
    /// The entry point's words.
    pub entrypoint: Vec<String>,
    /// The user.
    pub user: String,
    /// The working folder.
    pub workdir: String,
}

/// The Dockerfile of the last layer over a person's own: checks that what the bottle needs is still there, and starts it as ever.
#[must_use]
pub fn closing_dockerfile(start: &Start) -> String {
    format!(
        "ARG BASE\n\
         FROM ${{BASE}}\n\
         USER root\n\
         RUN test -x /usr/local/bin/claude && test \"$(id -u node):$(id -g node)\" = 1000:1000 \\\n \
         || {{ echo 'this Dockerfile must start FROM ${{BASE}} and keep claude and the user node' >&2; exit 1; }}\n\
         COPY bottle-guest /usr/local/bin/bottle-guest\n\
         USER {}\n\
         WORKDIR {}\n\
         ENTRYPOINT {}\n",
        start.user,
        start.workdir,
        serde_json::Value::from(start.entrypoint.clone()),
    )
}
