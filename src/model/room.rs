//! A room as it is stored.

use std::sync::Arc;

use serde::Serialize;

use super::{Description, Message, RoomId, RoomName, Timestamp, UserId};

/// Who may see a room. It is chosen when the room is made, and for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RoomKind {
    /// Whoever has an account may list, read and join it.
    #[default]
    Open,
    /// Its participants alone, whom one of them has added.
    Private,
    /// Two users, for ever.
    Direct,
}

impl RoomKind {
    /// All of them.
    pub const ALL: &[Self] = &[Self::Open, Self::Private, Self::Direct];

    /// The word on the wire and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Private => "private",
            Self::Direct => "direct",
        }
    }

    /// From that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == word)
    }
}

/// A room with what the store knows of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Room {
    /// Its id.
    pub id: RoomId,
    /// Who may see it.
    pub kind: RoomKind,
    /// Unique among open rooms, without regard to case. A direct room has none.
    pub name: String,
    /// Empty when none was given.
    pub description: String,
    /// Who may rename and delete it. Of a private room always one who takes part.
    pub created_by: UserId,
    /// Who has joined, in the order of joining. Shared, so that a copy of the room costs no copy of the list.
    pub participants: Arc<Vec<UserId>>,
    /// When it was made.
    pub created_at: Timestamp,
    /// The newest message that is there.
    pub last_message: Option<Arc<Message>>,
    /// The highest number that was given to a message, where the store knows of a higher one than that of the newest
    /// message: those above it were removed from the database by other hands. 0 says nothing. Read it with
    /// [`Room::last_seq`].
    pub last_seq: u64,
    /// The next message gets a number greater than this one, where that is more than `last_seq`: accepted damage may
    /// have taken messages whose numbers somebody has seen. 0 says nothing. Read it with [`Room::numbered`].
    pub numbered: u64,
}

impl Room {
    /// A room that is about to be made, without a description and a message.
    pub fn new(kind: RoomKind, name: String, created_by: UserId, participants: Vec<UserId>) -> Self {
        Self {
            id: RoomId::new(),
            kind,
            name,
            description: String::new(),
            created_by,
            participants: Arc::new(participants),
            created_at: Timestamp::now(),
            last_message: None,
            last_seq: 0,
            numbered: 0,
        }
    }

    /// The highest number that was given, as clients are told it (`lastSeq`); 0 where none was. It never goes back,
    /// also where the newest messages were removed from the database.
    pub fn last_seq(&self) -> u64 {
        self.last_message.as_ref().map_or(0, |message| message.seq).max(self.last_seq)
    }

    /// The number after which the next message's comes: [`Room::last_seq`], or more.
    pub fn numbered(&self) -> u64 {
        self.numbered.max(self.last_seq())
    }

    /// Whether `user` has joined.
    pub fn has_participant(&self, user: UserId) -> bool {
        self.participants.contains(&user)
    }

    /// Whether `user` may know of it.
    pub fn is_seen_by(&self, user: UserId) -> bool {
        self.kind == RoomKind::Open || self.has_participant(user)
    }

    /// The other one of the two in a direct room.
    pub fn other_than(&self, user: UserId) -> Option<UserId> {
        self.participants.iter().copied().find(|one| *one != user).filter(|_| self.kind == RoomKind::Direct)
    }

    /// What the two of a direct room are found by, whoever of them asks; `None` for other rooms.
    pub fn pair(&self) -> Option<[UserId; 2]> {
        match (self.kind, self.participants.as_slice()) {
            (RoomKind::Direct, [one, other]) => Some([*one.min(other), *one.max(other)]),
            _ => None,
        }
    }
}

/// What of a room is to be changed; `None` leaves it.
#[derive(Clone, Debug, Default)]
pub struct RoomPatch {
    /// The new name.
    pub name: Option<RoomName>,
    /// The new description; empty takes it away.
    pub description: Option<Description>,
}

impl RoomPatch {
    /// Nothing is to be changed.
    pub const fn is_empty(&self) -> bool {
        self.name.is_none() && self.description.is_none()
    }
}

/// What the end of somebody's membership made of a private room.
#[derive(Clone, Debug, PartialEq)]
pub enum MembershipEnd {
    /// The others go on; who has been in it longest is its creator where the one who went was.
    GoesOn(Arc<Room>),
    /// Nobody was left, and the room is no more.
    Deleted,
}
