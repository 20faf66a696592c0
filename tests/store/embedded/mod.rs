//! What only the embedded store can suffer: failing calls, power cuts, damaged files, a full disk; and what its calls
//! cost.

mod cost;
mod damaged_log;
mod damaged_table;
mod deletion;
mod faults;
mod filling;
mod full_disk;
mod gaps;
mod killed;
mod log_end;
mod opening;
mod stuck;
mod trouble;
