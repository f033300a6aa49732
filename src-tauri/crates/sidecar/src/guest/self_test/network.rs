//! Tries to leave over the network in every way that a program without rights has.
//!
//! Only an error that says there is no way counts as a wall. Silence does not: a packet that nobody answered may have carried
//! something out. Loopback is the exception, where silence means that nobody listens.

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs, UdpSocket};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use nix::ifaddrs::getifaddrs;
use rustix::io::Errno;
use rustix::net::{AddressFamily, RawProtocol, SendFlags, SocketType, ipproto, sendto, socket};

use super::{Finding, Options};
use crate::guest::proc_text;

/// How long an answer is waited for. Where nothing leaves, none of these waits happens.
const LIMIT: Duration = Duration::from_millis(300);
const DNS: u16 = 53;
/// A name that every working resolver knows; the foreign host may be one that none knows.
const KNOWN_NAME: &str = "example.com";
/// Most resolvers of `/etc/resolv.conf` that are asked.
const MAX_RESOLVERS: usize = 6;

const fn v4(a: u8, b: u8, c: u8, d: u8, port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(a, b, c, d)), port)
}

/// The public internet, the metadata service of clouds, and the usual gateways of Docker, Docker Desktop and user-mode networks.
const PLACES: [SocketAddr; 6] = [
    v4(1, 1, 1, 1, 443),
    v4(8, 8, 8, 8, DNS),
    v4(169, 254, 169, 254, 80),
    v4(172, 17, 0, 1, 80),
    v4(192, 168, 65, 254, 80),
    v4(10, 0, 2, 2, 80),
];
/// Neighbours that answer to names.
const MULTICAST: SocketAddr = v4(224, 0, 0, 251, 5353);
const PLACES_V6: [SocketAddr; 2] = [
    SocketAddr::new(
        IpAddr::V6(Ipv6Addr::new(0x2606, 0x4700, 0x4700, 0, 0, 0, 0, 0x1111)),
        443,
    ),
    SocketAddr::new(
        IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
        80,
    ),
];

pub(super) fn loopback_only(_: &Options) -> Finding {
    let addresses = match getifaddrs() {
        Ok(addresses) => addresses,
        Err(error) => return Finding::bad(format!("cannot list addresses: {error}")),
    };
    let held = addresses.filter_map(|held| {
        let address = held.address?;
        let ip = address.as_sockaddr_in().map(|v4| IpAddr::V4(v4.ip()));
        let ip = ip.or_else(|| address.as_sockaddr_in6().map(|v6| IpAddr::V6(v6.ip())))?;
        Some((held.interface_name, ip))
    });
    let dev = fs::read_to_string("/proc/net/dev").unwrap_or_default();
    let devices = proc_text::devices(&dev).join(", ");
    Finding::unless(
        &stray_addresses(held),
        format!("devices: {devices}; addresses on lo only"),
    )
}

/// Addresses that are not loopback's, each with its device.
pub fn stray_addresses(held: impl Iterator<Item = (String, IpAddr)>) -> Vec<String> {
    held.filter(|(device, ip)| device != "lo" || !ip.is_loopback())
        .map(|(device, ip)| format!("{device} has {ip}"))
        .collect()
}

pub(super) fn no_route(_: &Options) -> Finding {
    let v4 = match fs::read_to_string("/proc/net/route") {
        Ok(text) => text,
        Err(error) => return Finding::bad(format!("cannot read /proc/net/route: {error}")),
    };
    // The file is absent where the kernel has no IPv6.
    let v6 = fs::read_to_string("/proc/net/ipv6_route").unwrap_or_default();
    let devices = proc_text::routed(&v4)
        .into_iter()
        .chain(proc_text::routed_v6(&v6));
    let routes: Vec<String> = devices
        .map(|device| format!("a route over {device}"))
        .collect();
    Finding::unless(&routes, "no route besides loopback's own")
}

pub(super) fn no_tcp(_: &Options) -> Finding {
    all(&PLACES, connect)
}

pub(super) fn no_udp(_: &Options) -> Finding {
    let places: Vec<SocketAddr> = PLACES.into_iter().chain([MULTICAST]).collect();
    all(&places, send)
}

pub(super) fn no_ipv6(_: &Options) -> Finding {
    all(&PLACES_V6, |place| connect(place).and_then(|_| send(place)))
}

/// Tries every place at once; the first wall stands for all where they all hold.
fn all(places: &[SocketAddr], way: fn(SocketAddr) -> Result<String, String>) -> Finding {
    let tries: Vec<_> = thread::scope(|scope| {
        let tries: Vec<_> = places
            .iter()
            .map(|place| scope.spawn(move || way(*place)))
            .collect();
        let lost = || Err("a try ended without a result".to_owned());
        tries
            .into_iter()
            .map(|one| one.join().unwrap_or_else(|_| lost()))
            .collect()
    });
    let holes: Vec<String> = tries.iter().filter_map(|one| one.clone().err()).collect();
    let wall = tries.into_iter().find_map(Result::ok).unwrap_or_default();
    Finding::unless(&holes, format!("{} places tried, {wall}", places.len()))
}

