//! Passes bytes between ports on loopback and the doors' Unix sockets, both ways, with half-close.
//!
//! It never looks at the bytes. A door that is absent or refuses closes the client at once, so that programs fail fast instead of
//! waiting; sockets may appear, go and come back while it runs.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::copy_bidirectional_with_sizes;
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{Door, GuestError};

/// Connections open at once, over all doors; one more is closed at once.
pub const MAX_CONNECTIONS: usize = 1024;
/// Bytes held for each direction of a connection.
const BUFFER: usize = 64 * 1024;
/// Pause after the kernel refused to hand out a connection, such as when no file descriptor is left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);
/// How often, and how long apart, a door with a full queue is tried: a Unix socket refuses at once where TCP would wait.
const KNOCKS: usize = 100;
const KNOCK_PAUSE: Duration = Duration::from_millis(5);

struct Entrance {
    listener: TcpListener,
    socket: PathBuf,
}

/// The listening relay, before it passes anything.
pub struct Relay {
    entrances: Vec<Entrance>,
    places: Arc<Semaphore>,
}

impl Relay {
    /// Listens on the port of each door; port 0 takes a free one.
    ///
    /// # Errors
    /// [`GuestError::Listen`] where a port is taken.
    pub async fn bind(folder: &Path, doors: &[Door]) -> Result<Self, GuestError> {
        let mut entrances = Vec::with_capacity(doors.len());
        for door in doors {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, door.port))
                .await
                .map_err(|source| GuestError::Listen {
                    port: door.port,
                    source,
                })?;
            entrances.push(Entrance {
                listener,
                socket: folder.join(format!("{}.sock", door.name)),
            });
        }
        Ok(Self {
            entrances,
            places: Arc::new(Semaphore::new(MAX_CONNECTIONS)),
        })
    }

    /// Holds the relay to another number of connections at once.
    #[must_use]
    pub fn with_places(mut self, places: usize) -> Self {
        self.places = Arc::new(Semaphore::new(places));
        self
    }

    /// The addresses it listens on, in the order of the doors.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.entrances
            .iter()
            .filter_map(|entrance| entrance.listener.local_addr().ok())
            .collect()
    }

    /// Passes bytes until it is stopped. Open connections end with it.
    pub async fn run(self, stop: CancellationToken) {
        let mut doormen = JoinSet::new();
        for entrance in self.entrances {
            doormen.spawn(admit(entrance, Arc::clone(&self.places)));
        }
        stop.cancelled().await;
        doormen.shutdown().await;
    }
}

async fn admit(entrance: Entrance, places: Arc<Semaphore>) {
    let socket: Arc<Path> = entrance.socket.into();
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            accepted = entrance.listener.accept() => match accepted {
                Ok((client, _)) => {
                    if let Ok(place) = Arc::clone(&places).try_acquire_owned() {
                        let socket = Arc::clone(&socket);
                        open.spawn(async move {
                            pass(client, &socket).await;
                            drop(place);
                        });
                    }
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
            Some(_) = open.join_next(), if !open.is_empty() => {}
        }
    }
}

/// Errors end the one connection that they happen on and concern nobody else: the client sees it close.
async fn pass(mut client: TcpStream, socket: &Path) {
    if client.set_nodelay(true).is_err() {
        return;
    }
    if let Ok(mut door) = knock(socket).await {
        drop(copy_bidirectional_with_sizes(&mut client, &mut door, BUFFER, BUFFER).await);
    }
}

async fn knock(socket: &Path) -> io::Result<UnixStream> {
    for _ in 0..KNOCKS {
        match UnixStream::connect(socket).await {
            Err(busy) if busy.kind() == io::ErrorKind::WouldBlock => {
                tokio::time::sleep(KNOCK_PAUSE).await;
            }
            answer => return answer,
        }
    }
    Err(io::ErrorKind::TimedOut.into())
}
