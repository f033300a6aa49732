//! What can run a bottle: one object-safe trait, its facts and its errors.

mod fault;

use async_trait::async_trait;
use futures_io::{AsyncRead, AsyncWrite};
use serde::{Deserialize, Serialize};
use std::pin::Pin;
use std::sync::Arc;

use crate::event::StepSink;
use crate::guest::Guest;
use crate::id::{AgentName, OwnerId, SessionId};

pub use fault::{BackendError, Cause, says_disk_full};

/// Which backend runs a bottle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BackendName {
    /// Containers of a Docker engine.
    Docker,
    /// microVMs of smolvm.
    Smolmachines,
}

impl BackendName {
    /// The word that manifests and the command line use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Smolmachines => "smolmachines",
        }
    }
}

impl std::fmt::Display for BackendName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which runtime of a container engine runs the guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Runtime {
    /// The engine's own: a shared kernel.
    Runc,
    /// gVisor: a kernel in user space.
    Runsc,
}

impl Runtime {
    /// The word that manifests and engines use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Runc => "runc",
            Self::Runsc => "runsc",
        }
    }
}

/// A part of the bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Daemon {
    /// The HTTP(S) door.
    Egress,
    /// The scripted Messages API of the demo, in place of the vendor.
    Scripted,
    /// The second opinion on destinations.
    Pipelock,
    /// The git door.
    GitGate,
    /// The door through which the agent asks.
    Supervise,
}

impl Daemon {
    /// The word of `--daemons`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Egress => "egress",
            Self::Scripted => "scripted",
            Self::Pipelock => "pipelock",
            Self::GitGate => "git-gate",
            Self::Supervise => "supervise",
        }
    }
}

/// Something that is missing, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// A stable `snake_case` word.
    pub code: String,
    /// What is wrong, in a sentence.
    pub what: String,
    /// What to do, in a sentence.
    pub advice: String,
}

/// What a backend says of itself before anything is asked of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// Whether a session can be started now.
    pub available: bool,
    /// The engine's name and version, for a person, where one answered.
    pub engine: Option<String>,
    /// Where it was looked for, for a person, such as the name of the Docker context.
    pub endpoint: Option<String>,
    /// What is missing.
    pub problems: Vec<Problem>,
}

/// What an engine that answered can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// The runtimes that can run a sealed guest, best first. Empty where the backend has no such choice.
    pub runtimes: Vec<Runtime>,
    /// The processor architecture of guests in Debian's words: `amd64` or `arm64`.
    pub architecture: String,
}

/// What the guest may use of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Resources {
    /// Processors, fractions allowed.
    pub cpus: f64,
    /// Memory in MiB.
    pub memory_mib: u32,
    /// Disk in MiB, where the backend can hold a guest to it.
    pub disk_mib: Option<u32>,
}

/// The images of a session, as the backend names them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Images {
    /// What the guest starts from.
    pub agent: String,
    /// What the bundle starts from; the path of a program where it runs on the host.
    pub bundle: String,
}

/// Where the guest's image comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImageSource {
    /// The product's own, built from `Dockerfile.claude`.
    BuiltIn,
    /// A recipe of the person's, on top of the product's own as `BASE`: the text of a Dockerfile.
    Dockerfile {
        /// Its text.
        text: String,
    },
    /// An image that the engine has or can pull; the product's own parts are added on top.
    Reference {
        /// Its name.
        name: String,
    },
}

/// Everything that a backend needs to make a session. Holds no secret.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionSpec {
    /// The session.
    pub id: SessionId,
    /// Its agent.
    pub agent: AgentName,
    /// The home folder that it belongs to.
    pub owner: OwnerId,
    /// What guest and bundle start from.
    pub images: Images,
    /// The runtime of the guest, where the backend has the choice.
    pub runtime: Option<Runtime>,
    /// What the guest may use.
    pub resources: Resources,
    /// The parts of the bundle to run.
    pub daemons: Vec<Daemon>,
}

/// A part of a session that can live or die by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Where claude runs.
    Guest,
    /// The sidecar.
    Bundle,
}

