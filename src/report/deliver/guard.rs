//! The SSRF guard: which addresses a destination may have.
//!
//! A destination's name is resolved by us and judged after resolution, at each connection, so a name that
//! changes its address between check and use gains nothing. Source of the ranges: the IANA special-purpose
//! address registries (RFC 6890 and successors); of the metadata addresses: "Instance metadata" in the EC2 user
//! guide (169.254.169.254 and fd00:ec2::254).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// A connection that the guard refused. Names neither host nor URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("its address is {0}, which is refused: set `allow_private = true` if that is intended")]
pub struct Refused(pub &'static str);

/// What is wrong with an address, if anything.
pub fn judge(address: IpAddr) -> Result<(), Refused> {
    let problem = match address {
        IpAddr::V4(address) => judge_v4(address),
        IpAddr::V6(address) => judge_v6(address),
    };
    problem.map_or(Ok(()), |class| Err(Refused(class)))
}

fn judge_v4(address: Ipv4Addr) -> Option<&'static str> {
    let [a, b, c, _] = address.octets();
    Some(match (a, b, c) {
        (0, ..) => "unspecified",
        (127, ..) => "loopback",
        (169, 254, _) => "link-local (instance metadata lives there)",
        (10, ..) | (172, 16..=31, _) | (192, 168, _) => "private",
        (100, 64..=127, _) => "shared address space (CGNAT)",
        (192, 0, 0 | 2) | (192, 88, 99) | (198, 18..=19, _) | (198, 51, 100) | (203, 0, 113) => "reserved",
        (224..=239, ..) => "multicast",
        (240.., ..) => "reserved",
        _ => return None,
    })
}

fn judge_v6(address: Ipv6Addr) -> Option<&'static str> {
    let segments = address.segments();
    let [a, b, c, d, e, f, g, h] = segments;
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        judge_v4(Ipv4Addr::new(a, b, c, d))
    };
    Some(match (a, b) {
        _ if address.is_unspecified() => "unspecified",
        _ if address.is_loopback() => "loopback",
        // Another spelling of IPv4 has no use but to slip past a check like this one.
        _ if address.to_ipv4_mapped().is_some() => "IPv4-mapped",
        (0, 0) if c == 0 && d == 0 && e == 0 && f == 0 => "IPv4-compatible",
        (0xfe80..=0xfebf, _) => "link-local",
        (0xfec0..=0xfeff, _) => "site-local",
        (0xfc00..=0xfdff, _) => "private (instance metadata lives there)",
        (0xff00.., _) => "multicast",
        (0x0100, 0) if c == 0 && d == 0 => "reserved",
        (0x2001, 0) => "a Teredo tunnel",
        (0x2001, 0x0db8) => "reserved",
        (0x64, 0xff9b) if c == 1 => "reserved",
        (0x64, 0xff9b) => return embedded(g, h),
        (0x2002, high) => return embedded(high, c),
        _ => return None,
    })
}

/// Resolves names with the system's resolver and refuses names with any refused address: a public receiver has
/// no business on a private network as well.
#[derive(Clone, Copy, Debug)]
pub(super) struct GuardedResolver;

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            for address in &found {
                judge(address.ip())?;
            }
            let addresses: Addrs = Box::new(found.into_iter());
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_not_public() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "169.254.170.2",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "100.64.0.1",
            "100.127.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::7f00:1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2002:a9fe:a9fe::1",
        ] {
            assert!(judge(address.parse().unwrap()).is_err(), "{address}");
        }
    }

    #[test]
    fn lets_public_addresses_through() {
        for address in [
            "8.8.8.8",
            "1.1.1.1",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "169.253.0.1",
            "198.17.0.1",
            "223.255.255.255",
            "2606:4700:4700::1111",
            "2001:4860:4860::8888",
            "64:ff9b::808:808",
            "2002:808:808::1",
        ] {
            assert_eq!(judge(address.parse().unwrap()), Ok(()), "{address}");
        }
    }
}
