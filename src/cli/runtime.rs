//! The runtime of whatever needs one.

use super::failure::Failure;

/// On as many threads as the machine has processors.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().on_thread_unpark(tincan::socket::woke).build();
    runtime.map_err(|error| Failure::other(format!("the system gives no threads: {error}")))
}
