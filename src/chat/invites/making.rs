//! Making invitations, that to the first account too.

use std::sync::Arc;
use std::time::Duration;

use super::Invites;
use crate::auth::invite_code;
use crate::config::Signup;
use crate::error::Error;
use crate::model::{Invite, InviteId, RoomId, Timestamp, UserId};
use crate::store::Store;

/// How many invitations that are left one user may have.
const MOST_OF_USER: usize = 1000;

/// How long the invitation to the first account is good.
const FIRST_LASTS: Duration = Duration::from_secs(7 * 24 * 3600);

/// How long an invitation that has ended is kept.
const KEPT: Duration = Duration::from_secs(24 * 3600);

/// What a new invitation is to be.
#[derive(Clone, Copy, Debug)]
pub struct NewInvite {
    /// Where it leads.
    pub room: Option<RoomId>,
    /// How often it can be used.
    pub uses: u32,
    /// For how long.
    pub lasts: Duration,
}

impl NewInvite {
    /// How often it can be used where nobody says.
    pub const USES: u32 = 25;
    /// For how long where nobody says.
    pub const LASTS: Duration = Duration::from_secs(7 * 24 * 3600);
    /// The shortest time.
    pub const SHORTEST: Duration = Duration::from_secs(60);
    /// The longest time.
    pub const LONGEST: Duration = Duration::from_secs(90 * 24 * 3600);

    /// A time as people write it, as in `7d`; `None` where it is none, or out of bounds.
    pub fn lasts(text: &str) -> Option<Duration> {
        let lasts = humantime::parse_duration(text.trim()).ok()?;
        (Self::SHORTEST..=Self::LONGEST).contains(&lasts).then_some(lasts)
    }
}

impl Invites {
    /// The code of the invitation to the first account, where nobody has one and one is needed; the one that there is,
    /// or a new one. Not for the log.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn to_first_account(&self) -> Result<Option<String>, Error> {
        if self.signup != Signup::Invite || self.store.has_users().await? {
            return Ok(None);
        }
        let now = Timestamp::now();
        let there = self.store.invites(None, now).await?.into_iter().find(|invite| invite.created_by.is_none());
        if let Some(invite) = there {
            return Ok(Some(invite.code));
        }
        let code = invite_code();
        let (id, expires_at) = (InviteId::new(), now.plus(FIRST_LASTS));
        let invite = Invite {
            id,
            code: code.clone(),
            created_by: None,
            room: None,
            uses: 1,
            used: 0,
            pending: Vec::new(),
            created_at: now,
            expires_at,
        };
        self.store.insert_invite(invite).await?;
        Ok(Some(code))
    }
}

/// Makes an invitation, whoever asks, and takes away those that ended long ago.
///
/// # Errors
/// [`Error::LimitReached`] where its maker has as many as one may, [`Error::Storage`].
pub async fn new_invite(store: &Arc<dyn Store>, maker: UserId, wish: NewInvite) -> Result<Invite, Error> {
    let now = Timestamp::now();
    if store.invites(Some(maker), now).await?.len() >= MOST_OF_USER {
        return Err(Error::LimitReached);
    }
    store.remove_ended_invites(Timestamp::from_millis(now.millis() - KEPT.as_millis() as i64)).await?;
    let invite = Invite {
        id: InviteId::new(),
        code: invite_code(),
        created_by: Some(maker),
        room: wish.room,
        uses: wish.uses,
        used: 0,
        pending: Vec::new(),
        created_at: now,
        expires_at: now.plus(wish.lasts),
    };
    store.insert_invite(invite.clone()).await?;
    Ok(invite)
}

/// The link of an invitation.
pub fn link(place: &str, code: &str) -> String {
    format!("{place}/#/invite/{code}")
}
