//! Tincan: chat and WebRTC calls for small teams, in one executable.
//!
//! The map of the house; imports point down only:
//! `main → lib → {http, socket, web} → chat → {store, live, auth} → model`.

pub mod auth;
pub mod chat;
pub mod config;
pub mod error;
pub mod live;
pub mod model;
pub mod store;
pub mod web;
