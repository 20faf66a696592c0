//! Events about rooms: `join-room`, `leave-room`.

use serde::Serialize;
use serde_json::{Map, Value};

use super::seam::{Context, Reply};
use crate::chat::{Joined, Seen};
use crate::error::Error;
use crate::model::{Fields, Message, MessageId, Participant, RoomId, RoomView};

/// `roomId`, or as similar backends call it. A string that is no id is the id of nothing.
pub fn room_id(fields: &mut Fields<'_>) -> Option<RoomId> {
    fields.required(&["roomId", "room"], |text| Ok(RoomId::or_nothing(text)))
}

/// `join-room {roomId, after?, afterId?}`
pub async fn join(context: &Context<'_>, payload: &Map<String, Value>) -> Result<Reply, Error> {
    let mut fields = Fields::body(payload);
    let (room, after) = (room_id(&mut fields), fields.optional_count(&["after"]));
    let after_id = fields.optional(&["afterId"], |text| Ok(MessageId::or_nothing(text)));
    let room = fields.complete(room)?;
    let seen = after.map(|seq| Seen { seq, id: after_id });
    Reply::with(&JoinReply::from(&context.chat.join_room(context.from, room, seen).await?))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JoinReply<'a> {
    room: &'a RoomView,
    participants: &'a [Participant],
    last_seq: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    messages: Option<&'a [Message]>,
    #[serde(skip_serializing_if = "is_false")]
    more: bool,
    #[serde(skip_serializing_if = "is_false")]
    reset: bool,
}

impl<'a> From<&'a Joined> for JoinReply<'a> {
    fn from(joined: &'a Joined) -> Self {
        let missed = joined.missed.as_ref();
        Self {
            room: &joined.room,
            participants: &joined.participants,
            last_seq: joined.last_seq,
            messages: missed.map(|missed| missed.messages.as_slice()),
            more: missed.is_some_and(|missed| missed.more),
            reset: missed.is_some_and(|missed| missed.reset),
        }
    }
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// `leave-room {roomId, all?}`
pub async fn leave(context: &Context<'_>, payload: &Map<String, Value>) -> Result<Reply, Error> {
    let mut fields = Fields::body(payload);
    let (room, all) = (room_id(&mut fields), fields.flag(&["all"]));
    let room = fields.complete(room)?;
    context.chat.leave_room(context.from, room, all).await?;
    Reply::ok()
}
