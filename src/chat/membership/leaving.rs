//! Leaving a room.

use std::sync::Arc;

use super::Membership;
use crate::error::Error;
use crate::model::{Actor, RoomId, RoomKind};

impl Membership {
    /// Unsubscribes the socket, or with `all` every socket of the user; with the last one participation in an open room
    /// ends.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::Storage`].
    pub async fn leave(self: &Arc<Self>, who: &Actor, room: RoomId, all: bool) -> Result<(), Error> {
        let kind = self.rights.seen(who.user.id, room).await?.room().kind;
        let leaving = async {
            match kind {
                RoomKind::Open => self.leave_in_turn(who, room, all).await,
                RoomKind::Private | RoomKind::Direct => {
                    self.unsubscribe(who, room, all).await;
                    Ok(())
                }
            }
        };
        self.turns.in_turn(who.user.id, leaving).await
    }

    async fn leave_in_turn(self: &Arc<Self>, who: &Actor, room: RoomId, all: bool) -> Result<(), Error> {
        let sockets = self.bus.presence().sockets_in_room(who.user.id, room);
        if !all && sockets.iter().any(|other| *other != who.socket) {
            self.bus.presence().leave(who.socket, room);
            return Ok(());
        }
        // Who has no socket there leaves without `user-left`; the list tells it, where the user was in it.
        let listed_alone =
            sockets.is_empty() && self.store.room(room).await?.is_some_and(|room| room.has_participant(who.user.id));
        let known = self.store.remove_participant(room, who.user.id).await?.is_some();
        if all {
            self.bus.presence().leave_with_all(who, room);
        } else {
            // One that has come elsewhere meanwhile stays.
            self.bus.presence().leave(who.socket, room);
        }
        if listed_alone {
            self.participants.changed(room);
        }
        self.calls.left_room(who.user.id, Some(who.socket), room).await;
        if known { Ok(()) } else { Err(Error::RoomNotFound) }
    }

    /// Takes the socket, or all of the user's, out of a room that the user stays a member of, and out of its call.
    async fn unsubscribe(&self, who: &Actor, room: RoomId, all: bool) {
        let gone = {
            let mut presence = self.bus.presence();
            if all {
                presence.leave_with_all(who, room);
            } else {
                presence.leave(who.socket, room);
            }
            !presence.user_in_room(who.user.id, room)
        };
        if gone {
            self.calls.left_room(who.user.id, Some(who.socket), room).await;
        }
    }
}
