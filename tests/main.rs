//! Every integration test, in one binary: an area a module.

mod app;
mod cli;
mod connections;
mod house;
mod messages;
mod process;
mod rooms;
mod socket;
mod startup;
mod store;
