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
use crate::live::{Accepted, Calls, Change, Presence, Refusal, Which};
use crate::model::{
    Call, CallId, CallSnapshot, CallType, CallView, Event, MediaState, Origin, Reason, RoomId, Timestamp, UserId,
    UserRef,
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
        self.begin(|calls, now, presence| calls.ring_user(now, from, &to, call_type, presence)).await
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
        self.begin(|calls, now, presence| Ok(calls.ring_room(now, from, room, call_type, presence)?)).await
    }

    async fn begin(
        &self,
        command: impl FnOnce(&Calls, Timestamp, &Presence) -> Result<(CallId, Change), Refusal>,
    ) -> Result<CallId, Error> {
        let _turn = self.calls.turn.lock().await;
        match self.decide(command) {
            Ok((call, change)) => self.make(change).await.map(|()| call),
            Err(Refusal { error, kept }) => {
                self.save(kept.map(|call| *call)).await?;
                Err(error)
            }
        }
    }

    /// Answers a call, joins one, or moves it to this socket. Answers with those who are in it.
    ///
    /// # Errors
    /// As the protocol's table of refusals; [`Error::Storage`].
    pub async fn accept_call(&self, from: &Origin, which: Which) -> Result<Accepted, Error> {
        let _turn = self.calls.turn.lock().await;
        let (accepted, change) = self.decide(|calls, now, presence| calls.accept(now, from, which, presence))?;
        self.make(change).await?;
        Ok(accepted)
    }

    /// Declines a call.
    ///
    /// # Errors
    /// As the protocol's table of refusals; [`Error::Storage`].
    pub async fn reject_call(&self, from: &Origin, which: Which, reason: Option<Reason>) -> Result<(), Error> {
        let _turn = self.calls.turn.lock().await;
        let reason = reason.map(Reason::into_string);
        let change = self.decide(|calls, now, _| calls.reject(now, from, which, reason))?;
        self.make(change).await
    }

    /// Hangs up, takes a call back, or declines it.
    ///
    /// # Errors
    /// As the protocol's table of refusals; [`Error::Storage`].
    pub async fn end_call(&self, from: &Origin, which: Which) -> Result<(), Error> {
        let _turn = self.calls.turn.lock().await;
        let change = self.decide(|calls, now, _| calls.end(now, from, which))?;
        self.make(change).await
    }

    /// Tells the others in the call what of microphone, camera and screen is on.
    ///
    /// # Errors
    /// [`Error::CallNotFound`], [`Error::NotAllowed`].
    pub fn media_state(&self, from: &Origin, which: Which, state: MediaState) -> Result<(), Error> {
        let deliveries = self.calls().media_state(from, which, state)?;
        let presence = self.presence();
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

    /// Has the machine say what a command would change.
    fn decide<T>(&self, command: impl FnOnce(&Calls, Timestamp, &Presence) -> T) -> T {
        let presence = self.presence();
        command(&self.calls(), Timestamp::now(), &presence)
    }

    /// Makes a change that somebody asked for: stored, applied, told. Nothing has happened where the store refuses.
    async fn make(&self, change: Change) -> Result<(), Error> {
        self.save(change.record.clone()).await?;
        self.apply(change);
        Ok(())
    }

    /// Makes a change that happened, and that nobody can be refused. What the store does not take is stored with the next change.
    async fn happen(&self, command: impl FnOnce(&Calls, Timestamp, &Presence) -> Option<Change>) -> bool {
        let _turn = self.calls.turn.lock().await;
        let Some(change) = self.decide(command) else { return false };
        if let Err(error) = self.save(change.record.clone()).await {
            tracing::warn!(%error, "a change of a call is not stored yet");
            self.calls.unsaved().extend(change.record.iter().map(|call| (call.id, call.clone())));
        }
        self.apply(change);
        true
    }

    async fn save(&self, records: impl IntoIterator<Item = Call>) -> Result<(), Error> {
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

    fn apply(&self, change: Change) {
        {
            // Under one lock, as connecting and greeting are: a socket that connects meanwhile is rung by one of the two, and not by both.
            let presence = self.presence();
            let deliveries = self.calls().apply(change);
            deliveries.iter().for_each(|delivery| self.announce(&presence, delivery));
        }
        self.calls.deadline_changed.notify_one();
    }

    /// Tells a new socket its session and the call that its user is in, and rings it where the user is rung.
    pub(super) fn greet(&self, presence: &Presence, origin: &Origin) {
        let (call, ring) = {
            let calls = self.calls();
            (calls.session_call(origin.user.id), calls.rings_on_connect(origin))
        };
        let session = Event::Session {
            socket_id: origin.socket,
            user_id: origin.user.id,
            username: origin.user.username.clone(),
            call,
        };
        self.deliver(&[origin.socket], &session);
        if let Some(ring) = ring {
            self.announce(presence, &ring);
        }
    }

    pub(super) async fn calls_socket_gone(&self, origin: &Origin) {
        self.happen(|calls, now, presence| calls.socket_gone(now, origin, presence)).await;
    }

    pub(super) async fn calls_left_room(&self, who: &Origin, room: RoomId) {
        self.happen(|calls, now, _| calls.left_room(now, who, room)).await;
    }

    pub(super) async fn calls_room_deleted(&self, room: RoomId) {
        self.happen(|calls, now, _| calls.room_deleted(now, room)).await;
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
        let over = self.calls().restore(Timestamp::now(), open, |user| named(&names, user));
        self.save(over).await
    }

    /// Lets ring times and graces run out. Never resolves.
    pub async fn watch_calls(&self) {
        loop {
            let deadline = self.calls().next_deadline();
            let wait = deadline.map_or(REST, |deadline| deadline.since(Timestamp::now()));
            tokio::select! {
                () = tokio::time::sleep(wait) => while self.happen(Calls::tick).await {},
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
