//! The archive: gzip over lines of JSON. A head, a line for each record, and an end with counts and checksums.
//!
//! Calls come first, then accounts, then invitations, then each room with its messages. A room that was deleted while
//! it was written is taken back by a line of its own, and does not count.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;

use data_encoding::HEXLOWER;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};

use super::TransferError;
use super::digest::{Adding, Totals};
use super::lines::{Line, Record};
use crate::files::Unfinished;
use crate::model::RoomId;

/// The version of the archives that this program writes, and the newest that it reads. Those of version 1 have all
/// rooms before all messages, no highest numbers of rooms, and no rooms that are taken back; before version 3 there are
/// no roles, no invitations, and no rooms but open ones.
pub(super) const VERSION: u64 = 3;
/// A line longer than this is none of ours: a room with a million participants has 27 MB.
const LONGEST_LINE: u64 = 1 << 28;

/// The first line.
#[derive(Serialize, Deserialize)]
struct Head {
    /// The archive's version.
    tincan: u64,
}

/// The last line.
#[derive(Serialize, Deserialize)]
struct End {
    totals: Totals,
    /// Of all lines before this one.
    sha256: String,
}

/// Writes an archive to wherever bytes go.
pub(super) struct Encoder<W: Write> {
    gzip: GzEncoder<BufWriter<W>>,
    sum: Context,
}

impl<W: Write> Encoder<W> {
    /// # Errors
    /// That of `to`, as of every method.
    pub(crate) fn new(to: W) -> io::Result<Self> {
        let gzip = GzEncoder::new(BufWriter::new(to), Compression::new(4));
        let mut this = Self { gzip, sum: Context::new(&SHA256) };
        this.line(&Head { tincan: VERSION })?;
        Ok(this)
    }

    fn line(&mut self, value: &impl Serialize) -> io::Result<()> {
        let mut text = serde_json::to_vec(value)?;
        text.push(b'\n');
        self.write(&text)
    }

    /// Lines of records.
    pub(crate) fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        self.sum.update(lines);
        self.gzip.write_all(lines)
    }

    /// The end; gives back what the bytes went to, with all of them in it.
    pub(crate) fn finish(mut self, totals: Totals) -> io::Result<W> {
        let sha256 = HEXLOWER.encode(self.sum.clone().finish().as_ref());
        self.line(&End { totals, sha256 })?;
        self.gzip.finish()?.into_inner().map_err(io::IntoInnerError::into_error)
    }
}

/// Where an archive comes to be that is to lie at `path`.
pub(super) fn unfinished(path: &Path) -> Unfinished {
    Unfinished::of(path, ".partial")
}

/// What the system says of a file.
pub(super) fn failed(path: &Path, error: io::Error) -> TransferError {
    TransferError::File { path: path.display().to_string(), error }
}

/// What an archive that was found whole holds.
pub(super) struct Contents {
    pub totals: Totals,
    /// By which the archive is known again.
    pub sha256: String,
    /// The archive's version.
    pub version: u64,
    /// Rooms that are taken back.
    pub gone: HashSet<RoomId>,
}

/// Reads an archive to its end, giving each record to `each`, and answers with what its end says, once that is found
/// true.
///
/// # Errors
/// [`TransferError::Newer`], [`TransferError::Damaged`], or that of `each`.
pub(super) fn read(
    path: &Path,
    each: impl FnMut(Record) -> Result<(), TransferError>,
) -> Result<(Totals, String), TransferError> {
    read_through(path, each).map(|contents| (contents.totals, contents.sha256))
}

/// As [`read`], and answers with all that is known of the archive then.
///
/// # Errors
/// As for [`read`].
pub(super) fn read_through(
    path: &Path,
    mut each: impl FnMut(Record) -> Result<(), TransferError>,
) -> Result<Contents, TransferError> {
    let damaged = |reason: String| TransferError::Damaged { path: path.display().to_string(), reason };
    let file = File::open(path).map_err(|error| failed(path, error))?;
    let mut lines = BufReader::with_capacity(1 << 16, GzDecoder::new(BufReader::with_capacity(1 << 16, file)));
    let mut next = |number: u64| {
        let mut line = Vec::new();
        match (&mut lines).take(LONGEST_LINE).read_until(b'\n', &mut line) {
            Ok(_) if line.last() == Some(&b'\n') => Ok(line),
            Ok(_) => Err(damaged(format!("it breaks off in line {number}"))),
            Err(error) => Err(damaged(format!("line {number}: {error}"))),
        }
    };
    let first = next(1)?;
    let head: Head = serde_json::from_slice(&first).map_err(|_| damaged("it is no archive of Tincan's".to_owned()))?;
    if head.tincan > VERSION {
        return Err(TransferError::Newer { path: path.display().to_string(), found: head.tincan, known: VERSION });
    }
    let (mut sum, mut counted) = (Context::new(&SHA256), Counted::new());
    sum.update(&first);
    for number in 2.. {
        let text = next(number)?;
        if let Ok(End { totals, sha256 }) = serde_json::from_slice::<End>(&text) {
            if HEXLOWER.encode(sum.finish().as_ref()) != sha256 || counted.adding.totals().difference(&totals).is_some()
            {
                return Err(damaged("its checksums do not fit".to_owned()));
            }
            if !at_end(&mut lines) {
                return Err(damaged(format!("there is something after its end in line {number}")));
            }
            return Ok(Contents { totals, sha256, version: head.tincan, gone: counted.gone });
        }
        sum.update(&text);
        let line: Line = serde_json::from_slice(&text).map_err(|error| damaged(format!("line {number}: {error}")))?;
        let before = counted.adding.clone();
        counted.adding.add(&line, &text);
        let record = line.record().ok_or_else(|| damaged(format!("line {number} holds an unknown value")))?;
        counted.follow(&record, before).ok_or_else(|| damaged(format!("line {number} is out of its place")))?;
        each(record)?;
    }
    Err(damaged("it has no end".to_owned()))
}

/// What was read so far.
struct Counted {
    adding: Adding,
    /// The room that is being read, and what there was before it.
    room: Option<(RoomId, Adding)>,
    gone: HashSet<RoomId>,
}

impl Counted {
    fn new() -> Self {
        Self { adding: Adding::new(), room: None, gone: HashSet::new() }
    }

    /// Takes a room out again that is taken back; `None` where it is not the one that was read last.
    fn follow(&mut self, record: &Record, before: Adding) -> Option<()> {
        match record {
            Record::Room(room, _) => self.room = Some((room.id, before)),
            Record::Gone(id) => {
                let (_, before) = self.room.take().filter(|(room, _)| room == id)?;
                self.adding = before;
                self.gone.insert(*id);
            }
            _ => {}
        }
        Some(())
    }
}

/// The checksum that gzip itself has is looked at only here.
fn at_end(lines: &mut impl Read) -> bool {
    matches!(lines.read(&mut [0]), Ok(0))
}
