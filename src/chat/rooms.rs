//! Rooms: making, changing, deleting. What is told of a room comes in the order in which it was stored.

use std::sync::Arc;

use super::announcing::{Announcing, News, SeenBy};
use super::calls::Calls;
use super::names::NamesById;
use super::rights::Rights;
use super::turns::Turns;
use super::views::{NAMED, Views};
use crate::chat::Identity;
use crate::error::Error;
use crate::live::Limits;
use crate::model::{Description, Room, RoomId, RoomKind, RoomName, RoomPatch, UserId};
use crate::store::{self, Store};
use crate::wire::RoomView;

/// How many users a new private room may begin with, besides its creator.
pub const MOST_FIRST_MEMBERS: usize = 200;

/// A room that is to be made.
#[derive(Debug)]
pub struct NewRoom {
    /// Its name.
    pub name: RoomName,
    /// What it is for.
    pub description: Description,
    /// Those who are in a private room from the start besides its creator, at most [`MOST_FIRST_MEMBERS`]; `None` makes
    /// an open one.
    pub members: Option<Vec<UserId>>,
}

/// What was asked of the store.
#[derive(Clone, Debug)]
enum Asked {
    Make,
    Change,
    /// Of a room as it was before.
    Delete(Arc<Room>),
}

/// The making and changing of rooms.
pub struct Rooms {
    store: Arc<dyn Store>,
    limits: Arc<Limits>,
    rights: Arc<Rights>,
    views: Arc<Views>,
    announcing: Arc<Announcing>,
    calls: Arc<Calls>,
    /// Changes of one room: what is told of them comes in the order in which they were stored.
    turns: Turns,
}

impl Rooms {
    /// Those of a store.
    pub fn new(
        store: &Arc<dyn Store>,
        limits: &Arc<Limits>,
        rights: &Arc<Rights>,
        views: &Arc<Views>,
        announcing: &Arc<Announcing>,
        calls: &Arc<Calls>,
    ) -> Self {
        Self {
            store: Arc::clone(store),
            limits: Arc::clone(limits),
            rights: Arc::clone(rights),
            views: Arc::clone(views),
            announcing: Arc::clone(announcing),
            calls: Arc::clone(calls),
            turns: Turns::default(),
        }
    }

    /// Makes a room. The creator of an open one does not take part before joining; the creator and the first members of
    /// a private one do.
    ///
    /// # Errors
    /// [`Error::RoomNameTaken`], [`Error::UserNotFound`] for a member, [`Error::RateLimited`], [`Error::Storage`].
    pub async fn create(self: &Arc<Self>, who: &Identity, wish: NewRoom) -> Result<RoomView, Error> {
        let (kind, participants) = match wish.members {
            None => (RoomKind::Open, Vec::new()),
            Some(members) => (RoomKind::Private, self.first_members(who, members).await?),
        };
        let room = Room {
            description: wish.description.into_string(),
            ..Room::new(kind, wish.name.into_string(), who.user.id, participants)
        };
        self.limits.room_created(who.user.id)?;
        self.limits.fan_out(who.user.id, self.announcing.count(&room))?;
        let names = self.views.names(&room).await?;
        let stored = self.store.insert_room(room.clone()).await;
        self.known(stored, room.id, Asked::Make)?;
        self.announcing.tell(&room, News::Created, &names);
        Ok(self.views.with_names(&room, Some(who.user.id), NAMED, &names).unread_by_nobody())
    }

    /// The creator, then those who are wished for, each once.
    async fn first_members(&self, who: &Identity, wished: Vec<UserId>) -> Result<Vec<UserId>, Error> {
        let mut members = vec![who.user.id];
        for user in wished {
            if !members.contains(&user) {
                members.push(user);
            }
        }
        let found = self.store.user_refs(&members[1..]).await?.len();
        if found + 1 < members.len() {
            return Err(Error::UserNotFound);
        }
        self.limits.members_added(who.user.id, found)?;
        Ok(members)
    }

    /// The direct room of the caller and another user, and whether it is new.
    ///
    /// # Errors
    /// [`Error::Validation`] for oneself, [`Error::UserNotFound`], [`Error::RateLimited`], [`Error::Storage`].
    pub async fn open_direct(self: &Arc<Self>, who: &Identity, other: UserId) -> Result<(RoomView, bool), Error> {
        let me = who.user.id;
        if other == me {
            return Err(Error::field("userId", "must be somebody else"));
        }
        if let Some(there) = self.store.direct_room(me, other).await? {
            return Ok((self.views.one(&there, Some(me), NAMED).await?, false));
        }
        self.store.user(other).await?.ok_or(Error::UserNotFound)?;
        self.limits.room_created(me)?;
        let room = Room::new(RoomKind::Direct, String::new(), me, vec![me, other]);
        let names = self.views.names(&room).await?;
        let id = room.id;
        let stored = self.store.open_direct(room).await;
        let (room, fresh) = self.known(stored, id, Asked::Make)?;
        if fresh {
            self.announcing.tell(&room, News::Created, &names);
        }
        let view = self.views.with_names(&room, Some(me), NAMED, &names);
        Ok((if fresh { view.unread_by_nobody() } else { self.views.one(&room, Some(me), NAMED).await? }, fresh))
    }

