//! Every integration test, in one binary: an area a module.

mod store;
