//! Who may not use the relay, for what it may not be used, and what ends its use.

use std::net::SocketAddr;

use reqwest::StatusCode;
use serde_json::json;
use tokio::net::UdpSocket;

use super::{app, over_udp, place};
use crate::support::app::PASSWORD;
use crate::support::turn::{Came, Ticket, TurnClient};

#[tokio::test]
async fn without_a_good_credential_nobody_has_an_allocation() {
    let app = app().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let good = Ticket::of(&ann).await;
    let relay = place(&good);
    let (ends, _) = good.name.split_once(':').unwrap();
    let ended = format!("{}:{}", std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() - 1, ann.id);
    for (name, password) in [
        (good.name.clone(), "wrong".to_owned()),
        (format!("{ends}:{}", bob.id), good.password.clone()),
        (format!("{ends}0:{}", ann.id), good.password.clone()),
        (format!("{ends}:{}", "f".repeat(24)), good.password.clone()),
        (ended, good.password.clone()),
        (ann.id.clone(), good.password.clone()),
        (String::new(), String::new()),
    ] {
        let ticket = Ticket { name, password, urls: Vec::new() };
        assert_eq!(TurnClient::udp(relay, &ticket).await.allocate().await, Err(401), "{ticket:?}");
        assert_eq!(TurnClient::tcp(relay, &ticket).await.allocate().await, Err(401), "{ticket:?}");
    }
    TurnClient::udp(relay, &good).await.allocate().await.expect("with the right one there is");
}

#[tokio::test]
async fn a_credential_whose_time_is_over_is_refused_though_it_is_right() {
    let app = app().await;
    let ann = app.user("ann").await;
    let relay = place(&Ticket::of(&ann).await);
    let name = format!("{}:{}", std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() - 1, ann.id);
    let secret = crate::support::settings::settings(std::path::Path::new("/")).jwt_secret;
    let password = tincan::auth::RelayKeys::new(&secret).password(&name, 0);
    let ticket = Ticket { name, password, urls: Vec::new() };
    assert_eq!(TurnClient::udp(relay, &ticket).await.allocate().await, Err(401));
}

#[tokio::test]
async fn a_user_has_twelve_allocations_and_a_place_that_is_given_back_is_free() {
    let app = app().await;
    let ann = app.user("ann").await;
    let ticket = Ticket::of(&ann.at(0)).await;
    let mut clients = Vec::new();
    for _ in 0..12 {
        let mut client = TurnClient::udp(place(&ticket), &ticket).await;
        client.allocate().await.unwrap();
        clients.push(client);
    }
    let mut one_more = TurnClient::tcp(place(&ticket), &ticket).await;
    assert_eq!(one_more.allocate().await, Err(486));
    let (_other, _) = over_udp(&app.user("bob").await.at(0)).await;
    clients[3].refresh(0).await.unwrap();
    one_more.allocate().await.unwrap();
}

#[tokio::test]
async fn nothing_is_sent_to_this_machine_its_networks_or_a_service_of_the_data_centre() {
    let app = app().await;
    let (mut client, own) = over_udp(&app.user("ann").await.at(0)).await;
    let beside = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let mut hostile: Vec<SocketAddr> = [
        "127.0.0.1:80",
        "0.0.0.0:80",
        "169.254.169.254:80",
        "169.254.1.1:80",
        "224.0.0.251:5353",
        "255.255.255.255:9",
        "10.0.0.1:53",
        "172.16.0.1:53",
        "192.168.1.1:53",
        "100.64.0.1:53",
        "100.100.100.200:80",
        "168.63.129.16:80",
        "[::1]:80",
        "[::ffff:127.0.0.1]:80",
        "[::ffff:169.254.169.254]:80",
        "[::ffff:10.0.0.1]:80",
        "[64:ff9b::7f00:1]:80",
        "[2002:7f00:1::]:80",
        "[fe80::1]:80",
        "[ff02::1]:80",
        "[fd00:ec2::254]:80",
        "[fd12::1]:80",
    ]
    .map(|address| address.parse().unwrap())
    .to_vec();
    hostile.push(beside.local_addr().unwrap());
    hostile.extend(if_addrs::get_if_addrs().unwrap().iter().map(|one| SocketAddr::new(one.ip(), 5000)));
    for address in hostile {
        assert_eq!(client.permit(address).await, Err(403), "{address}");
        assert_eq!(client.bind(0x4000, address).await, Err(403), "{address}");
    }
    // To itself it may send, which permits the address, but no other port of it.
    client.permit(own).await.unwrap();
    client.send(beside.local_addr().unwrap(), b"hostile").await;
    client.send(own, b"fine").await;
    assert_eq!(client.came().await, Came::From(own, b"fine".to_vec()));
    assert!(beside.try_recv(&mut [0; 16]).is_err(), "nothing came out of the relay");
}

#[tokio::test]
async fn a_user_whose_tokens_are_revoked_loses_allocations_and_credentials() {
    let app = app().await;
    let (ann, bob) = (app.user("ann").await.at(0), app.user("bob").await.at(0));
    let old = Ticket::of(&ann).await;
    let (mut one, ann_at) = over_udp(&ann).await;
    let (mut other, _) = over_udp(&bob).await;
    other.permit(ann_at).await.unwrap();
    let body = json!({"currentPassword": PASSWORD, "newPassword": "another horse"});
    let renewed = ann.post("/api/auth/password", body).await.expect(StatusCode::OK);
    loop {
        // Refused by a number of its own while the allocation is there, and as nobody's once it is gone.
        match one.refresh(600).await {
            Ok(_) => tokio::task::yield_now().await,
            Err(code) => break assert_eq!(code, 401),
        }
    }
    assert_eq!(other.permit(ann_at).await, Err(403));
    assert_eq!(TurnClient::udp(place(&old), &old).await.allocate().await, Err(401));
    over_udp(&ann.with_token(&renewed["token"])).await;
    assert_eq!(other.refresh(600).await, Ok(300), "others are left alone");
}
