//! Starts, stops and watches the containers of a session.

use std::collections::VecDeque;

use bollard::errors::Error as ApiError;
use bollard::query_parameters::{
    InspectContainerOptions, LogsOptions, StartContainerOptions, StopContainerOptions,
    WaitContainerOptions,
};
use bottle_core::backend::{BackendError, Part, Runtime};
use bottle_core::id::SessionId;
use futures_util::StreamExt;

use crate::engine::Engine;
use crate::fault;
use crate::layout::{Names, STOP_TIMEOUT};
use crate::runtime;

/// How many of the last lines of a container's output an error shows.
const TAIL: usize = 20;
/// Longest line that is shown, in characters.
const LINE: usize = 400;

/// Says that a part of a session does not run.
pub(crate) fn gone(session: &SessionId, part: Part) -> BackendError {
    let session = session.clone();
    match part {
        Part::Guest => BackendError::GuestGone { session },
        Part::Bundle => BackendError::BundleGone { session },
    }
}

/// Runs both containers.
pub(crate) async fn start(engine: &Engine, id: &SessionId) -> Result<(), BackendError> {
    let (bundle, guest) = tokio::join!(
        start_one(engine, id, Part::Bundle),
        start_one(engine, id, Part::Guest)
    );
    bundle.and(guest)
}

async fn start_one(engine: &Engine, id: &SessionId, part: Part) -> Result<(), BackendError> {
    let names = Names::of(id);
    let name = names.container(part);
    // "Running already" is a 304, which the client counts as a success.
    match engine
        .api
        .start_container(name, None::<StartContainerOptions>)
        .await
    {
        Ok(()) => Ok(()),
        Err(error) if is_lost(&error) => Err(gone(id, part)),
        Err(error) => {
            if fault::status(&error).is_some() && runs_in_gvisor(engine, name).await {
                return Err(runtime::unfit(Runtime::Runsc));
            }
            Err(engine.failed(format!("start the container {name}"), error))
        }
    }
}

/// Whether a container can never be started again: it is not there, or a removal that began, perhaps in a process that was killed
/// since, is at it. A 404 may also be about a network or a runtime.
fn is_lost(error: &ApiError) -> bool {
    let words = fault::words(error);
    match fault::status(error) {
        Some(404) => words.contains("No such container"),
        Some(409) => words.contains("marked for removal"),
        _ => false,
    }
}

async fn runs_in_gvisor(engine: &Engine, name: &str) -> bool {
    let found = engine
        .api
        .inspect_container(name, None::<InspectContainerOptions>)
        .await;
    let runtime = found
        .ok()
        .and_then(|found| found.host_config)
        .and_then(|host| host.runtime);
    runtime.as_deref() == Some(Runtime::Runsc.as_str())
}

/// Stops both containers, by force after a moment.
pub(crate) async fn stop(engine: &Engine, id: &SessionId) -> Result<(), BackendError> {
    let names = Names::of(id);
    let (guest, bundle) = tokio::join!(
        stop_one(engine, &names.agent),
        stop_one(engine, &names.bundle)
    );
    guest.and(bundle)
}

async fn stop_one(engine: &Engine, name: &str) -> Result<(), BackendError> {
    let options = StopContainerOptions {
        t: Some(STOP_TIMEOUT),
        ..Default::default()
    };
    match engine.api.stop_container(name, Some(options)).await {
        Ok(()) => Ok(()),
        Err(error) if fault::is_gone(&error) => Ok(()),
        Err(error) => Err(engine.failed(format!("stop the container {name}"), error)),
    }
}

/// Waits for the end of a part.
pub(crate) async fn ended(
    engine: &Engine,
    id: &SessionId,
    part: Part,
) -> Result<Option<i32>, BackendError> {
    let names = Names::of(id);
    let name = names.container(part);
    let code = match engine
        .api
        .wait_container(name, None::<WaitContainerOptions>)
        .next()
        .await
    {
        Some(Ok(ended)) => Some(ended.status_code),
        Some(Err(ApiError::DockerContainerWaitError { code, .. })) => Some(code),
        Some(Err(error)) if fault::status(&error) == Some(404) => None,
        Some(Err(error)) => {
            return Err(engine.failed(format!("wait for the container {name}"), error));
        }
        None => {
            return Err(engine.failed(
                format!("wait for the container {name}"),
                ApiError::RequestTimeoutError,
            ));
        }
    };
    Ok(code.and_then(|code| i32::try_from(code).ok()))
}

/// The last lines that a part printed.
pub(crate) async fn log_tail(
    engine: &Engine,
    id: &SessionId,
    part: Part,
) -> Result<Vec<String>, BackendError> {
    let names = Names::of(id);
    let name = names.container(part);
    let options = LogsOptions {
        stdout: true,
        stderr: true,
        tail: TAIL.to_string(),
        ..Default::default()
    };
    let mut output = Vec::new();
    let mut log = engine.api.logs(name, Some(options));
    while let Some(piece) = log.next().await {
        match piece {
            Ok(piece) => output.extend_from_slice(&piece.into_bytes()),
            Err(error) if fault::status(&error) == Some(404) => return Ok(Vec::new()),
            Err(error) => return Err(engine.failed(format!("read the log of {name}"), error)),
        }
    }
    Ok(tail(&output))
}

/// The last lines of some output, fit to be shown: what a guest prints must not steer the reader's terminal.
pub(crate) fn tail(output: &[u8]) -> Vec<String> {
    let mut lines = VecDeque::with_capacity(TAIL + 1);
    for line in String::from_utf8_lossy(output).lines() {
        lines.push_back(
            line.chars()
                .filter(|c| !c.is_control())
                .take(LINE)
                .collect::<String>(),
        );
        if lines.len() > TAIL {
            lines.pop_front();
        }
    }
    lines.into()
}
