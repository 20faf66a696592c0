//! Below a prefix, `--public-url https://example.com/chat`: the same answers whether a proxy takes the prefix off or
//! not, and links that lead below it.

use reqwest::{Method, StatusCode, header};
use tincan::config::{Client, PublicUrl, Tls};

use crate::support::app::{App, Reply};

/// A server below `/chat`, which its clients ask for as `example.com`.
async fn below() -> App {
    App::with(|config| {
        config.client = Client::BuiltIn;
        config.tls = Tls::Auto;
        config.public_urls = PublicUrl::parse("https://example.com/chat").into_iter().collect();
    })
    .await
}

async fn get(app: &App, host: &str, path: &str) -> Reply {
    let request = app.request(Method::GET, path).header(header::HOST, host);
    Reply::of(request.send().await.expect("an answer")).await
}

#[tokio::test]
async fn every_path_answers_with_and_without_the_prefix() {
    let app = below().await;
    let page = get(&app, "example.com", "/").await;
    for path in ["/chat/", "/chat/index.html"] {
        let same = get(&app, "127.0.0.1", path).await;
        assert_eq!((same.status, &same.headers["etag"]), (StatusCode::OK, &page.headers["etag"]), "{path}");
        assert!(same.headers["content-type"].to_str().unwrap().starts_with("text/html"), "{path}");
    }
    for path in
        ["/health", "/api/config", "/api/openapi.json", "/trust", "/trust/tincan.crt", "/socket.io/socket.io.js"]
    {
        let plain = get(&app, "example.com", path).await;
        assert_eq!(plain.status, StatusCode::OK, "{path}");
        let below = get(&app, "example.com", &format!("/chat{path}")).await;
        assert_eq!(below.status, StatusCode::OK, "{path}");
        assert_eq!(below.headers["content-type"], plain.headers["content-type"], "{path}");
    }
    assert_eq!(get(&app, "example.com", "/chat/API/Config/").await.status, StatusCode::OK);
    let session = get(&app, "example.com", "/chat/socket.io/?EIO=4&transport=polling").await;
    assert_eq!(session.status, StatusCode::OK);
    // What is nobody's is nobody's below it too, and the token is asked for.
    for (path, status) in [
        ("/chat/health/x", StatusCode::NOT_FOUND),
        ("/chat/gone.js", StatusCode::NOT_FOUND),
        ("/chat/api/nonsense", StatusCode::UNAUTHORIZED),
        ("/chat/api/rooms", StatusCode::UNAUTHORIZED),
        ("/chats/gone.js", StatusCode::NOT_FOUND),
    ] {
        assert_eq!(get(&app, "example.com", path).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn the_address_without_a_slash_leads_to_the_one_with_it() {
    let app = below().await;
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    for (path, way) in [("/chat?x=1", "/chat/?x=1"), ("/chat/rooms/abc", "../")] {
        let answer = client.get(app.url(path)).send().await.expect("an answer");
        assert_eq!((answer.status(), answer.headers()["location"].to_str().unwrap()), (StatusCode::FOUND, way));
    }
}

#[tokio::test]
async fn pages_of_a_list_are_linked_below_the_prefix() {
    let app = below().await;
    let ann = app.user("ann").await;
    for name in ["Kitchen", "Garden"] {
        ann.room(name).await;
    }
    for path in ["/api/rooms?limit=1", "/chat/api/rooms?limit=1"] {
        let first = ann.get(path).await;
        let link = first.headers["link"].to_str().unwrap().to_owned();
        let next = link.strip_prefix('<').and_then(|link| link.split_once('>')).expect("a link").0.to_owned();
        assert!(next.starts_with("/chat/api/rooms?"), "{link}");
        let rooms = ann.get(&next).await.expect(StatusCode::OK);
        assert_eq!(rooms[0]["name"], "Kitchen", "{path}");
    }
}

#[tokio::test]
async fn the_page_on_trust_links_below_the_prefix() {
    let app = below().await;
    for path in ["/trust", "/chat/trust/"] {
        let page = app.request(Method::GET, path).send().await.expect("an answer").text().await.expect("text");
        assert!(page.contains("href=\"/chat/trust/tincan.crt\"") && page.contains("href=\"/chat/\""), "{page}");
        assert!(!page.contains("{{") && !page.contains("href=\"/trust"), "{page}");
    }
}
