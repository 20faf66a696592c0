//! Using invitations: each use is counted, and leads into the room.

use super::{Invited, Invites};
use crate::error::Error;
use crate::model::{Invite, InviteId, Timestamp, User};

impl Invites {
    /// Uses one once; `None` where others have used it up meanwhile.
    pub(in crate::chat) async fn spend(&self, invited: &Invited) -> Result<Option<Invite>, Error> {
        Ok(self.store.use_invite(invited.invite.id, Timestamp::now()).await?)
    }

    /// Gives a use back that came to nothing.
    pub(in crate::chat) async fn give_back(&self, id: InviteId) {
        if let Err(error) = self.store.give_invite_back(id).await {
            Error::from(error).log("an invitation has lost a use that came to nothing");
        }
    }

    /// Makes a new user a participant of the room of the invitation. Where that fails the account is there all the
    /// same, and the link leads into the room once more.
    pub(in crate::chat) async fn lead_in(&self, invite: &Invite, user: &User) {
        let Some(room) = invite.room else { return };
        if let Err(error) = self.membership.admit(room, user.id).await {
            error.log("a new user is not in the room of the invitation");
        }
    }
}
