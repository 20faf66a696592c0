//! Every integration test, in one binary: an area a module.

mod app;
mod connections;
mod messages;
mod rooms;
mod socket;
mod store;
