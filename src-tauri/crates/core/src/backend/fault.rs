//! What goes wrong in a backend, with what to do about each.

use super::BackendName;
use crate::advice::Advice;
use crate::id::SessionId;

/// A cause that came from below.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// What goes wrong in a backend.
#[derive(Debug, thiserror::Error)]
pub enum BackendError {
    /// No engine answered.
    #[error("no {backend} engine answers at {endpoint}")]
    Unavailable {
        /// Which backend.
        backend: BackendName,
        /// Where it was looked for.
        endpoint: String,
        /// Why not.
        #[source]
        source: Option<Cause>,
    },
    /// The engine's settings cannot be read.
    #[error("cannot use the {backend} settings in {place}")]
    BadSettings {
        /// Which backend.
        backend: BackendName,
        /// Which file, variable or context.
        place: String,
        /// Why not.
        #[source]
        source: Option<Cause>,
    },
    /// The engine is older than what is needed.
    #[error("the {backend} engine is version {version}, and {minimum} is the oldest that works")]
    TooOld {
        /// Which backend.
        backend: BackendName,
        /// What answered.
        version: String,
        /// What is needed.
        minimum: String,
    },
    /// The engine has no such runtime, or it cannot run a sealed guest.
    #[error("the runtime {runtime} cannot run a sealed bottle on this engine")]
    RuntimeUnfit {
        /// Which runtime.
        runtime: String,
        /// What to change, in a sentence.
        fix: String,
    },
    /// An image could not be built.
    #[error("building the image {image} failed at: {step}")]
    ImageBuild {
        /// Which image.
        image: String,
        /// The step that failed.
        step: String,
        /// The last lines of the build.
        tail: Vec<String>,
    },
    /// The base image is neither on the engine nor to be had.
    #[error("the base image {image} is not on the engine and cannot be pulled")]
    NoBaseImage {
        /// Which image.
        image: String,
        /// Why not.
        #[source]
        source: Option<Cause>,
    },
    /// A program that goes into an image is missing on this machine.
    #[error("the program {program} for {architecture} guests is missing")]
    MissingProgram {
        /// Which program.
        program: String,
        /// For which guests.
        architecture: String,
    },
    /// The name is taken.
    #[error("the name {name} is in use")]
    NameInUse {
        /// Which name.
        name: String,
    },
    /// The engine's disk is full.
    #[error("the disk of the {backend} engine is full")]
    DiskFull {
        /// Which backend.
        backend: BackendName,
    },
    /// The session's guest has ended or was never there.
    #[error("the bottle of session {session} is not running")]
    GuestGone {
        /// Which session.
        session: SessionId,
    },
    /// The session's bundle has ended or was never there.
    #[error("the bundle of session {session} is not running")]
    BundleGone {
        /// Which session.
        session: SessionId,
    },
    /// A command could not be started in the guest, or copying in or out failed there.
    #[error("'{command}' failed in the bottle with code {code}")]
    GuestCommand {
        /// What was run, without its data.
        command: String,
        /// The exit code.
        code: i32,
        /// The last lines of its standard error.
        tail: Vec<String>,
    },
    /// The backend does not do this.
    #[error("the {backend} backend does not offer {feature}")]
    Unsupported {
        /// Which backend.
        backend: BackendName,
        /// What was asked.
        feature: &'static str,
    },
    /// Anything else that the engine refused.
    #[error("cannot {action}")]
    Engine {
        /// What was being done, such as `create the container x`.
        action: String,
        /// Why not.
        #[source]
        source: Cause,
    },
}

impl BackendError {
    /// A program of ours that ended with a code in the guest, typed by what it said last.
    #[must_use]
    pub fn of_guest_command(
        backend: BackendName,
        command: &str,
        code: i32,
        tail: Vec<String>,
    ) -> Self {
        if tail.iter().any(|line| says_disk_full(line)) {
            return Self::DiskFull { backend };
        }
        Self::GuestCommand {
            command: command.to_owned(),
            code,
            tail,
        }
    }
}

/// Whether a text of an engine's or a program's says that a disk is full.
#[must_use]
pub fn says_disk_full(text: &str) -> bool {
    text.to_ascii_lowercase()
        .contains("no space left on device")
}

/// Whether an engine is there and this user may not talk to it.
fn is_forbidden(source: Option<&Cause>) -> bool {
    let mut cause = source.map(|source| &**source as &(dyn std::error::Error + 'static));
    while let Some(current) = cause {
        let kind = current
            .downcast_ref::<std::io::Error>()
            .map(std::io::Error::kind);
        if kind == Some(std::io::ErrorKind::PermissionDenied) {
            return true;
        }
        cause = current.source();
    }
    false
}

impl Advice for BackendError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unavailable { .. } => "engine_unavailable",
            Self::BadSettings { .. } => "engine_settings",
            Self::TooOld { .. } => "engine_too_old",
            Self::RuntimeUnfit { .. } => "runtime_unfit",
            Self::ImageBuild { .. } => "image_build_failed",
            Self::NoBaseImage { .. } => "no_base_image",
            Self::MissingProgram { .. } => "program_missing",
            Self::NameInUse { .. } => "name_in_use",
            Self::DiskFull { .. } => "disk_full",
            Self::GuestGone { .. } => "guest_gone",
            Self::BundleGone { .. } => "bundle_gone",
            Self::GuestCommand { .. } => "guest_command_failed",
            Self::Unsupported { .. } => "unsupported",
            Self::Engine { .. } => "engine_error",
        }
    }

    fn advice(&self) -> String {
        match self {
            Self::Unavailable { source, .. } if is_forbidden(source.as_ref()) => {
                "Allow your user to open the engine's socket; on Linux `sudo usermod -aG docker $USER`, then log in again.".into()
            }
            Self::Unavailable { backend: BackendName::Docker, .. } => {
                "Start Docker Desktop, OrbStack, Colima or dockerd, then try again; `claude-bottle doctor` shows what was tried.".into()
            }
            Self::Unavailable { backend: BackendName::Smolmachines, .. } => {
                "Install smolvm with `brew install smol-machines/tap/smolvm`; `claude-bottle doctor` shows what was tried.".into()
            }
            Self::BadSettings { place, .. } => format!("Mend or remove {place}, or choose another Docker context."),
            Self::TooOld { minimum, .. } => format!("Update the engine to {minimum} or newer."),
            Self::RuntimeUnfit { fix, .. } => fix.clone(),
            Self::ImageBuild { .. } => {
                "Read the last lines of the build; nothing was started. Try again once the cause is gone: finished steps are kept.".into()
            }
            Self::NoBaseImage { image, .. } => {
                format!("Connect to an image registry, or import a Debian root folder under the name {image}.")
            }
            Self::MissingProgram { .. } => "Run `cargo xtask run` once: it builds the programs that go into the images.".into(),
            Self::NameInUse { name } => format!("Run `claude-bottle cleanup`, or remove {name}, and start again."),
            Self::DiskFull { .. } => "Free space on the engine's disk, for example with `docker system prune`, and start again.".into(),
            Self::GuestGone { session } | Self::BundleGone { session } => {
                format!("Run `claude-bottle resume {session}` to go on, or `claude-bottle cleanup` to remove it.")
            }
            Self::GuestCommand { .. } => "Nothing was lost; start again, and run `claude-bottle doctor` if it repeats.".into(),
            Self::Unsupported { .. } => "Choose another backend with `--backend`.".into(),
            Self::Engine { .. } => "Run `claude-bottle doctor` to see what the engine says.".into(),
        }
    }
}
