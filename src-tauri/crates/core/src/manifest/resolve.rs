//! Follows `extends`: lays a bottle over the bottles that it builds on.
//!
//! What the child says wins. Scalars replace; variables, hosts and remotes are replaced by name and added to otherwise, so that a
//! child can narrow one host of its parent without repeating the others.

use std::collections::BTreeMap;

use super::error::Fault;
use super::value::nearest;
use super::{Agent, Bottle, ManifestError, Position, ResourceLimits};
use crate::id::BottleName;

/// Longest chain of `extends` that is followed, in bottles.
const MAX_PARENTS: usize = 16;

/// All bottles that a person has: each with the file that it was read from, as it is shown in errors.
pub type Library = BTreeMap<BottleName, (String, Bottle)>;

/// Resolves the bottle of an agent; `file` is the agent's, where a missing bottle is reported.
///
/// # Errors
/// As [`resolve`].
pub fn resolve_for(library: &Library, agent: &Agent, file: &str) -> Result<Bottle, ManifestError> {
    if library.contains_key(&agent.bottle) {
        resolve(library, &agent.bottle)
    } else {
        Err(missing(library, &agent.bottle, file, agent.bottle_at))
    }
}

/// Resolves a bottle with all that it extends. The result extends nothing.
///
/// # Errors
/// [`ManifestError`] where the bottle or a parent is missing, or where the chain is a circle or too long.
pub fn resolve(library: &Library, name: &BottleName) -> Result<Bottle, ManifestError> {
    let mut chain: Vec<BottleName> = Vec::new();
    let mut resolved: Option<Bottle> = None;
    let mut asked = (format!("{name}.md"), Position::START);
    let mut next = Some(name.clone());
    while let Some(name) = next {
        let (file, at) = asked;
        if let Some(start) = chain.iter().position(|seen| *seen == name) {
            let mut circle: Vec<BottleName> = chain.split_off(start);
            circle.push(name);
            return Err(ManifestError::new(
                &file,
                at,
                Fault::Cycle { chain: circle },
            ));
        }
        if chain.len() >= MAX_PARENTS {
            return Err(ManifestError::new(
                &file,
                at,
                Fault::TooManyParents { limit: MAX_PARENTS },
            ));
        }
        let (own_file, bottle) = library
            .get(&name)
            .ok_or_else(|| missing(library, &name, &file, at))?;
        asked = (own_file.clone(), bottle.extends_at);
        next = bottle.extends.clone();
        resolved = Some(match resolved {
            Some(child) => overlay(child, bottle),
            None => bottle.clone(),
        });
        chain.push(name);
    }
    let bottle = resolved.unwrap_or_default();
    Ok(Bottle {
        extends: None,
        extends_at: Position::START,
        ..bottle
    })
}

fn missing(library: &Library, name: &BottleName, file: &str, at: Position) -> ManifestError {
    let known = library.keys().map(BottleName::as_str);
    let nearest = nearest(name.as_str(), known).and_then(|text| BottleName::new(text).ok());
    ManifestError::new(
        file,
        at,
        Fault::UnknownBottle {
            name: name.clone(),
            nearest,
        },
    )
}

fn overlay(child: Bottle, parent: &Bottle) -> Bottle {
    let mut env = parent.env.clone();
    env.extend(child.env);
    Bottle {
        extends: None,
        extends_at: Position::START,
        backend: child.backend.or(parent.backend),
        runtime: child.runtime.or(parent.runtime),
        resources: ResourceLimits {
            cpus: child.resources.cpus.or(parent.resources.cpus),
            memory_mib: child.resources.memory_mib.or(parent.resources.memory_mib),
            disk_mib: child.resources.disk_mib.or(parent.resources.disk_mib),
        },
        env,
        routes: merge(child.routes, &parent.routes, |route| &route.host),
        git_user: child.git_user.or_else(|| parent.git_user.clone()),
        git_remotes: merge(child.git_remotes, &parent.git_remotes, |remote| {
            &remote.name
        }),
        pipelock: child.pipelock.or(parent.pipelock),
        image: child.image.or_else(|| parent.image.clone()),
        notes: child.notes,
    }
}

/// The parent's items in their order, each replaced by the child's of the same name, then what the child adds.
fn merge<T: Clone, K: PartialEq>(child: Vec<T>, parent: &[T], key: impl Fn(&T) -> &K) -> Vec<T> {
    let mut merged = parent.to_vec();
    for item in child {
        match merged.iter_mut().find(|held| key(held) == key(&item)) {
            Some(held) => *held = item,
            None => merged.push(item),
        }
    }
    merged
}
