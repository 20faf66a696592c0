//! Looks at a server from where clients are: whether it answers, as what, how far its clock is off, its certificate,
//! and whether WebSockets, polling and pages of its own origin come through whatever stands in front of it.

use std::io;

use tincan::model::Timestamp;
use tincan::net::dial::{Answer, Seen, Target};

use super::super::failure::reason;
use super::finding::Findings;

/// By how much clocks may differ until it shows, in seconds.
const CLOCK: i64 = 5;

/// How many days before its end a certificate should have been renewed.
const RENEWED: i64 = 14;

/// Of Socket.IO over a WebSocket.
const SOCKET: &str = "/socket.io/?EIO=4&transport=websocket";

/// What a proxy has to be told for WebSockets.
const PASS_UPGRADES: &str = "have the proxy pass on Upgrade and Connection, and leave the connection open (nginx: \
                             proxy_http_version 1.1, proxy_set_header Upgrade $http_upgrade, proxy_set_header \
                             Connection \"upgrade\")";

/// Of Socket.IO over polling.
const POLLING: &str = "/socket.io/?EIO=4&transport=polling";

/// A tincan that answered.
pub(super) struct Answering {
    /// It showed a certificate that every browser takes.
    pub is_trusted: bool,
}

/// Looks at all of it; `None` where no tincan answers.
pub(super) async fn look(target: &Target, findings: &mut Findings) -> Option<Answering> {
    match target.addresses().await {
        Ok(addresses) if !addresses.is_empty() => {
            let addresses: Vec<String> = addresses.iter().map(|address| address.ip().to_string()).collect();
            findings.ok("name", format!("{} is {}", target.host, addresses.join(", ")));
        }
        _ => {
            let mend = format!("have a name server say where {} is, or use an address", target.host);
            findings.fault("name", format!("nobody knows where {} is", target.host), mend);
            return None;
        }
    }
    let health = match target.get("/health", &[]).await {
        Ok(answer) => answer,
        Err(error) => {
            unreachable(target, &error, findings);
            return None;
        }
    };
    if let Some(seen) = &health.certificate {
        certificate(target, seen, findings);
    }
    if !version(target, &health, findings) {
        return None;
    }
    clock(&health, findings);
    secure(target, findings).await;
    forwarded(target, findings).await;
    websocket(target, findings).await;
    polling(target, findings).await;
    Some(Answering { is_trusted: health.certificate.is_some_and(|seen| seen.refused.is_none()) })
}

fn unreachable(target: &Target, error: &io::Error, findings: &mut Findings) {
    let at = format!("{} port {}", target.host, target.port);
    let mend = match error.kind() {
        io::ErrorKind::ConnectionRefused => "start the server, or name the port on which it listens".to_owned(),
        io::ErrorKind::TimedOut => format!("open TCP port {} in the firewall of the server's network", target.port),
        _ if target.https => format!("serve https there (--tls), or ask http://{}", target.authority()),
        _ => "see whether the server, or what stands in front of it, runs".to_owned(),
    };
    findings.fault("connection", format!("nothing answers at {at}: {}", reason(error)), mend);
}

/// Whether it is a tincan, and well.
fn version(target: &Target, health: &Answer, findings: &mut Findings) -> bool {
    let body = health.json();
    let field = |pointer| body.pointer(pointer).and_then(serde_json::Value::as_str).map(str::to_owned);
    let (Some(status), Some(version), Some(engine)) = (field("/status"), field("/version"), field("/store/engine"))
    else {
        let found = format!("what answers at {} is no tincan (status {})", target.origin(), health.status);
        let mend = "have the proxy pass everything on to the server, /health too; where it serves tincan under a \
                    prefix, write that behind the URL";
        findings.fault("server", found, mend);
        return false;
    };
    let found = format!("tincan {version} on {engine}");
    if version == env!("CARGO_PKG_VERSION") {
        findings.ok("version", found);
    } else {
        let mend = format!("run one version of both; this program is {}", env!("CARGO_PKG_VERSION"));
        findings.warn("version", found, mend);
    }
    if health.status == 200 {
        findings.ok("health", status);
    } else {
        findings.fault("health", status, "look at the server's log: its store does not answer or cannot write");
    }
    true
}

