//! Finds out which engine the user means, the way Docker's own command line does: `DOCKER_HOST`, then `DOCKER_CONTEXT`, then the
//! current context of `config.json`, then the places where engines listen by default.
//!
//! Pure: variables and files come through closures, nothing is connected to. An address that would carry credentials over a
//! network in the clear is refused here.

mod address;
mod context;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use bottle_core::backend::BackendError;
use bottle_core::secret::Secret;

use crate::fault::{Fault, bad_settings};
use address::Address;

/// Longest file of Docker's configuration that is read, in bytes.
const MAX_FILE: usize = 1 << 20;

/// What proves both sides of a TLS connection to each other, in PEM.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The authority that signed the engine's certificate.
    pub authority: Vec<u8>,
    /// The client's certificate and key, where the engine wants one.
    pub identity: Option<(Vec<u8>, Secret<Vec<u8>>)>,
}

/// One place where an engine may answer.
#[derive(Debug, Clone)]
pub enum Endpoint {
    /// A Unix socket.
    Unix {
        /// Its path.
        path: PathBuf,
    },
    /// Plain TCP, to this machine only.
    Tcp {
        /// A loopback name or address.
        host: String,
        /// The port.
        port: u16,
    },
    /// TCP with TLS.
    Tls {
        /// A name or address.
        host: String,
        /// The port.
        port: u16,
        /// Certificates.
        files: TlsFiles,
    },
    /// Another machine's engine through `ssh … docker system dial-stdio`.
    Ssh {
        /// Who to log in as, where it is said.
        user: Option<String>,
        /// The machine.
        host: String,
        /// Its port, where it is said.
        port: Option<u16>,
        /// The engine's socket on that machine, where it is said.
        socket: Option<String>,
    },
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix { path } => write!(f, "unix://{}", path.display()),
            Self::Tcp { host, port } | Self::Tls { host, port, .. } => {
                write!(f, "tcp://{host}:{port}")
            }
            Self::Ssh {
                user,
                host,
                port,
                socket,
            } => {
                f.write_str("ssh://")?;
                if let Some(user) = user {
                    write!(f, "{user}@")?;
                }
                f.write_str(host)?;
                if let Some(port) = port {
                    write!(f, ":{port}")?;
                }
                f.write_str(socket.as_deref().unwrap_or_default())
            }
        }
    }
}

/// The engine that the user means: one endpoint, or several of which the first that answers is taken.
#[derive(Debug, Clone)]
pub struct Selection {
    /// What chose it, for a person: `DOCKER_HOST`, or `context <name>`.
    pub origin: String,
    /// Where to look, in order; never empty.
    pub candidates: Vec<Endpoint>,
}

/// What [`resolve`] may look at.
pub struct Lookup<'a> {
    /// The user's home folder.
    pub home: &'a Path,
    /// Looks a variable up.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// Reads a file.
    pub read: &'a dyn Fn(&Path) -> io::Result<Vec<u8>>,
}

impl Lookup<'_> {
    /// A variable that is set and not empty; Docker treats empty ones as unset.
    fn set(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|value| !value.is_empty())
    }

    /// Docker's configuration folder.
    fn config(&self) -> PathBuf {
        self.set("DOCKER_CONFIG")
            .map_or_else(|| self.home.join(".docker"), PathBuf::from)
    }

    /// A file, `None` where there is no such file.
    fn file(&self, file: &Path) -> Result<Option<Vec<u8>>, Fault> {
        match (self.read)(file) {
            Ok(bytes) if bytes.len() > MAX_FILE => Err(Fault::TooLong {
                file: file.to_owned(),
                limit: MAX_FILE,
            }),
            Ok(bytes) => Ok(Some(bytes)),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                Ok(None)
            }
            Err(source) => Err(Fault::Unreadable {
                file: file.to_owned(),
                source,
            }),
        }
    }
}