fn connect(place: SocketAddr) -> Result<String, String> {
    match TcpStream::connect_timeout(&place, LIMIT) {
        Ok(_) => Err(format!("connected to {place}")),
        Err(error) => walled("connecting to", place, &error),
    }
}

fn send(place: SocketAddr) -> Result<String, String> {
    match question_to(place, b"bottle") {
        Ok(_) => Err(format!("a packet to {place} was sent")),
        Err(error) => walled("sending to", place, &error),
    }
}

fn question_to(place: SocketAddr, bytes: &[u8]) -> io::Result<UdpSocket> {
    let any: IpAddr = match place {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0))?;
    socket.connect(place)?;
    socket.send(bytes)?;
    Ok(socket)
}

fn walled(doing: &str, place: SocketAddr, error: &io::Error) -> Result<String, String> {
    let seen = format!("{doing} {place}: {error}");
    if is_walled(error) {
        Ok(seen)
    } else {
        Err(seen)
    }
}

/// Whether an error of the network says that there is no way out. A refusal or silence says the opposite: something is out there.
#[must_use]
pub fn is_walled(error: &io::Error) -> bool {
    const WALLS: [Errno; 8] = [
        Errno::NETUNREACH,
        Errno::HOSTUNREACH,
        Errno::NETDOWN,
        Errno::ADDRNOTAVAIL,
        Errno::AFNOSUPPORT,
        Errno::ACCESS,
        Errno::PERM,
        Errno::NODEV,
    ];
    Errno::from_io_error(error).is_some_and(|errno| WALLS.contains(&errno))
}

pub(super) fn no_resolver(_: &Options) -> Finding {
    let text = fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    let mut resolvers = vec![IpAddr::V4(Ipv4Addr::new(127, 0, 0, 11))];
    resolvers.extend(
        proc_text::nameservers(&text)
            .into_iter()
            .take(MAX_RESOLVERS),
    );
    resolvers.dedup();
    let query = query(KNOWN_NAME);
    let mut holes: Vec<String> = thread::scope(|scope| {
        let tries: Vec<_> = resolvers
            .iter()
            .map(|ip| scope.spawn(|| ask(SocketAddr::new(*ip, DNS), &query)))
            .collect();
        tries
            .into_iter()
            .filter_map(|one| one.join().ok().flatten())
            .collect()
    });
    holes.extend(look_up(KNOWN_NAME));
    Finding::unless(
        &holes,
        format!("{} resolvers tried, none answers", resolvers.len()),
    )
}

/// What is wrong with a resolver, if anything.
fn ask(resolver: SocketAddr, query: &[u8]) -> Option<String> {
    let socket = match question_to(resolver, query) {
        Ok(socket) => socket,
        Err(_) => return None,
    };
    if !resolver.ip().is_loopback() {
        return Some(format!("a packet to the resolver {resolver} was sent"));
    }
    socket.set_read_timeout(Some(LIMIT)).ok()?;
    let answer = socket.recv(&mut [0; 512]);
    answer
        .is_ok()
        .then(|| format!("the resolver {resolver} answers"))
}

/// A question for the IPv4 address of a host, as RFC 1035 writes it.
fn query(host: &str) -> Vec<u8> {
    let mut bytes = vec![0xb0, 0x77, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in host.split('.') {
        bytes.push(u8::try_from(label.len().min(63)).unwrap_or_default());
        bytes.extend(label.bytes().take(63));
    }
    bytes.extend([0, 0, 1, 0, 1]);
    bytes
}

/// Asks as programs do, through the C library, which has no time limit of its own that fits here.
fn look_up(host: &'static str) -> Option<String> {
    let (sender, receiver) = mpsc::channel();
    let work = move || sender.send((host, 443).to_socket_addrs().is_ok());
    drop(thread::Builder::new().spawn(work));
    let resolved = receiver.recv_timeout(LIMIT).unwrap_or(false);
    resolved.then(|| format!("the name {host} was resolved"))
}

pub(super) fn no_raw_socket(_: &Options) -> Finding {
    let raw = |family, protocol: u32| {
        let protocol = rustix::net::Protocol::from_raw(RawProtocol::new(protocol)?);
        Some(socket(family, SocketType::RAW, Some(protocol)).is_ok())
    };
    let mut holes = Vec::new();
    for (family, name) in [
        (AddressFamily::INET, "IPv4"),
        (AddressFamily::INET6, "IPv6"),
        (AddressFamily::PACKET, "packets"),
    ] {
        // Protocol 1 is ICMP, and for packets one that nothing sends.
        if raw(family, 1) == Some(true) {
            holes.push(format!("a raw socket for {name} was opened"));
        }
    }
    if let Ok(ping) = socket(AddressFamily::INET, SocketType::DGRAM, Some(ipproto::ICMP)) {
        // An echo request; the kernel fills in checksum and identifier.
        let echo = [8, 0, 0, 0, 0, 0, 0, 1];
        if sendto(&ping, &echo, SendFlags::empty(), &v4(1, 1, 1, 1, 0)).is_ok() {
            holes.push("a ping was sent".to_owned());
        }
    }
    Finding::unless(&holes, "no raw socket, no ping")
}
