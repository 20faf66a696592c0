//! What each writing intent about invitations decides inside the writer.

use super::batch::Batch;
use crate::model::{Invite, InviteId, Timestamp};
use crate::store::{Result, StoreError};

pub fn insert(batch: &mut Batch<'_>, invite: Invite) -> Result<()> {
    let catalog = batch.catalog();
    if catalog.invite(invite.id).is_some() || catalog.invite_by_code(&invite.code).is_some() {
        return Err(StoreError::Bug(format!("invitation {} exists", invite.id)));
    }
    batch.set_invite(invite.id, Some(invite));
    Ok(())
}

/// Uses it once.
pub fn spend(batch: &mut Batch<'_>, id: InviteId, now: Timestamp) -> Result<Option<Invite>> {
    let left = batch.catalog().invite(id).filter(|invite| invite.is_left(now));
    let Some(used) = left.map(|invite| Invite { used: invite.used + 1, ..Invite::clone(invite) }) else {
        return Ok(None);
    };
    batch.set_invite(id, Some(used.clone()));
    Ok(Some(used))
}

pub fn give_back(batch: &mut Batch<'_>, id: InviteId) -> Result<()> {
    let before = batch.catalog().invite(id).map(|invite| Invite::clone(invite));
    if let Some(invite) = before.filter(|invite| invite.used > 0) {
        batch.set_invite(id, Some(Invite { used: invite.used - 1, ..invite }));
    }
    Ok(())
}

pub fn remove(batch: &mut Batch<'_>, id: InviteId) -> Result<bool> {
    let there = batch.catalog().invite(id).is_some();
    if there {
        batch.set_invite(id, None);
    }
    Ok(there)
}

/// Takes those away that `which` says.
pub fn remove_all(batch: &mut Batch<'_>, which: impl Fn(&Invite) -> bool) {
    let those: Vec<InviteId> =
        batch.catalog().invites().filter(|invite| which(invite)).map(|invite| invite.id).collect();
    those.into_iter().for_each(|id| batch.set_invite(id, None));
}
