//! Signalling: offers, answers and candidates on their way between peers.

use serde_json::{Map, Value, json};

use crate::chat::Chat;
use crate::error::Error;
use crate::model::{Audience, CallId, Event, Origin, RoomId, SignalKind, SocketId, UserId};

/// A signal counts as one delivery for each of so many bytes that were begun.
const COUNTED_AS_ONE: usize = 4096;

/// A signal as it was read, and whom it is for.
#[derive(Clone, Debug)]
pub struct Signal {
    /// Offer, answer or candidate.
    pub kind: SignalKind,
    /// What is relayed: the sender's payload without the receiver.
    pub payload: Map<String, Value>,
    /// The receiver.
    pub to: Option<Receiver>,
    /// The room that it is about, and where there is no receiver, for.
    pub room: Option<RoomId>,
    /// The call that it is about.
    pub call: Option<CallId>,
}

/// Whom a signal is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receiver {
    /// Every socket of a user, or the one that is in the call.
    User(UserId),
    /// One socket.
    Socket(SocketId),
    /// What is neither's id.
    Unknown,
}

impl Chat {
    /// Hands a signal on to whom it is for, stamped with whom it is from.
    ///
    /// # Errors
    /// As the protocol's table: [`Error::NotAllowed`], [`Error::PeerUnavailable`], [`Error::NotInRoom`], [`Error::CallNotFound`];
    /// [`Error::RateLimited`], [`Error::Storage`].
    pub async fn relay(&self, from: &Origin, signal: Signal) -> Result<(), Error> {
        let receiver = match signal.to {
            Some(to) => Some((to, self.reachable(from, to).await?)),
            None => None,
        };
        if signal.call.is_some() && self.calls().call_of_socket(from.socket) != signal.call {
            return Err(Error::NotAllowed);
        }
        if let Some(room) = signal.room
            && !self.presence().in_room(from.socket, room)
        {
            return Err(Error::NotInRoom);
        }
        let sockets = match (receiver, signal.room) {
            (Some((to, user)), _) => self.sockets_for(from, to, user, signal.call)?,
            (None, Some(room)) => self.presence().audience(Audience::Room { room, except: Some(from.socket) }),
            (None, None) => self.calls().others_in_call(from.socket).ok_or(Error::CallNotFound)?,
        };
        // A description may be large, so a delivery counts by its size.
        let size = signal.payload.values().map(text_size).sum::<usize>();
        self.limits.fan_out(from.user.id, sockets.len() * (1 + size / COUNTED_AS_ONE))?;
        let payload = stamped(signal.payload, from);
        self.deliver(&sockets, &Event::Signal { kind: signal.kind, payload });
        Ok(())
    }

    /// The user behind a receiver, where the sender shares a room or a call with it.
    async fn reachable(&self, from: &Origin, to: Receiver) -> Result<UserId, Error> {
        let user = match to {
            Receiver::User(user) => user,
            Receiver::Socket(socket) => self.presence().origin(socket).ok_or(Error::NotAllowed)?.user.id,
            Receiver::Unknown => return Err(Error::NotAllowed),
        };
        let known = user == from.user.id
            || self.calls().share_call(from.user.id, user)
            || self.store.share_room(from.user.id, user).await?;
        if known { Ok(user) } else { Err(Error::NotAllowed) }
    }

    fn sockets_for(
        &self,
        from: &Origin,
        to: Receiver,
        user: UserId,
        call: Option<CallId>,
    ) -> Result<Vec<SocketId>, Error> {
        let in_call =
            call.map(|call| self.calls().socket_in_call(call, user).ok_or(Error::PeerUnavailable)).transpose()?;
        let sockets = match (to, in_call) {
            (Receiver::Socket(socket), Some(there)) if socket != there => Vec::new(),
            (Receiver::Socket(socket), _) => vec![socket],
            (_, Some(there)) => vec![there],
            (_, None) => self.presence().audience(Audience::User { user, except: Some(from.socket) }),
        };
        if sockets.is_empty() { Err(Error::PeerUnavailable) } else { Ok(sockets) }
    }
}

/// How many bytes of text are in a value.
fn text_size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(values) => values.iter().map(text_size).sum(),
        Value::Object(fields) => fields.iter().map(|(name, value)| name.len() + text_size(value)).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

/// What a client claims about itself is overwritten.
fn stamped(mut payload: Map<String, Value>, from: &Origin) -> Map<String, Value> {
    payload.insert("from".to_owned(), json!(from.user.id));
    payload.insert("fromSocketId".to_owned(), json!(from.socket));
    payload.insert("fromUsername".to_owned(), json!(from.user.username));
    payload
}
