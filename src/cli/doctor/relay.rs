//! Looks at the relay: whether STUN answers, and whether a packet comes through TURN, with the credentials that a
//! client gets.

use std::net::{IpAddr, SocketAddr};

use serde_json::{Value, json};
use tincan::net::dial::{Target, host_and_port};
use tincan::net::relay::{By, ProbeError, relay_to_itself, seen_address};

use super::finding::Findings;

/// Whether STUN answers at this port of the server.
pub(super) async fn stun(target: &Target, port: u16, findings: &mut Findings) {
    let Some(server) = address(&target.host, port).await else {
        return findings.skip("stun", "the server's address is not known");
    };
    match seen_address(server).await {
        Ok(seen) => findings.ok("stun", format!("it answers, and sees this machine as {}", seen.ip())),
        Err(error) => {
            let mend = format!(
                "open UDP port {port} in the firewall; see in the server's start-up message that its relay runs, or \
                 name its port with --turn-port"
            );
            findings.fault("stun", format!("no answer from {server} over UDP: {error}"), mend);
        }
    }
}

/// Whether a packet comes through each relay that an account is told of.
pub(super) async fn turn(target: &Target, name: &str, password: &str, findings: &mut Findings) {
    let body = json!({"email": name, "password": password}).to_string();
    let granted = match target.ask("POST", "/api/auth/login", &[], &body).await {
        Ok(answer) => answer.json(),
        Err(error) => return findings.fault("log-in", error.to_string(), "see the connection above"),
    };
    let Some(token) = granted.get("token").and_then(Value::as_str) else {
        let why = granted.get("message").and_then(Value::as_str).unwrap_or("no answer").to_owned();
        return findings.fault("log-in", why, "give the name and password of an account of that server");
    };
    let authorization = format!("Bearer {token}");
    let servers = match target.get("/api/ice-servers", &[("Authorization", &authorization)]).await {
        Ok(answer) => answer.json(),
        Err(error) => return findings.fault("relay", error.to_string(), "see the connection above"),
    };
    let relays: Vec<Told> = servers["iceServers"].as_array().into_iter().flatten().flat_map(told).collect();
    if relays.is_empty() {
        let mend = "let the server relay (--turn auto), or name a TURN server with --turn-url";
        return findings.warn("relay", "clients are told of none, so calls across firewalls do not connect", mend);
    }
    for relay in relays {
        through(&relay, findings).await;
    }
}

/// A relay as a client is told of it.
struct Told {
    host: String,
    port: u16,
    by: By,
    url: String,
    name: String,
    password: String,
}

/// The relays among what a client is told, over UDP, TCP and TLS.
fn told(server: &Value) -> Vec<Told> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let (Some(name), Some(password)) = (text(&server["username"]), text(&server["credential"])) else {
        return Vec::new();
    };
    let urls = server["urls"].as_array().cloned().unwrap_or_else(|| vec![server["urls"].clone()]);
    let read = urls.iter().filter_map(text).filter_map(|url| {
        let (scheme, rest) = url.split_once(':')?;
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (host, port) = host_and_port(place)?;
        let (by, usual) = match (scheme, query) {
            ("turn", "transport=tcp") => (By::Tcp, 3478),
            ("turn", _) => (By::Udp, 3478),
            // Over UDP that would be DTLS, which no browser speaks to a relay.
            ("turns", "" | "transport=tcp") => (By::Tls(host.to_owned()), 5349),
            _ => return None,
        };
        let port = port.map_or(Some(usual), |port| port.parse().ok())?;
        Some(Told { host: host.to_owned(), port, by, url, name: name.clone(), password: password.clone() })
    });
    read.collect()
}

async fn through(relay: &Told, findings: &mut Findings) {
    let check = match relay.by {
        By::Udp => "relay",
        By::Tcp => "relay (tcp)",
        By::Tls(_) => "relay (tls)",
    };
    let Some(server) = address(&relay.host, relay.port).await else {
        let mend = format!("have a name server say where {} is, or name an address with --turn", relay.host);
        return findings.fault(check, format!("nobody knows where {} is", relay.host), mend);
    };
    match relay_to_itself(server, &relay.by, &relay.name, &relay.password).await {
        Ok(from) => findings.ok(check, format!("a packet came through {}, by {}", relay.url, from.ip())),
        Err(ProbeError::Refused(code)) => {
            let mend = "see that the relay and the server have the same secret and clocks; 486 means too many at once";
            findings.fault(check, format!("{} refuses what clients are told, with {code}", relay.url), mend);
        }
        Err(error) => {
            let kind = if relay.by == By::Udp { "UDP" } else { "TCP" };
            let mend = format!(
                "open {kind} port {} in the firewall; where people reach the server by another address than its own, \
                 name it with --turn",
                relay.port
            );
            findings.fault(check, format!("nothing came through {}: {error}", relay.url), mend);
        }
    }
}

async fn address(host: &str, port: u16) -> Option<SocketAddr> {
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Some(SocketAddr::new(ip, port));
    }
    tokio::net::lookup_host((host, port)).await.ok()?.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relays_are_found_in_what_a_client_is_told() {
        let server = json!({
            "urls": [
                "turn:a.example:3479?transport=udp", "turn:a.example:443?transport=tcp", "turn:[::1]",
                "turns:a.example:443?transport=tcp", "turns:b.example", "turns:b.example?transport=udp", "stun:c",
            ],
            "username": "n", "credential": "c",
        });
        let relays = told(&server);
        let found: Vec<_> = relays.iter().map(|relay| (relay.host.as_str(), relay.port, relay.by.clone())).collect();
        let tls = |name: &str| By::Tls(name.to_owned());
        assert_eq!(
            found,
            [
                ("a.example", 3479, By::Udp),
                ("a.example", 443, By::Tcp),
                ("::1", 3478, By::Udp),
                ("a.example", 443, tls("a.example")),
                ("b.example", 5349, tls("b.example")),
            ]
        );
        assert!(told(&json!({"urls": "stun:a.example"})).is_empty());
    }
}
