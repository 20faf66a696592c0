//! Who is given what was published: those who turn it into something here, and the way to the other servers.

use std::sync::Arc;

use super::fact::Fact;
use super::notice::Notice;
use crate::live::{Frame, Outlet, Outlets};
use crate::model::{RoomId, ServerId, UserId};
use crate::wire::{Audience, Event};

/// One who turns what was published into something: packets on sockets, what a server does because another one has done
/// something,
/// later messages of push services and webhooks. All is given in the order in which it was published.
pub trait Subscriber: Send + Sync {
    /// This event is for these sockets.
    fn deliver(&self, frame: &Frame, outlets: &Outlets) {
        let _ = (frame, outlets);
    }

    /// This connection is to be ended, after what was delivered before.
    fn close(&self, outlet: &Arc<dyn Outlet>) {
        let _ = outlet;
    }

    /// Somebody has come into a room or gone, or a socket of somebody has.
    fn occupants_changed(&self, room: RoomId) {
        let _ = room;
    }

    /// A socket of the user at another server has left the room, while one at this server is in it.
    fn left_elsewhere(&self, user: UserId, room: RoomId) {
        let _ = (user, room);
    }

    /// Another server has done this.
    fn noticed(&self, notice: &Notice) {
        let _ = notice;
    }
}

/// The way to the other servers. Called while presence is locked, so that they hear of everything in the order in which
/// it became true:
/// a call only queues.
pub trait Beyond: Send + Sync {
    /// This has become true of a connection to this server.
    fn fact(&self, fact: Fact);

    /// This event is for sockets of these servers.
    fn event(&self, servers: &[ServerId], to: Audience, event: &Event);

    /// These servers, or with `None` all, are to know this.
    fn notice(&self, servers: Option<&[ServerId]>, notice: Notice);
}
