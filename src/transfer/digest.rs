//! What a copy is verified by: of each kind of record how many there are, and a checksum of all of them in one order.

use data_encoding::HEXLOWER;
use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};

use super::lines::Line;

/// How many records of one kind, and the SHA-256 of all of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Total {
    /// How many.
    pub count: u64,
    /// Of their lines in the archive, in hex.
    pub sha256: String,
}

impl Total {
    fn of_nothing() -> Self {
        Self { count: 0, sha256: HEXLOWER.encode(Context::new(&SHA256).finish().as_ref()) }
    }
}

/// What a copy leaves out, because its store cannot read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Omitted {
    /// Which documents and what about them, for the operator.
    pub what: String,
    /// How many there are.
    pub count: u64,
}

/// Of every kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Totals {
    /// Accounts.
    pub users: Total,
    /// Rooms.
    pub rooms: Total,
    /// Messages.
    pub messages: Total,
    /// Calls.
    pub calls: Total,
    /// Invitations; archives before version 3 have none.
    #[serde(default = "Total::of_nothing")]
    pub invites: Total,
    /// What is in the source and not in the copy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<Omitted>,
}

impl Totals {
    /// The first kind that is not the same in both.
    pub fn difference(&self, other: &Self) -> Option<&'static str> {
        let kinds = |one: &Self| [&one.users, &one.rooms, &one.messages, &one.calls, &one.invites].map(Total::clone);
        let names = ["accounts", "rooms", "messages", "calls", "invitations"];
        let pairs = kinds(self).into_iter().zip(kinds(other));
        names.into_iter().zip(pairs).find(|(_, (one, other))| one != other).map(|(name, _)| name)
    }
}

/// Adds up as the records come. A copy of it from before a room takes the room out again.
#[derive(Clone)]
pub(super) struct Adding {
    kinds: [(u64, Context); 5],
}

impl Adding {
    pub(crate) fn new() -> Self {
        Self { kinds: std::array::from_fn(|_| (0, Context::new(&SHA256))) }
    }

    /// One more record, as its line in the archive.
    pub(crate) fn add(&mut self, line: &Line, text: &[u8]) {
        let kind = match line {
            Line::User(_) => 0,
            Line::Room(_) => 1,
            Line::Message(_) => 2,
            Line::Call(_) => 3,
            Line::Invite(_) => 4,
            Line::Gone(_) => return,
        };
        let (count, context) = &mut self.kinds[kind];
        *count += 1;
        context.update(text);
    }

    pub(crate) fn totals(self) -> Totals {
        let [users, rooms, messages, calls, invites] =
            self.kinds.map(|(count, context)| Total { count, sha256: HEXLOWER.encode(context.finish().as_ref()) });
        Totals { users, rooms, messages, calls, invites, left_out: Vec::new() }
    }
}
