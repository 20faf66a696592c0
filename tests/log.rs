//! What the log never holds, whatever is asked of it.

use data_encoding::HEXLOWER;
use serde_json::{Value, json};

use crate::support::polling::Polling;
use crate::support::process::{Ended, Server, Workplace};
use crate::support::socket::Socket;

const PASSWORD: &str = "xyzzy-password-of-ann";
const MESSAGE: &str = "xyzzy-text-of-a-message";

/// Signs up, logs in with a wrong and with the right password, and talks over both transports. Answers with all that
/// must stay secret.
async fn talk(server: &Server) -> Vec<String> {
    let http = reqwest::Client::new();
    let body = json!({"username": "ann", "email": "ann@example.com", "password": PASSWORD});
    let signed_up: Value =
        http.post(server.url("/api/auth/signup")).json(&body).send().await.unwrap().json().await.unwrap();
    let wrong = json!({"email": "ann", "password": "xyzzy-wrong-password"});
    http.post(server.url("/api/auth/login")).json(&wrong).send().await.unwrap();
    let right = json!({"email": "ann", "password": PASSWORD});
    let logged_in: Value =
        http.post(server.url("/api/auth/login")).json(&right).send().await.unwrap().json().await.unwrap();
    let token = |answer: &Value| answer["token"].as_str().unwrap().to_owned();
    let (one, other) = (token(&signed_up), token(&logged_in));
    let request = http.post(server.url("/api/rooms")).bearer_auth(&one).json(&json!({"name": "talk"}));
    let room: Value = request.send().await.unwrap().json().await.unwrap();
    let socket = Socket::connect(server.address, json!({"token": one})).await.unwrap();
    socket.ok("join-room", json!({"roomId": room["id"]})).await;
    socket.ok("send-message", json!({"roomId": room["id"], "content": MESSAGE})).await;
    let (polling, _) = Polling::connect(server.address, &other).await;
    polling.ask("join-room", json!({"roomId": room["id"]})).await;
    let sent = polling.ask("send-message", json!({"roomId": room["id"], "content": MESSAGE})).await;
    assert_eq!(sent["ok"], json!(true));
    socket.emit("xyzzy-unheard-of", json!({"token": one})).await;
    socket.event("error").await;
    let secrets = [PASSWORD, MESSAGE, "xyzzy-wrong-password", &one, &other, &polling.sid];
    secrets.into_iter().map(str::to_owned).collect()
}

fn holds_none(ended: &Ended, secrets: &[String], filter: &str) {
    for secret in secrets {
        // Hexadecimal, as frames are dumped, and the last part of a token alone.
        let hex = HEXLOWER.encode(secret.as_bytes());
        let tail = secret.rsplit('.').next().unwrap();
        for told in [secret.as_str(), &hex, tail] {
            assert!(!ended.err.contains(told) && !ended.out.contains(told), "{filter}: {told} is told");
        }
    }
}

#[tokio::test]
async fn no_filter_brings_tokens_passwords_or_messages_into_the_log() {
    let filters =
        ["trace", "tungstenite=trace,tincan=trace", "tungstenite::protocol=trace,tokio_tungstenite=trace,info"];
    for filter in filters {
        let workplace = Workplace::new();
        let server = workplace.serve(&["--log", filter]);
        let mut secrets = talk(&server).await;
        let kept = std::fs::read_to_string(workplace.path().join("tincan-data/jwt-secret")).unwrap();
        secrets.push(kept.trim().to_owned());
        let ended = server.stop();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let detailed = ended.err.contains("DEBUG");
        assert_eq!(detailed, filter != filters[2], "the filter holds for the server's own lines: {}", ended.err);
        holds_none(&ended, &secrets, filter);
    }
}

#[tokio::test]
async fn a_restart_with_many_sockets_leaves_no_line_for_each() {
    let workplace = Workplace::new();
    let mut server = workplace.serve(&["--rate-limit", "off"]);
    let body = json!({"username": "ann", "email": "ann@example.com", "password": PASSWORD});
    let signing_up = reqwest::Client::new().post(server.url("/api/auth/signup")).json(&body);
    let token = signing_up.send().await.unwrap().json::<Value>().await.unwrap()["token"].clone();
    let mut sockets = Vec::new();
    for _ in 0..20 {
        sockets.push(Socket::connect(server.address, json!({"token": token})).await.unwrap());
    }
    server.process.signal("TERM");
    for socket in &sockets {
        socket.event("server-shutdown").await;
    }
    let ended = server.process.end();
    assert!(ended.code == Some(0) && ended.err.lines().count() < 10, "{}", ended.err);
}
