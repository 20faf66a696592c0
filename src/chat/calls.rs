//! Calls: what somebody asks for is stored, then applied, then told; what has happened anyway is applied and told at once, and stored behind.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::call_records::Unsaved;
use super::names::named;
use super::signalling::Receiver;
use super::turns::Turns;
use crate::chat::{Chat, Identity};
use crate::config::Config;
use crate::error::Error;
use crate::live::{Accepted, Calls, Change, Presence, Refusal, Which};
use crate::model::{
    Call, CallId, CallSnapshot, CallType, CallView, Event, MediaState, Now, Origin, Reason, RoomId, UserId, UserRef,
};

/// How long the clock's hand rests where no deadline is set; a new one wakes it.
const REST: Duration = Duration::from_secs(3600);

/// The state of all calls, and what of it the store does not have yet.
#[derive(Debug)]
pub struct CallDesk {
    state: Mutex<Calls>,
    /// What somebody asks of one call, and the storing of what has happened to it, come one after another. No call waits for another one.
    pub(super) turns: Turns,
    pub(super) unsaved: Unsaved,
    deadline_changed: Notify,
}

impl CallDesk {
    /// No calls yet.
    pub fn new(config: &Config) -> Self {
        Self {
            state: Mutex::new(Calls::new(config.ring_timeout, config.call_grace)),
            turns: Turns::default(),
            unsaved: Unsaved::default(),
            deadline_changed: Notify::new(),
        }
    }
}

impl Chat {
    /// Rings a user.
    ///
    /// # Errors
    /// As the protocol's table of refusals; [`Error::RateLimited`], [`Error::Storage`].
    pub async fn ring_user(&self, from: &Origin, to: Receiver, call_type: CallType) -> Result<CallId, Error> {
        self.limits.call_initiated(from.user.id)?;
        let (id, to) = (CallId::new(), self.callee(to).await?);
        self.ask(id, |calls, now, presence| {
            calls.ring_user(now, id, from, &to, call_type, presence).map(|change| (id, change))
        })
        .await
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
        let id = CallId::new();
        self.ask(id, |calls, now, presence| Ok((id, calls.ring_room(now, id, from, room, call_type, presence)?))).await
    }

    /// Answers a call, joins one, or moves it to this socket. Answers with those who are in it.
    ///
    /// # Errors
    /// As the protocol's table of refusals; [`Error::Storage`].
    pub async fn accept_call(&self, from: &Origin, which: Which) -> Result<Accepted, Error> {
        let call = self.calls().which(which, from.user.id)?;
        self.ask(call, |calls, now, presence| Ok(calls.accept(now, from, Which::Call(call), presence)?)).await
    }

    /// Declines a call.
    ///
    /// # Errors
    /// As the protocol's table of refusals; [`Error::Storage`].
    pub async fn reject_call(&self, from: &Origin, which: Which, reason: Option<Reason>) -> Result<(), Error> {
        let call = self.calls().which(which, from.user.id)?;
        let reason = reason.map(Reason::into_string);
        self.ask(call, |calls, now, _| Ok(((), calls.reject(now, from, Which::Call(call), reason.clone())?))).await
    }

