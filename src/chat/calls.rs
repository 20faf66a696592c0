//! Calls: what the state machine decides is stored, and then told.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::names::named;
use super::signalling::Receiver;
use crate::chat::{Chat, Identity};
use crate::config::Config;
use crate::error::Error;
use crate::live::{Calls, Changes, Presence, Refusal};
use crate::model::{
    Call, CallId, CallSnapshot, CallType, CallView, Event, MediaState, Origin, Peer, Reason, RoomId, SessionCall,
    Timestamp, UserId, UserRef,
};

/// How long the clock's hand rests where no deadline is set; a new one wakes it.
const REST: Duration = Duration::from_secs(3600);

/// The state of all calls, and the order in which it is changed.
#[derive(Debug)]
pub struct CallDesk {
    state: Mutex<Calls>,
    /// One change at a time: decided, stored, told. Who only looks need not wait for the store.
    turn: tokio::sync::Mutex<()>,
    /// What the store would not take of changes that nobody could be refused: a connection lost, a time that ran out.
    unsaved: Mutex<HashMap<CallId, Call>>,
    deadline_changed: Notify,
}

impl CallDesk {
    /// No calls yet.
    pub fn new(config: &Config) -> Self {
        Self {
            state: Mutex::new(Calls::new(config.ring_timeout, config.call_grace)),
            turn: tokio::sync::Mutex::default(),
            unsaved: Mutex::default(),
            deadline_changed: Notify::new(),
        }
    }

    fn unsaved(&self) -> MutexGuard<'_, HashMap<CallId, Call>> {
        self.unsaved.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Chat {
    /// Rings a user.
    ///
    /// # Errors
    /// As the protocol's table of refusals; [`Error::RateLimited`], [`Error::Storage`].
    pub async fn ring_user(&self, from: &Origin, to: Receiver, call_type: CallType) -> Result<CallId, Error> {
        self.limits.call_initiated(from.user.id)?;
        let to = self.callee(to).await?;
        self.change(|calls, now, presence| calls.ring_user(now, from, to, call_type, presence)).await
    }

    async fn callee(&self, to: Receiver) -> Result<UserRef, Error> {
        match to {
            Receiver::User(user) => self.store.user_refs(&[user]).await?.pop().ok_or(Error::UserNotFound),
            Receiver::Socket(socket) => Ok(self.presence().origin(socket).ok_or(Error::UserNotFound)?.user),
            Receiver::Unknown => Err(Error::UserNotFound),
        }
    }

    /// Rings everyone else who is in a room.
    ///
    /// # Errors
    /// As the protocol's table of refusals; [`Error::RateLimited`], [`Error::Storage`].
    pub async fn ring_room(&self, from: &Origin, room: RoomId, call_type: CallType) -> Result<CallId, Error> {
        self.limits.call_initiated(from.user.id)?;
        self.change(|calls, now, presence| calls.ring_room(now, from, room, call_type, presence)).await
    }

    /// Answers a call, joins one, or moves it to this socket. Answers with those who are in it.
    ///
    /// # Errors
    /// As the protocol's table of refusals; [`Error::Storage`].
    pub async fn accept_call(
        &self,
        from: &Origin,
        call: Option<CallId>,
        room: Option<RoomId>,
    ) -> Result<(CallId, Vec<Peer>), Error> {
        self.change(|calls, now, presence| calls.accept(now, from, call, room, presence)).await
    }

    /// Declines a call.
    ///
    /// # Errors
    /// As the protocol's table of refusals; [`Error::Storage`].
    pub async fn reject_call(&self, from: &Origin, call: Option<CallId>, reason: Option<Reason>) -> Result<(), Error> {
        self.change(|calls, now, presence| calls.reject(now, from, call, reason, presence)).await
    }

    /// Hangs up, takes a call back, or declines it.
    ///
    /// # Errors
    /// As the protocol's table of refusals; [`Error::Storage`].
    pub async fn end_call(&self, from: &Origin, call: Option<CallId>) -> Result<(), Error> {
        self.change(|calls, now, presence| calls.end(now, from, call, presence)).await
    }

    /// Tells the others in the call what of microphone, camera and screen is on.
    ///
    /// # Errors
    /// [`Error::CallNotFound`], [`Error::NotAllowed`].
    pub fn media_state(&self, from: &Origin, call: Option<CallId>, state: MediaState) -> Result<(), Error> {
        let presence = self.presence();
        let deliveries = self.calls().media_state(from, call, state)?;
        deliveries.iter().for_each(|delivery| self.announce(&presence, delivery));
        Ok(())
    }

    /// The calls that concern the user, newest first.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn call_history(
        &self,
        who: &Identity,
        before: Option<CallId>,
        limit: usize,
    ) -> Result<Vec<CallView>, Error> {
        let calls = self.store.calls_of(who.user.id, before, limit).await?;
        let people =
            calls.iter().flat_map(|call| call.participants.iter().chain(&call.invited).chain([&call.created_by]));
        let names = self.names_of(&people.copied().collect::<Vec<_>>()).await?;
        Ok(calls.into_iter().map(|call| view(call, &names)).collect())
    }

