//! Telling all who may see a room that it is there, or is otherwise than before, or is no more.

use std::sync::Arc;

use super::names::NamesById;
use super::views::{NAMED, Views};
use crate::bus::{Bus, Changing};
use crate::error::Error;
use crate::model::{Room, RoomId, RoomKind, UserId};
use crate::wire::{Audience, Event, RoomEnd, RoomView};

/// What is told of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// It is there: `room-created`.
    Created,
    /// It is otherwise: `room-updated`.
    Updated,
}

/// The telling of rooms.
pub struct Announcing {
    bus: Arc<dyn Bus>,
    views: Arc<Views>,
}

impl Announcing {
    /// On this bus.
    pub fn new(bus: &Arc<dyn Bus>, views: &Arc<Views>) -> Self {
        Self { bus: Arc::clone(bus), views: Arc::clone(views) }
    }

    /// How many sockets what is told of a room is sent to.
    pub fn count(&self, room: &Room) -> usize {
        let presence = self.bus.presence();
        match room.kind {
            RoomKind::Open => presence.count(Audience::Everyone),
            RoomKind::Private | RoomKind::Direct => {
                room.participants.iter().map(|user| presence.count(all_of(*user))).sum()
            }
        }
    }

    /// Tells all who may see a room how it is. `names` are those that [`Views::names`] found, or more.
    pub fn tell(&self, room: &Room, news: News, names: &NamesById) {
        match room.kind {
            RoomKind::Open => {
                let view = self.views.with_names(room, None, NAMED, names);
                self.bus.publish(&news.event(view).to(Audience::Everyone));
            }
            RoomKind::Private | RoomKind::Direct => {
                let online: Vec<UserId> = {
                    let presence = self.bus.presence();
                    room.participants.iter().copied().filter(|user| presence.is_online(*user)).collect()
                };
                online.into_iter().for_each(|user| self.tell_one_with(user, room, news, names));
            }
        }
    }

    /// As [`Announcing::tell`], with the names looked up.
    ///
    /// # Errors
    /// [`Error::Storage`]; then nobody was told.
    pub async fn tell_now(&self, room: &Room, news: News) -> Result<(), Error> {
        let names = self.views.names(room).await?;
        self.tell(room, news, &names);
        Ok(())
    }

    /// Tells the sockets of one user of a room.
    ///
    /// # Errors
    /// [`Error::Storage`]; then the user was not told.
    pub async fn tell_one(&self, user: UserId, room: &Room, news: News) -> Result<(), Error> {
        let names = self.views.names(room).await?;
        self.tell_one_with(user, room, news, &names);
        Ok(())
    }

    fn tell_one_with(&self, user: UserId, room: &Room, news: News, names: &NamesById) {
        let view = self.views.with_names(room, Some(user), NAMED, names).for_event();
        self.bus.publish(&news.event(view).to(all_of(user)));
    }

    /// Tells those who could see a room that it is no more. Nobody is in it from then on.
    pub fn tell_deleted(&self, room: RoomId, seen_by: SeenBy<'_>) {
        let mut presence = self.bus.presence();
        match seen_by {
            SeenBy::Everyone => presence.delete_room(room),
            SeenBy::These(users) => {
                users.iter().for_each(|user| tell_gone(&mut presence, *user, room, RoomEnd::Deleted));
                presence.empty_room(room);
            }
        }
    }
}

/// Who could see a room that is no more.
#[derive(Clone, Copy, Debug)]
pub enum SeenBy<'a> {
    /// It was open.
    Everyone,
    /// Its participants.
    These(&'a [UserId]),
}

impl<'a> SeenBy<'a> {
    /// Those of a room as it was.
    pub fn of(room: &'a Room) -> Self {
        if room.kind == RoomKind::Open { Self::Everyone } else { Self::These(&room.participants) }
    }
}

/// Tells a user's sockets that a room is no more, or none of theirs.
pub(crate) fn tell_gone(presence: &mut Changing<'_>, user: UserId, room: RoomId, reason: RoomEnd) {
    presence.publish(Event::RoomDeleted { room_id: room, reason }.to(all_of(user)));
}

fn all_of(user: UserId) -> Audience {
    Audience::User { user, except: None }
}

impl News {
    fn event(self, view: RoomView) -> Event {
        match self {
            Self::Created => Event::RoomCreated(Box::new(view)),
            Self::Updated => Event::RoomUpdated(Box::new(view)),
        }
    }
}
