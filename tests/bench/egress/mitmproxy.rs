//! mitmdump with the same work as our door: one open host, the credential put in, bodies streamed.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::upstream;

const ADDON: &str = include_str!("mitmproxy/inject.py");
/// It starts in a second on a machine that has nothing else to do.
const PATIENCE: Duration = Duration::from_secs(60);
const GLANCE: Duration = Duration::from_millis(20);

/// A running mitmdump. Ends when dropped.
pub struct Mitmdump {
    child: Child,
    /// Its port on loopback.
    pub port: u16,
    /// The certificate of its authority.
    pub authority: PathBuf,
}

impl Mitmdump {
    /// Starts it with its files in a folder, trusting one authority.
    pub fn start(program: &Path, folder: &Path, trusted: &Path) -> Result<Self> {
        let addon = folder.join("inject.py");
        fs::write(&addon, ADDON.replace("@CREDENTIAL@", upstream::CREDENTIAL))?;
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let set = |name: &str, path: &Path| format!("{name}={}", path.display());
        let child = Command::new(program)
            .args(["--quiet", "--mode", "regular", "--listen-host", "127.0.0.1"])
            .args(["--listen-port", &port.to_string()])
            .args([
                "--set",
                "flow_detail=0",
                "--set",
                "connection_strategy=lazy",
            ])
            .args(["--set", &set("confdir", folder)])
            .args(["--set", &set("ssl_verify_upstream_trusted_ca", trusted)])
            .arg("--scripts")
            .arg(&addon)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot run {}", program.display()))?;
        let authority = folder.join("mitmproxy-ca-cert.pem");
        let mut mitmdump = Self {
            child,
            port,
            authority,
        };
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", port)).is_err() || !mitmdump.authority.is_file() {
            if Instant::now() > deadline || mitmdump.child.try_wait()?.is_some() {
                bail!("mitmdump did not start");
            }
            sleep(GLANCE);
        }
        Ok(mitmdump)
    }

    /// Its process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Mitmdump {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
