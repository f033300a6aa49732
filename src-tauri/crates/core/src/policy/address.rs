//! Which addresses may be dialled once a name was resolved: global unicast, and nothing that leads back to this machine or its
//! networks.
//!
//! A name that a bottle opens may resolve to anything, by mistake or by malice; this is the check after resolution. The ranges
//! are those of the IANA special-purpose registries (RFC 6890 and its updates), and the metadata services of the large clouds.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const METADATA: &str = "a cloud's metadata service";

/// Why an address must not be dialled; `None` where it may be.
#[must_use]
pub fn verdict(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => verdict_v4(address),
        IpAddr::V6(address) => verdict_v6(address),
    }
}

fn verdict_v4(address: Ipv4Addr) -> Option<&'static str> {
    match address.octets() {
        // 168.63.129.16 is public in form and Azure's wire server in fact.
        [169, 254, 169, 254] | [168, 63, 129, 16] => Some(METADATA),
        [0, 0, 0, 0] => Some("the unspecified address"),
        [0, ..] => Some("an address of this network (0.0.0.0/8)"),
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Some("a private address"),
        [127, ..] => Some("a loopback address"),
        [169, 254, ..] => Some("a link-local address"),
        [100, 64..=127, ..] => Some("a carrier's shared address (100.64.0.0/10)"),
        [192, 0, 0, _] => Some("a protocol assignment (192.0.0.0/24)"),
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => Some("a documentation address"),
        [192, 88, 99, _] => Some("a 6to4 relay (192.88.99.0/24)"),
        [198, 18 | 19, ..] => Some("a benchmarking address (198.18.0.0/15)"),
        [224..=239, ..] => Some("a multicast address"),
        [255, 255, 255, 255] => Some("the broadcast address"),
        [240..=255, ..] => Some("a reserved address (240.0.0.0/4)"),
        _ => None,
    }
}

fn verdict_v6(address: Ipv6Addr) -> Option<&'static str> {
    if let Some(inner) = embedded(address) {
        return verdict_v4(inner).or(Some("an IPv4 address inside an IPv6 address"));
    }
    match address.segments() {
        [0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254] => Some(METADATA),
        [0xfe80..=0xfebf, ..] => Some("a link-local address"),
        [0xfec0..=0xfeff, ..] => Some("a site-local address"),
        [0xfc00..=0xfdff, ..] => Some("a unique local address"),
        [0xff00..=0xffff, ..] => Some("a multicast address"),
        [0x2001, 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] => Some("a documentation address"),
        [0x2001, 0..=0x01ff, ..] => Some("a protocol assignment (2001::/23)"),
        [0x2000..=0x3fff, ..] => None,
        [0, 0, 0, 0, 0, 0, 0, 0] => Some("the unspecified address"),
        [0, 0, 0, 0, 0, 0, 0, 1] => Some("a loopback address"),
        _ => Some("not a global unicast address"),
    }
}

/// The IPv4 address that an IPv6 address carries: mapped, compatible, translated, NAT64, 6to4 or Teredo.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let pair = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match [a, b, c, d, e, f] {
        [0, 0, 0, 0, 0, 0] if g != 0 || h > 1 => Some(pair(g, h)),
        [0, 0, 0, 0, 0, 0xffff] | [0, 0, 0, 0, 0xffff, 0] => Some(pair(g, h)),
        [0x64, 0xff9b, 0, 0, 0, 0] | [0x64, 0xff9b, 1, ..] => Some(pair(g, h)),
        [0x2002, high, low, ..] => Some(pair(high, low)),
        // Teredo keeps the client's address with every bit turned over (RFC 4380).
        [0x2001, 0, ..] => Some(pair(!g, !h)),
        _ => None,
    }
}
