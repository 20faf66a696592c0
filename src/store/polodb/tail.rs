//! What came after the mark: a file beside the store, into which a few bytes go after each commit, without a wait for
//! the disk.
//!
//! The mark is seconds old. Where the end of the log is lost later, because a process was killed and bytes of the file
//! changed, or because somebody cut it, this file knows up to the last commit what must be there. Only the loss of the
//! machine's power may lose it together with the end of the log.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use ring::digest;

use super::change::Change;
use super::mark::Mark;
use crate::model::RoomId;

/// Its name in the data directory.
pub(crate) const FILE: &str = "store.tail";

/// The bytes of a slot: run, commit, room and number, and a checksum over them.
const SLOT: usize = 64;
const BODY: usize = 36;
const SUM: usize = 16;
/// How many slots there are: 512 KiB in all. The oldest is written over.
const SLOTS: usize = 8192;
/// In the place of a number: the room was deleted.
const DELETED: u64 = u64::MAX;

/// The file, to be written to.
#[derive(Debug)]
pub(crate) struct Tail {
    file: File,
    /// By which slots of an earlier opening are told apart.
    run: u64,
    next: usize,
}

impl Tail {
    /// Opens the file, or makes it. Its blocks are there from then on, so that a full disk does not hinder a write.
    ///
    /// # Errors
    /// The file system's.
    pub(crate) fn open(path: &Path, run: u64) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
        if file.metadata()?.len() != (SLOT * SLOTS) as u64 {
            file.set_len(0)?;
            file.write_all_at(&vec![0; SLOT * SLOTS], 0)?;
        }
        Ok(Self { file, run, next: 0 })
    }

    /// Notes a commit and what it did to rooms.
    ///
    /// # Errors
    /// The file system's.
    pub(crate) fn note(&mut self, commits: i64, changes: &[Change]) -> io::Result<()> {
        let mut rooms: BTreeMap<RoomId, u64> = BTreeMap::new();
        for change in changes {
            match change {
                Change::Room(id, Some(entry)) => drop(rooms.insert(*id, entry.numbered())),
                Change::Room(id, None) => drop(rooms.insert(*id, DELETED)),
                _ => {}
            }
        }
        // The id of nothing, where no room was changed.
        let mut rooms: Vec<_> = rooms.into_iter().take(SLOTS).collect();
        if rooms.is_empty() {
            rooms.push((RoomId::from_bytes([0; 12]), 0));
        }
        let mut bytes = Vec::with_capacity(rooms.len() * SLOT);
        rooms.iter().for_each(|(room, seq)| bytes.extend(slot(self.run, commits, *room, *seq)));
        let until_end = (SLOTS - self.next) * SLOT;
        let (first, rest) = bytes.split_at(until_end.min(bytes.len()));
        self.file.write_all_at(first, (self.next * SLOT) as u64)?;
        if !rest.is_empty() {
            self.file.write_all_at(rest, 0)?;
        }
        self.next = (self.next + rooms.len()) % SLOTS;
        Ok(())
    }
}

fn slot(run: u64, commits: i64, room: RoomId, seq: u64) -> [u8; SLOT] {
    let mut slot = [0; SLOT];
    slot[..8].copy_from_slice(&run.to_be_bytes());
    slot[8..16].copy_from_slice(&commits.to_be_bytes());
    slot[16..24].copy_from_slice(&seq.to_be_bytes());
    slot[24..BODY].copy_from_slice(&room.bytes());
    let sum = digest::digest(&digest::SHA256, &slot[..BODY]);
    slot[BODY..BODY + SUM].copy_from_slice(&sum.as_ref()[..SUM]);
    slot
}

/// Brings a mark up to the last commit that is noted for its run. What cannot be read is passed over: it is only
/// missing.
pub(crate) fn bring_up(mark: &mut Mark, path: &Path) {
    let Ok(bytes) = std::fs::read(path) else { return };
    let (slots, _) = bytes.as_chunks::<SLOT>();
    let mut noted: Vec<_> = slots.iter().filter_map(|bytes| read(bytes, mark.run)).collect();
    noted.retain(|(commits, ..)| *commits > mark.commits);
    noted.sort_unstable();
    for (commits, room, seq) in noted {
        mark.commits = commits;
        if seq == DELETED {
            mark.rooms.remove(&room);
        } else if room.bytes() != [0; 12] {
            mark.rooms.insert(room, seq);
        }
    }
}

/// Commit, room and number of a slot that is whole and of this run.
fn read(bytes: &[u8; SLOT], of_run: u64) -> Option<(i64, RoomId, u64)> {
    let number = |at: usize| bytes[at..].first_chunk().copied().map(u64::from_be_bytes);
    let (run, commits, seq) = (number(0)?, number(8)? as i64, number(16)?);
    let room = RoomId::from_bytes(*bytes[24..].first_chunk()?);
    (run == of_run && run != 0 && *bytes == slot(run, commits, room, seq)).then_some((commits, room, seq))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{Room, RoomKind, Timestamp, UserId};
    use crate::store::polodb::change::RoomEntry;

    fn numbered(id: RoomId, numbered: u64) -> Change {
        let room = Room {
            id,
            kind: RoomKind::Open,
            name: String::new(),
            description: String::new(),
            created_by: UserId::new(),
            participants: Arc::default(),
            created_at: Timestamp::from_millis(0),
            last_message: None,
            last_seq: 0,
            numbered,
        };
        Change::Room(id, Some(RoomEntry::new(Arc::new(room), Default::default())))
    }

    #[test]
    fn a_mark_is_brought_up_to_the_last_commit_also_when_the_ring_has_turned() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(FILE);
        let (room, deleted, early) = (RoomId::new(), RoomId::new(), RoomId::new());
        let mut tail = Tail::open(&path, 7).unwrap();
        tail.note(6, &[numbered(deleted, 1), numbered(early, 2)]).unwrap();
        tail.note(7, &[Change::Room(deleted, None)]).unwrap();
        let before = Mark { commits: 5, run: 7, rooms: [(early, 1)].into() };
        let mut mark = before.clone();
        bring_up(&mut mark, &path);
        assert_eq!((mark.commits, mark.rooms), (7, [(early, 2)].into()));
        for commits in 8..SLOTS as i64 * 2 {
            tail.note(commits, &[numbered(room, commits as u64)]).unwrap();
        }
        let mut mark = before.clone();
        bring_up(&mut mark, &path);
        assert_eq!((mark.commits, mark.rooms[&room]), (SLOTS as i64 * 2 - 1, SLOTS as u64 * 2 - 1));
        // Another run's slots, and a flipped byte, say nothing.
        let mut other = Mark { run: 8, ..before.clone() };
        bring_up(&mut other, &path);
        assert_eq!(other.commits, 5);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes.chunks_mut(SLOT).for_each(|slot| slot[20] ^= 1);
        std::fs::write(&path, bytes).unwrap();
        let mut mark = before;
        bring_up(&mut mark, &path);
        assert_eq!(mark.commits, 5);
    }
}
