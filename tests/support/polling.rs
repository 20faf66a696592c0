//! A thin Socket.IO client over long polling.

use std::net::SocketAddr;
use std::sync::Mutex;

use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use crate::support::app::PATIENCE;
use crate::support::socket::timed;

/// A session over long polling. Nothing is read unless somebody asks.
pub(crate) struct Polling {
    http: reqwest::Client,
    url: String,
    /// The session's id, which is Socket.IO's own.
    pub sid: String,
    unread: Mutex<Vec<String>>,
}

/// A handshake, not sent yet.
pub(crate) fn handshake(address: SocketAddr) -> RequestBuilder {
    reqwest::Client::new().get(format!("http://{address}/socket.io/?EIO=4&transport=polling")).timeout(PATIENCE)
}

impl Polling {
    /// The id of a new session; `Err` where none can be had.
    pub(crate) async fn handshake(address: SocketAddr) -> Result<String, String> {
        let opened = handshake(address).send().await.map_err(|error| error.to_string())?;
        let status = opened.status();
        let text = opened.text().await.map_err(|error| error.to_string())?;
        let open = text.strip_prefix('0').filter(|_| status == StatusCode::OK).ok_or_else(|| status.to_string())?;
        let open: Value = serde_json::from_str(open).map_err(|error| error.to_string())?;
        Ok(open["sid"].as_str().expect("an id").to_owned())
    }

    /// Opens a transport without a session.
    pub(crate) async fn open(address: SocketAddr) -> Self {
        let sid = Self::handshake(address).await.expect("a session");
        let url = format!("http://{address}/socket.io/?EIO=4&transport=polling&sid={sid}");
        Self { http: reqwest::Client::new(), url, sid, unread: Mutex::default() }
    }

    /// Connects; its `session` has come, and is answered.
    pub(crate) async fn connect(address: SocketAddr, token: &str) -> (Self, Value) {
        let polling = Self::open(address).await;
        assert_eq!(polling.post(format!("40{}", json!({"token": token}))).await.status(), StatusCode::OK);
        let session = polling.event("session").await;
        (polling, session)
    }

    /// Sends packets.
    pub(crate) async fn post(&self, packets: String) -> Response {
        self.http.post(&self.url).body(packets).timeout(PATIENCE).send().await.expect("an answer")
    }

    /// Asks once for packets.
    pub(crate) async fn get(&self) -> Response {
        self.http.get(&self.url).timeout(PATIENCE).send().await.expect("an answer")
    }

    /// Emits and waits for the acknowledgement.
    pub(crate) async fn ask(&self, event: &str, payload: Value) -> Value {
        assert_eq!(self.post(format!("4277{}", json!([event, payload]))).await.status(), StatusCode::OK);
        let text = self.packet("4377").await;
        serde_json::from_str::<Value>(&text).expect("JSON")[0].take()
    }

    /// Waits for an event of this name.
    pub(crate) async fn event(&self, name: &str) -> Value {
        let rest = self.packet(&format!("42[\"{name}\",")).await;
        serde_json::from_str(rest.strip_suffix(']').expect("the end of a packet")).expect("JSON")
    }

    /// Waits for a packet that begins so, and answers with the rest of it.
    async fn packet(&self, start: &str) -> String {
        timed(start, async {
            loop {
                if let Some(rest) = self.take(start) {
                    return rest;
                }
                let answer = self.get().await;
                assert_eq!(answer.status(), StatusCode::OK, "while waiting for {start}");
                let text = answer.text().await.expect("a body");
                let packets: Vec<String> = text.split('\x1e').map(str::to_owned).collect();
                if packets.iter().any(|packet| packet == "2") {
                    self.post("3".to_owned()).await;
                }
                self.unread.lock().unwrap().extend(packets);
            }
        })
        .await
    }

    fn take(&self, start: &str) -> Option<String> {
        let mut unread = self.unread.lock().unwrap();
        let at = unread.iter().position(|packet| packet.starts_with(start))?;
        Some(unread.remove(at)[start.len()..].to_owned())
    }
}
