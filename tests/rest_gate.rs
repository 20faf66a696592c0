//! What every request passes: the token before the path, methods, origins, security headers, health, figures.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tincan::config::{Client, Metrics};
use tokio::net::TcpListener;

use crate::support::app::{App, Reply};

async fn ask(app: &App, method: Method, path: &str, headers: &[(&str, &str)]) -> Reply {
    let request =
        headers.iter().fold(app.request(method, path), |request, (name, value)| request.header(*name, *value));
    Reply::of(request.send().await.expect("an answer")).await
}

#[tokio::test]
async fn under_api_the_token_is_checked_before_the_path() {
    let app = App::with(|config| config.client = Client::BuiltIn).await;
    let ann = app.user("ann").await;
    for path in
        ["/api", "/api/", "/api/nonsense", "/api/rooms//", "/api/rooms/x/y", "/api/auth", "/api//rooms", "/api/%ff"]
    {
        let stranger = ask(&app, Method::GET, path, &[]).await;
        assert_eq!(stranger.headers["www-authenticate"], "Bearer", "{path}");
        stranger.refused(StatusCode::UNAUTHORIZED, "unauthorized");
        ann.get(path).await.refused(StatusCode::NOT_FOUND, "not_found");
    }
    // Not even by the methods that are allowed does a stranger learn which paths there are.
    let stranger = ask(&app, Method::PUT, "/api/rooms", &[]).await;
    assert_eq!(stranger.headers.get("allow"), None);
    stranger.refused(StatusCode::UNAUTHORIZED, "unauthorized");
}

