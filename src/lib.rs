//! Tincan: chat and WebRTC calls for small teams, in one executable.
//!
//! The map of the house; imports point down only:
//!
//! ```text
//! main       arguments → config → tracing → serve; exit codes
//! lib        App: the parts put together; serve: the accept loop and the shutdown
//! http       REST: routes, extractors, replies          socket   Socket.IO: connections, the seam, events
//! web        the web client                             peer     who is at the other end
//! chat       the verbs: accounts, rooms, messages, signalling, calls
//! transfer   everything from one store to another, or to and from an archive
//! store      what outlives the process: the trait and its engines
//! live       what does not: presence, calls, limits     auth     passwords and tokens
//! model      users, rooms, messages, calls, events, and their rules
//! ```

// Their macros panic where standard output or standard error is closed or full.
#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod auth;
pub mod chat;
pub mod config;
pub mod error;
pub mod http;
pub mod live;
pub mod model;
pub mod peer;
mod seldom;
mod serve;
pub mod socket;
pub mod store;
pub mod transfer;
pub mod web;

use std::sync::Arc;

use axum::Router;

use crate::chat::Chat;
use crate::config::Config;
use crate::error::Error;
use crate::socket::Sockets;
use crate::store::Store;

pub use serve::serve;

/// The server, put together and ready to be served.
#[derive(Clone)]
pub struct App {
    chat: Arc<Chat>,
    sockets: Arc<Sockets>,
    routes: Router,
}

impl App {
    /// Puts the parts together and takes up the calls that went on when the server stopped.
    ///
    /// # Errors
    /// [`Error::Storage`] where the store does not answer.
    pub async fn new(config: Arc<Config>, store: Arc<dyn Store>) -> Result<Self, Error> {
        let chat = Arc::new(Chat::new(Arc::clone(&config), store));
        chat.resume_calls().await?;
        let routes = http::router(Arc::clone(&chat), web::router(&config.client));
        let (sockets, routes) = Sockets::mount(&chat, routes);
        let routes = http::gate(&chat, web::library(), routes);
        Ok(Self { chat, sockets: Arc::new(sockets), routes })
    }

    /// The verbs.
    pub fn chat(&self) -> &Arc<Chat> {
        &self.chat
    }
}
