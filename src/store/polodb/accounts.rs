//! What each writing intent about accounts decides inside the writer.

use super::batch::Batch;
use super::intents::{end_membership, remove_participant, without_control};
use super::invites;
use crate::model::{AccountPatch, NameKey, PasswordHash, Proof, Reset, Timestamp, User, UserId};
use crate::store::{Result, StoreError, Taken};

pub(crate) fn insert(batch: &mut Batch<'_>, user: User) -> Result<()> {
    without_control("a username", &user.username)?;
    without_control("an address", &user.email)?;
    let catalog = batch.catalog();
    if catalog.user(user.id).is_some() {
        return Err(StoreError::Bug(format!("user {} exists", user.id)));
    }
    if catalog.users_named(&NameKey::of(&user.username)).next().is_some() {
        return Err(StoreError::Conflict(Taken::Username));
    }
    if catalog.user_by_email(&user.email).is_some() {
        return Err(StoreError::Conflict(Taken::Email));
    }
    batch.set_user(user.id, Some(user));
    Ok(())
}

pub(crate) fn insert_first(batch: &mut Batch<'_>, user: User) -> Result<bool> {
    if batch.catalog().users().next().is_some() {
        return Ok(false);
    }
    insert(batch, user).map(|()| true)
}

/// Changes an account and answers with it; what `change` leaves as it is is not written.
fn change(batch: &mut Batch<'_>, id: UserId, change: impl FnOnce(&mut User)) -> Option<User> {
    let before = batch.catalog().user(id)?.clone();
    let mut user = User::clone(&before);
    change(&mut user);
    if user != *before {
        batch.set_user(id, Some(user.clone()));
    }
    Some(user)
}

fn without_tokens(user: &mut User, now: Timestamp) {
    user.token_version = user.token_version.wrapping_add(1);
    user.tokens_ended_at = Some(now);
}

pub(crate) fn set_password(
    batch: &mut Batch<'_>,
    id: UserId,
    proof: &Proof,
    password: PasswordHash,
    now: Timestamp,
) -> Result<Option<User>> {
    let holds = |user: &User| match proof {
        Proof::Operator => true,
        Proof::Password(_) | Proof::Reset(_) if user.disabled => false,
        Proof::Password(current) => *current == user.password,
        Proof::Reset(hash) => user.reset.as_ref().is_some_and(|reset| reset.hash == *hash && reset.expires_at > now),
    };
    if !batch.catalog().user(id).is_some_and(|user| holds(user)) {
        return Ok(None);
    }
    Ok(change(batch, id, |user| {
        user.password = password;
        user.reset = None;
        user.reset_at = matches!(proof, Proof::Reset(..)).then_some(now);
        without_tokens(user, now);
    }))
}

pub(crate) fn end_tokens(batch: &mut Batch<'_>, id: UserId, now: Timestamp) -> Result<Option<User>> {
    Ok(change(batch, id, |user| without_tokens(user, now)))
}

pub(crate) fn set_reset(batch: &mut Batch<'_>, id: UserId, reset: Reset) -> Result<Option<User>> {
    Ok(change(batch, id, |user| user.reset = Some(reset)))
}

pub(crate) fn note_reset_told(batch: &mut Batch<'_>, id: UserId) -> Result<()> {
    change(batch, id, |user| user.reset_at = None);
    Ok(())
}

/// Whether somebody administers besides this one.
fn another_administers(batch: &Batch<'_>, id: UserId) -> bool {
    batch.catalog().users().any(|user| user.id != id && user.administers())
}

pub(crate) fn patch(batch: &mut Batch<'_>, id: UserId, patch: AccountPatch, now: Timestamp) -> Result<Option<User>> {
    let Some(before) = batch.catalog().user(id).cloned() else { return Ok(None) };
    let role = patch.role.unwrap_or(before.role);
    let disabled = patch.disabled.unwrap_or(before.disabled);
    let after = User { role, disabled, ..User::clone(&before) };
    if before.administers() && !after.administers() && !another_administers(batch, id) {
        return Err(StoreError::LastAdministrator);
    }
    Ok(change(batch, id, |user| {
        if disabled && !user.disabled {
            without_tokens(user, now);
        }
        (user.role, user.disabled) = (role, disabled);
    }))
}

pub(crate) fn note_seen(batch: &mut Batch<'_>, seen: &[(UserId, Timestamp)]) -> Result<()> {
    for (id, at) in seen {
        change(batch, *id, |user| user.last_seen_at = user.last_seen_at.max(Some(*at)));
    }
    Ok(())
}

pub(crate) fn remove(batch: &mut Batch<'_>, id: UserId) -> Result<bool> {
    let Some(user) = batch.catalog().user(id) else { return Ok(false) };
    if user.administers() && !another_administers(batch, id) {
        return Err(StoreError::LastAdministrator);
    }
    let rooms: Vec<_> = batch.catalog().rooms_of(id).collect();
    for room in rooms {
        remove_participant(batch, room, id)?;
        end_membership(batch, room, id)?;
    }
    invites::remove_all(batch, |invite| invite.created_by == Some(id));
    batch.set_user(id, None);
    Ok(true)
}
