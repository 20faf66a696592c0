//! What each writing intent about invitations decides inside the writer.

use super::batch::Batch;
use crate::model::{Invite, InviteId, Timestamp, UserId};
use crate::store::{Result, StoreError};

pub(crate) fn insert(batch: &mut Batch<'_>, invite: Invite) -> Result<()> {
    let catalog = batch.catalog();
    if catalog.invite(invite.id).is_some() || catalog.invite_by_code(&invite.code).is_some() {
        return Err(StoreError::Bug(format!("invitation {} exists", invite.id)));
    }
    batch.set_invite(invite.id, Some(invite));
    Ok(())
}

/// Has a user use it once.
pub(crate) fn spend(batch: &mut Batch<'_>, id: InviteId, user: UserId, now: Timestamp) -> Result<Option<Invite>> {
    let Some(mut invite) = batch.catalog().invite(id).map(|invite| Invite::clone(invite)) else { return Ok(None) };
    if invite.pending.contains(&user) {
        return Ok(Some(invite));
    }
    if !invite.is_left(now) {
        return Ok(None);
    }
    invite.used += 1;
    invite.pending.push(user);
    batch.set_invite(id, Some(invite.clone()));
    Ok(Some(invite))
}

/// Has the pending use of a user count, or gives it back.
pub(crate) fn settle(batch: &mut Batch<'_>, id: InviteId, user: UserId, kept: bool) -> Result<()> {
    let before = batch.catalog().invite(id).map(|invite| Invite::clone(invite));
    if let Some(mut invite) = before.filter(|invite| invite.pending.contains(&user)) {
        invite.pending.retain(|one| *one != user);
        if !kept {
            invite.used = invite.used.saturating_sub(1);
        }
        batch.set_invite(id, Some(invite));
    }
    Ok(())
}

pub(crate) fn remove(batch: &mut Batch<'_>, id: InviteId) -> Result<bool> {
    let there = batch.catalog().invite(id).is_some();
    if there {
        batch.set_invite(id, None);
    }
    Ok(there)
}

/// Takes those away that `which` says.
pub(crate) fn remove_all(batch: &mut Batch<'_>, which: impl Fn(&Invite) -> bool) {
    let those: Vec<InviteId> =
        batch.catalog().invites().filter(|invite| which(invite)).map(|invite| invite.id).collect();
    those.into_iter().for_each(|id| batch.set_invite(id, None));
}