#[tokio::test]
async fn another_method_is_refused_with_those_that_are_allowed() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    for (path, allowed) in [
        ("/api/rooms", "GET,HEAD,POST"),
        ("/api/rooms/0123456789abcdef01234567", "GET,HEAD,PATCH,DELETE"),
        ("/api/auth/login", "POST"),
        ("/api/config", "GET,HEAD"),
        ("/health", "GET,HEAD"),
    ] {
        let reply = ann.send(Method::PUT, path, None).await;
        assert_eq!(reply.headers["allow"], allowed, "{path}");
        reply.refused(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed");
    }
    ask(&app, Method::GET, "/api/auth/signup", &[]).await.refused(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed");
}

#[tokio::test]
async fn a_page_that_is_allowed_may_read_answers_and_ask_beforehand() {
    let app = App::with(|config| config.allowed_origins = vec!["https://chat.example.com".to_owned()]).await;
    let own = format!("https://{}", app.address());
    for origin in ["https://chat.example.com", &own] {
        let reply = ask(&app, Method::GET, "/api/config", &[("origin", origin)]).await;
        assert_eq!(reply.headers["access-control-allow-origin"], origin);
        assert_eq!(reply.headers["access-control-expose-headers"], "Link, Retry-After");
        assert_eq!(reply.headers["vary"], "Origin");
        reply.expect(StatusCode::OK);
        let asked = [
            ("origin", origin),
            ("access-control-request-method", "DELETE"),
            ("access-control-request-headers", "authorization,content-type"),
        ];
        let reply = ask(&app, Method::OPTIONS, "/api/rooms/0123456789abcdef01234567", &asked).await;
        assert_eq!(reply.status, StatusCode::NO_CONTENT);
        assert_eq!(reply.headers["access-control-allow-origin"], origin);
        assert!(reply.headers["access-control-allow-methods"].to_str().unwrap().contains("DELETE"));
        assert_eq!(reply.headers["access-control-allow-headers"], "authorization,content-type");
        // A failure too may be read.
        let reply = ask(&app, Method::GET, "/api/rooms", &[("origin", origin)]).await;
        assert_eq!(reply.headers["access-control-allow-origin"], origin);
        reply.refused(StatusCode::UNAUTHORIZED, "unauthorized");
    }
}

#[tokio::test]
async fn a_page_that_is_not_allowed_may_read_nothing() {
    let app = App::start().await;
    for origin in ["null", "https://evil.example", "http://localhost:3000"] {
        let reply = ask(&app, Method::GET, "/api/config", &[("origin", origin)]).await;
        assert_eq!(
            (reply.status, reply.headers.get("access-control-allow-origin")),
            (StatusCode::OK, None),
            "{origin}"
        );
        let asked = [("origin", origin), ("access-control-request-method", "POST")];
        let reply = ask(&app, Method::OPTIONS, "/api/rooms", &asked).await;
        assert_eq!(reply.headers.get("access-control-allow-origin"), None, "{origin}");
        assert_eq!(reply.headers.get("access-control-allow-methods"), None, "{origin}");
    }
}

#[tokio::test]
async fn socket_io_is_closed_to_a_page_that_is_not_allowed_by_both_transports() {
    let app = App::start().await;
    let polling = "/socket.io/?EIO=4&transport=polling";
    let own = app.url("");
    for (origin, status) in [("https://evil.example", 403), ("null", 403), (own.as_str(), 200)] {
        let reply = ask(&app, Method::GET, polling, &[("origin", origin)]).await;
        assert_eq!(reply.status.as_u16(), status, "{origin}");
    }
    assert_eq!(ask(&app, Method::GET, polling, &[]).await.status, StatusCode::OK);
    let upgrade = |origin| {
        [
            ("origin", origin),
            ("connection", "Upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ]
    };
    let websocket = "/socket.io/?EIO=4&transport=websocket";
    let refused = ask(&app, Method::GET, websocket, &upgrade("https://evil.example")).await;
    refused.refused(StatusCode::FORBIDDEN, "not_allowed");
    let request = upgrade(own.as_str())
        .iter()
        .fold(app.request(Method::GET, websocket), |request, (name, value)| request.header(*name, *value));
    assert_eq!(request.send().await.expect("an answer").status(), StatusCode::SWITCHING_PROTOCOLS);
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let app = App::with(|config| config.client = Client::BuiltIn).await;
    for path in [
        "/service-worker.js",
        "/health",
        "/api/config",
        "/api/rooms",
        "/api/nonsense",
        "/socket.io/?EIO=4&transport=polling",
        "/nothing.js",
    ] {
        let headers = ask(&app, Method::GET, path, &[]).await.headers;
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'self'") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert!(policy.len() < 60, "{path}: {policy}");
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert!(headers.contains_key("referrer-policy"), "{path}");
        assert!(!headers.contains_key("permissions-policy"), "{path}");
    }
}

#[tokio::test]
async fn a_page_carries_what_only_a_page_understands_also_where_it_has_not_changed() {
    let app = App::with(|config| config.client = Client::BuiltIn).await;
    let first = ask(&app, Method::GET, "/", &[]).await;
    let tag = first.headers["etag"].to_str().unwrap().to_owned();
    let again = ask(&app, Method::GET, "/", &[("if-none-match", &tag)]).await;
    assert_eq!((first.status, again.status), (StatusCode::OK, StatusCode::NOT_MODIFIED));
    for headers in [first.headers, again.headers] {
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'self'") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(policy.contains(&format!("ws://{}", app.address())) && !policy.contains("unsafe"), "{policy}");
        let permissions = headers["permissions-policy"].to_str().unwrap();
        for feature in ["camera=(self)", "microphone=(self)", "display-capture=(self)"] {
            assert!(permissions.contains(feature), "{permissions}");
        }
    }
}

#[tokio::test]
async fn with_the_client_off_there_is_nothing_at_the_root() {
    let app = App::start().await;
    assert_eq!(ask(&app, Method::GET, "/", &[]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn health_tells_the_version_the_uptime_and_the_store() {
    let app = App::start().await;
    let body = ask(&app, Method::GET, "/health", &[]).await.expect(StatusCode::OK);
    assert_eq!((&body["status"], &body["version"]), (&json!("ok"), &json!(env!("CARGO_PKG_VERSION"))));
    let engine = if crate::support::mongod::stands_in() { "mongodb" } else { "polodb" };
    assert_eq!(body["store"], json!({"engine": engine, "status": "ok"}));
    assert!(body["uptime"].as_f64().is_some_and(|seconds| (0.0..3600.0).contains(&seconds)), "{body}");
    assert!(body["timestamp"].as_str().is_some_and(|text| text.len() == 24 && text.ends_with('Z')), "{body}");
}

#[tokio::test]
async fn health_is_degraded_where_the_store_is_away_and_requests_are_told_so() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    app.store().close().await;
    let reply = ask(&app, Method::GET, "/health", &[]).await;
    let body = reply.expect(StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!((&body["status"], &body["store"]["status"]), (&json!("degraded"), &json!("degraded")));
    ann.get("/api/rooms").await.refused(StatusCode::SERVICE_UNAVAILABLE, "storage");
}

#[tokio::test]
async fn health_is_degraded_while_the_server_shuts_down() {
    let app = App::start().await;
    app.connections().announce_shutdown(Duration::from_secs(1));
    let body = ask(&app, Method::GET, "/health", &[]).await.expect(StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!((&body["status"], &body["store"]["status"]), (&json!("degraded"), &json!("ok")));
}

#[tokio::test]
async fn the_public_settings_are_there_for_everybody() {
    let app = App::start().await;
    let body = ask(&app, Method::GET, "/api/config", &[]).await.expect(StatusCode::OK);
    let expected = json!({
        "name": "Tincan", "version": env!("CARGO_PKG_VERSION"), "signup": "open", "first": true,
        "ringTimeoutMs": 45_000, "callGraceMs": 15_000,
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn figures_are_there_only_where_they_are_turned_on() {
    // With the client there, which answers paths that are nobody's with its page.
    let off = App::with(|config| config.client = Client::BuiltIn).await;
    assert_eq!(ask(&off, Method::GET, "/", &[]).await.status, StatusCode::OK);
    ask(&off, Method::GET, "/metrics", &[]).await.refused(StatusCode::NOT_FOUND, "not_found");
    let on = App::with(|config| config.metrics = Metrics::On).await;
    ask(&on, Method::GET, "/api/config", &[]).await.expect(StatusCode::OK);
    let figures = ask(&on, Method::GET, "/metrics", &[]).await;
    assert!(figures.headers["content-type"].to_str().unwrap().starts_with("text/plain; version=0.0.4"));
    let Value::String(text) = figures.expect(StatusCode::OK) else { panic!("text") };
    let counted = r#"tincan_http_requests_total{method="GET",route="/api/config",status="200"}"#;
    assert!(text.contains(counted), "{text}");
    assert!(text.contains(r#"tincan_http_request_seconds_bucket{route="/api/config",le="0.001"}"#), "{text}");
}

#[tokio::test]
async fn figures_can_be_served_on_an_address_of_their_own_alone() {
    let own = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = own.local_addr().expect("its number");
    let app = App::with(|config| config.metrics = Metrics::At(address)).await;
    let serving = tokio::spawn(tincan::http::serve_metrics(own));
    ask(&app, Method::GET, "/metrics", &[]).await.refused(StatusCode::NOT_FOUND, "not_found");
    ask(&app, Method::GET, "/api/config", &[]).await.expect(StatusCode::OK);
    let figures = reqwest::get(format!("http://{address}/metrics")).await.expect("an answer");
    assert!(figures.text().await.expect("text").contains("tincan_http_requests_total"));
    let nothing_else = reqwest::get(format!("http://{address}/api/config")).await.expect("an answer");
    assert_eq!(nothing_else.status(), StatusCode::NOT_FOUND);
    serving.abort();
}
