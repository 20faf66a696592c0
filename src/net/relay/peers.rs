//! Which addresses the relay sends nothing to, whoever asks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

/// Nobody is called there: this machine, what is on its own wire, groups, what is not assigned, and where machines in
/// data centres ask who they are.
const NEVER_4: [(Ipv4Addr, u8); 9] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    // 169.254.169.254 too.
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    // Alibaba's and Azure's.
    (Ipv4Addr::new(100, 100, 100, 200), 32),
    (Ipv4Addr::new(168, 63, 129, 16), 32),
];

/// The same of IPv6, with the ways by which an IPv4 address is reached through one that looks like no such.
const NEVER_6: [(Ipv6Addr, u8); 8] = [
    // Unspecified, loopback, and IPv4 addresses in old forms.
    (Ipv6Addr::UNSPECIFIED, 64),
    (Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, 0, 0), 48),
    (Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, 0), 64),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10),
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8),
    // Amazon's and Google's.
    (Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), 128),
    (Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254), 128),
];

/// Networks that are somebody's own.
const PRIVATE_4: [(Ipv4Addr, u8); 5] = [
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
];

const PRIVATE_6: [(Ipv6Addr, u8); 2] =
    [(Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7), (Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0), 10)];

fn is_in_4(nets: &[(Ipv4Addr, u8)], ip: Ipv4Addr) -> bool {
    nets.iter().any(|(net, length)| Ipv4Net::new_assert(*net, *length).contains(&ip))
}

fn is_in_6(nets: &[(Ipv6Addr, u8)], ip: Ipv6Addr) -> bool {
    nets.iter().any(|(net, length)| Ipv6Net::new_assert(*net, *length).contains(&ip))
}

/// The IPv4 address that is reached through an IPv6 one, by translation or a tunnel.
fn through(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let bytes = ip.octets();
    let four = |at: usize| Ipv4Addr::new(bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]);
    match ip.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, ..] => Some(four(12)),
        [0x2002, ..] => Some(four(2)),
        _ => ip.to_ipv4_mapped(),
    }
}

/// An address in a network that is somebody's own.
pub(super) fn is_private(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => is_in_4(&PRIVATE_4, ip),
        IpAddr::V6(ip) => is_in_6(&PRIVATE_6, ip) || through(ip).is_some_and(|ip| is_in_4(&PRIVATE_4, ip)),
    }
}

/// An address that nobody is called at.
fn is_never(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => is_in_4(&NEVER_4, ip),
        IpAddr::V6(ip) => is_in_6(&NEVER_6, ip) || through(ip).is_some_and(|ip| is_in_4(&NEVER_4, ip)),
    }
}

/// Whether something may be sent there for a caller who may reach private networks, or may not. `own` are the addresses
/// of this machine.
pub(super) fn is_allowed(ip: IpAddr, reaches_private: bool, own: &[IpAddr]) -> bool {
    let ip = ip.to_canonical();
    let inner = match ip {
        IpAddr::V6(ip) => through(ip).map(IpAddr::V4),
        IpAddr::V4(_) => None,
    };
    let is_own = [Some(ip), inner].into_iter().flatten().any(|ip| own.contains(&ip));
    !is_never(ip) && !is_own && (reaches_private || !is_private(ip))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(ip: &str, reaches_private: bool) -> bool {
        is_allowed(ip.parse().unwrap(), reaches_private, &["203.0.113.5".parse().unwrap()])
    }

    #[test]
    fn nobody_is_called_at_this_machine_its_wire_or_a_service_of_the_data_centre_in_any_form() {
        for ip in [
            "0.0.0.0",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "169.254.0.1",
            "224.0.0.1",
            "239.255.255.250",
            "255.255.255.255",
            "240.0.0.1",
            "100.100.100.200",
            "168.63.129.16",
            "192.0.0.192",
            "203.0.113.5",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:203.0.113.5",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b::cb00:7105",
            "64:ff9b:1::a00:1",
            "2002:7f00:1::",
            "2002:cb00:7105::1",
            "2001::1",
            "fe80::1",
            "ff02::1",
            "fd00:ec2::254",
        ] {
            assert!(!allowed(ip, true) && !allowed(ip, false), "{ip}");
        }
    }

    #[test]
    fn private_networks_are_reached_only_from_private_ones() {
        for ip in ["10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "fd12::1", "::ffff:10.0.0.1", "2002:a00:1::"]
        {
            assert!(allowed(ip, true) && !allowed(ip, false), "{ip}");
            assert!(is_private(ip.parse().unwrap()), "{ip}");
        }
        for ip in ["198.51.100.1", "8.8.8.8", "2001:db8::1", "2a00::1"] {
            assert!(allowed(ip, false), "{ip}");
        }
    }
}
