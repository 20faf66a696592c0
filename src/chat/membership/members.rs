//! Members: adding somebody to a room, and taking somebody out of it.

use std::sync::Arc;

use super::Membership;
use crate::chat::Identity;
use crate::chat::announcing::{News, SeenBy, tell_gone};
use crate::chat::views::NAMED;
use crate::error::Error;
use crate::model::{Actor, MembershipEnd, Room, RoomId, RoomKind, SocketId, UserId, UserRef};
use crate::wire::{RoomEnd, RoomView};

impl Membership {
    /// Adds a user to a room that the caller is in.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`]; [`Error::NotAllowed`] where the caller is not in it, and for a direct room;
    /// [`Error::UserNotFound`], [`Error::RateLimited`], [`Error::Storage`].
    pub async fn add_member(self: &Arc<Self>, who: &Identity, room: RoomId, user: UserId) -> Result<RoomView, Error> {
        let member = self.rights.member(who.user.id, room).await?;
        if member.room().kind == RoomKind::Direct {
            return Err(Error::NotAllowed);
        }
        self.store.user(user).await?.ok_or(Error::UserNotFound)?;
        if !member.room().has_participant(user) {
            self.limits.members_added(who.user.id, 1)?;
            self.admit(room, user).await?;
        }
        let room = self.rights.member(who.user.id, room).await.map_err(not_any_more)?;
        self.views.one(room.room(), Some(who.user.id), NAMED).await
    }

    /// Makes a user a participant, by whose leave the caller knows. Whether the user was none before.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::Storage`].
    pub async fn admit(self: &Arc<Self>, room: RoomId, user: UserId) -> Result<bool, Error> {
        let admitting = async {
            let before = self.store.room(room).await?.ok_or(Error::RoomNotFound)?;
            if before.has_participant(user) {
                return Ok(false);
            }
            let added = self.store.add_participant(room, user).await?.ok_or(Error::RoomNotFound)?;
            self.readings.participant_came(room);
            if added.kind != RoomKind::Open {
                self.announcing.tell_one(user, &added, News::Created).await?;
            }
            self.participants.changed(room);
            Ok(true)
        };
        self.turns.in_turn(user, admitting).await
    }

    /// Takes a user out of a room: oneself out of any but a direct one, others out of a private one that the caller has
    /// made.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`]; [`Error::NotAllowed`] where the caller may not; [`Error::UserNotFound`] where the user
    /// is not in it; [`Error::Storage`].
    pub async fn remove_member(self: &Arc<Self>, who: &Identity, room: RoomId, user: UserId) -> Result<(), Error> {
        let seen = self.rights.seen(who.user.id, room).await?;
        let (found, own) = (seen.room(), who.user.id == user);
        match found.kind {
            RoomKind::Direct => return Err(Error::NotAllowed),
            RoomKind::Open if !own => return Err(Error::NotAllowed),
            RoomKind::Private if !own && found.created_by != who.user.id => return Err(Error::NotAllowed),
            RoomKind::Open | RoomKind::Private => {}
        }
        if !found.has_participant(user) {
            return Err(Error::UserNotFound);
        }
        let taken_out = async {
            match found.kind {
                RoomKind::Private => self.end_membership(room, user).await,
                RoomKind::Open | RoomKind::Direct => self.end_participation(room, user).await,
            }
        };
        self.turns.in_turn(user, taken_out).await
    }

    async fn end_participation(&self, room: RoomId, user: UserId) -> Result<(), Error> {
        self.store.remove_participant(room, user).await?.ok_or(Error::RoomNotFound)?;
        self.take_out(room, user).await?;
        self.participants.changed(room);
        Ok(())
    }

    async fn end_membership(&self, room: RoomId, user: UserId) -> Result<(), Error> {
        let before = self.store.room(room).await?.ok_or(Error::RoomNotFound)?;
        let ended = self.store.end_membership(room, user).await?.ok_or(Error::UserNotFound)?;
        self.tell_membership_ended(&before, user, ended).await
    }

    /// A user is not in a private room any more, that was so before.
    ///
    /// # Errors
    /// [`Error::Storage`], where not all were told.
    pub async fn tell_membership_ended(&self, before: &Room, user: UserId, ended: MembershipEnd) -> Result<(), Error> {
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
    pub async fn account_removed(&self, user: UserId, rooms: &[Arc<Room>]) {
        self.participants.account_removed(user);
        for room in rooms {
            let told = match (room.kind, self.store.room(room.id).await) {
                (_, Err(error)) => Err(error.into()),
                (RoomKind::Private, Ok(None)) => self.tell_membership_ended(room, user, MembershipEnd::Deleted).await,
                (RoomKind::Private, Ok(Some(now))) => {
                    self.tell_membership_ended(room, user, MembershipEnd::GoesOn(now)).await
                }
                (RoomKind::Direct, Ok(Some(now))) => self.announcing.tell_now(&now, News::Updated).await,
                (RoomKind::Open, Ok(Some(_))) => {
                    self.participants.changed(room.id);
                    self.take_out(room.id, user).await
                }
                (RoomKind::Open | RoomKind::Direct, Ok(None)) => Ok(()),
            };
            if let Err(error) = told {
                error.log("what became of a room of a removed account was not told to all");
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

/// Who was taken out of the room meanwhile is told that there is none.
fn not_any_more(error: Error) -> Error {
    if error == Error::NotAllowed { Error::RoomNotFound } else { error }
}
