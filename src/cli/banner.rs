//! What the server says when it starts. Never a secret.

use std::net::{Ipv4Addr, SocketAddr};

use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;
use tincan::App;
use tincan::config::{Client, Config, Signup};
use tincan::net::{Tls, address_in_network, network_addresses};
use tincan::store::Engine;

use super::output::table;

/// More addresses than these confuse.
const NETWORK_ADDRESSES: usize = 3;

/// What a message tells of.
pub(super) struct Started<'a> {
    /// The settings.
    pub config: &'a Config,
    /// Where it listens.
    pub address: SocketAddr,
    /// What was put together.
    pub app: &'a App,
    /// Where the secret that signs tokens came from.
    pub secret_set_by: &'a str,
    /// What https is served with.
    pub tls: Option<&'a Tls>,
    /// The link by which the first account is made, where it takes one.
    pub first: Option<String>,
    /// The name under which the machine is announced in the network.
    pub announced: Option<&'a str>,
    /// With a QR code of the link that a phone in the network opens.
    pub with_picture: bool,
}

/// The message of a server that has started.
pub(super) fn message(started: &Started<'_>) -> String {
    let Started { config, app, secret_set_by, tls, .. } = *started;
    // `::ffff:127.0.0.1` is 127.0.0.1.
    let address = SocketAddr::from((started.address.ip().to_canonical(), started.address.port()));
    let mut rows = links(address, tls, started.announced);
    rows.push(row(
        "store",
        match app.store().engine() {
            Engine::PoloDb => format!("PoloDB, embedded, in {}", absolute(&config.data_dir)),
            Engine::MongoDb => format!("MongoDB; data directory {}", absolute(&config.data_dir)),
        },
    ));
    match app.bus().others() {
        0 => {}
        1 => rows.push(row("servers", "this one and another one".to_owned())),
        others => rows.push(row("servers", format!("this one and {others} others"))),
    }
    let signup = match config.signup {
        Signup::Open => "open to whoever reaches this server",
        Signup::Invite => "with an invitation; tincan invite, or in the client",
        Signup::Closed => "closed but for invitations of administrators; tincan user add NAME EMAIL",
    };
    rows.push(row("sign-up", signup.to_owned()));
    rows.push(row("relay", relay(config, app)));
    rows.push(row("token secret", secret_set_by.to_owned()));
    match &config.client {
        Client::BuiltIn => {}
        Client::Directory(path) => rows.push(row("web client", absolute(path))),
        Client::Off => rows.push(row("web client", "off".to_owned())),
    }
    let of_calls = of_calls(!address.ip().is_loopback(), tls);
    let link = link_for_phones(config, address, tls).filter(|_| started.with_picture && started.first.is_none());
    let picture = link.and_then(|link| picture(&link)).unwrap_or_default();
    let picture = started.first.as_ref().map_or(picture, |link| first_account(link, started.with_picture));
    format!("Tincan {}\n{}{of_calls}{picture}", env!("CARGO_PKG_VERSION"), table(&rows))
}

/// The link that a phone opens: a public one, or in the network the one that has camera and microphone.
fn link_for_phones(config: &Config, address: SocketAddr, tls: Option<&Tls>) -> Option<String> {
    if let Some(public) = config.public_urls.first() {
        return Some(format!("{}{}", public.origin(), public.prefix()));
    }
    let scheme = if tls.is_some() { "https" } else { "http" };
    address_in_network(address).map(|address| format!("{scheme}://{address}"))
}

/// How the first account is made.
fn first_account(link: &str, with_picture: bool) -> String {
    let picture = with_picture.then(|| picture(link)).flatten();
    let link = picture.unwrap_or_else(|| format!("  {link}\n"));
    format!(
        "\n  Nobody has an account yet. Whoever follows this link first makes one, and is the administrator:\n{link}"
    )
}

