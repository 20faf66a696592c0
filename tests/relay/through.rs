//! What goes through the relay, over UDP, over TCP and over the server's own port.

use tincan::net::relay::{By, relay_to_itself};
use tokio::net::{TcpListener, UdpSocket};

use super::{app, over_udp, place, relayed};
use crate::support::app::App;
use crate::support::secure::Trusting;
use crate::support::turn::{ALLOCATE, BINDING, Came, REQUESTED_TRANSPORT, Ticket, TurnClient, message};

#[tokio::test]
async fn anybody_learns_the_address_that_the_relay_sees() {
    let app = app().await;
    let ticket = Ticket::of(&app.user("ann").await).await;
    for mut client in [TurnClient::udp(place(&ticket), &ticket).await, TurnClient::tcp(place(&ticket), &ticket).await] {
        let transaction = client.transaction();
        let answer = client.answer_to(&message(BINDING, transaction, &[], None)).await;
        assert_eq!((answer.mapped(), answer.size), (Some(client.local()), 32));
    }
}

#[tokio::test]
async fn two_who_use_the_relay_reach_each_other_in_messages_and_on_channels() {
    let app = app().await;
    let (ann, bob) = (app.user("ann").await.at(0), app.user("bob").await.at(0));
    let (mut one, ann_at) = over_udp(&ann).await;
    let (mut other, bob_at) = over_udp(&bob).await;
    assert_ne!(ann_at, bob_at);
    one.permit(bob_at).await.unwrap();
    // Bob has not permitted Ann yet: what she sends is lost, and the next one comes first.
    one.send(bob_at, b"too early").await;
    one.refresh(600).await.unwrap();
    other.permit(ann_at).await.unwrap();
    one.send(bob_at, b"hello").await;
    assert_eq!(other.came().await, Came::From(ann_at, b"hello".to_vec()));
    other.bind(0x4001, ann_at).await.unwrap();
    other.send_on(0x4001, b"on a channel").await;
    assert_eq!(one.came().await, Came::From(bob_at, b"on a channel".to_vec()));
    one.bind(0x4fff, bob_at).await.unwrap();
    other.send_on(0x4001, b"both").await;
    assert_eq!(one.came().await, Came::On(0x4fff, b"both".to_vec()));
    one.send_on(0x4fff, b"").await;
    assert_eq!(other.came().await, Came::On(0x4001, Vec::new()));
}

#[tokio::test]
async fn one_over_udp_reaches_one_over_tcp_and_one_over_the_port_of_the_server() {
    let app = app().await;
    let (ann, bob) = (app.user("ann").await.at(0), app.user("bob").await.at(0));
    let ticket = Ticket::of(&bob).await;
    let shared = ticket.urls[1].trim_start_matches("turn:").trim_end_matches("?transport=tcp").parse().unwrap();
    assert_ne!(shared, place(&ticket), "the port of the server itself is told");
    for relay in [place(&ticket), shared] {
        let (mut one, ann_at) = over_udp(&ann).await;
        let mut other = TurnClient::tcp(relay, &ticket).await;
        let bob_at = other.allocate().await.unwrap();
        other.bind(0x4000, ann_at).await.unwrap();
        one.permit(bob_at).await.unwrap();
        // Lengths that need filling up on a stream, and one that needs none.
        for data in ["a", "ab", "abc", "abcd", "abcde"].map(str::as_bytes) {
            one.send(bob_at, data).await;
            assert_eq!(other.came().await, Came::On(0x4000, data.to_vec()));
            other.send_on(0x4000, data).await;
            assert_eq!(one.came().await, Came::From(bob_at, data.to_vec()));
        }
        // With its stream the allocation goes.
        drop(other);
        let again = app.user(&format!("again{}", relay.port())).await.at(0);
        let (mut third, _) = over_udp(&again).await;
        loop {
            if third.permit(bob_at).await == Err(403) {
                break;
            }
        }
    }
}

#[tokio::test]
async fn one_over_tls_at_the_port_of_the_server_reaches_one_over_udp() {
    let app = app().await;
    let (ann, bob) = (app.user("ann").await.at(0), app.user("bob").await.at(0));
    let (mut one, ann_at) = over_udp(&ann).await;
    let ticket = Ticket::of(&bob).await;
    let stream = Trusting::server(app.data()).connect(app.address(), "localhost").await.unwrap();
    let mut other = TurnClient::tls(stream, &ticket);
    let bob_at = other.allocate().await.unwrap();
    other.bind(0x4000, ann_at).await.unwrap();
    one.permit(bob_at).await.unwrap();
    other.send_on(0x4000, b"under cover").await;
    assert_eq!(one.came().await, Came::From(bob_at, b"under cover".to_vec()));
    one.send(bob_at, b"and back").await;
    assert_eq!(other.came().await, Came::On(0x4000, b"and back".to_vec()));
}

#[tokio::test]
async fn a_repeated_request_for_an_allocation_is_answered_as_the_first_and_another_one_is_refused() {
    let app = app().await;
    let ticket = Ticket::of(&app.user("ann").await).await;
    let mut client = TurnClient::udp(place(&ticket), &ticket).await;
    client.greet().await;
    let udp = [(REQUESTED_TRANSPORT, vec![17, 0, 0, 0])];
    let transaction = client.transaction();
    let request = client.signed(ALLOCATE, transaction, &udp);
    let (first, second) = (client.answer_to(&request).await, client.answer_to(&request).await);
    assert_eq!((first.code(), second.code()), (None, None));
    assert_eq!(first.value(0x016), second.value(0x016));
    assert_eq!(client.ask(ALLOCATE, &udp).await.unwrap_err(), 437);
    assert_eq!(client.refresh(0).await, Ok(0));
    assert_eq!(client.refresh(600).await, Err(437));
    client.allocate().await.expect("there is room for another");
}

#[tokio::test]
async fn where_its_port_is_taken_the_relay_is_reached_through_that_of_the_server() {
    let (taken, _udp) = loop {
        let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
        if let Ok(udp) = UdpSocket::bind(taken.local_addr().unwrap()).await {
            break (taken, udp);
        }
    };
    let app = App::with(|config| {
        relayed(config);
        config.turn_port = taken.local_addr().unwrap().port();
    })
    .await;
    let ticket = Ticket::of(&app.user("ann").await.at(0)).await;
    assert_eq!(ticket.urls.len(), 1);
    let shared = ticket.urls[0].trim_start_matches("turn:").trim_end_matches("?transport=tcp").parse().unwrap();
    let mut client = TurnClient::tcp(shared, &ticket).await;
    client.allocate().await.unwrap();
}

#[tokio::test]
async fn a_probe_comes_through_over_tcp_and_over_tls_says_what_browsers_think_of_the_certificate() {
    let app = app().await;
    let ticket = Ticket::of(&app.user("ann").await.at(0)).await;
    let probe = |by: By| {
        let (at, ticket) = (app.address(), &ticket);
        async move { relay_to_itself(at, &by, &ticket.name, &ticket.password).await }
    };
    assert!(probe(By::Tcp).await.expect("it comes through").port() > 0);
    let refused = probe(By::Tls("127.0.0.1".to_owned())).await.expect_err("the server vouches for itself");
    assert!(refused.to_string().contains("browsers do not take its certificate"), "{refused}");
}
