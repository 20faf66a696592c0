//! Https beside http on one port: with the server's own authority, with files, and what must be as over plain http.

use std::time::Duration;

use futures_util::future::join_all;
use futures_util::{SinkExt, StreamExt};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

use crate::support::app::{App, PASSWORD, User};
use crate::support::process::{Server, Workplace};
use crate::support::secure::Trusting;
use crate::support::socket::{Socket, timed};
use tincan::config::{PublicUrl, Tls};

/// More than a handshake may take, on a machine that is slow.
const SLOW: Duration = Duration::from_secs(45);

/// A certificate of no authority, and its key.
fn self_signed(name: &str) -> (String, String) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).expect("a certificate");
    (made.cert.pem(), made.signing_key.serialize_pem())
}

async fn socket(app: &App, trusting: &Trusting, user: &User<'_>) -> Socket {
    let stream = trusting.connect(app.address(), "localhost").await.expect("a handshake");
    Socket::connect_over(stream, app.address(), json!({"token": user.token})).await.expect("a session")
}

#[tokio::test]
async fn one_port_serves_http_and_https_under_every_name_of_the_machine() {
    let app =
        App::with(|config| config.public_urls = vec![PublicUrl::parse("https://chat.example.com").unwrap()]).await;
    let trusting = Trusting::server(app.data());
    let address = app.address();
    let client = trusting.requests(&["chat.example.com", "other.example.com"], address);
    for name in ["localhost", "127.0.0.1", "chat.example.com"] {
        let answer = client.get(format!("https://{name}:{}/health", address.port())).send().await.expect(name);
        assert_eq!(answer.status(), StatusCode::OK, "{name}");
        assert!(!answer.headers().contains_key("strict-transport-security"), "http is good too");
    }
    let other = client.get(format!("https://other.example.com:{}/health", address.port())).send().await;
    assert!(other.is_err_and(|error| error.is_connect()), "it vouches for no other name");
    assert_eq!(app.request(Method::GET, "/health").send().await.unwrap().status(), StatusCode::OK);
    // With HTTP/2 browsers would not open WebSockets as they should.
    let stream = trusting.connect(address, "localhost").await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
}

