//! Takes an engine's address apart. Knows nothing of certificates or of where the address came from.

use std::net::IpAddr;
use std::path::PathBuf;

use crate::fault::Fault;

/// The parts of an address.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Address {
    Unix {
        path: PathBuf,
    },
    Tcp {
        host: String,
        port: Option<u16>,
    },
    Ssh {
        user: Option<String>,
        host: String,
        port: Option<u16>,
        socket: Option<String>,
    },
}

/// Reads `unix://`, `tcp://` (also written `http://`) and `ssh://` addresses.
pub(super) fn parse(address: &str) -> Result<Address, Fault> {
    let bad = || Fault::BadAddress {
        address: address.to_owned(),
    };
    let unknown = || Fault::UnknownScheme {
        address: address.to_owned(),
    };
    let (scheme, rest) = address.split_once("://").ok_or_else(unknown)?;
    match scheme {
        "unix" if rest.starts_with('/') => Ok(Address::Unix {
            path: PathBuf::from(rest),
        }),
        "unix" => Err(bad()),
        "tcp" | "http" | "https" => {
            let (host, port) = host_and_port(rest.trim_end_matches('/')).ok_or_else(bad)?;
            Ok(Address::Tcp { host, port })
        }
        "ssh" => {
            let (authority, socket) = match rest.find('/') {
                Some(at) => rest.split_at(at),
                None => (rest, ""),
            };
            let (user, place) = match authority.rsplit_once('@') {
                Some((user, place)) => (Some(user), place),
                None => (None, authority),
            };
            let (host, port) = host_and_port(place).ok_or_else(bad)?;
            let user = user
                .map(|user| {
                    if is_plain(user) {
                        Ok(user.to_owned())
                    } else {
                        Err(bad())
                    }
                })
                .transpose()?;
            let socket = Some(socket)
                .filter(|path| !matches!(*path, "" | "/"))
                .map(str::to_owned);
            if socket
                .as_deref()
                .is_some_and(|path| !path.bytes().all(is_path_byte))
            {
                return Err(bad());
            }
            Ok(Address::Ssh {
                user,
                host,
                port,
                socket,
            })
        }
        _ => Err(unknown()),
    }
}

/// Splits `host`, `host:port`, `[v6]` and `[v6]:port`.
fn host_and_port(text: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']')?;
            let port = if after.is_empty() {
                None
            } else {
                Some(after.strip_prefix(':')?)
            };
            (host, port)
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let port = port
        .map(|port| port.parse().ok().filter(|port| *port != 0))
        .map_or(Some(None), |p| p.map(Some))?;
    let fits = host.parse::<IpAddr>().is_ok() || is_plain(host);
    fits.then(|| (host.to_owned(), port))
}

/// Whether a host or user can be an argument of `ssh`: no leading hyphen, which it would read as an option, and nothing for a shell.
fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('-')
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
}

/// Whether a byte can stand in the path of a remote socket without meaning anything to the remote shell.
const fn is_path_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'-' | b'_')
}

/// Whether a host is this machine for certain.
pub(super) fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}
