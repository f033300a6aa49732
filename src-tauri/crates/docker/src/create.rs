//! Makes the objects of a session, all or none of them.

use bollard::models::{ContainerCreateBody, VolumeCreateRequest};
use bollard::query_parameters::CreateContainerOptions;
use bottle_core::backend::{BackendError, Runtime, SessionSpec};

use crate::engine::Engine;
use crate::fault;
use crate::layout::{self, LABEL_OWNER, LABEL_SESSION, Names, Role};
use crate::{removal, runtime};

/// Makes the volume and both containers. After a failure nothing is left that this call made.
pub(crate) async fn session(engine: &Engine, spec: &SessionSpec) -> Result<(), BackendError> {
    let names = Names::of(&spec.id);
    volume(engine, spec, &names.doors).await?;
    let (bundle, agent) = tokio::join!(
        container(engine, spec, &names.bundle, layout::bundle(spec)),
        container(
            engine,
            spec,
            &names.agent,
            layout::agent(spec, engine.facts.processors)
        ),
    );
    let (made, error) = match (bundle, agent) {
        (Ok(_), Ok(_)) => return Ok(()),
        (Ok(made), Err(error)) | (Err(error), Ok(made)) => (Some(made), error),
        (Err(first), Err(_)) => (None, first),
    };
    if let Some(made) = made {
        undo(removal::container(engine, &made).await);
    }
    // Where a name was taken, the volume belongs to whoever has it.
    if !matches!(error, BackendError::NameInUse { .. }) {
        undo(removal::volume(engine, &names.doors).await);
    }
    Err(error)
}

/// Notes what could not be undone: the error of the creation matters more, and the labels let a clean-up find the rest.
fn undo(result: Result<(), BackendError>) {
    if let Err(error) = result {
        tracing::warn!(%error, "an object of a failed creation stays behind");
    }
}

async fn volume(engine: &Engine, spec: &SessionSpec, name: &str) -> Result<(), BackendError> {
    let request = VolumeCreateRequest {
        name: Some(name.to_owned()),
        labels: Some(layout::labels(spec, Role::Doors)),
        ..Default::default()
    };
    let made = engine.api.create_volume(request).await;
    let made = made.map_err(|error| engine.failed(format!("create the volume {name}"), error))?;
    // The engine answers with a volume that is there already as if it had just made it.
    let ours = made
        .labels
        .get(LABEL_OWNER)
        .is_some_and(|owner| owner == spec.owner.as_str())
        && made
            .labels
            .get(LABEL_SESSION)
            .is_some_and(|session| session == spec.id.as_str());
    if ours {
        Ok(())
    } else {
        Err(BackendError::NameInUse {
            name: name.to_owned(),
        })
    }
}

/// Makes one container and tells its id.
async fn container(
    engine: &Engine,
    spec: &SessionSpec,
    name: &str,
    body: ContainerCreateBody,
) -> Result<String, BackendError> {
    let options = CreateContainerOptions {
        name: Some(name.to_owned()),
        ..Default::default()
    };
    match engine.api.create_container(Some(options), body).await {
        Ok(made) => Ok(made.id),
        Err(error) if fault::status(&error) == Some(409) => Err(BackendError::NameInUse {
            name: name.to_owned(),
        }),
        Err(error)
            if spec.runtime == Some(Runtime::Runsc) && fault::words(&error).contains("runtime") =>
        {
            Err(runtime::unfit(Runtime::Runsc))
        }
        Err(error) => Err(engine.failed(format!("create the container {name}"), error)),
    }
}
