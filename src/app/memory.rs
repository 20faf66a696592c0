//! Gives memory back to the system that connections held which are gone. The allocator keeps it otherwise, for more.

use crate::net::Doors;

/// After so many connections went it is worth the look through the allocator's lists, some milliseconds.
const MANY: usize = 500;

/// Watches how many connections there are.
pub(crate) struct Memory {
    doors: Doors,
    /// The most that there were since memory was given back.
    most: usize,
}

impl Memory {
    /// Watches those that these doors let in.
    pub(crate) const fn new(doors: Doors) -> Self {
        Self { doors, most: 0 }
    }

    /// Gives memory back where many have gone. To be called every few seconds, on the runtime.
    pub(crate) fn look(&mut self) {
        let open = self.doors.open();
        self.most = self.most.max(open);
        if self.most - open >= MANY {
            self.most = open;
            // It holds locks of the allocator for a while: not where requests are served.
            drop(tokio::task::spawn_blocking(give_back));
        }
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn give_back() {
    // SAFETY: the function has no conditions: it may be called at any time and from any thread.
    unsafe { libc::malloc_trim(0) };
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
const fn give_back() {}
