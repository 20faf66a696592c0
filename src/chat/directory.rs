//! The directory: everybody with an account, who of them is online, found by name.

use std::collections::HashSet;
use std::sync::Arc;

use crate::bus::Bus;
use crate::error::Error;
use crate::model::{DirectoryPlace, NameKey, UserId, UserPlace, UserRef};
use crate::store::Store;
use crate::wire::UserEntry;

/// What part of the directory is asked for.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The beginning of the name or of a part of it, in any case; everybody where it is empty.
    pub search: NameKey,
    /// Those first who are online.
    pub online_first: bool,
    /// Those behind this place.
    pub after: Option<DirectoryPlace>,
    /// How many at most.
    pub limit: usize,
}

/// One part of it, and the place behind which there is more.
pub type DirectoryPage = (Vec<UserEntry>, Option<DirectoryPlace>);

/// Everybody with an account.
pub struct Directory {
    store: Arc<dyn Store>,
    bus: Arc<dyn Bus>,
}

impl Directory {
    /// That of a store.
    pub fn new(store: &Arc<dyn Store>, bus: &Arc<dyn Bus>) -> Self {
        Self { store: Arc::clone(store), bus: Arc::clone(bus) }
    }

    /// Those who are found, by the key of the name; where that is wanted those who are online before the others.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn page(&self, wanted: &Wanted) -> Result<DirectoryPage, Error> {
        // One more than wanted tells whether there is more.
        let limit = wanted.limit.saturating_add(1);
        let mut found = if wanted.online_first {
            self.online_first(wanted, limit).await?
        } else {
            let after = wanted.after.as_ref().map(|place| &place.user);
            self.entries(self.store.list_users(&wanted.search, after, limit).await?)
        };
        let more = found.len() > wanted.limit;
        found.truncate(wanted.limit);
        let last = found.last().filter(|_| more);
        let next = last.map(|entry| DirectoryPlace { online: entry.online, user: place_of(&entry.user) });
        Ok((found, next))
    }

    async fn online_first(&self, wanted: &Wanted, limit: usize) -> Result<Vec<UserEntry>, Error> {
        let online = self.bus.presence().online_users();
        let ids: HashSet<UserId> = online.iter().map(|user| user.id).collect();
        let (among_online, among_others) = match &wanted.after {
            None => (None, None),
            Some(DirectoryPlace { online: true, user }) => (Some(user), None),
            Some(DirectoryPlace { online: false, user }) => (None, Some(user)),
        };
        let mut found: Vec<UserEntry> = Vec::new();
        if among_others.is_none() {
            let matching = sorted(online, &wanted.search, among_online).into_iter().take(limit);
            found.extend(matching.map(|user| UserEntry { user, online: true }));
        }
        if found.len() < limit {
            let rest = limit - found.len();
            // Those who are online stand among the others in the store, and are left out.
            let asked = rest.saturating_add(ids.len());
            let others = self.store.list_users(&wanted.search, among_others, asked).await?;
            let others = others.into_iter().filter(|user| !ids.contains(&user.id)).take(rest);
            found.extend(others.map(|user| UserEntry { user, online: false }));
        }
        Ok(found)
    }

    fn entries(&self, users: Vec<UserRef>) -> Vec<UserEntry> {
        let presence = self.bus.presence();
        users.into_iter().map(|user| UserEntry { online: presence.is_online(user.id), user }).collect()
    }
}

/// Those of them who are found behind a place, in the order of the directory.
fn sorted(users: Vec<UserRef>, search: &NameKey, after: Option<&UserPlace>) -> Vec<UserRef> {
    let placed = users.into_iter().map(|user| (place_of(&user), user));
    let mut placed: Vec<_> =
        placed.filter(|(place, _)| place.key.is_found_by(search) && after.is_none_or(|after| place > after)).collect();
    placed.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    placed.into_iter().map(|(_, user)| user).collect()
}

fn place_of(user: &UserRef) -> UserPlace {
    UserPlace { key: NameKey::of(&user.username), id: user.id }
}