/// How one part stands, as the backend sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PartState {
    /// It is not there.
    Absent,
    /// It is there and has not run yet.
    Created,
    /// It runs.
    Running,
    /// It ended, with this code where one is known.
    Ended {
        /// The exit code.
        code: Option<i32>,
    },
}

/// A session as the backend sees it; what it means is the engine's to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackendSession {
    /// The session.
    pub id: SessionId,
    /// The home folder that it belongs to.
    pub owner: OwnerId,
    /// How the guest stands.
    pub guest: PartState,
    /// How the bundle stands.
    pub bundle: PartState,
}

/// Something that a backend holds for a session and can remove.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Resource {
    /// `container`, `volume`, `network`, `image`, `machine`, `process` or `folder`.
    pub kind: String,
    /// Its name, as the engine knows it.
    pub name: String,
    /// The session that it belongs to, where its label can be read.
    pub session: Option<SessionId>,
}

/// A two-way stream of bytes.
pub trait Duplex: AsyncRead + AsyncWrite + Send {}
impl<T: AsyncRead + AsyncWrite + Send> Duplex for T {}
/// A stream to the control socket of a bundle.
pub type ControlStream = Pin<Box<dyn Duplex>>;

/// Something that can run bottles.
///
/// Invariants: `create` makes every resource with labels that name session and owner before it can run, so that `cleanup_plan`
/// finds whatever a crash leaves. Removing what is gone succeeds. A backend that cannot seal a guest refuses and never falls back
/// to a network. Nothing here assumes that the engine shares the host's file system. Dropping a future cancels the call; what it had
/// made by then is found by `delete` and `cleanup_plan`.
#[async_trait]
pub trait Backend: Send + Sync {
    /// Which one this is.
    fn name(&self) -> BackendName;

    /// Says whether it can be used now, and if not, why and what to do. Never fails.
    async fn probe(&self) -> Probe;

    /// Asks the engine what it can do.
    async fn capabilities(&self) -> Result<Capabilities, BackendError>;

    /// Finds or makes the images, reporting what it does.
    async fn ensure_images(
        &self,
        source: &ImageSource,
        sink: &dyn StepSink,
    ) -> Result<Images, BackendError>;

    /// Says whether the images are there, so that [`Self::ensure_images`] would have nothing to do. Makes and fetches nothing.
    async fn images_ready(&self, source: &ImageSource) -> Result<bool, BackendError>;

    /// Makes a session's parts without running them.
    async fn create(&self, spec: &SessionSpec) -> Result<(), BackendError>;

    /// Runs the bundle and the guest; again after `stop` for a preserved session. Running already is a success.
    async fn start(&self, id: &SessionId) -> Result<(), BackendError>;

    /// Stops guest and bundle and keeps them. Stopped or absent is a success.
    async fn stop(&self, id: &SessionId) -> Result<(), BackendError>;

    /// Removes everything of a session. Absent is a success.
    async fn delete(&self, id: &SessionId) -> Result<(), BackendError>;

    /// Looks one session up.
    async fn get(&self, id: &SessionId) -> Result<Option<BackendSession>, BackendError>;

    /// Lists the sessions of one owner.
    async fn list(&self, owner: &OwnerId) -> Result<Vec<BackendSession>, BackendError>;

    /// Opens the inside of a running session.
    async fn guest(&self, id: &SessionId) -> Result<Arc<dyn Guest>, BackendError>;

    /// Opens the control socket of a running session's bundle. The guest cannot reach it.
    async fn control(&self, id: &SessionId) -> Result<ControlStream, BackendError>;

    /// Waits until a part ends, and tells its exit code where one is known. Absent counts as ended.
    async fn ended(&self, id: &SessionId, part: Part) -> Result<Option<i32>, BackendError>;

    /// The last lines that a part printed, for an error's detail; empty where there are none.
    async fn log_tail(&self, id: &SessionId, part: Part) -> Result<Vec<String>, BackendError>;

    /// Everything that carries this owner's label and belongs to none of the sessions to keep.
    async fn cleanup_plan(
        &self,
        owner: &OwnerId,
        keep: &[SessionId],
    ) -> Result<Vec<Resource>, BackendError>;

    /// Removes one resource of a cleanup plan. Gone already is a success.
    async fn remove(&self, resource: &Resource) -> Result<(), BackendError>;
}
