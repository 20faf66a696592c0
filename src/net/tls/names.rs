//! What a server may be called in its address: the names and the addresses of the machine, and which of them mean
//! nothing outside its network.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use crate::net::addresses::network_addresses;

/// A name or an address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Name {
    /// In lower case.
    Dns(String),
    /// An address.
    Address(IpAddr),
}

/// Ranges whose addresses mean something in one network alone.
const PRIVATE: [&str; 8] = [
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "fc00::/7",
    "::1/128",
];

impl Name {
    /// Reads one; `None` where it is neither.
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return Some(Self::Address(address.to_canonical()));
        }
        let text = text.trim_end_matches('.').to_ascii_lowercase();
        let label = |label: &str| {
            let sound = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
            (1..=63).contains(&label.len()) && label.bytes().all(sound)
        };
        (text.len() <= 253 && text.split('.').all(label)).then_some(Self::Dns(text))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => out.write_str(name),
            Self::Address(address) => address.fmt(out),
        }
    }
}

/// The private ranges.
pub(crate) fn private() -> impl Iterator<Item = IpNet> {
    PRIVATE.into_iter().map(|net| net.parse().expect("a range"))
}

/// What the machine is called, and its addresses of the kind that is listened on.
pub(crate) fn of_machine(listens_on: IpAddr) -> BTreeSet<Name> {
    let mut names: BTreeSet<Name> = called(&host_name()).into_iter().collect();
    names.extend([Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()].map(Name::Address));
    names.extend(network_addresses(listens_on).into_iter().map(|address| Name::Address(address.to_canonical())));
    names
}

/// The machine's name as it knows itself.
pub(crate) fn host_name() -> String {
    gethostname::gethostname().to_string_lossy().into_owned()
}

/// Under which names a machine of this name is asked for.
fn called(host: &str) -> Vec<Name> {
    let short = host.split('.').next().unwrap_or(host);
    let names = ["localhost", host, short].into_iter().filter_map(Name::parse);
    names.chain(local(host).map(Name::Dns)).collect()
}

/// What a machine of this name is called in its network; `None` where that cannot be a name.
pub(crate) fn local(host: &str) -> Option<String> {
    let short = host.split('.').next().unwrap_or(host);
    match Name::parse(&format!("{short}.local")) {
        Some(Name::Dns(name)) => Some(name),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_of_dns_or_an_address() {
        assert_eq!(Name::parse("Chat.Example.com."), Some(Name::Dns("chat.example.com".to_owned())));
        assert_eq!(Name::parse("::ffff:10.0.0.1"), Some(Name::Address([10, 0, 0, 1].into())));
        for bad in ["", ".", "a..b", "a b", "é", "*.example.com", "[::1]"] {
            assert_eq!(Name::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_machine_is_called_by_its_whole_its_short_and_its_local_name() {
        let names: Vec<String> = called("Laptop.example.com").iter().map(ToString::to_string).collect();
        assert_eq!(names, ["localhost", "laptop.example.com", "laptop", "laptop.local"]);
        assert!(of_machine([0, 0, 0, 0].into()).contains(&Name::Address([127, 0, 0, 1].into())));
        let one = of_machine([192, 0, 2, 7].into());
        assert!(one.contains(&Name::Address([192, 0, 2, 7].into())));
    }

    #[test]
    fn private_ranges_are_ranges() {
        assert_eq!(private().count(), PRIVATE.len());
    }
}
