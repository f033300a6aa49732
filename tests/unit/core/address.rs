//! Which addresses may be dialled.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bottle_core::policy::address::verdict;
use proptest::prelude::*;

fn refused(text: &str) -> &'static str {
    verdict(text.parse().unwrap()).unwrap_or_else(|| panic!("{text} must be refused"))
}

#[test]
fn global_unicast_passes() {
    for text in [
        "1.1.1.1",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.1",
        "160.79.104.10",
        "169.253.255.255",
        "172.15.255.255",
        "172.32.0.0",
        "191.255.255.255",
        "192.0.1.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2606:4700::1111",
        "2607:6bc0::10",
        "2a00:1450:4001:81a::200e",
        "3ffe:ffff::1",
    ] {
        assert_eq!(verdict(text.parse().unwrap()), None, "{text}");
    }
}

#[test]
fn edges_of_every_special_range_are_refused() {
    for text in [
        "0.0.0.0",
        "0.255.255.255",
        "10.0.0.0",
        "10.255.255.255",
        "100.64.0.0",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.255",
        "169.254.0.0",
        "169.254.255.255",
        "172.16.0.0",
        "172.31.255.255",
        "192.0.0.0",
        "192.0.0.255",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.0",
        "192.168.255.255",
        "198.18.0.0",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.0",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "feff::1",
        "fc00::1",
        "fdff::1",
        "ff02::1",
        "2001:db8::1",
        "3fff::1",
        "2001:2::1",
        "2001:10::1",
        "2001:20::1",
        "100::1",
        "5f00::1",
        "4000::1",
    ] {
        refused(text);
    }
}

#[test]
fn metadata_services_are_named() {
    for text in [
        "169.254.169.254",
        "168.63.129.16",
        "fd00:ec2::254",
        "::ffff:169.254.169.254",
    ] {
        assert_eq!(refused(text), "a cloud's metadata service", "{text}");
    }
}

#[test]
fn embedded_addresses_are_refused_for_what_they_carry() {
    for text in [
        "::ffff:127.0.0.1",
        "::127.0.0.1",
        "::ffff:0:127.0.0.1",
        "64:ff9b::127.0.0.1",
        "64:ff9b:1::127.0.0.1",
        "2002:7f00:1::1",
        // Teredo keeps 127.0.0.1 turned over.
        "2001:0:4136:e378:8000:63bf:80ff:fffe",
    ] {
        assert_eq!(refused(text), "a loopback address", "{text}");
    }
}

#[test]
fn embedded_public_addresses_are_refused_too() {
    for text in [
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
        "2002:808:808::1",
        "::8.8.8.8",
    ] {
        assert_eq!(
            refused(text),
            "an IPv4 address inside an IPv6 address",
            "{text}"
        );
    }
}

proptest! {
    #[test]
    fn what_the_standard_library_calls_local_never_passes(bits: u32) {
        let address = Ipv4Addr::from(bits);
        let local = address.is_private() || address.is_loopback() || address.is_link_local()
            || address.is_multicast() || address.is_broadcast() || address.is_unspecified()
            || address.is_documentation();
        prop_assert!(!local || verdict(IpAddr::V4(address)).is_some());
    }

    #[test]
    fn only_2000_to_3fff_passes_in_ipv6(bits: u128) {
        let address = Ipv6Addr::from(bits);
        let unicast = address.segments()[0] & 0xe000 == 0x2000;
        prop_assert!(unicast || verdict(IpAddr::V6(address)).is_some());
    }

    #[test]
    fn no_wrapping_of_ipv4_passes(bits: u32) {
        let v4 = u128::from(bits);
        let nat64 = 0x64_ff9b_u128 << 96;
        let six_to_four = (0x2002_u128 << 112) | (v4 << 80);
        let teredo = (0x2001_0000_u128 << 96) | v4;
        for wrapped in [v4, v4 | 0xffff_0000_0000, v4 | 0xffff_0000_0000_0000, v4 | nat64, six_to_four, teredo] {
            prop_assert!(verdict(IpAddr::V6(Ipv6Addr::from(wrapped))).is_some());
        }
    }
}
