//! Names of users by id. A name that was seen once is not asked for again each time; what other processes do to those
//! accounts is found out by looking at some of them now and then.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::Error;
use crate::model::{UserId, UserRef};
use crate::store::{Engine, Store};

/// Forgotten all at once when there are this many: about 10 MB.
const MOST: usize = 100_000;

/// About how many users the store is asked at once.
const ASKED_AT_ONCE: usize = 500;

/// The names of some users.
pub(crate) type NamesById = HashMap<UserId, Arc<str>>;

/// Who users are, by their ids.
#[derive(Debug)]
pub struct Names {
    store: Arc<dyn Store>,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    names: NamesById,
    /// Those that are still to be looked at in this round.
    unchecked: Vec<UserId>,
}

impl Known {
    /// The next ones to be looked at; after the last one all over again.
    fn next_unchecked(&mut self) -> Vec<UserId> {
        if self.unchecked.is_empty() {
            self.unchecked = self.names.keys().copied().collect();
        }
        self.unchecked.split_off(self.unchecked.len().saturating_sub(ASKED_AT_ONCE))
    }
}

impl Names {
    /// Those of a store.
    pub fn new(store: &Arc<dyn Store>) -> Self {
        Self { store: Arc::clone(store), known: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self, ids: &[UserId]) -> NamesById {
        let names = &self.lock().names;
        ids.iter().filter_map(|id| Some((*id, Arc::clone(names.get(id)?)))).collect()
    }

    fn remember(&self, users: &[UserRef]) {
        let names = &mut self.lock().names;
        if names.len() + users.len() > MOST {
            names.clear();
        }
        names.extend(users.iter().map(|user| (user.id, Arc::from(user.username.as_str()))));
    }

    /// The account of this name is no more.
    pub fn forget(&self, user: UserId) {
        self.lock().names.remove(&user);
    }

    /// Looks at some of the accounts whose names are known, and forgets those that another process has removed. Where
    /// no other process writes nothing is asked. To be called every few seconds.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn recheck(&self) -> Result<(), Error> {
        if self.store.engine() == Engine::PoloDb {
            return Ok(());
        }
        let asked = self.lock().next_unchecked();
        if asked.is_empty() {
            return Ok(());
        }
        let found = self.store.user_refs(&asked).await?;
        let mut found = by_id(found);
        let names = &mut self.lock().names;
        for id in asked {
            // One that was forgotten since it was asked for stays so.
            let Entry::Occupied(mut name) = names.entry(id) else { continue };
            match found.remove(&id) {
                Some(now) => drop(name.insert(now)),
                None => drop(name.remove()),
            }
        }
        Ok(())
    }

    /// Names for ids; one who is no more is called [`UserRef::REMOVED`].
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn of(&self, ids: impl IntoIterator<Item = UserId>) -> Result<NamesById, Error> {
        let ids: Vec<UserId> = ids.into_iter().collect();
        let mut names = self.known(&ids);
        let missing: Vec<UserId> = ids.into_iter().filter(|id| !names.contains_key(id)).collect();
        if !missing.is_empty() {
            let found = self.store.user_refs(&missing).await?;
            self.remember(&found);
            names.extend(by_id(found));
        }
        Ok(names)
    }
}

fn by_id(users: Vec<UserRef>) -> NamesById {
    users.into_iter().map(|user| (user.id, user.username.into())).collect()
}

/// The name found for a user.
pub(crate) fn name_of(names: &NamesById, id: UserId) -> &str {
    names.get(&id).map_or(UserRef::REMOVED, |name| name)
}

/// The user with the name found for it.
pub(crate) fn named(names: &NamesById, id: UserId) -> UserRef {
    UserRef { id, username: name_of(names, id).to_owned() }
}