    /// Changes a room; only its creator or an administrator may.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::NotAllowed`], [`Error::RoomNameTaken`], [`Error::Storage`].
    pub async fn update(self: &Arc<Self>, who: &Identity, room: RoomId, patch: RoomPatch) -> Result<RoomView, Error> {
        let owner = self.rights.owner(who, room).await?;
        let own = owner.room();
        if patch.is_empty() {
            return self.views.one(own, Some(who.user.id), NAMED).await;
        }
        self.limits.fan_out(who.user.id, self.announcing.count(own))?;
        // Asked for before, so that nothing but the change itself can fail.
        let names = self.views.names(own).await?;
        let change = async {
            let stored = self.store.update_room(room, patch).await;
            let room = self.known(stored, room, Asked::Change)?.ok_or(Error::RoomNotFound)?;
            self.tell_updated(&room, names).await;
            self.log_administrator(who, &room, "changed");
            self.views.one(&room, Some(who.user.id), NAMED).await
        };
        self.turns.in_turn(room, change).await
    }

    /// An administrator's hand in what somebody else has made stands in the log.
    fn log_administrator(&self, who: &Identity, room: &Room, done: &str) {
        if room.created_by != who.user.id {
            let (administrator, room) = (&who.user.username, room.id);
            tracing::info!(administrator, %room, "the administrator {administrator} {done} a room");
        }
    }

    /// Tells all who may see a room how it is now. `names` are those that are known already.
    async fn tell_updated(&self, room: &Room, mut names: NamesById) {
        names.extend(self.views.names(room).await.unwrap_or_default());
        self.announcing.tell(room, News::Updated, &names);
    }

    /// Deletes a room and its messages; only its creator or an administrator may.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::NotAllowed`], [`Error::Storage`].
    pub async fn delete(self: &Arc<Self>, who: &Identity, room: RoomId) -> Result<(), Error> {
        let owner = self.rights.owner(who, room).await?;
        let own = owner.room();
        self.limits.fan_out(who.user.id, self.announcing.count(own))?;
        let change = async {
            let stored = self.store.delete_room(room).await;
            if !self.known(stored, room, Asked::Delete(Arc::clone(own)))? {
                return Err(Error::RoomNotFound);
            }
            self.tell_deleted(own).await;
            self.log_administrator(who, own, "deleted");
            Ok(())
        };
        self.turns.in_turn(room, change).await
    }

    /// Ends what went on in a room that is no more, and tells all who could see it.
    async fn tell_deleted(&self, room: &Room) {
        self.calls.room_deleted(room.id).await;
        self.announcing.tell_deleted(room.id, SeenBy::of(room));
        // One that was begun while the room was on its way out.
        self.calls.room_deleted(room.id).await;
    }

    /// The store's answer. Where there is none, the change may have been made all the same: then that is found out, and
    /// told, later.
    fn known<T>(self: &Arc<Self>, answer: store::Result<T>, room: RoomId, asked: Asked) -> Result<T, Error> {
        let answer = answer.map_err(Error::from);
        if answer.as_ref().is_err_and(Error::is_store_away) {
            tokio::spawn(Arc::clone(self).find_out(room, asked));
        }
        answer
    }

    /// Asks the store about a room until it answers, and tells what it says.
    async fn find_out(self: Arc<Self>, room: RoomId, asked: Asked) {
        let told = self.turns.in_the_end(room, || self.tell_what_became(room, &asked)).await;
        if !told {
            tracing::warn!(%room, "what became of a change of this room is not known, and was told to nobody");
        }
    }

    async fn tell_what_became(&self, room: RoomId, asked: &Asked) -> Result<(), Error> {
        match (self.store.room(room).await?, asked) {
            (Some(room), Asked::Change | Asked::Delete(_)) => self.tell_updated(&room, NamesById::new()).await,
            (Some(room), Asked::Make) => self.announcing.tell_now(&room, News::Created).await?,
            (None, Asked::Delete(before)) => self.tell_deleted(before).await,
            // Who deleted it meanwhile has told it.
            (None, Asked::Make | Asked::Change) => {}
        }
        Ok(())
    }
}
