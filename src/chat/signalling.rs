//! Signalling: offers, answers and candidates on their way between peers.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::calls::Calls;
use super::signals::{Receiver, Signal};
use crate::bus::Bus;
use crate::error::Error;
use crate::live::Limits;
use crate::model::{Actor, CallId, UserId};
use crate::store::Store;
use crate::wire::{Audience, Event};

/// A signal counts as one delivery for each of so many bytes that were begun.
const COUNTED_AS_ONE: usize = 4096;

/// The way of signals from peer to peer.
pub struct Signalling {
    store: Arc<dyn Store>,
    bus: Arc<dyn Bus>,
    limits: Arc<Limits>,
    calls: Arc<Calls>,
}

impl Signalling {
    /// Between those who share a room of the store or one of the calls.
    pub fn new(store: &Arc<dyn Store>, bus: &Arc<dyn Bus>, limits: &Arc<Limits>, calls: &Arc<Calls>) -> Self {
        Self { store: Arc::clone(store), bus: Arc::clone(bus), limits: Arc::clone(limits), calls: Arc::clone(calls) }
    }

    /// Hands a signal on to whom it is for, stamped with whom it is from.
    ///
    /// # Errors
    /// As the protocol's table: [`Error::NotAllowed`], [`Error::PeerUnavailable`], [`Error::NotInRoom`],
    /// [`Error::CallNotFound`];
    /// [`Error::RateLimited`], [`Error::Storage`].
    pub async fn relay(&self, from: &Actor, signal: Signal) -> Result<(), Error> {
        let receiver = match signal.to {
            Some(to) => Some((to, self.reachable(from, to).await?)),
            None => None,
        };
        if signal.call.is_some() && self.calls.of_socket(from.socket) != signal.call {
            return Err(Error::NotAllowed);
        }
        if let Some(room) = signal.room
            && !self.bus.presence().in_room(from.socket, room)
        {
            return Err(Error::NotInRoom);
        }
        let audiences = match (receiver, signal.room) {
            (Some((to, user)), _) => vec![self.peer(from, to, user, signal.call)?],
            (None, Some(room)) => vec![Audience::Room { room, except: Some(from.socket) }],
            (None, None) => {
                let others = self.calls.others_in_call(from.socket).ok_or(Error::CallNotFound)?;
                others.into_iter().map(Audience::Socket).collect()
            }
        };
        let sockets = {
            let presence = self.bus.presence();
            audiences.iter().map(|to| presence.count(*to)).sum::<usize>()
        };
        if sockets == 0 && receiver.is_some() {
            return Err(Error::PeerUnavailable);
        }
        // A description may be large, so a delivery counts by its size.
        let size = signal.payload.values().map(text_size).sum::<usize>();
        self.limits.fan_out(from.user.id, sockets * (1 + size / COUNTED_AS_ONE))?;
        let event = Event::Signal { kind: signal.kind, payload: stamped(signal.payload, from) };
        if let [to] = audiences[..] {
            self.bus.publish(&event.to(to));
        } else {
            audiences.iter().for_each(|to| self.bus.publish(&event.clone().to(*to)));
        }
        Ok(())
    }

    /// The user behind a receiver, where the sender shares a room or a call with it.
    async fn reachable(&self, from: &Actor, to: Receiver) -> Result<UserId, Error> {
        let user = match to {
            Receiver::User(user) => user,
            Receiver::Socket(socket) => self.bus.presence().actor(socket).ok_or(Error::NotAllowed)?.user.id,
            Receiver::Unknown => return Err(Error::NotAllowed),
        };
        let known = user == from.user.id
            || self.calls.are_shared(from.user.id, user)
            || self.store.share_room(from.user.id, user).await?;
        if known { Ok(user) } else { Err(Error::NotAllowed) }
    }

    /// Who gets what is for a user; of a call, the socket by which the user is in it.
    fn peer(&self, from: &Actor, to: Receiver, user: UserId, call: Option<CallId>) -> Result<Audience, Error> {
        let in_call =
            call.map(|call| self.calls.socket_in_call(call, user).ok_or(Error::PeerUnavailable)).transpose()?;
        match (to, in_call) {
            (Receiver::Socket(socket), Some(there)) if socket != there => Err(Error::PeerUnavailable),
            (Receiver::Socket(socket), _) => Ok(Audience::Socket(socket)),
            (_, Some(there)) => Ok(Audience::Socket(there)),
            (_, None) => Ok(Audience::User { user, except: Some(from.socket) }),
        }
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
fn stamped(mut payload: Map<String, Value>, from: &Actor) -> Map<String, Value> {
    payload.insert("from".to_owned(), json!(from.user.id));
    payload.insert("fromSocketId".to_owned(), json!(from.socket));
    payload.insert("fromUsername".to_owned(), json!(from.user.username));
    payload
}