/// Compares the clocks of the two machines.
fn clock(health: &Answer, findings: &mut Findings) {
    let told = health.json();
    let told = told.get("timestamp").and_then(serde_json::Value::as_str).and_then(read_time);
    let Some(told) = told else { return findings.skip("clock", "the server does not tell its time") };
    let apart = (Timestamp::now().millis() - told) / 1000;
    if apart.abs() <= CLOCK {
        findings.ok("clock", "that of the server and this one agree");
    } else {
        let which = if apart > 0 { "behind" } else { "ahead of" };
        let found = format!("the server's is {} s {which} this one", apart.abs());
        findings.fault("clock", found, "have both machines set their clocks by the network (NTP)");
    }
}

/// Milliseconds since 1970 of an ISO time.
fn read_time(text: &str) -> Option<i64> {
    let form = &time::format_description::well_known::Rfc3339;
    let moment = time::OffsetDateTime::parse(text, form).ok()?;
    i64::try_from(moment.unix_timestamp_nanos() / 1_000_000).ok()
}

fn certificate(target: &Target, seen: &Seen, findings: &mut Findings) {
    let Seen { issuer, days, .. } = seen;
    let days = *days;
    match &seen.refused {
        None if days > RENEWED => findings.ok("certificate", format!("of {issuer}, good for {days} days more")),
        None => {
            let mend = "see why it is not renewed: with --tls acme the log says so, with --tls files renew the files";
            findings.warn("certificate", format!("of {issuer}, good for {days} days more"), mend);
        }
        Some(_) if days < 0 => {
            let mend = "renew it: with --tls acme the log says what is in the way, with --tls files renew the files";
            findings.fault("certificate", format!("it ended {} days ago", -days), mend);
        }
        Some(_) if issuer.contains("Tincan on ") => {
            let found = "of the server's own authority, of which browsers warn";
            let mend = format!("install the authority as {}/trust says, or use --tls acme", target.origin());
            findings.warn("certificate", found, mend);
        }
        Some(why) => {
            let mend = format!(
                "serve one that is for {} and has all that lead to its authority in its file (fullchain.pem)",
                target.host
            );
            findings.fault("certificate", format!("browsers do not take it: {why}"), mend);
        }
    }
}

/// Whether a page has camera and microphone there: over https, or on this machine.
async fn secure(target: &Target, findings: &mut Findings) {
    let here = target.host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback()) || target.host == "localhost";
    if target.https {
        let plain = Target { https: false, port: 80, ..target.clone() };
        if target.port != 443 {
            return findings.skip("redirect", "the port is none that browsers ask by themselves");
        }
        match plain.get("/", &[]).await {
            Ok(answer) if (300..400).contains(&answer.status) => {
                findings.ok("redirect", "http leads to https");
            }
            Ok(_) => {
                let mend = "have the proxy send http on to https (308), so that nobody stays without camera";
                findings.warn("redirect", "pages are served over http too", mend);
            }
            Err(_) => findings.ok("redirect", "nothing is served over http"),
        }
        return;
    }
    if here {
        return findings.ok("camera", "browsers on this machine have camera and microphone");
    }
    let encrypted = Target { https: true, ..target.clone() };
    match encrypted.get("/health", &[]).await {
        Ok(_) => {
            let mend = format!("give people the link {}", encrypted.origin());
            findings.warn("camera", "over http browsers give no page camera and microphone", mend);
        }
        Err(_) => {
            let mend = "serve https: leave --tls at auto, or put a proxy with a certificate in front";
            findings.fault(
                "camera",
                "over http browsers give no page camera and microphone, and there is no https",
                mend,
            );
        }
    }
}

