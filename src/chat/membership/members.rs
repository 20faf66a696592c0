//! Members: adding somebody to a room, and taking somebody out of it.

use std::sync::Arc;

use super::Membership;
use crate::chat::Identity;
use crate::chat::views::NAMED;
use crate::error::Error;
use crate::model::{Room, RoomId, RoomKind, UserId};
use crate::wire::RoomView;

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
            let admitted = async {
                let added = self.store.add_participant(room, user).await?.ok_or(Error::RoomNotFound)?;
                self.tell_came(&added, user).await
            };
            self.known(admitted.await, &before, user).map(|()| true)
        };
        self.turns.in_turn(user, admitting).await
    }

    /// The outcome of what was done about a user in a room, which was so before. Where the store was away, what became
    /// of it is found out and told later: whoever asks again finds it done.
    fn known(self: &Arc<Self>, outcome: Result<(), Error>, before: &Arc<Room>, user: UserId) -> Result<(), Error> {
        if outcome.as_ref().is_err_and(Error::is_store_away) {
            self.find_out(before, user);
        }
        outcome
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
                RoomKind::Open | RoomKind::Direct => self.end_participation(found, user).await,
            }
        };
        self.turns.in_turn(user, taken_out).await
    }

    async fn end_participation(self: &Arc<Self>, before: &Arc<Room>, user: UserId) -> Result<(), Error> {
        let ended = async {
            let room = self.store.remove_participant(before.id, user).await?.ok_or(Error::RoomNotFound)?;
            self.tell_participation_ended(&room, user).await
        };
        self.known(ended.await, before, user)
    }

    async fn end_membership(self: &Arc<Self>, room: RoomId, user: UserId) -> Result<(), Error> {
        let before = self.store.room(room).await?.ok_or(Error::RoomNotFound)?;
        let ended = async {
            let ended = self.store.end_membership(room, user).await?.ok_or(Error::UserNotFound)?;
            self.tell_membership_ended(&before, user, ended).await
        };
        self.known(ended.await, &before, user)
    }
}

/// Who was taken out of the room meanwhile is told that there is none.
fn not_any_more(error: Error) -> Error {
    if error == Error::NotAllowed { Error::RoomNotFound } else { error }
}
