//! What became of a member is told to whom it concerns: at once, or, where the store did not say, once it has.

use std::sync::Arc;

use super::Membership;
use crate::chat::announcing::{News, SeenBy, tell_gone};
use crate::error::Error;
use crate::model::{Actor, MembershipEnd, Room, RoomId, RoomKind, SocketId, UserId, UserRef};
use crate::wire::RoomEnd;

impl Membership {
    /// The store did not say what became of a user in a room, which was so before, or not everybody was told: that is
    /// made up for as soon as the store answers.
    pub(super) fn find_out(self: &Arc<Self>, before: &Arc<Room>, user: UserId) {
        let (membership, before) = (Arc::clone(self), Arc::clone(before));
        tokio::spawn(async move {
            let tell = || membership.tell_what_became(&before, user);
            if !membership.turns.in_the_end(user, tell).await {
                let room = before.id;
                tracing::warn!(%room, %user, "what became of a member is not known, and was told to nobody");
            }
        });
    }

    async fn tell_what_became(&self, before: &Room, user: UserId) -> Result<(), Error> {
        // Where nobody is left in a private room it is about to go.
        let is_there = |room: &Arc<Room>| room.kind != RoomKind::Private || !room.participants.is_empty();
        let now = self.store.room(before.id).await?.filter(is_there);
        let was_in = before.has_participant(user);
        let is_in = now.as_ref().is_some_and(|room| room.has_participant(user));
        match (now, before.kind) {
            // The account may be no more.
            (Some(room), RoomKind::Direct) => self.announcing.tell_now(&room, News::Updated).await,
            (Some(room), _) if is_in && !was_in => self.tell_came(&room, user).await,
            (Some(_), RoomKind::Open) if was_in && !is_in => self.tell_participation_ended(before, user).await,
            (Some(room), RoomKind::Private) if was_in && !is_in => {
                self.tell_membership_ended(before, user, MembershipEnd::GoesOn(room)).await
            }
            (None, RoomKind::Private) if was_in => {
                self.tell_membership_ended(before, user, MembershipEnd::Deleted).await
            }
            _ => Ok(()),
        }
    }

    /// A user takes part in a room since just now.
    pub(super) async fn tell_came(&self, room: &Room, user: UserId) -> Result<(), Error> {
        self.readings.participant_came(room.id);
        self.participants.changed(room.id);
        if room.kind != RoomKind::Open {
            self.announcing.tell_one(user, room, News::Created).await?;
        }
        Ok(())
    }

    /// A user takes part in an open room no more.
    pub(super) async fn tell_participation_ended(&self, room: &Room, user: UserId) -> Result<(), Error> {
        self.take_out(room.id, user).await?;
        self.participants.changed(room.id);
        Ok(())
    }

    /// A user is not in a private room any more, that was so before.
    pub(super) async fn tell_membership_ended(
        &self,
        before: &Room,
        user: UserId,
        ended: MembershipEnd,
    ) -> Result<(), Error> {
        self.take_out(before.id, user).await?;
        tell_gone(&mut self.bus.presence(), user, before.id, RoomEnd::Removed);
        match ended {
            MembershipEnd::Deleted => {
                self.calls.room_deleted(before.id).await;
                self.announcing.tell_deleted(before.id, SeenBy::These(&[]));
            }
            MembershipEnd::GoesOn(room) => {
                self.participants.changed(room.id);
                if room.created_by != before.created_by {
                    self.announcing.tell_now(&room, News::Updated).await?;
                }
            }
        }
        Ok(())
    }

    /// An account was removed that took part in these rooms: those who see them are told what became of them.
    pub async fn account_removed(self: &Arc<Self>, user: UserId, rooms: &[Arc<Room>]) {
        self.participants.account_removed(user);
        for room in rooms {
            if let Err(error) = self.tell_what_became(room, user).await {
                error.log("what became of a room of a removed account is told later");
                self.find_out(room, user);
            }
        }
    }

    /// Takes all sockets of a user out of a room, and the user out of its call.
    async fn take_out(&self, room: RoomId, user: UserId) -> Result<(), Error> {
        let who = self.somebody(room, user).await?;
        self.bus.presence().leave_with_all(&who, room);
        self.calls.left_room(user, None, room).await;
        Ok(())
    }

    /// The user by a socket in the room, by any other one, or by none.
    async fn somebody(&self, room: RoomId, user: UserId) -> Result<Actor, Error> {
        let found = {
            let presence = self.bus.presence();
            let inside = presence.sockets_in_room(user, room).into_iter().find_map(|socket| presence.actor(socket));
            inside.or_else(|| presence.actors_of(user).into_iter().next())
        };
        match found {
            Some(actor) => Ok(actor),
            None => {
                let known = self.store.user_refs(&[user]).await?.pop();
                let removed = || UserRef { id: user, username: UserRef::REMOVED.to_owned() };
                Ok(Actor { socket: SocketId::new(), user: known.unwrap_or_else(removed) })
            }
        }
    }
}
