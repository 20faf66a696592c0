//! The mark: a small file beside the store that tells how far it had come, at most ten seconds ago.
//!
//! RocksDB opens a log that was cut short without a word. Against the mark the cut shows, and what was cut off; what
//! came after the mark stands in [`super::tail`].

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::path::Path;

use data_encoding::HEXLOWER;
use ring::digest;
use serde::{Deserialize, Serialize};

use super::catalog::Catalog;
use crate::files;
use crate::model::RoomId;

/// Its name in the data directory.
pub(crate) const FILE: &str = "store.mark";

/// How far the store had come when it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    /// How many commits there had been.
    pub commits: i64,
    /// Which opening of the store wrote it, by which what is noted in [`super::tail`] is known to come after it. 0 for
    /// none.
    pub run: u64,
    /// How far each room was numbered.
    pub rooms: BTreeMap<RoomId, u64>,
}

#[derive(Serialize, Deserialize)]
struct Written {
    commits: i64,
    #[serde(default)]
    run: u64,
    rooms: BTreeMap<String, u64>,
}

/// Why there is no mark to be read.
#[derive(Debug)]
pub(crate) enum NoMark {
    /// There is none: the store is new, or the file was removed.
    Absent,
    /// It is not as it was written.
    Garbled(String),
}

impl Mark {
    /// How far a catalog has come.
    pub(crate) fn of(catalog: &Catalog, commits: i64, run: u64) -> Self {
        Self { commits, run, rooms: catalog.rooms().map(|entry| (entry.room.id, entry.numbered())).collect() }
    }

    /// Reads the file.
    ///
    /// # Errors
    /// See [`NoMark`].
    pub(crate) fn read(path: &Path) -> Result<Self, NoMark> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(NoMark::Absent),
            Err(error) => return Err(NoMark::Garbled(error.to_string())),
        };
        let garbled = |what: &str| NoMark::Garbled(what.to_owned());
        let (sum, body) = text.split_once('\n').ok_or_else(|| garbled("it breaks off"))?;
        if sum != checksum(body) {
            return Err(garbled("its checksum is wrong"));
        }
        let written: Written = serde_json::from_str(body).map_err(|error| garbled(&error.to_string()))?;
        let rooms = written.rooms.into_iter().map(|(id, seq)| RoomId::parse(&id).map(|id| (id, seq)));
        let rooms = rooms.collect::<Option<_>>().ok_or_else(|| garbled("it names a room that is none"))?;
        Ok(Self { commits: written.commits, run: written.run, rooms })
    }

    /// Puts it in the place of the file, whole or not at all.
    ///
    /// # Errors
    /// The file system's.
    pub(crate) fn write(&self, path: &Path) -> io::Result<()> {
        let rooms = self.rooms.iter().map(|(id, seq)| (id.to_string(), *seq)).collect();
        let body = serde_json::to_string(&Written { commits: self.commits, run: self.run, rooms })?;
        files::replace(path, format!("{}\n{body}", checksum(&body)).as_bytes())
    }
}

fn checksum(body: &str) -> String {
    HEXLOWER.encode(digest::digest(&digest::SHA256, body.as_bytes()).as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_reads_back_and_a_flipped_byte_is_noticed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(FILE);
        assert!(matches!(Mark::read(&path), Err(NoMark::Absent)));
        let mark = Mark { commits: 7, run: 0, rooms: [(RoomId::new(), 3), (RoomId::new(), 0)].into() };
        mark.write(&path).unwrap();
        mark.write(&path).unwrap();
        assert_eq!(Mark::read(&path).unwrap(), mark);
        let whole = std::fs::read(&path).unwrap();
        for place in [0, whole.len() / 2, whole.len() - 1] {
            let mut flipped = whole.clone();
            flipped[place] ^= 1;
            std::fs::write(&path, &flipped).unwrap();
            assert!(matches!(Mark::read(&path), Err(NoMark::Garbled(_))), "byte {place}");
        }
        std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        assert!(matches!(Mark::read(&path), Err(NoMark::Garbled(_))));
    }
}
