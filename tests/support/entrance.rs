//! Where the servers of a test listen: a client takes the next one in turn, or the one that it is told.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::app::{PASSWORD, PATIENCE, Reply, User};

/// One server, or several that are one to their clients.
pub(crate) struct Entrance {
    addresses: Vec<SocketAddr>,
    next: AtomicUsize,
    http: reqwest::Client,
}

impl Entrance {
    /// To these servers.
    pub(crate) fn new(addresses: Vec<SocketAddr>) -> Self {
        Self { addresses, next: AtomicUsize::new(0), http: reqwest::Client::new() }
    }

    /// The number of the server whose turn it is.
    pub(crate) fn turn(&self) -> usize {
        self.next.fetch_add(1, Ordering::Relaxed) % self.addresses.len()
    }

    /// Where a server listens.
    pub(crate) fn address(&self, server: usize) -> SocketAddr {
        self.addresses[server]
    }

    /// A request to a server, without a token.
    pub(crate) fn request(&self, server: usize, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("http://{}{path}", self.address(server))).timeout(PATIENCE)
    }

    /// A user who signs up with this name, and stays with the server whose turn it is.
    pub(crate) async fn user(&self, name: &str) -> User<'_> {
        let body =
            json!({"username": name, "email": format!("{}@example.com", name.to_lowercase()), "password": PASSWORD});
        let home = self.turn();
        let request = self.request(home, Method::POST, "/api/auth/signup").json(&body);
        let reply = Reply::of(request.send().await.expect("an answer")).await.expect(StatusCode::CREATED);
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        User::new(self, home, (text(&reply["user"]["id"]), name.to_owned(), text(&reply["token"])))
    }
}
