//! What happens to calls because of what happens around them: sockets come and go, rooms end.

use std::sync::Arc;

use super::Calls;
use crate::bus::Changing;
use crate::model::{Actor, Role, RoomId, SocketId, UserId};
use crate::wire::{Audience, Event};

impl Calls {
    /// Tells a new socket its session and the call that its user is in, and rings it where the user is rung.
    pub fn greet(&self, presence: &mut Changing<'_>, actor: &Actor, role: Role) {
        let (call, ring) = {
            let calls = self.machine();
            (calls.session_call(actor.user.id), calls.rings_on_connect(actor))
        };
        let session = Event::Session {
            socket_id: actor.socket,
            user_id: actor.user.id,
            username: actor.user.username.clone(),
            role,
            call,
        };
        presence.publish_here(session.to(Audience::Socket(actor.socket)));
        if let Some(ring) = ring {
            presence.publish_here(ring);
        }
    }

    /// A user has connected with this socket, and may have begun a call that waits for that. To be told once presence
    /// is let go.
    pub fn connected(self: &Arc<Self>, actor: &Actor) {
        if !self.bus.is_shared() {
            return;
        }
        let actor = actor.clone();
        self.happen_behind(async move |calls: Arc<Self>| {
            calls.happen(|calls, now, _| calls.beginner_back(now, &actor)).await;
        });
    }

    /// A socket is gone, from presence already: who was in a call by it is away. `closing` where this server goes.
    pub fn socket_gone(self: &Arc<Self>, actor: &Actor, closing: bool) {
        let (actor, with_server) = (actor.clone(), closing && self.bus.others() > 0);
        self.happen_behind(async move |calls: Arc<Self>| {
            calls.happen(|calls, now, presence| calls.socket_gone(now, &actor, with_server, presence)).await;
        });
    }

    /// A user is out of a room, and so of its call. `asked_by` is the user's socket that asked for it.
    pub async fn left_room(&self, user: UserId, asked_by: Option<SocketId>, room: RoomId) {
        self.happen(|calls, now, _| calls.left_room(now, user, asked_by, room)).await;
    }

    /// A room is no more, and its call is over. To be told while its sockets are still there.
    pub async fn room_deleted(&self, room: RoomId) {
        self.happen(|calls, now, _| calls.room_deleted(now, room)).await;
    }
}
