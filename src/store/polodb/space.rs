//! Whether a file system has space left, which tells a full disk from a broken one.

use std::path::Path;

/// Less than this is full. RocksDB takes writes again by itself from 64 MiB up; between the two, opening it again is
/// what heals.
const ENOUGH: u64 = 8 << 20;

/// Whether there is space for writes where `path` lies; yes where that cannot be told.
pub(crate) fn is_left(path: &Path) -> bool {
    rustix::fs::statvfs(path).map_or(true, |about| about.f_bavail.saturating_mul(about.f_frsize) >= ENOUGH)
}
