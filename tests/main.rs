//! Every integration test, in one binary: an area a module.

mod app;
mod calls;
mod cli;
mod connections;
mod house;
mod messages;
mod mongo;
mod mongod;
mod process;
mod rest_accounts;
mod rest_calls;
mod rest_gate;
mod rest_hostile;
mod rest_limits;
mod rest_messages;
mod rest_openapi;
mod rest_rooms;
mod rooms;
mod skip;
mod socket;
mod startup;
mod store;
