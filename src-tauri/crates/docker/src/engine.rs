//! One engine that answered: the API client, the raw streams, and the facts that do not change while it runs.

use std::collections::HashMap;
use std::time::Duration;

use bollard::ClientVersion;
use bollard::errors::Error as ApiError;
use bollard::models::{Runtime as EngineRuntime, SystemInfo};
use bottle_core::backend::{BackendError, BackendName};
use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE, UPGRADE};
use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use serde::Serialize;

use crate::endpoint::{Endpoint, Lookup, Selection, resolve};
use crate::fault::{self, Fault};
use crate::settings::Settings;
use crate::transport::{self, HttpClient};

/// The oldest API that has all that is needed; Debian 12's engine 20.10 speaks it.
const MINIMUM_API: (usize, usize) = (1, 41);
/// How long an engine may take to say who it is, in seconds. Through `ssh` this includes the login.
const FIRST_ANSWER: u64 = 30;
/// How long an answer to one request may take to begin. Creating from an image that is being unpacked takes longest.
const ANSWER: Duration = Duration::from_secs(120);
/// A build's answer begins only after the whole context was sent, which a slow uplink to a far engine can draw out.
const BUILD_ANSWER: Duration = Duration::from_secs(3600);

/// A raw two-way stream of the engine's.
pub(crate) type RawStream = TokioIo<Upgraded>;

/// What an engine says of itself.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    pub(crate) version: String,
    pub(crate) api: (usize, usize),
    pub(crate) os: String,
    /// In Debian's words.
    pub(crate) architecture: String,
    pub(crate) storage: String,
    pub(crate) processors: f64,
    pub(crate) runtimes: HashMap<String, EngineRuntime>,
}

impl Facts {
    fn new(info: SystemInfo, api: (usize, usize)) -> Self {
        let architecture = match info.architecture.as_deref() {
            Some("x86_64" | "amd64") => "amd64",
            Some("aarch64" | "arm64") => "arm64",
            other => other.unwrap_or("unknown"),
        };
        Self {
            version: info.server_version.unwrap_or_default(),
            api,
            os: info.os_type.unwrap_or_default(),
            architecture: architecture.to_owned(),
            storage: info.driver.unwrap_or_default(),
            processors: info
                .ncpu
                .and_then(|n| u32::try_from(n).ok())
                .map_or(1.0, f64::from),
            runtimes: info.runtimes.unwrap_or_default(),
        }
    }

    /// The engine in words for a person.
    pub(crate) fn title(&self) -> String {
        format!(
            "Docker Engine {} ({}/{}, {})",
            self.version, self.os, self.architecture, self.storage
        )
    }
}

/// An engine that answered.
pub(crate) struct Engine {
    pub(crate) api: bollard::Docker,
    client: HttpClient,
    /// Where it is, in words for a person.
    pub(crate) place: String,
    pub(crate) facts: Facts,
}

/// Finds the engine that the settings mean, without connecting.
pub(crate) fn select(settings: &Settings) -> Result<Selection, BackendError> {
    resolve(&Lookup {
        home: &settings.home,
        variable: settings.variables.as_ref(),
        read: &|file| std::fs::read(file),
    })
}

/// The place of an endpoint in words for a person.
pub(crate) fn place(selection: &Selection, endpoint: &Endpoint) -> String {
    format!("{}, {endpoint}", selection.origin)
}

/// Connects to the first candidate that answers.
pub(crate) async fn connect(settings: &Settings) -> Result<Engine, BackendError> {
    let selection = select(settings)?;
    let mut told: Option<BackendError> = None;
    for endpoint in &selection.candidates {
        match Engine::open(settings, &selection, endpoint).await {
            Ok(engine) => return Ok(engine),
            Err(error) => {
                // An engine that is there but refuses says more than a socket that is not there.
                let better = told
                    .as_ref()
                    .is_none_or(|old| is_missing(old) && !is_missing(&error));
                if better {
                    told = Some(error);
                }
            }
        }
    }
    Err(told.unwrap_or(BackendError::Unavailable {
        backend: BackendName::Docker,
        endpoint: selection.origin,
        source: None,
    }))
}

fn is_missing(error: &BackendError) -> bool {
    fault::io_kind(error) == Some(std::io::ErrorKind::NotFound)
}

impl Engine {
    async fn open(
        settings: &Settings,
        selection: &Selection,
        endpoint: &Endpoint,
    ) -> Result<Self, BackendError> {
        let place = place(selection, endpoint);
        let client = transport::client(endpoint, &settings.ssh)
            .map_err(|fault| fault::bad_settings(selection.origin.clone(), fault))?;
        let said =
            tokio::time::timeout(Duration::from_secs(FIRST_ANSWER), Self::greet(&client)).await;
        let (api, info) = said
            .map_err(|_| {
                fault::unavailable(
                    &place,
                    Fault::Silent {
                        seconds: FIRST_ANSWER,
                    },
                )
            })?
            .map_err(|error| fault::unavailable(&place, error))?;
        let version = api.client_version();
        let facts = Facts::new(info, (version.major_version, version.minor_version));
        if facts.api < MINIMUM_API {
            return Err(BackendError::TooOld {
                backend: BackendName::Docker,
                version: format!("{} (API {}.{})", facts.version, facts.api.0, facts.api.1),
                minimum: format!("20.10 (API {}.{})", MINIMUM_API.0, MINIMUM_API.1),
            });
        }
        if facts.os == "windows" {
            return Err(BackendError::Unsupported {
                backend: BackendName::Docker,
                feature: "Windows containers",
            });
        }
        Ok(Self {
            api,
            client,
            place,
            facts,
        })
    }

