//! What users ask of calls.

use super::Calls;
use crate::chat::signals::Receiver;
use crate::error::Error;
use crate::live::{Accepted, Which};
use crate::model::{Actor, CallId, CallType, Reason, RoomId, RoomKind, UserRef};
use crate::wire::MediaState;

impl Calls {
    /// Rings a user.
    ///
    /// # Errors
    /// As the protocol's table of refusals; [`Error::RateLimited`], [`Error::Storage`].
    pub async fn ring_user(&self, from: &Actor, to: Receiver, call_type: CallType) -> Result<CallId, Error> {
        self.limits.call_initiated(from.user.id)?;
        let to = self.callee(to).await?;
        let room = self.store.direct_room(from.user.id, to.id).await?.map(|room| room.id);
        self.ring(from, &to, room, call_type).await
    }

    async fn ring(
        &self,
        from: &Actor,
        to: &UserRef,
        room: Option<RoomId>,
        call_type: CallType,
    ) -> Result<CallId, Error> {
        let id = CallId::new();
        self.ask(id, |calls, now, presence| {
            calls.ring_user(now, id, from, (to, room), call_type, presence).map(|change| (id, change))
        })
        .await
    }

    async fn callee(&self, to: Receiver) -> Result<UserRef, Error> {
        match to {
            Receiver::User(user) => self.store.user_refs(&[user]).await?.pop().ok_or(Error::UserNotFound),
            Receiver::Socket(socket) => Ok(self.bus.presence().actor(socket).ok_or(Error::UserNotFound)?.user),
            Receiver::Unknown => Err(Error::UserNotFound),
        }
    }

    /// Rings everyone else who is in a room; in a direct one the other, who need not have joined it.
    ///
    /// # Errors
    /// As the protocol's table of refusals; [`Error::RateLimited`], [`Error::Storage`].
    pub async fn ring_room(&self, from: &Actor, room: RoomId, call_type: CallType) -> Result<CallId, Error> {
        self.limits.call_initiated(from.user.id)?;
        // Asked for anew whatever is known of it, so that one that the user may not see costs what none costs.
        let seen = match self.rights.seen(from.user.id, room).await {
            Err(Error::RoomNotFound) => return Err(Error::NotInRoom),
            seen => seen?,
        };
        let kind = seen.room().kind;
        if kind == RoomKind::Direct {
            let partner = self.rights.partner(from.user.id, &seen).await?;
            let partner = self.callee(Receiver::User(partner)).await?;
            return self.ring(from, &partner, Some(room), call_type).await;
        }
        let (id, room) = (CallId::new(), (room, kind));
        self.ask(id, |calls, now, presence| Ok((id, calls.ring_room(now, id, from, room, call_type, presence)?))).await
    }

    /// The call that is meant, also where another server has begun it and it is not known here yet.
    async fn which(&self, which: Which, from: &Actor) -> Result<CallId, Error> {
        let found = self.machine().which(which, from.user.id);
        if found.is_ok() || !self.bus.is_shared() {
            return found;
        }
        self.refresh().await?;
        self.machine().which(which, from.user.id)
    }

    /// Answers a call, joins one, or moves it to this socket. Answers with those who are in it.
    ///
    /// # Errors
    /// As the protocol's table of refusals; [`Error::Storage`].
    pub async fn accept(&self, from: &Actor, which: Which) -> Result<Accepted, Error> {
        let call = self.which(which, from).await?;
        self.ask(call, |calls, now, presence| Ok(calls.accept(now, from, Which::Call(call), presence)?)).await
    }

    /// Declines a call.
    ///
    /// # Errors
    /// As the protocol's table of refusals; [`Error::Storage`].
    pub async fn reject(&self, from: &Actor, which: Which, reason: Option<Reason>) -> Result<(), Error> {
        let call = self.which(which, from).await?;
        let reason = reason.map(Reason::into_string);
        self.ask(call, |calls, now, _| Ok(((), calls.reject(now, from, Which::Call(call), reason.clone())?))).await
    }

    /// Hangs up, takes a call back, or declines it.
    ///
    /// # Errors
    /// As the protocol's table of refusals; [`Error::Storage`].
    pub async fn end(&self, from: &Actor, which: Which) -> Result<(), Error> {
        let call = self.which(which, from).await?;
        self.ask(call, |calls, now, _| Ok(((), calls.end(now, from, Which::Call(call))?))).await
    }

    /// Tells the others in the call what of microphone, camera and screen is on.
    ///
    /// # Errors
    /// [`Error::CallNotFound`], [`Error::NotAllowed`].
    pub fn media_state(&self, from: &Actor, which: Which, state: MediaState) -> Result<(), Error> {
        let deliveries = self.machine().media_state(from, which, state)?;
        deliveries.iter().for_each(|delivery| self.bus.publish(delivery));
        Ok(())
    }
}
