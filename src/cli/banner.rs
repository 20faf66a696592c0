//! What the server says when it starts. Never a secret.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use tincan::config::{Client, Config};
use tincan::store::Engine;

use super::output::table;

/// More addresses than these confuse.
const NETWORK_ADDRESSES: usize = 3;

/// The message of a server that listens on `address`.
pub(super) fn message(config: &Config, address: SocketAddr, engine: Engine, secret_origin: &str) -> String {
    let row = |name: &str, value: String| [format!("  {name}"), value];
    let mut rows = Vec::new();
    // `::ffff:127.0.0.1` is 127.0.0.1.
    let address = SocketAddr::from((address.ip().to_canonical(), address.port()));
    let reaches_network = !address.ip().is_loopback();
    if address.ip().is_unspecified() || !reaches_network {
        rows.push(row("on this machine", format!("http://{}", on_this_machine(address))));
    }
    if reaches_network {
        rows.extend(network(address).into_iter().map(|ip| row("in the network", url(ip, address.port()))));
    }
    rows.push(row(
        "store",
        match engine {
            Engine::PoloDb => format!("PoloDB, embedded, in {}", absolute(&config.data_dir)),
            Engine::MongoDb => format!("MongoDB; data directory {}", absolute(&config.data_dir)),
        },
    ));
    let signup =
        if config.signup_open { "open to whoever reaches this server" } else { "closed; tincan user add NAME EMAIL" };
    rows.push(row("sign-up", signup.to_owned()));
    rows.push(row("token secret", secret_origin.to_owned()));
    match &config.client {
        Client::BuiltIn => {}
        Client::Directory(path) => rows.push(row("web client", absolute(path))),
        Client::Off => rows.push(row("web client", "off".to_owned())),
    }
    let https = if reaches_network {
        "  Browsers give camera and microphone to pages from other machines over https only: put a proxy with a\n  certificate in front for calls across the network, and name it with --trusted-proxy.\n"
    } else {
        "  Other machines cannot reach it. Where they are to, browsers give them camera and microphone over https only.\n"
    };
    format!("Tincan {}\n{}{https}", env!("CARGO_PKG_VERSION"), table(&rows))
}

/// Where it answers on this machine. `localhost` is 127.0.0.1 to every browser, and to some nothing else: no name for another address.
fn on_this_machine(address: SocketAddr) -> String {
    if address.ip().is_unspecified() || address.ip() == Ipv4Addr::LOCALHOST {
        format!("localhost:{}", address.port())
    } else {
        address.to_string()
    }
}

/// This machine's addresses in the network, of the kind that is listened on.
fn network(address: SocketAddr) -> Vec<IpAddr> {
    if !address.ip().is_unspecified() {
        return vec![address.ip()];
    }
    // Without a list of interfaces the message has a line less; the server does not need it.
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let reachable = |ip: &IpAddr| match ip {
        IpAddr::V4(ip) => !ip.is_loopback() && !ip.is_link_local(),
        IpAddr::V6(ip) => address.is_ipv6() && !ip.is_loopback() && !ip.is_unicast_link_local(),
    };
    interfaces.iter().map(if_addrs::Interface::ip).filter(reachable).take(NETWORK_ADDRESSES).collect()
}

fn url(ip: IpAddr, port: u16) -> String {
    format!("http://{}", SocketAddr::from((ip, port)))
}

fn absolute(path: &std::path::Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn localhost_is_named_only_where_it_answers() {
        for (listens, named) in [
            ("127.0.0.1:5000", "localhost:5000"),
            ("0.0.0.0:5000", "localhost:5000"),
            ("[::]:5000", "localhost:5000"),
            ("127.0.0.2:5000", "127.0.0.2:5000"),
            ("[::1]:5000", "[::1]:5000"),
        ] {
            assert_eq!(on_this_machine(listens.parse().unwrap()), named);
        }
    }
}