    /// The calls, to look at. Where presence is looked at too, that is locked first.
    pub(super) fn calls(&self) -> MutexGuard<'_, Calls> {
        self.calls.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The call that goes on in a room.
    pub(super) fn call_in(&self, room: RoomId) -> Option<CallSnapshot> {
        self.calls().snapshot(room)
    }

    /// Carries out what somebody asked for: decided, stored, told; taken back where the store refuses.
    async fn change<T>(
        &self,
        command: impl FnOnce(&mut Calls, Timestamp, &Presence) -> Result<(T, Changes), Refusal>,
    ) -> Result<T, Error> {
        let _turn = self.calls.turn.lock().await;
        let decided = {
            let presence = self.presence();
            command(&mut self.calls(), Timestamp::now(), &presence)
        };
        let (reply, changes) = match decided {
            Ok(decided) => decided,
            Err(refusal) => {
                // A call that was never answered for want of somebody there is kept for both to see.
                self.save(refusal.record.into_iter().collect()).await?;
                return Err(refusal.error);
            }
        };
        if let Err(error) = self.save(changes.records.clone()).await {
            self.calls().undo(changes);
            return Err(error);
        }
        self.tell_changes(&changes);
        Ok(reply)
    }

    /// Carries out what nobody can be refused. What the store does not take is kept, to be stored with the next change.
    async fn happen(&self, change: impl FnOnce(&mut Calls, Timestamp, &Presence) -> Changes) {
        let _turn = self.calls.turn.lock().await;
        let changes = {
            let presence = self.presence();
            change(&mut self.calls(), Timestamp::now(), &presence)
        };
        if let Err(error) = self.save(changes.records.clone()).await {
            tracing::warn!(%error, "a change of a call is not stored yet");
            self.calls.unsaved().extend(changes.records.iter().map(|call| (call.id, call.clone())));
        }
        self.tell_changes(&changes);
    }

    async fn save(&self, records: Vec<Call>) -> Result<(), Error> {
        let mut together = self.calls.unsaved().clone();
        together.extend(records.into_iter().map(|call| (call.id, call)));
        if together.is_empty() {
            return Ok(());
        }
        self.store.save_calls(together.into_values().collect()).await?;
        // Only one change is under way at a time, so what was unsaved then is all there is.
        self.calls.unsaved().clear();
        Ok(())
    }

    fn tell_changes(&self, changes: &Changes) {
        let presence = self.presence();
        changes.deliveries.iter().for_each(|delivery| self.announce(&presence, delivery));
        self.calls.deadline_changed.notify_one();
    }

    /// Tells a new socket its session and the call that its user is in, and rings it where the user is rung.
    pub(super) async fn greet(&self, origin: &Origin) {
        let call: Option<SessionCall> = self.calls().session_call(origin.user.id);
        let event = Event::Session {
            socket_id: origin.socket,
            user_id: origin.user.id,
            username: origin.user.username.clone(),
            call,
        };
        self.deliver(&[origin.socket], &event);
        self.happen(|calls, now, presence| calls.socket_connected(now, origin, presence)).await;
    }

    pub(super) async fn calls_socket_gone(&self, origin: &Origin) {
        self.happen(|calls, now, presence| calls.socket_gone(now, origin, presence)).await;
    }

    pub(super) async fn calls_left_room(&self, who: &Origin, room: RoomId) {
        self.happen(|calls, now, presence| calls.left_room(now, who, room, presence)).await;
    }

    pub(super) async fn calls_room_deleted(&self, room: RoomId) {
        self.happen(|calls, now, presence| calls.room_deleted(now, room, presence)).await;
    }

    /// Takes up the calls that were open when the server stopped. To be called once, before anybody connects.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn resume_calls(&self) -> Result<(), Error> {
        let open = self.store.open_calls().await?;
        let people =
            open.iter().flat_map(|call| call.participants.iter().chain(&call.invited).chain([&call.created_by]));
        let names = self.names_of(&people.copied().collect::<Vec<_>>()).await?;
        self.happen(|calls, now, _| calls.restore(now, open, |user| named(&names, user))).await;
        Ok(())
    }

    /// Lets ring times and graces run out. Never resolves.
    pub async fn watch_calls(&self) {
        loop {
            let deadline = self.calls().next_deadline();
            let wait = deadline.map_or(REST, |deadline| deadline.since(Timestamp::now()));
            tokio::select! {
                () = tokio::time::sleep(wait) => self.happen(|calls, now, presence| calls.tick(now, presence)).await,
                () = self.calls.deadline_changed.notified() => {}
            }
        }
    }
}

fn view(call: Call, names: &HashMap<UserId, String>) -> CallView {
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
