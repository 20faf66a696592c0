//! coturn's own client against the relay: a second opinion on what the RFC says.

use std::process::Command;

use super::{app, place};
use crate::support::skip::skipped;
use crate::support::turn::Ticket;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_client_of_coturn_sends_through_the_relay_over_udp_and_tcp() {
    if Command::new("turnutils_uclient").arg("-h").output().is_err() {
        return skipped("the relay with coturn's client: turnutils_uclient is not installed (package coturn)");
    }
    let app = app().await;
    for over_tcp in [false, true] {
        let ticket = Ticket::of(&app.user(if over_tcp { "ann" } else { "bob" }).await.at(0)).await;
        let relay = place(&ticket);
        let mut client = Command::new("turnutils_uclient");
        if over_tcp {
            client.arg("-t");
        }
        // Two clients that send to each other, 20 packets of 200 bytes each, without a second port for RTCP.
        client.args(["-y", "-c", "-n", "20", "-m", "2", "-l", "200", "-p", &relay.port().to_string()]);
        client.args(["-u", &ticket.name, "-w", &ticket.password, &relay.ip().to_string()]);
        let ran = tokio::task::spawn_blocking(move || client.output()).await.unwrap().unwrap();
        let text = String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success() && text.contains("Total lost packets 0"), "{text}");
    }
}
