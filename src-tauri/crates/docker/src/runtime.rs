//! Which runtimes of an engine can run a sealed guest. Being listed is not enough for gVisor: its entry must let the guest reach the
//! doors' sockets and start without a network, so it is tried.

use bollard::models::{ContainerCreateBody, HostConfig};
use bollard::query_parameters::{CreateContainerOptions, WaitContainerOptions};
use bottle_core::backend::{BackendError, Runtime};
use futures_util::StreamExt;

use crate::engine::Engine;
use crate::layout::LABEL_ROLE;
use crate::recipe::LOCAL_BASE;
use crate::removal;

/// Says that a runtime cannot run a sealed guest, and what to change.
pub(crate) fn unfit(runtime: Runtime) -> BackendError {
    let name = runtime.as_str();
    BackendError::RuntimeUnfit {
        runtime: name.to_owned(),
        fix: format!(
            "Give the engine's runtime entry {name} the arguments `--host-uds=all --network=none` (daemon.json, \
             runtimes.{name}.runtimeArgs) and restart the engine, or set `runtime: runc` in the bottle."
        ),
    }
}

/// The runtimes that can run a sealed guest, best first.
pub(crate) async fn fit(engine: &Engine) -> Vec<Runtime> {
    let mut runtimes = Vec::new();
    if has_fit_gvisor(engine).await {
        runtimes.push(Runtime::Runsc);
    }
    runtimes.push(Runtime::Runc);
    runtimes
}

async fn has_fit_gvisor(engine: &Engine) -> bool {
    let Some(entry) = engine.facts.runtimes.get(Runtime::Runsc.as_str()) else {
        return false;
    };
    // Engines that tell the arguments spare the trial where one is missing.
    let told = entry
        .runtime_args
        .as_deref()
        .is_none_or(|arguments| arguments.is_empty() || seals(arguments));
    told && trial(engine).await
}

/// Whether a runtime's arguments open the doors' sockets and take the network away.
pub(crate) fn seals(arguments: &[String]) -> bool {
    let has = |name: &str, values: &[&str]| {
        arguments.iter().any(|argument| {
            let argument = argument.trim_start_matches('-');
            argument
                .split_once('=')
                .is_some_and(|(n, value)| n == name && values.contains(&value))
        })
    };
    has("host-uds", &["all", "open"]) && has("network", &["none"])
}

/// Runs a container that does nothing, without a network, and removes it.
async fn trial(engine: &Engine) -> bool {
    let Some(image) = any_image(engine).await else {
        return false;
    };
    let body = ContainerCreateBody {
        image: Some(image),
        entrypoint: Some(vec!["/bin/true".to_owned()]),
        labels: Some([(LABEL_ROLE.to_owned(), "trial".to_owned())].into()),
        network_disabled: Some(true),
        host_config: Some(HostConfig {
            network_mode: Some("none".to_owned()),
            runtime: Some(Runtime::Runsc.as_str().to_owned()),
            cap_drop: Some(vec!["ALL".to_owned()]),
            // Whatever happens to this process, the engine removes it.
            auto_remove: Some(true),
            ..Default::default()
        }),
        ..Default::default()
    };
    let Ok(made) = engine
        .api
        .create_container(None::<CreateContainerOptions>, body)
        .await
    else {
        return false;
    };
    let ran = match engine.api.start_container(&made.id, None).await {
        Ok(()) => {
            let ended = engine
                .api
                .wait_container(&made.id, None::<WaitContainerOptions>)
                .next()
                .await;
            matches!(ended, Some(Ok(ended)) if ended.status_code == 0)
        }
        Err(error) => {
            tracing::info!(%error, "the runtime runsc does not start a sealed container");
            false
        }
    };
    if let Err(error) = removal::container(engine, &made.id).await {
        tracing::warn!(%error, "a trial container stays behind");
    }
    ran
}

/// An image that is there and has `/bin/true`: one of ours, or the base.
async fn any_image(engine: &Engine) -> Option<String> {
    let ours = bollard::query_parameters::ListImagesOptions {
        filters: Some(removal::labelled(crate::layout::LABEL_KIND, "image")),
        ..Default::default()
    };
    let found = engine
        .api
        .list_images(Some(ours))
        .await
        .ok()?
        .into_iter()
        .next()
        .map(|image| image.id);
    match found {
        Some(id) => Some(id),
        None => engine.api.inspect_image(LOCAL_BASE).await.ok()?.id,
    }
}
