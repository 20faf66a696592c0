//! What only the embedded store can suffer: failing calls, power cuts, damaged files, a full disk; and what it costs.

mod faults;
mod snapshot;