    /// Hangs up, takes a call back, or declines it.
    ///
    /// # Errors
    /// As the protocol's table of refusals; [`Error::Storage`].
    pub async fn end_call(&self, from: &Origin, which: Which) -> Result<(), Error> {
        let call = self.calls().which(which, from.user.id)?;
        self.ask(call, |calls, now, _| Ok(((), calls.end(now, from, Which::Call(call))?))).await
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
        // What happened and is not stored yet belongs to it; looked at first, for it may be stored while the store is read.
        let happened = self.calls.unsaved.all();
        let mut calls = self.store.calls_of(who.user.id, before, limit).await?;
        for call in &mut calls {
            if let Some(newer) = self.calls.unsaved.get(call.id).or_else(|| happened.get(&call.id).cloned()) {
                *call = newer;
            }
        }
        calls.retain(|call| call.concerns(who.user.id));
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
    fn decide<T>(&self, command: impl FnOnce(&Calls, Now, &Presence) -> T) -> T {
        let presence = self.presence();
        command(&self.calls(), Now::read(), &presence)
    }

    /// Does what somebody asks of a call. Nothing has happened where the store does not take it.
    ///
    /// While it is stored other things may happen to the calls, so the command is given once more then, and counts as it comes out now.
    async fn ask<T>(
        &self,
        call: CallId,
        command: impl Fn(&Calls, Now, &Presence) -> Result<(T, Change), Refusal>,
    ) -> Result<T, Error> {
        let work = async {
            let stored = match self.decide(&command) {
                Ok((_, change)) => change.record,
                Err(Refusal { error, kept }) => return self.keep(kept.map(|call| *call)).await.and(Err(error)),
            };
            if let Some(record) = &stored
                && let Err(error) = self.store.save_calls(vec![record.clone()]).await
            {
                // It may be stored all the same: then what is true has to be stored again.
                self.put_right(record.clone());
                return Err(error.into());
            }
            let made = self.decide_and_apply(|calls, now, presence| match command(calls, now, presence) {
                Ok((answer, change)) => (Some(change), Ok(answer)),
                Err(refusal) => (None, Err(refusal)),
            });
            match made {
                (Ok(answer), made) => {
                    if made != stored {
                        made.into_iter().for_each(|record| self.calls.unsaved.put(record));
                    }
                    Ok(answer)
                }
                (Err(Refusal { error, kept }), _) => {
                    match kept {
                        Some(tried) => self.calls.unsaved.put(*tried),
                        None => stored.into_iter().for_each(|record| self.put_right(record)),
                    }
                    Err(error)
                }
            }
        };
        self.calls.turns.in_turn(call, work).await
    }

    /// Stores a try to ring somebody that came to nothing.
    async fn keep(&self, call: Option<Call>) -> Result<(), Error> {
        match call {
            Some(call) => Ok(self.store.save_calls(vec![call]).await?),
            None => Ok(()),
        }
    }

    /// Decides and applies in one step, and tells what follows. Answers with what the command does, and with what is to be stored.
    fn decide_and_apply<T>(
        &self,
        command: impl FnOnce(&Calls, Now, &Presence) -> (Option<Change>, T),
    ) -> (T, Option<Call>) {
        // Under one lock, as connecting and greeting are: a socket that connects meanwhile is rung by one of the two, and not by both.
        let presence = self.presence();
        let (change, answer) = command(&self.calls(), Now::read(), &presence);
        let Some(change) = change else { return (answer, None) };
        let record = change.record.clone();
        let deliveries = self.calls().apply(change);
        deliveries.iter().for_each(|delivery| self.announce(&presence, delivery));
        drop(presence);
        self.calls.deadline_changed.notify_one();
        (answer, record)
    }

    /// Makes a change that happened, and that nobody can be refused; the store gets it behind. Whether there was one.
    fn happen(&self, command: impl FnOnce(&Calls, Now, &Presence) -> Option<Change>) -> bool {
        let (happened, record) = self.decide_and_apply(|calls, now, presence| {
            let change = command(calls, now, presence);
            let happened = change.is_some();
            (change, happened)
        });
        record.into_iter().for_each(|record| self.calls.unsaved.put(record));
        happened
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

    pub(super) fn calls_socket_gone(&self, origin: &Origin) {
        self.happen(|calls, now, presence| calls.socket_gone(now, origin, presence));
    }

    pub(super) fn calls_left_room(&self, who: &Origin, room: RoomId) {
        self.happen(|calls, now, _| calls.left_room(now, who, room));
    }

    pub(super) fn calls_room_deleted(&self, room: RoomId) {
        self.happen(|calls, now, _| calls.room_deleted(now, room));
    }

    /// Takes up the calls that go on in the store and that nobody drives: at the start those from before, later those of another server
    /// that is gone. Those who are connected already and are in one are told as on connecting.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn resume_calls(&self) -> Result<(), Error> {
        let open = self.store.open_calls().await?;
        let people =
            open.iter().flat_map(|call| call.participants.iter().chain(&call.invited).chain([&call.created_by]));
        let names = self.names_of(&people.copied().collect::<Vec<_>>()).await?;
        {
            let presence = self.presence();
            let restored = self.calls().restore(Now::read(), open, |user| named(&names, user));
            restored.over.into_iter().for_each(|call| self.calls.unsaved.put(call));
            restored.deliveries.iter().for_each(|delivery| self.announce(&presence, delivery));
            for user in restored.inside {
                for socket in presence.sockets_of(user) {
                    presence.origin(socket).iter().for_each(|origin| self.greet(&presence, origin));
                }
            }
        }
        self.calls.deadline_changed.notify_one();
        self.save_calls_left().await;
        Ok(())
    }

    /// Lets ring times and graces run out. Never resolves.
    pub async fn watch_calls(&self) {
        loop {
            self.calls_due();
            let deadline = self.calls().next_deadline();
            let wait = deadline.map_or(REST, |deadline| deadline.saturating_duration_since(Now::read().moment));
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.calls.deadline_changed.notified() => {}
            }
        }
    }

    /// Does all whose time has come. A call with which that fails is ended, so that it holds up no other.
    fn calls_due(&self) {
        loop {
            let Some(call) = self.calls().due(Now::read()) else { return };
            if catch_unwind(AssertUnwindSafe(|| self.happen(Calls::tick))).is_ok_and(|happened| happened) {
                continue;
            }
            tracing::error!(%call, "what a call waited for could not be done; it is ended");
            let ended = catch_unwind(AssertUnwindSafe(|| self.happen(|calls, now, _| calls.give_up(now, call))));
            if !ended.is_ok_and(|ended| ended) {
                self.calls().forget(call);
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
