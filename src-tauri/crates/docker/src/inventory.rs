//! What the engine holds of ours, read from labels: sessions, and what a clean-up may remove.

use std::collections::{BTreeMap, HashMap};

use bollard::models::{ContainerSummary, ContainerSummaryStateEnum};
use bollard::query_parameters::{
    InspectContainerOptions, ListContainersOptions, ListImagesOptions, ListNetworksOptions,
    ListVolumesOptions,
};
use bottle_core::backend::{BackendError, BackendSession, PartState, Resource};
use bottle_core::id::{OwnerId, SessionId};

use crate::engine::Engine;
use crate::fault;
use crate::layout::{LABEL_KIND, LABEL_OWNER, LABEL_ROLE, LABEL_SESSION, Role};
use crate::removal::labelled;

/// The sessions whose containers carry a label of a certain value.
pub(crate) async fn sessions(
    engine: &Engine,
    label: &str,
    value: &str,
) -> Result<Vec<BackendSession>, BackendError> {
    let mut sessions: BTreeMap<SessionId, BackendSession> = BTreeMap::new();
    for container in containers(engine, label, value).await? {
        let labels = container.labels.as_ref();
        let Some((id, owner)) = labels.and_then(whose) else {
            continue;
        };
        let state = state(engine, &container).await?;
        let session = sessions
            .entry(id.clone())
            .or_insert_with(|| BackendSession {
                id,
                owner,
                guest: PartState::Absent,
                bundle: PartState::Absent,
            });
        match labels
            .and_then(|labels| labels.get(LABEL_ROLE))
            .map(String::as_str)
        {
            Some(role) if role == Role::Agent.as_str() => session.guest = state,
            Some(role) if role == Role::Bundle.as_str() => session.bundle = state,
            _ => {}
        }
    }
    Ok(sessions.into_values().collect())
}

/// Everything of an owner's that belongs to none of the sessions to keep, in the order in which it can be removed.
pub(crate) async fn cleanup_plan(
    engine: &Engine,
    owner: &OwnerId,
    keep: &[SessionId],
) -> Result<Vec<Resource>, BackendError> {
    let filters = Some(labelled(LABEL_OWNER, owner.as_str()));
    let mut unfinished = labelled(LABEL_KIND, "image");
    unfinished.insert("dangling".to_owned(), vec!["true".to_owned()]);
    let failed = |error| engine.failed("list what the engine holds", error);
    let volumes = engine.api.list_volumes(Some(ListVolumesOptions {
        filters: filters.clone(),
    }));
    let networks = engine
        .api
        .list_networks(Some(ListNetworksOptions { filters }));
    let images = engine.api.list_images(Some(ListImagesOptions {
        filters: Some(unfinished),
        ..Default::default()
    }));
    let containers = containers(engine, LABEL_OWNER, owner.as_str()).await?;
    let (volumes, networks, images) =
        tokio::try_join!(volumes, networks, images).map_err(failed)?;

    let containers = containers.into_iter().filter_map(|found| {
        let name = found
            .names
            .and_then(|names| names.into_iter().next())
            .or(found.id)?;
        Some((
            "container",
            name.trim_start_matches('/').to_owned(),
            found.labels.unwrap_or_default(),
        ))
    });
    let volumes = volumes
        .volumes
        .unwrap_or_default()
        .into_iter()
        .map(|found| ("volume", found.name, found.labels));
    let networks = networks
        .into_iter()
        .filter_map(|found| Some(("network", found.name?, found.labels.unwrap_or_default())));
    let images = images
        .into_iter()
        .map(|found| ("image", found.id, HashMap::new()));
    Ok(containers
        .chain(volumes)
        .chain(networks)
        .chain(images)
        .map(|(kind, name, labels)| {
            let session = whose(&labels).map(|(id, _)| id);
            Resource {
                kind: kind.to_owned(),
                name,
                session,
            }
        })
        .filter(|resource| {
            resource
                .session
                .as_ref()
                .is_none_or(|session| !keep.contains(session))
        })
        .collect())
}

async fn containers(
    engine: &Engine,
    label: &str,
    value: &str,
) -> Result<Vec<ContainerSummary>, BackendError> {
    let options = ListContainersOptions {
        all: true,
        filters: Some(labelled(label, value)),
        ..Default::default()
    };
    let found = engine.api.list_containers(Some(options)).await;
    found.map_err(|error| engine.failed("list containers", error))
}

/// Reads whose an object is from its labels.
fn whose(labels: &HashMap<String, String>) -> Option<(SessionId, OwnerId)> {
    let session = SessionId::new(labels.get(LABEL_SESSION)?).ok()?;
    let owner = OwnerId::new(labels.get(LABEL_OWNER)?).ok()?;
    Some((session, owner))
}

/// How a container stands. Only of one that ended more is asked, for its exit code.
async fn state(engine: &Engine, container: &ContainerSummary) -> Result<PartState, BackendError> {
    use ContainerSummaryStateEnum as State;
    match container.state {
        Some(State::CREATED) => Ok(PartState::Created),
        Some(State::RUNNING | State::PAUSED | State::RESTARTING | State::STOPPING) => {
            Ok(PartState::Running)
        }
        Some(State::EXITED | State::DEAD | State::REMOVING | State::EMPTY) | None => {
            let id = container.id.as_deref().unwrap_or_default();
            match engine
                .api
                .inspect_container(id, None::<InspectContainerOptions>)
                .await
            {
                Ok(found) => {
                    let code = found.state.and_then(|state| state.exit_code);
                    Ok(PartState::Ended {
                        code: code.and_then(|code| i32::try_from(code).ok()),
                    })
                }
                Err(error) if fault::status(&error) == Some(404) => Ok(PartState::Absent),
                Err(error) => Err(engine.failed("look at a container", error)),
            }
        }
    }
}