#[tokio::test]
async fn the_authority_outlives_a_restart_and_turned_off_there_is_no_https() {
    let app = App::start().await;
    let first = Trusting::server(app.data());
    let app = app.restart(|_| {}).await;
    assert_eq!(Trusting::server(app.data()).trusted(), first.trusted());
    first.connect(app.address(), "localhost").await.unwrap();
    let app = app.restart(|config| config.tls = Tls::Off).await;
    first.connect(app.address(), "localhost").await.unwrap_err();
    assert_eq!(app.request(Method::GET, "/trust").send().await.unwrap().status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_larger_than_a_record_and_than_what_the_kernel_takes_comes_whole_over_tls() {
    let app = App::start().await;
    let trusting = Trusting::server(app.data());
    let ann = app.user("ann").await;
    let room = ann.room("Kitchen").await;
    let sender = socket(&app, &trusting, &ann).await;
    sender.ok("join-room", json!({"roomId": room})).await;
    let content = "界".repeat(4000);
    let sends = (0..200).map(|_| sender.begin("send-message", json!({"roomId": room, "content": content})));
    for number in join_all(sends).await {
        assert_eq!(sender.acked(number).await["ok"], json!(true));
    }
    // Of 2.4 MB each, and nothing is read before all of them are asked for.
    let back = socket(&app, &trusting, &ann).await;
    let joins = join_all((0..5).map(|_| back.begin("join-room", json!({"roomId": room, "after": 0})))).await;
    for number in joins {
        let answer = back.acked(number).await;
        let messages = answer["messages"].as_array().expect("a list");
        assert!(messages.len() == 200 && messages.iter().all(|message| message["content"] == json!(content)));
    }
    back.refused("no-such-event", json!("x".repeat(120_000)), "unknown_event").await;
}

#[tokio::test]
async fn sockets_and_polling_work_over_tls_and_with_those_that_do_not_use_it() {
    let app = App::start().await;
    let trusting = Trusting::server(app.data());
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let room = ann.room("Kitchen").await;
    let (secure, plain) = (socket(&app, &trusting, &ann).await, bob.socket_in(&room).await);
    secure.ok("join-room", json!({"roomId": room})).await;
    plain.ok("send-message", json!({"roomId": room, "content": "x".repeat(3000)})).await;
    assert_eq!(secure.event("new-message").await["content"], "x".repeat(3000));
    secure.ok("send-message", json!({"roomId": room, "content": "back"})).await;
    plain.event_where("new-message", |message| message["content"] == "back").await;

    let client = trusting.requests(&[], app.address());
    let url = format!("https://{}/socket.io/?EIO=4&transport=polling", app.address());
    let opened = client.get(&url).send().await.unwrap().text().await.unwrap();
    let sid = serde_json::from_str::<Value>(&opened[1..]).unwrap()["sid"].as_str().unwrap().to_owned();
    let session = format!("{url}&sid={sid}");
    let connect = client.post(&session).body(format!("40{}", json!({"token": ann.token}))).send().await.unwrap();
    assert_eq!(connect.status(), StatusCode::OK);
    timed("a session", async {
        let mut came = String::new();
        while !came.contains("[\"session\"") {
            came.push_str(&client.get(&session).send().await.unwrap().text().await.unwrap());
        }
    })
    .await;
    // What began by polling moves on to a WebSocket.
    let stream = trusting.connect(app.address(), "localhost").await.unwrap();
    let url = format!("ws://{}/socket.io/?EIO=4&transport=websocket&sid={sid}", app.address());
    let (mut upgraded, _) = tokio_tungstenite::client_async(url, stream).await.unwrap();
    upgraded.send(Message::text("2probe")).await.unwrap();
    let probed = timed("the answer to the probe", upgraded.next()).await.unwrap().unwrap();
    assert_eq!(probed.to_text().unwrap(), "3probe");
}

#[tokio::test]
async fn a_reader_that_stalls_within_tls_is_cut_and_holds_up_nobody() {
    let app = App::start().await;
    let trusting = Trusting::server(app.data());
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let room = ann.room("Kitchen").await;
    let (sender, stalled) = (ann.socket_in(&room).await, socket(&app, &trusting, &bob).await);
    stalled.ok("join-room", json!({"roomId": room})).await;
    sender.event("user-joined").await;
    let content = "x".repeat(4000);
    let mut sent = 0;
    while sender.came("user-left").await.is_empty() {
        let message = || sender.begin("send-message", json!({"roomId": room, "content": content}));
        for number in join_all((0..200).map(|_| message())).await {
            assert_eq!(sender.acked(number).await["ok"], true);
        }
        sender.came("new-message").await;
        sent += 200;
        assert!(sent < 20_000, "the stalled reader was never cut");
    }
    assert!(!stalled.ended().await);
}

#[tokio::test]
async fn a_handshake_that_stalls_is_given_up_while_others_are_served() {
    let app = App::start().await;
    let trusting = Trusting::server(app.data());
    let mut begun = Vec::new();
    // A record's head, half a greeting, and nothing at all.
    for bytes in [&[0x16, 3, 1, 2, 0][..], &[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3], &[]] {
        let mut line = TcpStream::connect(app.address()).await.unwrap();
        line.write_all(bytes).await.unwrap();
        begun.push(line);
    }
    let client = trusting.requests(&[], app.address());
    let url = format!("https://{}/health", app.address());
    assert_eq!(client.get(url).send().await.unwrap().status(), StatusCode::OK);
    // And one who shakes hands and then says nothing.
    let mut silent = trusting.connect(app.address(), "localhost").await.unwrap();
    for mut line in begun {
        // One that is reset has ended too.
        let _ = tokio::time::timeout(SLOW, line.read_to_end(&mut Vec::new())).await.expect("it is closed");
    }
    let _ = tokio::time::timeout(SLOW, silent.read_to_end(&mut Vec::new())).await.expect("it is closed");
}

#[tokio::test]
async fn the_shutdown_ends_connections_over_tls_whatever_they_do() {
    let app = App::start().await;
    let trusting = Trusting::server(app.data());
    let ann = app.user("ann").await;
    let connected = socket(&app, &trusting, &ann).await;
    let mut half = TcpStream::connect(app.address()).await.unwrap();
    half.write_all(&[0x16, 3, 1]).await.unwrap();
    let mut silent = trusting.connect(app.address(), "localhost").await.unwrap();
    // Panics where it takes long.
    app.stop().await;
    connected.event("server-shutdown").await;
    connected.ended().await;
    let _ = timed("the end of a handshake", half.read_to_end(&mut Vec::new())).await;
    let _ = timed("the end of a connection", silent.read_to_end(&mut Vec::new())).await;
}

/// A server with a pair of files.
fn with_files(workplace: &Workplace, (certificate, key): &(String, String)) -> Server {
    workplace.write("cert.pem", certificate);
    workplace.write("key.pem", key);
    workplace.serve(&["--tls", "files", "--tls-cert", "cert.pem", "--tls-key", "key.pem"])
}

#[tokio::test]
async fn files_are_read_again_when_they_change_and_a_bad_pair_keeps_the_old_one() {
    let workplace = Workplace::new();
    let (first, second) = (self_signed("localhost"), self_signed("localhost"));
    let mut server = with_files(&workplace, &first);
    let (old, new) = (Trusting::pem(&first.0), Trusting::pem(&second.0));
    let body = json!({"username": "ann", "email": "ann@example.com", "password": PASSWORD});
    let url = format!("https://localhost:{}/api/auth/signup", server.address.port());
    let answer = old.requests(&["localhost"], server.address).post(url).json(&body).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    let token = answer.json::<Value>().await.unwrap()["token"].clone();
    let stream = old.connect(server.address, "localhost").await.unwrap();
    let before = Socket::connect_over(stream, server.address, json!({"token": token})).await.unwrap();

    // The certificate alone: the two do not fit together.
    workplace.write("cert.pem", &second.0);
    let mut server = tokio::task::spawn_blocking(move || {
        server.process.logged("the key is not that of the certificate");
        server
    })
    .await
    .unwrap();
    old.connect(server.address, "localhost").await.expect("the old one is kept");
    workplace.write("key.pem", &second.1);
    let server = tokio::task::spawn_blocking(move || {
        server.process.logged("new connections get a new certificate");
        server
    })
    .await
    .unwrap();
    new.connect(server.address, "localhost").await.expect("the new one is served");
    // One that has never been here: the other takes up the session that it had.
    Trusting::pem(&first.0).connect(server.address, "localhost").await.unwrap_err();
    before.refused("no-such-event", json!({}), "unknown_event").await;
    drop(before);
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn files_that_do_not_serve_are_told_at_the_start() {
    let workplace = Workplace::new();
    let (first, second) = (self_signed("localhost"), self_signed("localhost"));
    workplace.write("cert.pem", &first.0);
    workplace.write("key.pem", &second.1);
    workplace.write("none.pem", "none");
    let with = |certificate, key| {
        let ended = workplace.run(&["--port", "0", "--tls", "files", "--tls-cert", certificate, "--tls-key", key]);
        assert_ne!(ended.code, Some(0), "{ended:?}");
        assert_eq!(ended.err.lines().count(), 1, "{ended:?}");
        ended.err
    };
    assert!(with("cert.pem", "key.pem").contains("the key is not that of the certificate"));
    assert!(with("none.pem", "key.pem").contains("none.pem holds no certificate"));
    assert!(with("cert.pem", "gone.pem").contains("cannot read gone.pem: no such file"));
}

/// What a server with files answers to a request of a trusted proxy that got it over this scheme.
async fn forwarded(app: &App, path: &str, scheme: Option<&str>) -> reqwest::Response {
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let request = client.get(app.url(path)).header("x-forwarded-host", "chat.example.com");
    let request = scheme.into_iter().fold(request, |request, scheme| request.header("x-forwarded-proto", scheme));
    request.send().await.unwrap()
}

#[tokio::test]
async fn with_files_http_leads_to_https_but_on_the_same_machine_and_for_an_authority() {
    let place = tempfile::tempdir().unwrap();
    let (certificate, key) = (place.path().join("cert.pem"), place.path().join("key.pem"));
    let pair = self_signed("localhost");
    std::fs::write(&certificate, &pair.0).unwrap();
    std::fs::write(&key, &pair.1).unwrap();
    let app = App::with(|config| {
        config.tls = Tls::Files { certificate, key };
        config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    })
    .await;
    let led = forwarded(&app, "/api/rooms?limit=5", Some("http")).await;
    assert_eq!(led.status(), StatusCode::PERMANENT_REDIRECT);
    assert_eq!(led.headers()["location"], "https://chat.example.com/api/rooms?limit=5");
    assert!(!led.headers().contains_key("strict-transport-security"));
    let secure = forwarded(&app, "/health", Some("https")).await;
    assert_eq!(
        (secure.status(), &secure.headers()["strict-transport-security"] == "max-age=31536000"),
        (StatusCode::OK, true)
    );
    for (path, scheme) in [("/health", None), ("/.well-known/acme-challenge/token", Some("http"))] {
        let answer = forwarded(&app, path, scheme).await;
        assert!(!answer.status().is_redirection(), "{path}");
        assert!(!answer.headers().contains_key("strict-transport-security"), "{path}");
    }
    assert_eq!(forwarded(&app, "/trust", Some("https")).await.status(), StatusCode::NOT_FOUND);
    let app = app.restart(|config| config.trusted_proxies = Vec::new()).await;
    assert!(!app.request(Method::GET, "/health").send().await.unwrap().status().is_redirection());
}

#[tokio::test]
async fn the_page_about_trust_offers_the_certificate_and_a_profile_and_tells_the_fingerprint() {
    let app = App::start().await;
    let trusting = Trusting::server(app.data());
    let get = async |path: &str| app.request(Method::GET, path).send().await.unwrap();
    let certificate = get("/trust/tincan.crt").await;
    assert_eq!(certificate.headers()["content-type"], "application/x-x509-ca-cert");
    let certificate = certificate.bytes().await.unwrap();
    let der = data_encoding::BASE64.encode(&certificate);
    assert_eq!(
        trusting.trusted().lines().filter(|line| !line.starts_with('-')).map(str::trim).collect::<String>(),
        der
    );
    let digest = ring::digest::digest(&ring::digest::SHA256, &certificate);
    let fingerprint: Vec<String> = digest.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
    let page = get("/trust").await;
    assert!(page.headers()["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));
    let page = page.text().await.unwrap();
    assert!(page.contains(&fingerprint.join(":")) && page.contains(&format!("https://{}/", app.address())));
    assert!(!page.contains("{{") && page.contains("Firefox"));
    let profile = get("/trust/tincan.mobileconfig").await;
    assert_eq!(profile.headers()["content-type"], "application/x-apple-aspen-config");
    let profile = profile.text().await.unwrap();
    assert!(profile.contains(&der) && profile.contains("com.apple.security.root"));
    for text in [&page, &profile] {
        assert!(!text.contains("PRIVATE KEY"));
    }
}

#[tokio::test]
async fn without_a_place_for_its_authority_a_server_serves_http_and_says_so() {
    let workplace = Workplace::new();
    std::fs::create_dir(workplace.path().join("tincan-data")).unwrap();
    std::fs::write(workplace.path().join("tincan-data/tls"), "in the way").unwrap();
    let mut server = workplace.serve(&[]);
    let status = timed("health", reqwest::get(server.url("/health"))).await.unwrap().status();
    assert_eq!(status, StatusCode::OK);
    let server = tokio::task::spawn_blocking(move || {
        server.process.logged("https is not served");
        server
    });
    assert_eq!(server.await.unwrap().stop().code, Some(0));
}
