//! Tincan: chat and WebRTC calls for small teams, in one executable.
//!
//! The map of the house; imports point down only:
//!
//! ```text
//! main       arguments → config → tracing → serve; exit codes
//! app        the parts put together; what goes on beside requests, and the shutdown
//! http       REST: routes, extractors, replies          socket   Socket.IO: connections, the seam, events
//! web        the web client                             net      what listens; who is at the other end
//! chat       the verbs: accounts, rooms, messages, signalling, calls
//! bus        what was done, on its way to those whom it concerns
//! operator   what is done by commands, also through the control socket of a server
//! transfer   everything from one store to another, or to and from an archive
//! store      what outlives the process: the trait and its engines
//! live       what does not: presence, calls, limits     auth     passwords and tokens
//! wire       what clients send and are sent: fields, events, views, schemas
//! model      users, rooms, messages, calls, and their rules
//! ```

// Their macros panic where standard output or standard error is closed or full.
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod app;
pub mod auth;
pub mod bus;
pub mod chat;
pub mod config;
pub mod control;
pub mod error;
mod files;
pub mod http;
pub mod live;
pub mod model;
pub mod net;
pub mod operator;
mod seldom;
pub mod socket;
pub mod store;
pub mod transfer;
pub mod web;
pub mod wire;

pub use app::{App, StartError, serve};
