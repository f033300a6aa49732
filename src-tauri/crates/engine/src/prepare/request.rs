//! Holds a request against what can be done: features, variables, the project folder and the image.

use std::path::{Path, PathBuf};

use bottle_core::backend::ImageSource;
use bottle_core::id::BottleName;
use bottle_core::manifest::{self, Agent, Bottle, PipelockMode};

use crate::error::EngineError;
use crate::home::Home;

/// A bottle that asks for a guard that is not built in is refused: less than was asked for is never started.
pub(super) fn refuse_what_is_not_here(agent: &Agent, bottle: &Bottle) -> Result<(), EngineError> {
    let feature = if !bottle.git_remotes.is_empty() {
        Some("git.remotes")
    } else if bottle
        .pipelock
        .is_some_and(|pipelock| pipelock.mode == PipelockMode::Strict)
    {
        Some("pipelock: strict")
    } else {
        None
    };
    match feature {
        Some(feature) => Err(EngineError::NotInThisVersion {
            bottle: agent.bottle.clone(),
            feature,
        }),
        None => Ok(()),
    }
}

/// What is given for one start follows the rules of the bottle's own variables.
pub(super) fn refuse_variables<'a>(
    names: impl Iterator<Item = &'a String>,
) -> Result<(), EngineError> {
    for name in names {
        let mut letters = name.bytes();
        let fits = letters
            .next()
            .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
            && letters.all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let why = if fits {
            manifest::reserved_variable(name)
        } else {
            Some("a name has only A-Z, a-z, 0-9 and _, and does not begin with a digit")
        };
        if let Some(why) = why {
            let name = name.chars().take(64).collect();
            return Err(EngineError::BadVariable { name, why });
        }
    }
    Ok(())
}

pub(super) fn absolute_folder(folder: &Path) -> Result<PathBuf, EngineError> {
    let path = std::fs::canonicalize(folder).map_err(|source| EngineError::Workspace {
        path: folder.to_owned(),
        source,
    })?;
    // Opened, so that a folder that cannot be read is found out before anything is created.
    match std::fs::read_dir(&path) {
        Ok(_) => Ok(path),
        Err(source) => Err(EngineError::Workspace { path, source }),
    }
}

/// Reads what a bottle's `image` says: a path beside the bottle (it starts with `/`, `./` or `../`) or a reference.
pub(super) fn image_source(
    bottle: &BottleName,
    image: Option<&str>,
    home: &Home,
) -> Result<ImageSource, EngineError> {
    let Some(image) = image else {
        return Ok(ImageSource::BuiltIn);
    };
    let is_path = image.starts_with('/') || image.starts_with("./") || image.starts_with("../");
    if !is_path {
        return Ok(ImageSource::Reference {
            name: image.to_owned(),
        });
    }
    let path = home
        .bottles()
        .join(image.strip_prefix("./").unwrap_or(image));
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(ImageSource::Dockerfile { text }),
        Err(source) => Err(EngineError::BadDockerfile {
            bottle: bottle.clone(),
            path,
            source,
        }),
    }
}