    /// Asks an engine for its version and what it is.
    ///
    /// The version stands in a header of the answer to `/_ping`, which comes at once: for `/version` and for `/info` the engine runs
    /// other programs first, and each takes 10 ms and more. So `/info` is asked without a version, at the same time.
    async fn greet(client: &HttpClient) -> Result<(bollard::Docker, SystemInfo), ApiError> {
        let (spoken, info) = tokio::try_join!(spoken(client), info(client))?;
        let sender = client.clone();
        let api = bollard::Docker::connect_with_custom_transport(
            move |request: bollard::BollardRequest| {
                let sender = sender.clone();
                async move {
                    let request = request.map(BodyExt::boxed_unsync);
                    sender
                        .request(request)
                        .await
                        .map_err(|error| ApiError::IOError {
                            err: std::io::Error::other(error),
                        })
                }
            },
            Some("http://docker"),
            ANSWER.as_secs(),
            spoken.as_ref().unwrap_or(bollard::API_DEFAULT_VERSION),
        )?;
        let api = match spoken {
            Some(_) => api,
            None => api.negotiate_version().await?,
        };
        Ok((api, info))
    }

    /// The API client with the patience that a build needs.
    pub(crate) fn builder(&self) -> bollard::Docker {
        self.api.clone().with_timeout(BUILD_ANSWER)
    }

    /// Posts to a path and takes the connection over as a raw stream.
    pub(crate) async fn hijack(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<RawStream, ApiError> {
        let body = serde_json::to_vec(body)?;
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("http://docker{path}"))
            .header(CONTENT_TYPE, "application/json")
            .header(CONNECTION, "Upgrade")
            .header(UPGRADE, "tcp")
            .body(bollard::body_full(body.into()).boxed_unsync())?;
        let sent = tokio::time::timeout(ANSWER, self.client.request(request)).await;
        let response = sent
            .map_err(|_| ApiError::RequestTimeoutError)?
            .map_err(|error| ApiError::IOError {
                err: std::io::Error::other(error),
            })?;
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            return Ok(TokioIo::new(hyper::upgrade::on(response).await?));
        }
        let (head, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        Err(refused(&Response::from_parts(head, body)))
    }

    /// Types an error of this engine's; `action` reads after "cannot".
    pub(crate) fn failed(&self, action: impl Into<String>, error: ApiError) -> BackendError {
        fault::failed(&self.place, action, error)
    }
}

/// Asks for `path` and gives the answer with its body.
async fn get(client: &HttpClient, path: &'static str) -> Result<Response<Bytes>, ApiError> {
    let request = Request::get(format!("http://docker{path}"))
        .body(bollard::body_full(Bytes::new()).boxed_unsync())?;
    let broken = |error| ApiError::IOError {
        err: std::io::Error::other(error),
    };
    let (head, body) = client.request(request).await.map_err(broken)?.into_parts();
    Ok(Response::from_parts(head, body.collect().await?.to_bytes()))
}

/// What the engine says of itself.
async fn info(client: &HttpClient) -> Result<SystemInfo, ApiError> {
    let response = get(client, "/info").await?;
    if response.status().is_success() {
        return Ok(serde_json::from_slice(response.body())?);
    }
    Err(refused(&response))
}

/// The newest API that both sides speak; none where the engine does not say it in the header that it should be in.
async fn spoken(client: &HttpClient) -> Result<Option<ClientVersion>, ApiError> {
    let response = get(client, "/_ping").await?;
    let said = response.headers().get("api-version");
    let theirs = said.and_then(|said| {
        let (major, minor) = said.to_str().ok()?.split_once('.')?;
        Some(ClientVersion {
            major_version: major.parse().ok()?,
            minor_version: minor.parse().ok()?,
        })
    });
    let ours = *bollard::API_DEFAULT_VERSION;
    Ok(theirs.map(|theirs| if theirs < ours { theirs } else { ours }))
}

/// The engine's refusal in its own words.
fn refused(response: &Response<Bytes>) -> ApiError {
    let text = response.body();
    ApiError::DockerResponseServerError {
        status_code: response.status().as_u16(),
        message: serde_json::from_slice::<Refusal>(text).map_or_else(
            |_| String::from_utf8_lossy(text).into_owned(),
            |refusal| refusal.message,
        ),
    }
}

#[derive(serde::Deserialize)]
struct Refusal {
    message: String,
}
