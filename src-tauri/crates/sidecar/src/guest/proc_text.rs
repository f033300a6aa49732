//! Reads what the kernel says in `/proc` and `/etc/resolv.conf`: pure functions from text to facts.
//!
//! gVisor has no `/sys/class/net`, so `/proc` is the one place that every kind of guest has.

use std::net::IpAddr;

/// Network devices of `/proc/net/dev`, in the order in which they stand.
#[must_use]
pub fn devices(dev: &str) -> Vec<&str> {
    dev.lines()
        .filter_map(|line| Some(line.split_once(':')?.0.trim()))
        .collect()
}

/// Devices other than loopback that `/proc/net/route` sends anything to.
#[must_use]
pub fn routed(route: &str) -> Vec<&str> {
    let devices = route
        .lines()
        .skip(1)
        .filter_map(|line| line.split_whitespace().next());
    devices.filter(|device| *device != "lo").collect()
}

/// Devices other than loopback that `/proc/net/ipv6_route` sends anything to.
#[must_use]
pub fn routed_v6(route: &str) -> Vec<&str> {
    let devices = route
        .lines()
        .filter_map(|line| line.split_whitespace().last());
    devices.filter(|device| *device != "lo").collect()
}

/// Resolvers that `/etc/resolv.conf` names.
#[must_use]
pub fn nameservers(resolv: &str) -> Vec<IpAddr> {
    let values = resolv.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        (words.next()? == "nameserver")
            .then(|| words.next())
            .flatten()
    });
    values
        .filter_map(|address| {
            address
                .split_once('%')
                .map_or(address, |(ip, _)| ip)
                .parse()
                .ok()
        })
        .collect()
}

/// The value of one field of `/proc/PID/status`.
#[must_use]
pub fn status<'a>(status: &'a str, field: &str) -> Option<&'a str> {
    status
        .lines()
        .find_map(|line| Some(line.strip_prefix(field)?.strip_prefix(':')?.trim()))
}

/// The parent's id in `/proc/PID/stat`, in which the program's name can hold blanks and parentheses.
#[must_use]
pub fn parent(stat: &str) -> Option<i32> {
    let (_, rest) = stat.rsplit_once(") ")?;
    rest.split(' ').nth(1)?.parse().ok()
}