/// Whether the server knows that people come over https, which a proxy has to tell it, and be believed: the policy of
/// the page then allows no sockets over plain http.
async fn forwarded(target: &Target, findings: &mut Findings) {
    if !target.https {
        return;
    }
    let page = target.get("/", &[("Accept", "text/html")]).await;
    let policy = page.ok().and_then(|page| page.header("content-security-policy").map(str::to_owned));
    match policy.and_then(|policy| knows_of_https(&policy, target)) {
        Some(true) => findings.ok("proxy", "the server knows that people come over https"),
        Some(false) => {
            let mend = "name the proxy's address with --trusted-proxy, and have it send X-Forwarded-Proto, \
                        X-Forwarded-For and X-Forwarded-Host; without them all people count as one address, too";
            findings.warn("proxy", "the server takes people for ones who come over http", mend);
        }
        None => findings.skip("proxy", "no page of the client tells what the server knows of the proxy"),
    }
}

/// By the sockets that a policy allows to the host that was asked for. The public addresses stand in it with both
/// schemes, so what counts is whether the plain one is there as often.
fn knows_of_https(policy: &str, target: &Target) -> Option<bool> {
    let host = if target.host.contains(':') { format!("[{}]", target.host) } else { target.host.clone() };
    let port = if [80, 443].contains(&target.port) { "*".to_owned() } else { target.port.to_string() };
    let count = |scheme: &str| {
        let wanted = format!("{scheme}://{host}:{port}");
        policy.split([' ', ';']).filter(|source| source.eq_ignore_ascii_case(&wanted)).count()
    };
    let (plain, encrypted) = (count("ws"), count("wss"));
    (encrypted > 0).then_some(plain < encrypted)
}

async fn websocket(target: &Target, findings: &mut Findings) {
    let origin = target.origin();
    let headers = [
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        // Any 16 bytes do.
        ("Sec-WebSocket-Key", "dGluY2FuIGRvY3Rvci4uLg=="),
        ("Origin", origin.as_str()),
    ];
    match target.get(SOCKET, &headers).await {
        Ok(answer) if answer.status == 101 && answer.body.contains("\"sid\"") => {
            findings.ok("websocket", "it comes through");
        }
        Ok(answer) if answer.status == 403 => {
            let mend = format!("say where people reach the server: --public-url {origin}{}", target.prefix);
            findings.fault("origin", format!("the server refuses pages from {origin}"), mend);
        }
        Ok(answer) => {
            let found = format!("it is answered with {}, and nothing comes over it", answer.status);
            findings.fault("websocket", found, PASS_UPGRADES);
        }
        Err(error) => findings.fault("websocket", format!("nothing comes over it: {}", reason(&error)), PASS_UPGRADES),
    }
}

async fn polling(target: &Target, findings: &mut Findings) {
    match target.get(POLLING, &[]).await {
        Ok(answer) if answer.status == 200 && answer.body.contains("\"sid\"") => {
            findings.ok("polling", "it comes through");
        }
        Ok(answer) => {
            let mend = "have the proxy pass on /socket.io/ with its query, without keeping answers";
            findings.fault("polling", format!("it is answered with {}", answer.status), mend);
        }
        Err(error) => findings.fault("polling", reason(&error), "have the proxy pass on /socket.io/"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_the_policy_of_the_page_it_is_known_whether_the_server_knows_of_https() {
        let knows = |policy, url| knows_of_https(policy, &Target::parse(url).unwrap());
        assert_eq!(knows("connect-src 'self' wss://a.example:*", "https://a.example"), Some(true));
        assert_eq!(knows("connect-src 'self' ws://a.example:* wss://a.example:*", "https://a.example"), Some(false));
        let public = "connect-src 'self' wss://a:8443 ws://a:8443 wss://a:8443";
        assert_eq!(knows(public, "https://a:8443"), Some(true));
        assert_eq!(knows("connect-src 'self' ws://127.0.0.1:5000", "https://a.example"), None);
        assert_eq!(knows("default-src 'self'", "https://a.example"), None);
    }
}