/// Finds out which engine the user means.
///
/// # Errors
/// [`BackendError::BadSettings`] where a variable, file or context names something that cannot or must not be used.
pub fn resolve(lookup: &Lookup<'_>) -> Result<Selection, BackendError> {
    if let Some(host) = lookup.set("DOCKER_HOST") {
        let place = "DOCKER_HOST";
        let files = tls_of_environment(lookup).map_err(|fault| bad_settings(place, fault))?;
        let endpoint = finish(&host, files).map_err(|fault| bad_settings(place, fault))?;
        return Ok(Selection {
            origin: place.to_owned(),
            candidates: vec![endpoint],
        });
    }
    let chosen = match lookup.set("DOCKER_CONTEXT") {
        Some(name) => Some(name),
        None => context::current(lookup)?,
    };
    match chosen.filter(|name| name != "default") {
        Some(name) => {
            let endpoint = context::endpoint(lookup, &name)?;
            Ok(Selection {
                origin: format!("context {name}"),
                candidates: vec![endpoint],
            })
        }
        None => Ok(Selection {
            origin: "context default".to_owned(),
            candidates: defaults(lookup),
        }),
    }
}

/// Where engines listen when nothing is configured: the system's, Docker Desktop's, OrbStack's, Colima's and a rootless one.
fn defaults(lookup: &Lookup<'_>) -> Vec<Endpoint> {
    let mut paths = vec![PathBuf::from("/var/run/docker.sock")];
    paths.extend(
        [
            ".docker/run/docker.sock",
            ".orbstack/run/docker.sock",
            ".colima/default/docker.sock",
        ]
        .map(|path| lookup.home.join(path)),
    );
    paths.extend(
        lookup
            .set("XDG_RUNTIME_DIR")
            .map(|folder| PathBuf::from(folder).join("docker.sock")),
    );
    paths
        .into_iter()
        .map(|path| Endpoint::Unix { path })
        .collect()
}

/// The certificates that go with `DOCKER_HOST`, where `DOCKER_TLS_VERIFY` asks for TLS.
fn tls_of_environment(lookup: &Lookup<'_>) -> Result<Option<TlsFiles>, Fault> {
    if lookup.set("DOCKER_TLS_VERIFY").is_none() {
        return if lookup.set("DOCKER_TLS").is_some() {
            Err(Fault::UncheckedTls)
        } else {
            Ok(None)
        };
    }
    let folder = lookup
        .set("DOCKER_CERT_PATH")
        .map_or_else(|| lookup.config(), PathBuf::from);
    tls_of_folder(lookup, &folder).map(Some)
}

/// Reads `ca.pem`, `cert.pem` and `key.pem` of a folder.
fn tls_of_folder(lookup: &Lookup<'_>, folder: &Path) -> Result<TlsFiles, Fault> {
    let needed = |name: &str| {
        let file = folder.join(name);
        let found = lookup.file(&file)?;
        found.ok_or_else(|| Fault::Unreadable {
            file,
            source: io::ErrorKind::NotFound.into(),
        })
    };
    let authority = needed("ca.pem")?;
    let identity = match lookup.file(&folder.join("cert.pem"))? {
        Some(certificate) => Some((certificate, Secret::new(needed("key.pem")?))),
        None => None,
    };
    Ok(TlsFiles {
        authority,
        identity,
    })
}

/// Joins an address with its certificates and refuses what would not be private.
fn finish(address: &str, files: Option<TlsFiles>) -> Result<Endpoint, Fault> {
    match (address::parse(address)?, files) {
        (Address::Unix { path }, _) => Ok(Endpoint::Unix { path }),
        (
            Address::Ssh {
                user,
                host,
                port,
                socket,
            },
            _,
        ) => Ok(Endpoint::Ssh {
            user,
            host,
            port,
            socket,
        }),
        (Address::Tcp { host, port }, Some(files)) => Ok(Endpoint::Tls {
            host,
            port: port.unwrap_or(2376),
            files,
        }),
        (Address::Tcp { host, port }, None) if address::is_loopback(&host) => Ok(Endpoint::Tcp {
            host,
            port: port.unwrap_or(2375),
        }),
        (Address::Tcp { host, .. }, None) => Err(Fault::PlainTcp { host }),
    }
}
