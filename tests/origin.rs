//! What is the server's own origin: by the host that was asked for, by what a trusted proxy says, and by
//! `--public-url`.

use reqwest::{Method, StatusCode};
use tincan::config::{Client, PublicUrl};

use crate::support::app::App;
use crate::support::process::Workplace;

const POLLING: &str = "/socket.io/?EIO=4&transport=polling";

async fn status(app: &App, headers: &[(&str, &str)]) -> StatusCode {
    let request =
        headers.iter().fold(app.request(Method::GET, POLLING), |request, (name, value)| request.header(*name, *value));
    request.send().await.expect("an answer").status()
}

async fn behind_a_proxy() -> App {
    App::with(|config| config.trusted_proxies = vec!["127.0.0.1".parse::<std::net::IpAddr>().unwrap().into()]).await
}

#[tokio::test]
async fn the_scheme_of_a_websocket_and_a_host_without_a_port_are_own() {
    let app = App::start().await;
    for (origin, host) in [
        ("ws://tin.example:5000", "tin.example:5000"),
        ("wss://tin.example", "tin.example:443"),
        ("https://tin.example:8443", "tin.example"),
    ] {
        assert_eq!(status(&app, &[("origin", origin), ("host", host)]).await, StatusCode::OK, "{origin}");
    }
    for (origin, host) in [("https://tin.example:8443", "tin.example:5000"), ("null", "null")] {
        assert_eq!(status(&app, &[("origin", origin), ("host", host)]).await, StatusCode::FORBIDDEN, "{origin}");
    }
}

#[tokio::test]
async fn the_forwarded_host_is_own_from_a_trusted_proxy_alone() {
    let app = behind_a_proxy().await;
    let origin = ("origin", "https://chat.example.com");
    let forwarded = |value| [origin, ("x-forwarded-host", value), ("x-forwarded-proto", "https")];
    assert_eq!(status(&app, &forwarded("chat.example.com")).await, StatusCode::OK);
    assert_eq!(status(&app, &forwarded("claimed.example, chat.example.com")).await, StatusCode::OK);
    assert_eq!(status(&app, &forwarded("chat.example.com, other.example")).await, StatusCode::FORBIDDEN);
    assert_eq!(status(&app, &[origin]).await, StatusCode::FORBIDDEN);
    // What the proxy connects to is not what the client asked for.
    let upstream = app.url("");
    let headers = [("origin", upstream.as_str()), ("x-forwarded-host", "chat.example.com")];
    assert_eq!(status(&app, &headers).await, StatusCode::FORBIDDEN);
    let open = App::start().await;
    assert_eq!(status(&open, &forwarded("chat.example.com")).await, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_public_address_is_own_where_a_proxy_changes_the_host() {
    let url = || PublicUrl::parse("https://chat.example.com").unwrap();
    let app = App::with(|config| config.public_urls = vec![url()]).await;
    for origin in ["https://chat.example.com", "wss://chat.example.com:443"] {
        assert_eq!(status(&app, &[("origin", origin)]).await, StatusCode::OK, "{origin}");
    }
    assert_eq!(status(&app, &[("origin", "https://chat.example.com:8443")]).await, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_policy_names_the_sockets_of_the_host_that_the_proxy_was_asked_for() {
    let app = App::with(|config| {
        config.trusted_proxies = vec!["127.0.0.1".parse::<std::net::IpAddr>().unwrap().into()];
        config.client = Client::BuiltIn;
    })
    .await;
    let request = app.request(Method::GET, "/");
    let request = request.header("x-forwarded-host", "chat.example.com:8443").header("x-forwarded-proto", "https");
    let answer = request.send().await.expect("an answer");
    let policy = answer.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.ends_with("connect-src 'self' wss://chat.example.com:8443"), "{policy}");
}

#[tokio::test]
async fn a_refused_page_is_logged_once_with_what_to_set() {
    let place = Workplace::new();
    let mut server = place.serve(&[]);
    let client = reqwest::Client::new();
    for origin in ["https://first.example", "https://first.example", "https://second.example"] {
        let answer = client.get(server.url(POLLING)).header("origin", origin).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    }
    server.process.logged("second.example");
    let ended = server.stop();
    let lines: Vec<&str> = ended.err.lines().filter(|line| line.contains("first.example")).collect();
    assert_eq!(lines.len(), 1, "{}", ended.err);
    for setting in ["--public-url", "--trusted-proxy", "--client-url"] {
        assert!(lines[0].contains(setting), "{}", lines[0]);
    }
}
