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
pub enum Refused {
    /// Only where `allow_private` says so.
    #[error("its address is {0}, which is refused: set `allow_private = true` if that is intended")]
    Private(&'static str),
    /// No receiver of alerts is there, and the credentials of this host are.
    #[error("its address is link-local or the instance metadata's, which is never reached: give another one")]
    Never,
}

/// What is wrong with an address, if anything. With `allow_private` that is only what holds the credentials of this host.
///
/// # Errors
/// Why it is refused.
pub fn judge(address: IpAddr, allow_private: bool) -> Result<(), Refused> {
    if is_link_local(address) {
        return Err(Refused::Never);
    }
    let problem = match address {
        _ if allow_private => None,
        IpAddr::V4(address) => judge_v4(address),
        IpAddr::V6(address) => judge_v6(address),
    };
    problem.map_or(Ok(()), |class| Err(Refused::Private(class)))
}

/// Link-local addresses and those of EC2's own services, in every spelling: metadata, credentials of containers, time and
/// names (169.254.0.0/16 and fd00:ec2::/32).
fn is_link_local(address: IpAddr) -> bool {
    let v6 = match address {
        IpAddr::V4(address) => return address.is_link_local(),
        IpAddr::V6(address) => address,
    };
    let [a, b, c, d, e, f, g, h] = v6.segments();
    let embeds = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d).is_link_local()
    };
    match (a, b) {
        (0xfe80..=0xfebf, _) | (0xfd00, 0x0ec2) => true,
        // IPv4 within IPv6: mapped, compatible, translated (RFC 6052, RFC 8215), 6to4.
        (0, 0) if (c, d) == (0, 0) && matches!((e, f), (0, 0 | 0xffff) | (0xffff, 0)) => embeds(g, h),
        (0x64, 0xff9b) => embeds(g, h),
        (0x2002, high) => embeds(high, c),
        _ => false,
    }
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

/// Resolves names with the system's resolver. A public receiver has no business on a private network as well: a name with
/// any refused address is refused. A host in a private network has link-local addresses beside its own: of those it is
/// reached by none.
#[derive(Clone, Copy, Debug)]
pub(super) struct GuardedResolver {
    pub(super) allow_private: bool,
}

/// The addresses of a name that may be reached.
///
/// # Errors
/// When none may be, or one may not and only public ones are allowed.
pub(super) fn allowed(found: Vec<SocketAddr>, allow_private: bool) -> Result<Vec<SocketAddr>, Refused> {
    let mut allowed = Vec::new();
    let mut refused = None;
    for address in found {
        match judge(address.ip(), allow_private) {
            Ok(()) => allowed.push(address),
            Err(why) if allow_private => refused = Some(why),
            Err(why) => return Err(why),
        }
    }
    match refused {
        Some(why) if allowed.is_empty() => Err(why),
        _ => Ok(allowed),
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let allow_private = self.allow_private;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let addresses: Addrs = Box::new(allowed(found, allow_private)?.into_iter());
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
            assert!(judge(address.parse().unwrap(), false).is_err(), "{address}");
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
            assert_eq!(judge(address.parse().unwrap(), false), Ok(()), "{address}");
        }
    }

    #[test]
    fn the_credentials_of_this_host_are_reached_by_nobody() {
        for address in [
            "169.254.169.254",
            "169.254.170.2",
            "169.254.0.1",
            "fe80::1",
            "febf::1",
            "fd00:ec2::254",
            "fd00:ec2::23",
            "::ffff:169.254.169.254",
            "::169.254.169.254",
            "::ffff:0:169.254.169.254",
            "64:ff9b::169.254.169.254",
            "64:ff9b:1::169.254.169.254",
            "2002:a9fe:a9fe::1",
        ] {
            for allow_private in [false, true] {
                assert_eq!(judge(address.parse().unwrap(), allow_private), Err(Refused::Never), "{address}");
            }
        }
        for address in ["127.0.0.1", "10.0.0.1", "::1", "fd00::1", "::ffff:10.0.0.1", "169.253.0.1"] {
            assert_eq!(judge(address.parse().unwrap(), true), Ok(()), "{address}");
        }
    }

    #[test]
    fn a_name_is_reached_by_the_addresses_that_are_allowed() {
        let of =
            |texts: &[&str]| texts.iter().map(|text| SocketAddr::new(text.parse().unwrap(), 0)).collect::<Vec<_>>();
        let (metadata, mixed) = (of(&["169.254.169.254"]), of(&["fe80::1", "10.0.0.1"]));
        assert_eq!(allowed(metadata, true), Err(Refused::Never));
        assert_eq!(allowed(mixed.clone(), true), Ok(of(&["10.0.0.1"])));
        assert!(allowed(mixed, false).is_err());
        assert!(allowed(of(&["8.8.8.8", "10.0.0.1"]), false).is_err());
        assert_eq!(allowed(of(&["8.8.8.8"]), false), Ok(of(&["8.8.8.8"])));
    }
}
