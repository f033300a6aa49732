//! Removes what the engine holds. What is gone already is a success, and so is what someone else is removing right now.

use std::collections::HashMap;
use std::time::Duration;

use bollard::errors::Error as ApiError;
use bollard::query_parameters::{
    InspectContainerOptions, ListContainersOptions, ListNetworksOptions, ListVolumesOptions,
    RemoveContainerOptions, RemoveImageOptions, RemoveVolumeOptions,
};
use bottle_core::backend::{BackendError, BackendName, Resource};
use bottle_core::id::SessionId;
use futures_util::future::try_join_all;

use crate::engine::Engine;
use crate::fault;
use crate::layout::LABEL_SESSION;

/// How long it is waited between two looks at something that is going away.
const LOOK: Duration = Duration::from_millis(50);
/// How many looks are taken before what does not go away is an error: thirty seconds, for an engine under load takes its time.
const LOOKS: u32 = 600;

/// A filter for objects with a label of a certain value.
pub(crate) fn labelled(label: &str, value: &str) -> HashMap<String, Vec<String>> {
    HashMap::from([("label".to_owned(), vec![format!("{label}={value}")])])
}

/// Removes everything that carries a session's label.
pub(crate) async fn session(engine: &Engine, id: &SessionId) -> Result<(), BackendError> {
    let filters = || Some(labelled(LABEL_SESSION, id.as_str()));
    let action = || format!("list what belongs to session {id}");
    let (containers, volumes, networks) = tokio::try_join!(
        engine.api.list_containers(Some(ListContainersOptions {
            all: true,
            filters: filters(),
            ..Default::default()
        })),
        engine
            .api
            .list_volumes(Some(ListVolumesOptions { filters: filters() })),
        engine
            .api
            .list_networks(Some(ListNetworksOptions { filters: filters() })),
    )
    .map_err(|error| engine.failed(action(), error))?;
    let containers: Vec<String> = containers
        .into_iter()
        .filter_map(|found| found.id)
        .collect();
    try_join_all(containers.iter().map(|id| container(engine, id))).await?;
    for found in volumes.volumes.unwrap_or_default() {
        volume(engine, &found.name).await?;
    }
    for found in networks.into_iter().filter_map(|found| found.id) {
        network(engine, &found).await?;
    }
    Ok(())
}

/// Removes one resource of a cleanup plan.
pub(crate) async fn resource(engine: &Engine, resource: &Resource) -> Result<(), BackendError> {
    match resource.kind.as_str() {
        "container" => container(engine, &resource.name).await,
        "volume" => volume(engine, &resource.name).await,
        "network" => network(engine, &resource.name).await,
        "image" => image(engine, &resource.name).await,
        _ => Err(BackendError::Unsupported {
            backend: BackendName::Docker,
            feature: "removing what is not the engine's",
        }),
    }
}

/// Kills and removes a container with its unnamed volumes, and returns once it is gone.
pub(crate) async fn container(engine: &Engine, name: &str) -> Result<(), BackendError> {
    for _ in 0..LOOKS {
        let options = RemoveContainerOptions {
            force: true,
            v: true,
            ..Default::default()
        };
        match engine.api.remove_container(name, Some(options)).await {
            Ok(()) => return Ok(()),
            Err(error) if fault::status(&error) == Some(404) => return Ok(()),
            Err(error) if is_passing(&error) => tokio::time::sleep(LOOK).await,
            Err(error) => return Err(engine.failed(format!("remove the container {name}"), error)),
        }
        if is_absent(engine, name).await {
            return Ok(());
        }
    }
    Err(stuck(format!("remove the container {name}")))
}

async fn is_absent(engine: &Engine, name: &str) -> bool {
    let found = engine
        .api
        .inspect_container(name, None::<InspectContainerOptions>)
        .await;
    found.is_err_and(|error| fault::status(&error) == Some(404))
}

/// Whether a refusal is about something under way: a removal that someone else began, or files that are just being let go.
fn is_passing(error: &ApiError) -> bool {
    let words = fault::words(error);
    match fault::status(error) {
        Some(409) => words.contains("already in progress") || words.contains("is in use"),
        Some(500) => words.contains("busy") || words.contains("did not receive an exit event"),
        _ => false,
    }
}

/// Removes a volume. A container of ours that still holds it is on its way out, or was on its way in when its maker was killed: then
/// no list of a session's containers had it yet.
pub(crate) async fn volume(engine: &Engine, name: &str) -> Result<(), BackendError> {
    for _ in 0..LOOKS {
        match engine
            .api
            .remove_volume(name, None::<RemoveVolumeOptions>)
            .await
        {
            Ok(()) => return Ok(()),
            Err(error) if fault::status(&error) == Some(404) => return Ok(()),
            Err(error) if is_passing(&error) => {
                remove_holders(engine, name).await?;
                tokio::time::sleep(LOOK).await;
            }
            Err(error) => return Err(engine.failed(format!("remove the volume {name}"), error)),
        }
    }
    Err(stuck(format!("remove the volume {name}")))
}

/// Removes the containers of sessions that hold a volume.
async fn remove_holders(engine: &Engine, volume: &str) -> Result<(), BackendError> {
    let filters = HashMap::from([
        ("volume".to_owned(), vec![volume.to_owned()]),
        ("label".to_owned(), vec![LABEL_SESSION.to_owned()]),
    ]);
    let holders = engine.api.list_containers(Some(ListContainersOptions {
        all: true,
        filters: Some(filters),
        ..Default::default()
    }));
    let holders = holders
        .await
        .map_err(|error| engine.failed(format!("list who holds the volume {volume}"), error))?;
    for id in holders.into_iter().filter_map(|found| found.id) {
        container(engine, &id).await?;
    }
    Ok(())
}

async fn network(engine: &Engine, name: &str) -> Result<(), BackendError> {
    ignoring_absent(engine.api.remove_network(name).await)
        .map_err(|error| engine.failed(format!("remove the network {name}"), error))
}

/// Removes an image that a build left without a name. One that a container or another image stands on is no leftover, and stays; so
/// does one that got its name since the list was made: another build has just ended with it.
async fn image(engine: &Engine, name: &str) -> Result<(), BackendError> {
    let failed = |error| engine.failed(format!("remove the image {name}"), error);
    let found = match engine.api.inspect_image(name).await {
        Ok(found) => found,
        Err(error) if fault::status(&error) == Some(404) => return Ok(()),
        Err(error) => return Err(failed(error)),
    };
    if found.repo_tags.is_some_and(|names| !names.is_empty()) {
        return Ok(());
    }
    let removed = engine
        .api
        .remove_image(name, None::<RemoveImageOptions>, None)
        .await
        .map(drop);
    match removed {
        Err(error) if fault::status(&error) == Some(409) || vanished(&error) => Ok(()),
        other => ignoring_absent(other).map_err(failed),
    }
}

/// Whether an image went away while the engine was at its removal, because a second cleanup had it too: that is no 404 then.
fn vanished(error: &ApiError) -> bool {
    fault::status(error) == Some(500) && fault::words(error).contains("unrecognized image ID")
}

fn ignoring_absent(result: Result<(), ApiError>) -> Result<(), ApiError> {
    match result {
        Err(error) if fault::status(&error) == Some(404) => Ok(()),
        other => other,
    }
}

fn stuck(action: String) -> BackendError {
    let seconds = u64::from(LOOKS) * u64::try_from(LOOK.as_millis()).unwrap_or_default() / 1000;
    BackendError::Engine {
        action,
        source: fault::Fault::Silent { seconds }.into(),
    }
}
