//! Paths as Express takes them: a slash at the end, the case of fixed words; and no way around the token by another
//! spelling.

use reqwest::{Method, StatusCode};
use serde_json::json;
use tincan::config::{Client, Metrics};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::app::{App, Reply};

/// The answer to a path exactly as it is written here: a client library would resolve it first.
async fn raw(app: &App, method: &str, path: &str) -> (u16, String) {
    let mut line = TcpStream::connect(app.address()).await.expect("a connection");
    let head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", app.address());
    line.write_all(head.as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    line.read_to_end(&mut answer).await.expect("an answer");
    let answer = String::from_utf8_lossy(&answer).into_owned();
    (answer[9..12].parse().expect("a status"), answer)
}

async fn get(app: &App, path: &str) -> Reply {
    Reply::of(app.request(Method::GET, path).send().await.expect("an answer")).await
}

#[tokio::test]
async fn a_slash_at_the_end_and_the_case_of_fixed_words_make_no_difference() {
    let app = App::with(|config| config.client = Client::BuiltIn).await;
    for path in ["/health/", "/Health", "/HEALTH/?x=1"] {
        assert_eq!(get(&app, path).await.expect(StatusCode::OK)["status"], "ok", "{path}");
    }
    assert_eq!(get(&app, "/API/Config/").await.expect(StatusCode::OK)["name"], "Tincan");
    let ann = app.user("ann").await;
    let room = ann.room("Kitchen").await;
    assert_eq!(ann.get("/API/rooms/?limit=1").await.expect(StatusCode::OK)[0]["id"], room.as_str());
    let answer = ann.get(&format!("/api/ROOMS/{room}/Messages/")).await;
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.expect(StatusCode::OK), json!([]));
    ann.get(&format!("/API/rooms/{}", room.to_uppercase())).await.refused(StatusCode::NOT_FOUND, "room_not_found");
    let body = json!({"email": "ann", "password": crate::support::app::PASSWORD});
    let login = app.request(Method::POST, "/Api/Auth/Login/").json(&body).send().await.expect("an answer");
    Reply::of(login).await.expect(StatusCode::OK);
    assert!(raw(&app, "GET", "/Socket.IO?EIO=4&transport=polling").await.1.contains("\"sid\""));
}

#[tokio::test]
async fn no_spelling_leads_around_the_token_or_to_the_clients_page() {
    let app = App::with(|config| config.client = Client::BuiltIn).await;
    app.user("ann").await;
    for path in
        ["/API/rooms", "/api/rooms/", "/Api/Users/", "/api/../API/rooms", "/API", "/API/nonsense", "/api/../health"]
    {
        for method in ["GET", "HEAD", "OPTIONS", "POST"] {
            assert_eq!(raw(&app, method, path).await.0, 401, "{method} {path}");
        }
    }
    for path in
        ["/%61pi/rooms", "//api/rooms", "/./api/rooms", "/x/../api/rooms", "/api%2frooms", "/%2fapi", "\\api\\rooms"]
    {
        let path = if path.starts_with('\\') { format!("/{path}") } else { path.to_owned() };
        let (status, answer) = raw(&app, "GET", &path).await;
        assert_eq!(status, 404, "{path}");
        assert!(answer.contains("\"not_found\""), "{path}: {answer}");
    }
    for path in ["/health/x", "//health", "/Metrics", "/metrics/", "/%68ealth", "/health//"] {
        let (status, answer) = raw(&app, "GET", path).await;
        assert_eq!(status, 404, "{path}");
        assert!(answer.contains("\"not_found\""), "{path}: {answer}");
    }
    assert!(raw(&app, "GET", "/socket.io/nothing.js").await.1.starts_with("HTTP/1.1 400"));
    assert_eq!(raw(&app, "GET", "/rooms/api").await.0, 302);
}

#[tokio::test]
async fn figures_name_a_path_by_its_one_spelling() {
    let app = App::with(|config| config.metrics = Metrics::On).await;
    get(&app, "/API/CONFIG/").await.expect(StatusCode::OK);
    let figures = get(&app, "/Metrics/").await;
    let text = figures.expect(StatusCode::OK).as_str().expect("text").to_owned();
    assert!(text.contains(r#"route="/api/config""#) && !text.contains("CONFIG"), "{text}");
}

#[tokio::test]
async fn the_official_client_is_served_though_the_client_is_off() {
    let app = App::start().await;
    for path in ["/socket.io/socket.io.js", "/Socket.IO/socket.io.min.js/", "/socket.io/socket.io.esm.min.js"] {
        let answer = get(&app, path).await;
        assert!(answer.headers["content-type"].to_str().unwrap().starts_with("text/javascript"), "{path}");
        let tag = answer.headers["etag"].to_str().unwrap().to_owned();
        assert!(answer.expect(StatusCode::OK).as_str().unwrap().contains("Socket.IO v4.8.4"), "{path}");
        let again = app.request(Method::GET, path).header("if-none-match", tag).send().await.expect("an answer");
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{path}");
    }
    assert_eq!(get(&app, "/socket.io/socket.io.js.map").await.expect(StatusCode::OK)["version"], 3);
}
