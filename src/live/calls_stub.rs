//! Stub.
use super::Presence;
use crate::error::Error;
use crate::model::*;
use std::time::Duration;
#[derive(Debug)]
pub struct Calls {}
#[derive(Debug, Clone, Default)]
pub struct Changes {
    pub deliveries: Vec<Delivery>,
    pub records: Vec<Call>,
}
#[derive(Debug)]
pub struct Refusal {
    pub error: Error,
    pub record: Option<Call>,
}
type R<T> = Result<(T, Changes), Refusal>;
fn no<T>() -> R<T> {
    Err(Refusal { error: Error::CallNotFound, record: None })
}
impl Calls {
    pub fn new(_: Duration, _: Duration) -> Self {
        Self {}
    }
    pub fn ring_user(&mut self, _: Timestamp, _: &Origin, _: UserRef, _: CallType, _: &Presence) -> R<CallId> {
        no()
    }
    pub fn ring_room(&mut self, _: Timestamp, _: &Origin, _: RoomId, _: CallType, _: &Presence) -> R<CallId> {
        no()
    }
    pub fn accept(
        &mut self,
        _: Timestamp,
        _: &Origin,
        _: Option<CallId>,
        _: Option<RoomId>,
        _: &Presence,
    ) -> R<(CallId, Vec<Peer>)> {
        no()
    }
    pub fn reject(&mut self, _: Timestamp, _: &Origin, _: Option<CallId>, _: Option<Reason>, _: &Presence) -> R<()> {
        no()
    }
    pub fn end(&mut self, _: Timestamp, _: &Origin, _: Option<CallId>, _: &Presence) -> R<()> {
        no()
    }
    pub fn media_state(&self, _: &Origin, _: Option<CallId>, _: MediaState) -> Result<Vec<Delivery>, Error> {
        Err(Error::CallNotFound)
    }
    pub fn session_call(&self, _: UserId) -> Option<SessionCall> {
        None
    }
    pub fn socket_connected(&mut self, _: Timestamp, _: &Origin, _: &Presence) -> Changes {
        Changes::default()
    }
    pub fn socket_gone(&mut self, _: Timestamp, _: &Origin, _: &Presence) -> Changes {
        Changes::default()
    }
    pub fn left_room(&mut self, _: Timestamp, _: &Origin, _: RoomId, _: &Presence) -> Changes {
        Changes::default()
    }
    pub fn room_deleted(&mut self, _: Timestamp, _: RoomId, _: &Presence) -> Changes {
        Changes::default()
    }
    pub fn restore(&mut self, _: Timestamp, _: Vec<Call>, _: impl Fn(UserId) -> UserRef) -> Changes {
        Changes::default()
    }
    pub fn tick(&mut self, _: Timestamp, _: &Presence) -> Changes {
        Changes::default()
    }
    pub fn next_deadline(&self) -> Option<Timestamp> {
        None
    }
    pub fn undo(&mut self, _: Changes) {}
    pub fn snapshot(&self, _: RoomId) -> Option<CallSnapshot> {
        None
    }
    pub fn call_of_socket(&self, _: SocketId) -> Option<CallId> {
        None
    }
    pub fn socket_of(&self, _: CallId, _: UserId) -> Option<SocketId> {
        None
    }
    pub fn others_in(&self, _: CallId, _: UserId) -> Vec<SocketId> {
        vec![]
    }
    pub fn share(&self, _: UserId, _: UserId) -> bool {
        false
    }
}
