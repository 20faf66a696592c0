//! What our fields are called in a database: as the contract says, or otherwise where another program uses that name
//! (see [`super::naming`]).

use bson::{Document, doc};

/// The names of those fields and of that collection of ours that others are likely to use too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Names {
    /// Of the number of a message.
    pub seq: &'static str,
    /// Of its sender's own id for it.
    pub client_id: &'static str,
    /// Of the count of a user's password changes.
    pub token_version: &'static str,
    /// Of the collection of calls.
    pub calls: &'static str,
}

impl Names {
    /// Where nobody else uses them.
    pub(crate) const OURS: Self =
        Self { seq: "seq", client_id: "clientId", token_version: "tokenVersion", calls: "calls" };
    /// Where somebody does.
    pub(crate) const OTHERS: Self = Self {
        seq: "tincanSeq",
        client_id: "tincanClientId",
        token_version: "tincanTokenVersion",
        calls: "tincan_calls",
    };

    /// The index by which a message has its number once in its room.
    pub(crate) fn room_seq_index(&self) -> String {
        self.index_of(self.seq == Self::OURS.seq, "tincan_room_seq")
    }

    /// The index by which a sender uses an id once in a room.
    pub(crate) fn client_id_index(&self) -> String {
        self.index_of(self.client_id == Self::OURS.client_id, "tincan_room_clientId_sender")
    }

    /// The index of messages that have no number yet.
    pub(crate) fn unnumbered_index(&self) -> String {
        self.index_of(self.seq == Self::OURS.seq, "tincan_without_seq")
    }

    fn index_of(&self, usual: bool, name: &str) -> String {
        if usual { name.to_owned() } else { format!("{name}_2") }
    }

    /// As they were kept.
    pub(crate) fn read(document: &Document) -> Self {
        let chosen = |field: &str, ours: &'static str, other: &'static str| {
            if document.get_str(field) == Ok(other) { other } else { ours }
        };
        let (ours, others) = (Self::OURS, Self::OTHERS);
        Self {
            seq: chosen("seq", ours.seq, others.seq),
            client_id: chosen("clientId", ours.client_id, others.client_id),
            token_version: chosen("tokenVersion", ours.token_version, others.token_version),
            calls: chosen("calls", ours.calls, others.calls),
        }
    }

    /// As they are kept.
    pub(crate) fn document(&self) -> Document {
        doc! {
            "seq": self.seq,
            "clientId": self.client_id,
            "tokenVersion": self.token_version,
            "calls": self.calls,
        }
    }
}
