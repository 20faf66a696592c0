//! Presence as facts: what becomes true of connections, one after another.
//!
//! The server of a socket finds out what becomes true of it and says so to all others. Each of them applies
//! it to what it knows by itself, in the order in which it hears of it, and tells its own sockets what follows: so
//! every server's story
//! has no contradiction, however the facts of several servers fall together.

use crate::model::{Actor, RoomId, SocketId};

/// What becomes true of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// A socket has connected.
    Connected(Actor),
    /// A socket is gone, from everywhere.
    Disconnected(SocketId),
    /// A socket has entered a room.
    Entered(SocketId, RoomId),
    /// A socket has left a room.
    Left(SocketId, RoomId),
    /// All sockets of a user have left a room, because this one of them asked for it, which need not be in the room.
    LeftWithAll(Actor, RoomId),
    /// An open room is no more, and nobody is in it.
    RoomDeleted(RoomId),
    /// Nobody is in a room any more. Of one that is not open those whom it concerns are told apart.
    RoomEmptied(RoomId),
}
