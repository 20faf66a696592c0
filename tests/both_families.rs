//! Where nobody says otherwise a server is reached over IPv6 and IPv4 alike, and over IPv4 where IPv6 is off; and who
//! comes over IPv4 is known by the IPv4 address.

#![expect(clippy::disallowed_methods, reason = "a test has nothing else to do while its processes start and end")]

use std::net::{IpAddr, Ipv6Addr, TcpListener};
use std::process::Command;

use tincan::net::relay::seen_address;

use crate::support::port::free_port;
use crate::support::process::{Process, Server, Workplace};
use crate::support::skip::skipped;

fn has_ipv6() -> bool {
    TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_and_its_relay_answer_over_both_and_know_an_ipv4_address_as_such() {
    if !has_ipv6() {
        return skipped("a server on both kinds of addresses: this machine has no IPv6");
    }
    let (workplace, relay) = (Workplace::new(), free_port());
    let settings = ["--port", "0", "--turn", "auto", "--turn-port", &relay.to_string()].map(str::to_owned);
    let server = tokio::task::block_in_place(|| {
        let settings = settings.each_ref().map(String::as_str);
        // A proxy is named by its IPv4 address.
        Server::up(Process::spawn(workplace.command(&[&settings[..], &["--trusted-proxy", "127.0.0.1"]].concat()), ""))
    });
    let port = server.address.port();
    let client = reqwest::Client::new();
    for ip in [IpAddr::from([127, 0, 0, 1]), Ipv6Addr::LOCALHOST.into()] {
        let at = std::net::SocketAddr::new(ip, port);
        let health = client.get(format!("http://{at}/health")).send().await.expect("it answers");
        assert_eq!(health.status(), 200, "{at}");
        let seen = seen_address((ip, relay).into()).await.expect("the relay answers");
        assert_eq!(seen.ip(), ip, "as the relay sees it");
        // What a page from elsewhere may do shows whether the proxy is known by its address.
        let asked = client.get(format!("http://{at}/socket.io/?EIO=4&transport=polling"));
        let asked = asked.header("origin", "https://chat.example.com").header("x-forwarded-host", "chat.example.com");
        let expected = if ip.is_ipv4() { 200 } else { 403 };
        assert_eq!(asked.send().await.expect("it answers").status(), expected, "{at}");
    }
    let told = tokio::task::block_in_place(|| {
        let healthy = workplace.run(&["healthcheck", "--port", &port.to_string()]);
        assert_eq!(healthy.code, Some(0), "{healthy:?}");
        server.stop()
    });
    assert_eq!(told.code, Some(0), "{told:?}");
}

#[test]
fn where_ipv6_is_off_it_listens_on_ipv4() {
    let workplace = Workplace::new();
    // In a network of its own, without a single address of IPv6.
    let script = "ip link set lo up && echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6 || exit 70; \
                  \"$0\" --port 5000 --turn auto & server=$!; \
                  until \"$0\" healthcheck; do kill -0 $server || exit 71; done; \
                  kill $server; wait $server";
    let mut command = Command::new("unshare");
    command.args(["-rn", "sh", "-c", script, env!("CARGO_BIN_EXE_tincan")]);
    command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").current_dir(workplace.path());
    let ended = Process::spawn(command, "").end();
    if ended.code != Some(0) && !ended.out.contains("Tincan") && ended.code != Some(71) {
        return skipped(&format!("a server without IPv6: no network of its own can be made here ({})", ended.err));
    }
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.out.contains("ok: tincan") && ended.out.contains("on port 3478"), "{ended:?}");
}
