//! The relay: what callers are told of it, what goes through it, and what does not.

mod coturn;
mod floods;
mod refusals;
mod through;

use std::net::SocketAddr;

use reqwest::StatusCode;
use tincan::config::{Config, Secret, Turn};

use crate::support::app::{App, User};
use crate::support::turn::{Ticket, TurnClient};

/// A server with a relay at a port that the system chooses.
async fn app() -> App {
    App::with(relayed).await
}

fn relayed(config: &mut Config) {
    config.turn = Turn::Auto;
}

/// Where a relay listens that is named in a ticket.
fn place(ticket: &Ticket) -> SocketAddr {
    let url = ticket.urls.iter().find(|url| url.ends_with("?transport=udp")).expect("a way over UDP");
    let place = url.trim_start_matches("turn:").trim_end_matches("?transport=udp");
    place.parse().expect("an address")
}

/// A client of the relay over UDP, and its address there.
async fn over_udp(user: &User<'_>) -> (TurnClient, SocketAddr) {
    let ticket = Ticket::of(user).await;
    let mut client = TurnClient::udp(place(&ticket), &ticket).await;
    let relayed = client.allocate().await.expect("an allocation");
    (client, relayed)
}

#[tokio::test]
async fn callers_are_told_of_the_relay_as_they_reached_the_server_with_credentials_of_their_own() {
    let app = app().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let told = ann.at(0).get("/api/ice-servers").await.expect(StatusCode::OK);
    let servers = told["iceServers"].as_array().unwrap();
    assert_eq!((servers.len(), told["ttl"].as_u64()), (2, Some(86_400)));
    let port = place(&Ticket::of(&ann.at(0)).await).port();
    assert_eq!(servers[0]["urls"], serde_json::json!([format!("stun:127.0.0.1:{port}")]));
    let tcp = servers[1]["urls"][1].as_str().unwrap();
    assert!(tcp.starts_with("turn:127.0.0.1:") && tcp.ends_with("?transport=tcp"), "{tcp}");
    let (ends, user) = servers[1]["username"].as_str().unwrap().split_once(':').unwrap();
    let life = ends.parse::<u64>().unwrap() - std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    assert!((86_000..=86_400).contains(&life) && user == ann.id, "{life} {user}");
    assert_ne!(Ticket::of(&ann).await.password, Ticket::of(&bob).await.password);
}

#[tokio::test]
async fn a_relay_elsewhere_is_told_with_a_credential_as_coturn_makes_it() {
    let app = App::with(|config| {
        config.turn_urls = vec!["turn:turn.example.com".to_owned()];
        config.turn_secret = Some(Secret::new("shared".to_owned()));
    })
    .await;
    let ticket = Ticket::of(&app.user("ann").await).await;
    assert_eq!(ticket.urls, ["turn:turn.example.com"]);
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, b"shared");
    let expected = ring::hmac::sign(&key, ticket.name.as_bytes());
    assert_eq!(ticket.password, data_encoding::BASE64.encode(expected.as_ref()));
}

#[tokio::test]
async fn without_a_relay_and_without_one_elsewhere_there_are_the_servers_of_the_settings_alone() {
    let app = App::start().await;
    let told = app.user("ann").await.get("/api/ice-servers").await.expect(StatusCode::OK);
    assert_eq!(told, serde_json::json!({"iceServers": [], "ttl": 86_400}));
}
