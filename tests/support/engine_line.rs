//! A line to the real engine that can be cut and mended, as when Docker is stopped and started again under a running product.

use std::path::{Path, PathBuf};

use tokio::io::copy_bidirectional;
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinHandle;

/// Where the engine itself listens.
const ENGINE: &str = "/var/run/docker.sock";

/// The line. It is cut when dropped.
pub struct EngineLine {
    socket: PathBuf,
    carrying: Option<JoinHandle<()>>,
}

impl EngineLine {
    /// Lays a line that begins at a socket in this folder. Must run in a runtime.
    #[must_use]
    pub fn lay(folder: &Path) -> Self {
        let mut line = Self {
            socket: folder.join("engine.sock"),
            carrying: None,
        };
        line.mend();
        line
    }

    /// What `DOCKER_HOST` is to be for the product to use the line.
    #[must_use]
    pub fn host(&self) -> String {
        format!("unix://{}", self.socket.display())
    }

    /// Cuts it: what runs over it breaks, and nothing new comes through.
    pub fn cut(&mut self) {
        if let Some(carrying) = self.carrying.take() {
            carrying.abort();
        }
        std::fs::remove_file(&self.socket).ok();
    }

    /// Makes it whole again.
    ///
    /// # Panics
    /// Where the socket cannot be made.
    pub fn mend(&mut self) {
        self.cut();
        let listener = UnixListener::bind(&self.socket).expect("a socket");
        self.carrying = Some(tokio::spawn(carry(listener)));
    }
}

impl Drop for EngineLine {
    fn drop(&mut self) {
        self.cut();
    }
}

/// Carries every connection; those that are open end with this.
async fn carry(listener: UnixListener) {
    let mut open = tokio::task::JoinSet::new();
    while let Ok((mut near, _)) = listener.accept().await {
        open.spawn(async move {
            if let Ok(mut far) = UnixStream::connect(ENGINE).await {
                copy_bidirectional(&mut near, &mut far).await.ok();
            }
        });
    }
}