/// A QR code in characters, for a dark terminal, and below it what it says.
pub(super) fn picture(link: &str) -> Option<String> {
    let code = QrCode::new(link).ok()?;
    let drawn = code.render().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build();
    let lines: String = drawn.lines().map(|line| format!("  {line}\n")).collect();
    Some(format!("\n{lines}  {link}\n"))
}

fn row(name: &str, value: String) -> [String; 2] {
    [format!("  {name}"), value]
}

/// Where it is reached, and how its own authority is told from another.
fn links(address: SocketAddr, tls: Option<&Tls>, announced: Option<&str>) -> Vec<[String; 2]> {
    let trust = tls.and_then(Tls::trust);
    // Where everybody trusts the certificate, http only leads to it.
    let scheme = if tls.is_some() && trust.is_none() { "https" } else { "http" };
    let mut rows = Vec::new();
    let reaches_network = !address.ip().is_loopback();
    if address.ip().is_unspecified() || !reaches_network {
        rows.push(row("on this machine", format!("http://{}", on_this_machine(address))));
    }
    if reaches_network {
        let network = network_addresses(address.ip()).into_iter().take(NETWORK_ADDRESSES);
        let network: Vec<SocketAddr> = network.map(|ip| SocketAddr::from((ip, address.port()))).collect();
        let named = announced.map(|name| format!("{name}:{}", address.port()));
        let network: Vec<String> = named.into_iter().chain(network.iter().map(ToString::to_string)).collect();
        rows.extend(network.iter().map(|place| row("in the network", format!("{scheme}://{place}"))));
        if trust.is_some() {
            rows.extend(network.iter().map(|place| row("for calls", format!("https://{place}"))));
        }
    }
    if let Some(trust) = trust {
        rows.push(row("fingerprint", trust.fingerprint().to_owned()));
    }
    rows
}

fn of_calls(reaches_network: bool, tls: Option<&Tls>) -> &'static str {
    match (reaches_network, tls) {
        (false, _) => {
            "  Other machines cannot reach it. Where they are to, browsers give them camera and microphone over https \
             only.\n"
        }
        (true, None) => {
            "  Browsers give camera and microphone to pages from other machines over https only: put a proxy with a\n  \
             certificate in front for calls across the network, and name it with --trusted-proxy.\n"
        }
        (true, Some(tls)) if tls.trust().is_some() => {
            "  Browsers give camera and microphone to pages from other machines over https only, and warn of a\n  \
             server that vouches for itself: its page /trust says how to trust it, by the fingerprint above.\n"
        }
        (true, Some(_)) => "",
    }
}

/// How calls are relayed that find no way of their own.
fn relay(config: &Config, app: &App) -> String {
    match app.relay().map(|relay| relay.port()) {
        Some(Some(port)) => format!("for calls, on port {port}, UDP and TCP"),
        Some(None) => "for calls, on this port alone (TCP)".to_owned(),
        None if config.turn_urls.is_empty() => "off".to_owned(),
        None => config.turn_urls.join(" "),
    }
}

/// Where it answers on this machine. `localhost` is 127.0.0.1 to every browser, and to some nothing else: no name for
/// another address.
fn on_this_machine(address: SocketAddr) -> String {
    if address.ip().is_unspecified() || address.ip() == Ipv4Addr::LOCALHOST {
        format!("localhost:{}", address.port())
    } else {
        address.to_string()
    }
}

fn absolute(path: &std::path::Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_as_wide_as_it_is_high_and_says_the_link_below() {
        let picture = picture("https://192.168.0.2:5000").unwrap();
        let mut lines: Vec<&str> = picture.trim_matches('\n').lines().collect();
        assert_eq!(lines.pop(), Some("  https://192.168.0.2:5000"));
        // Two rows of modules a line.
        let width = lines[0].trim_start().chars().count();
        assert!(lines.iter().all(|line| line.chars().count() <= width + 2), "{picture}");
        assert_eq!(lines.len(), width.div_ceil(2));
        assert!(picture.contains('█') && picture.contains('▄'));
    }

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
