//! Where links lead that nobody has asked for by a page: the first public URL, else where the server listens.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use tincan::config::Config;
use tincan::net::address_in_network;
use tincan::operator::Links;

/// Of a server with these settings that listens on an address, over https in the network where it is `secure`.
pub(super) fn links(config: &Config, address: SocketAddr, secure: bool) -> Links {
    if let Some(public) = config.public_urls.first() {
        return Links { place: format!("{}{}", public.origin(), public.prefix()), guessed: false };
    }
    let place = match address_in_network(address) {
        Some(address) => format!("{}://{address}", if secure { "https" } else { "http" }),
        None => {
            let here = address.ip().to_canonical();
            let here = if here.is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { here };
            format!("http://{}", SocketAddr::new(here, address.port()))
        }
    };
    Links { place, guessed: true }
}
