//! Events about messages: `send-message`, `mark-read`, `typing`.

use serde_json::{Map, Value};

use super::reply::{Context, Reply};
use crate::error::Error;
use crate::model::Reading;
use crate::wire::{FromFields, MarkRead, MarkReadAnswer, SendAnswer, SendMessage, SetTyping};

/// `send-message {roomId, content, clientId?}`
pub(crate) async fn send(context: &Context<'_>, payload: &Map<String, Value>) -> Result<Reply, Error> {
    let SendMessage { room_id, content, client_id } = SendMessage::of(payload)?;
    let message = context.verbs.messages.send(context.from, room_id, content, client_id).await?;
    Reply::with(&SendAnswer { message })
}

/// `mark-read {roomId, seq}`
pub(crate) async fn mark_read(context: &Context<'_>, payload: &Map<String, Value>) -> Result<Reply, Error> {
    let MarkRead { room_id, seq } = MarkRead::of(payload)?;
    let Reading { read_seq, unread, mentions } = context.verbs.readings.mark(context.from, room_id, seq).await?;
    Reply::with(&MarkReadAnswer { read_seq, unread, mentions })
}

/// `typing {roomId, typing}`
pub(crate) fn typing(context: &Context<'_>, payload: &Map<String, Value>) -> Result<Reply, Error> {
    let SetTyping { room_id, typing } = SetTyping::of(payload)?;
    context.verbs.messages.typing(context.from, room_id, typing)?;
    Reply::ok()
}
