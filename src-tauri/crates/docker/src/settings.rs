//! What the caller tells this crate of the machine it runs on.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// Looks a variable of the environment up.
pub type Variables = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Where things are on this machine. Nothing in this crate reads the environment by itself.
#[derive(Clone)]
pub struct Settings {
    /// The user's home folder, in which `.docker` and the sockets of desktop engines lie.
    pub home: PathBuf,
    /// How to look a variable of the environment up, such as `DOCKER_HOST`.
    pub variables: Variables,
    /// Folders in which the Linux programs that go into the images are looked for, in this order.
    pub programs: Vec<PathBuf>,
    /// The image that the product's own images start from, in place of the pinned one.
    pub base_image: Option<String>,
    /// More build arguments for the product's own Dockerfiles, such as the address of a package mirror. Never a secret.
    pub build_args: BTreeMap<String, String>,
    /// Certificates in PEM of authorities that stand between this machine and the package registries, trusted while an image is
    /// built and afterwards by the bundle.
    pub extra_certificates: Option<Vec<u8>>,
    /// The `ssh` program for engines on other machines.
    pub ssh: PathBuf,
}

impl Settings {
    /// The usual settings of a machine: a home folder, an environment, and where the programs are.
    pub fn new(home: impl Into<PathBuf>, variables: Variables, programs: Vec<PathBuf>) -> Self {
        Self {
            home: home.into(),
            variables,
            programs,
            base_image: None,
            build_args: BTreeMap::new(),
            extra_certificates: None,
            ssh: PathBuf::from("ssh"),
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("home", &self.home)
            .field("programs", &self.programs)
            .field("base_image", &self.base_image)
            .finish_non_exhaustive()
    }
}
