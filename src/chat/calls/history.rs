//! The calls that a user had.

use super::Calls;
use crate::chat::Identity;
use crate::chat::names::{NamesById, named};
use crate::error::Error;
use crate::model::{Call, CallId, RoomKind, UserId};
use crate::wire::CallView;

impl Calls {
    /// The calls that concern the user, newest first.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn history(&self, who: &Identity, before: Option<CallId>, limit: usize) -> Result<Vec<CallView>, Error> {
        // What happened and is not stored yet belongs to it; looked at first, for it may be stored while the store is
        // read.
        let happened = self.unsaved.all();
        let mut calls = self.store.calls_of(who.user.id, before, limit).await?;
        for call in &mut calls {
            if let Some(newer) = self.unsaved.get(call.id).or_else(|| happened.get(&call.id).cloned()) {
                *call = newer;
            }
        }
        calls.retain(|call| call.concerns(who.user.id));
        self.hide_rooms(who.user.id, &mut calls).await?;
        let names = self.names.of(calls.iter().flat_map(Call::people)).await?;
        Ok(calls.into_iter().map(|call| view(call, &names)).collect())
    }
}

impl Calls {
    /// Takes the rooms away that the user may not see, or not any more.
    async fn hide_rooms(&self, user: UserId, calls: &mut [Call]) -> Result<(), Error> {
        for call in calls.iter_mut().filter(|call| call.room_kind != RoomKind::Open) {
            let Some(room) = call.room else { continue };
            match self.rights.seen(user, room).await {
                Ok(_) => {}
                Err(Error::RoomNotFound) => call.room = None,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn view(call: Call, names: &NamesById) -> CallView {
    let refs = |users: &[UserId]| users.iter().map(|user| named(names, *user)).collect();
    CallView {
        object_id: call.id,
        id: call.id,
        room: call.room,
        call_type: call.call_type,
        status: call.status,
        created_by: named(names, call.created_by),
        participants: refs(&call.participants),
        invited: refs(&call.invited),
        created_at: call.created_at,
        answered_at: call.answered_at,
        ended_at: call.ended_at,
        end_reason: call.end_reason,
    }
}
