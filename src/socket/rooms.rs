//! Events about rooms: `join-room`, `leave-room`.

use serde_json::{Map, Value};

use super::reply::{Context, Reply};
use crate::chat::{Joined, LastSeen};
use crate::error::Error;
use crate::wire::{FromFields, JoinAnswer, JoinRoom, LeaveRoom};

/// `join-room {roomId, after?, afterId?}`
pub(crate) async fn join(context: &Context<'_>, payload: &Map<String, Value>) -> Result<Reply, Error> {
    let JoinRoom { room_id, after, after_id } = JoinRoom::of(payload)?;
    let seen = after.map(|seq| LastSeen { seq, id: after_id });
    Reply::with(&answer(&context.verbs.membership.join(context.from, room_id, seen).await?))
}

fn answer(joined: &Joined) -> JoinAnswer<'_> {
    let missed = joined.missed.as_ref();
    JoinAnswer {
        room: &joined.room,
        participants: &joined.participants,
        last_seq: joined.last_seq,
        messages: missed.map(|missed| missed.messages.as_slice()),
        more: missed.is_some_and(|missed| missed.more),
        reset: missed.is_some_and(|missed| missed.reset),
    }
}

/// `leave-room {roomId, all?}`
pub(crate) async fn leave(context: &Context<'_>, payload: &Map<String, Value>) -> Result<Reply, Error> {
    let LeaveRoom { room_id, all } = LeaveRoom::of(payload)?;
    context.verbs.membership.leave(context.from, room_id, all).await?;
    Reply::ok()
}
