//! Names of users by id. A name never changes, so one that was seen once need not be asked for again.

use std::collections::HashMap;
use std::sync::Mutex;

use crate::chat::Chat;
use crate::error::Error;
use crate::model::{UserId, UserRef};

/// Forgotten all at once when there are this many: about 10 MB.
const MOST: usize = 100_000;

#[derive(Debug, Default)]
pub struct Names(Mutex<HashMap<UserId, String>>);

impl Names {
    fn known(&self, ids: &[UserId]) -> HashMap<UserId, String> {
        let names = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        ids.iter().filter_map(|id| Some((*id, names.get(id)?.clone()))).collect()
    }

    fn remember(&self, users: &[UserRef]) {
        let mut names = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if names.len() + users.len() > MOST {
            names.clear();
        }
        names.extend(users.iter().map(|user| (user.id, user.username.clone())));
    }
}

impl Chat {
    /// Names for ids; one who is no more is called [`UserRef::REMOVED`].
    pub(super) async fn names_of(&self, ids: &[UserId]) -> Result<HashMap<UserId, String>, Error> {
        let mut names = self.names.known(ids);
        let missing: Vec<UserId> = ids.iter().filter(|id| !names.contains_key(id)).copied().collect();
        if !missing.is_empty() {
            let found = self.store.user_refs(&missing).await?;
            self.names.remember(&found);
            names.extend(found.into_iter().map(|user| (user.id, user.username)));
        }
        Ok(names)
    }
}

/// The user with the name found for it.
pub fn named(names: &HashMap<UserId, String>, id: UserId) -> UserRef {
    UserRef { id, username: names.get(&id).map_or(UserRef::REMOVED, String::as_str).to_owned() }
}
