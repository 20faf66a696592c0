//! Events about messages: `send-message`, `typing`.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value};

use super::rooms::room_id;
use super::seam::{Context, Reply};
use crate::error::Error;
use crate::model::{ClientId, Content, Fields, Message};

/// `send-message {roomId, content, clientId?}`
pub async fn send(context: &Context<'_>, payload: &Map<String, Value>) -> Result<Reply, Error> {
    #[derive(Serialize)]
    struct Sent {
        message: Arc<Message>,
    }
    let mut fields = Fields::body(payload);
    let room = room_id(&mut fields);
    let content = fields.required(&["content", "message", "text"], Content::parse);
    let client_id = fields.optional(&["clientId"], ClientId::parse);
    let (room, content) = fields.complete(room.zip(content))?;
    let message = context.chat.send_message(context.from, room, content, client_id).await?;
    Reply::with(&Sent { message })
}

/// `typing {roomId, typing}`
pub fn typing(context: &Context<'_>, payload: &Map<String, Value>) -> Result<Reply, Error> {
    let mut fields = Fields::body(payload);
    let (room, typing) = (room_id(&mut fields), fields.required_bool(&["typing"]));
    let (room, typing) = fields.complete(room.zip(typing))?;
    context.chat.typing(context.from, room, typing)?;
    Reply::ok()
}
