//! Reads Docker's contexts: `config.json` and `contexts/` of its configuration folder.

use std::io;

use bottle_core::backend::BackendError;
use serde::Deserialize;

use super::{Endpoint, Lookup, finish, tls_of_folder};
use crate::digest;
use crate::fault::{Fault, bad_settings};

#[derive(Deserialize)]
struct Config {
    #[serde(rename = "currentContext", default)]
    current_context: String,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(rename = "Endpoints", default)]
    endpoints: Endpoints,
}

#[derive(Default, Deserialize)]
struct Endpoints {
    docker: Option<DockerEndpoint>,
}

#[derive(Deserialize)]
struct DockerEndpoint {
    #[serde(rename = "Host", default)]
    host: String,
    #[serde(rename = "SkipTLSVerify", default)]
    skip_tls_verify: bool,
}

/// The context that `config.json` names, where there is one.
pub(super) fn current(lookup: &Lookup<'_>) -> Result<Option<String>, BackendError> {
    let file = lookup.config().join("config.json");
    let bad = |fault| bad_settings(file.display().to_string(), fault);
    let Some(bytes) = lookup.file(&file).map_err(bad)? else {
        return Ok(None);
    };
    let config: Config = serde_json::from_slice(&bytes).map_err(|source| {
        bad(Fault::Malformed {
            file: file.clone(),
            source,
        })
    })?;
    Ok(Some(config.current_context).filter(|name| !name.is_empty()))
}

/// The endpoint of a named context.
pub(super) fn endpoint(lookup: &Lookup<'_>, name: &str) -> Result<Endpoint, BackendError> {
    read(lookup, name).map_err(|fault| bad_settings(format!("the Docker context '{name}'"), fault))
}

fn read(lookup: &Lookup<'_>, name: &str) -> Result<Endpoint, Fault> {
    let contexts = lookup.config().join("contexts");
    // Docker names the folder after the SHA-256 of the context's name.
    let folder = digest::of(name.as_bytes());
    let file = contexts.join("meta").join(&folder).join("meta.json");
    let Some(bytes) = lookup.file(&file)? else {
        return Err(Fault::Unreadable {
            file,
            source: io::ErrorKind::NotFound.into(),
        });
    };
    let meta: Meta = serde_json::from_slice(&bytes).map_err(|source| Fault::Malformed {
        file: file.clone(),
        source,
    })?;
    let Some(docker) = meta.endpoints.docker else {
        return Err(Fault::BadAddress {
            address: String::new(),
        });
    };
    if docker.skip_tls_verify {
        return Err(Fault::UncheckedTls);
    }
    let tls = contexts.join("tls").join(&folder).join("docker");
    let files = match lookup.file(&tls.join("ca.pem"))? {
        Some(_) => Some(tls_of_folder(lookup, &tls)?),
        None => None,
    };
    finish(&docker.host, files)
}
