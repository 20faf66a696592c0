//! Names of users by id. A name never changes, so one that was seen once need not be asked for again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::Error;
use crate::model::{UserId, UserRef};
use crate::store::Store;

/// Forgotten all at once when there are this many: about 10 MB.
const MOST: usize = 100_000;

/// Who users are, by their ids.
#[derive(Debug)]
pub struct Names {
    store: Arc<dyn Store>,
    known: Mutex<HashMap<UserId, String>>,
}

impl Names {
    /// Those of a store.
    pub fn new(store: &Arc<dyn Store>) -> Self {
        Self { store: Arc::clone(store), known: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<UserId, String>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self, ids: &[UserId]) -> HashMap<UserId, String> {
        let names = self.lock();
        ids.iter().filter_map(|id| Some((*id, names.get(id)?.clone()))).collect()
    }

    fn remember(&self, users: &[UserRef]) {
        let mut names = self.lock();
        if names.len() + users.len() > MOST {
            names.clear();
        }
        names.extend(users.iter().map(|user| (user.id, user.username.clone())));
    }

    /// The account of this name is no more.
    pub fn forget(&self, user: UserId) {
        self.lock().remove(&user);
    }

    /// Names for ids; one who is no more is called [`UserRef::REMOVED`].
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn of(&self, ids: impl IntoIterator<Item = UserId>) -> Result<HashMap<UserId, String>, Error> {
        let ids: Vec<UserId> = ids.into_iter().collect();
        let mut names = self.known(&ids);
        let missing: Vec<UserId> = ids.into_iter().filter(|id| !names.contains_key(id)).collect();
        if !missing.is_empty() {
            let found = self.store.user_refs(&missing).await?;
            self.remember(&found);
            names.extend(found.into_iter().map(|user| (user.id, user.username)));
        }
        Ok(names)
    }
}

/// The user with the name found for it.
pub fn named(names: &HashMap<UserId, String>, id: UserId) -> UserRef {
    UserRef { id, username: names.get(&id).map_or(UserRef::REMOVED, String::as_str).to_owned() }
}
