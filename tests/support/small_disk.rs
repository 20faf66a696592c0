//! A small disk in memory, on a directory, which a test fills up and frees again.

use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

/// RocksDB heals from 64 MiB of free space up, and takes as much in advance for its log.
const SIZE: &str = "size=160m";

/// The disk.
pub(crate) struct SmallDisk(TempDir);

impl SmallDisk {
    /// `None`, with the reason noted, where nothing can be mounted.
    pub(crate) fn mount() -> Option<Self> {
        let directory = TempDir::new().expect("a temporary directory");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", SIZE, "tmpfs"]).arg(directory.path()).output();
        match mount {
            Ok(ended) if ended.status.success() => Some(Self(directory)),
            Ok(ended) => skip(String::from_utf8_lossy(&ended.stderr).trim()),
            Err(error) => skip(&error.to_string()),
        }
    }

    /// Where a store may lie on it.
    pub(crate) fn data(&self) -> PathBuf {
        self.0.path().join("data")
    }

    /// A copy of the data as it now is.
    pub(crate) fn copy(&self) -> PathBuf {
        let to = self.0.path().join("copy");
        let copied = Command::new("cp").arg("-r").arg(self.data()).arg(&to).status();
        assert!(copied.is_ok_and(|status| status.success()), "it is copied");
        to
    }

    fn ballast(&self) -> PathBuf {
        self.0.path().join("ballast")
    }

    /// Leaves no byte free.
    pub(crate) fn fill_up(&self) {
        let mut ballast = std::fs::File::create(self.ballast()).expect("a file");
        for size in [1 << 20, 1 << 12, 1] {
            while ballast.write_all(&vec![0; size]).is_ok() {}
        }
    }

    /// Takes back what filled it.
    pub(crate) fn free(&self) {
        std::fs::remove_file(self.ballast()).expect("it was filled up");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // A store that could not write is still open.
        let unmounted = Command::new("umount").arg("--lazy").arg(self.0.path()).status();
        assert!(unmounted.is_ok_and(|status| status.success()) || std::thread::panicking(), "it can be unmounted");
    }
}

fn skip(why: &str) -> Option<SmallDisk> {
    crate::support::skip::skipped(&format!("the tests of a full disk: no tmpfs can be mounted ({why})"));
    None
}
