//! Using invitations: each use counts once, and one that comes to nothing does not, whatever goes wrong on the way.

use super::{Invited, Invites};
use crate::error::Error;
use crate::model::{InviteId, RoomId, Timestamp, UserId};

/// Who uses an invitation, and for what.
#[derive(Clone, Copy, Debug)]
pub(in crate::chat) struct Using {
    invite: InviteId,
    user: UserId,
    /// Where it leads.
    room: Option<RoomId>,
    /// It leads to an account first.
    signs_up: bool,
}

impl Using {
    /// Somebody new makes an account under this id.
    pub(in crate::chat) const fn to_sign_up(invited: &Invited, user: UserId) -> Self {
        Self { invite: invited.invite.id, user, room: invited.invite.room, signs_up: true }
    }

    /// Somebody who has an account comes into its room.
    pub(super) const fn to_enter(invited: &Invited, user: UserId) -> Self {
        Self { invite: invited.invite.id, user, room: invited.invite.room, signs_up: false }
    }
}

impl Invites {
    /// Does by an invitation what it is used for; `None` where others have used it up meanwhile. A new user is in its
    /// room then.
    ///
    /// # Errors
    /// Those of `work`; [`Error::Storage`].
    pub(in crate::chat) async fn used_for<T>(
        &self,
        using: Using,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<Option<T>, Error> {
        let outcome = match self.store.use_invite(using.invite, using.user, Timestamp::now()).await {
            Ok(None) => return Ok(None),
            Ok(Some(_)) => work.await.map(Some),
            Err(error) => Err(error.into()),
        };
        self.settle_in_the_end(using).await;
        outcome
    }

    /// At once, so that whoever asks again finds everything in order; where that fails, as soon as the store answers.
    async fn settle_in_the_end(&self, using: Using) {
        let Err(error) = self.settle(using).await else { return };
        error.log("what came of an invitation that was used is found out later");
        let Some(invites) = self.me.upgrade() else { return };
        tokio::spawn(async move {
            if !invites.turns.in_the_end(using.invite, || invites.settle(using)).await {
                tracing::warn!(invite = %using.invite, "what came of an invitation that was used is not known");
            }
        });
    }

    async fn settle(&self, using: Using) -> Result<(), Error> {
        let kept = if using.signs_up { self.has_signed_up(using).await? } else { self.has_entered(using).await? };
        Ok(self.store.settle_invite(using.invite, using.user, kept).await?)
    }

    /// Whether the account is there; then it is in the room too.
    async fn has_signed_up(&self, using: Using) -> Result<bool, Error> {
        if self.store.user(using.user).await?.is_none() {
            return Ok(false);
        }
        if let Some(room) = using.room {
            match self.membership.admit(room, using.user).await {
                Ok(_) | Err(Error::RoomNotFound) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    async fn has_entered(&self, using: Using) -> Result<bool, Error> {
        let Some(room) = using.room else { return Ok(false) };
        Ok(self.store.room(room).await?.is_some_and(|room| room.has_participant(using.user)))
    }
}
