//! Carries out the operator's commands.

use std::sync::Arc;
use std::time::Duration;

use super::command::{Command, Done, Trouble};
use crate::chat::{Administration, NewInvite, add_account, invite_link, new_invite};
use crate::error::Error;
use crate::model::{AccountPatch, Email, NameKey, PasswordHash, Proof, Role, Room, RoomKind, Timestamp, User, UserId};
use crate::store::Store;

/// Where links lead that nobody has asked for by a page.
#[derive(Clone, Debug)]
pub struct Links {
    /// What they begin with, without a slash at its end.
    pub place: String,
    /// It is only where the server listens.
    pub guessed: bool,
}

/// The operator at work.
pub struct Operator {
    store: Arc<dyn Store>,
    /// Tells those who are connected; absent where no server runs in this process.
    administration: Option<Arc<Administration>>,
    links: Links,
}

type Answer = Result<Done, Trouble>;

impl Operator {
    /// On a store, with those who are connected, where a server runs in this process.
    pub fn new(store: &Arc<dyn Store>, administration: Option<&Arc<Administration>>, links: Links) -> Self {
        Self { store: Arc::clone(store), administration: administration.map(Arc::clone), links }
    }

    /// The store.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Does what a command says.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub async fn carry_out(&self, command: Command) -> Answer {
        match command {
            Command::List => self.list().await,
            Command::Add { name, email, hash } => self.add(name, email, hash.into()).await,
            Command::Password { name, hash } => self.set_password(&name, hash.into()).await,
            Command::Remove { name } => self.remove(&name).await,
            Command::Administrator { name, off } => self.administrator(&name, off).await,
            Command::Disable { name, off } => self.disable(&name, off).await,
            Command::Invite { room, uses, lasts } => self.invite(room, uses, Duration::from_secs(lasts)).await,
        }
    }

    async fn list(&self) -> Answer {
        let all = self.store.list_accounts(&NameKey::of(""), None, usize::MAX).await?;
        let row = |user: User| {
            let state = if user.disabled { "disabled" } else { "" };
            let role = user.role.as_str().to_owned();
            [user.username, user.email, role, user.created_at.to_string(), state.to_owned()]
        };
        Ok(Done::Table(all.into_iter().map(row).collect()))
    }

    async fn add(&self, name: String, email: String, password: PasswordHash) -> Answer {
        let user = User::new(UserId::new(), name, email, password, Timestamp::now());
        let user = add_account(&self.store, user).await?;
        self.note("has added an account", &user);
        let more = if user.is_administrator() { ", and is the first: an administrator" } else { "" };
        Ok(Done::Said(format!("{} can log in now{more}", user.username)))
    }

    async fn set_password(&self, name: &str, password: PasswordHash) -> Answer {
        let user = self.find(name).await?;
        let set = self.store.set_password(user.id, Proof::Operator, password, Timestamp::now()).await?;
        let user = set.ok_or_else(|| unknown(name))?;
        if let Some(administration) = &self.administration {
            administration.tokens_ended(&user);
        }
        self.note("has set a password", &user);
        Ok(Done::Said(format!("{} has a new password and must log in anew", user.username)))
    }

    async fn remove(&self, name: &str) -> Answer {
        let user = self.find(name).await?;
        let removed = match &self.administration {
            Some(administration) => administration.remove_user(user.id).await.map_err(trouble)?,
            None => self.store.remove_user(user.id).await?,
        };
        if !removed {
            return Err(unknown(name));
        }
        self.note("has removed an account", &user);
        Ok(Done::Said(format!("{} is removed; the name and {} are free again", user.username, user.email)))
    }

    async fn administrator(&self, name: &str, off: bool) -> Answer {
        let role = if off { Role::Member } else { Role::Administrator };
        let user = self.patch(name, AccountPatch { role: Some(role), disabled: None }).await?;
        let said = if off { "is no administrator" } else { "is an administrator" };
        Ok(Done::Said(format!("{} {said}", user.username)))
    }

    async fn disable(&self, name: &str, off: bool) -> Answer {
        let user = self.patch(name, AccountPatch { role: None, disabled: Some(!off) }).await?;
        let said = if off { "can log in again" } else { "is disabled, and logged out everywhere" };
        Ok(Done::Said(format!("{} {said}", user.username)))
    }

    async fn patch(&self, name: &str, patch: AccountPatch) -> Result<User, Trouble> {
        let user = self.find(name).await?;
        let patched = match &self.administration {
            Some(administration) => administration.patch(user.id, patch).await.map_err(trouble)?,
            None => self.store.patch_account(user.id, patch, Timestamp::now()).await?,
        };
        let user = patched.ok_or_else(|| unknown(name))?;
        let (of, role, disabled) = (&user.username, user.role.as_str(), user.disabled);
        if self.administration.is_some() {
            tracing::info!(of, role, disabled, "the operator has changed an account");
        }
        Ok(user)
    }

    async fn invite(&self, room: Option<String>, uses: u32, lasts: Duration) -> Answer {
        let maker = self.store.oldest_administrator().await?.ok_or_else(|| {
            Trouble::Said("there is no administrator to invite people; make one with tincan user admin NAME".to_owned())
        })?;
        let room = match room {
            Some(name) => Some(self.room_of(&maker, &name).await?),
            None => None,
        };
        let wish = NewInvite { room: room.as_ref().map(|room| room.id), uses, lasts };
        let invite = new_invite(&self.store, maker.id, wish).await.map_err(trouble)?;
        self.note("has made an invitation in the name of an administrator", &maker);
        let to = room.map(|room| format!(" to the room {}", room.name)).unwrap_or_default();
        let times = if uses == 1 { "once".to_owned() } else { format!("{uses} times") };
        let mut said = format!("{} invites{to}; good {times}, until {}", maker.username, invite.expires_at);
        if self.links.guessed {
            said += "\nThe link leads to where the server listens; set --public-url where people reach it elsewhere.";
        }
        Ok(Done::Link { said, link: invite_link(&self.links.place, &invite.code) })
    }

    /// An open room that somebody is in, by its name.
    async fn room_of(&self, user: &User, name: &str) -> Result<Arc<Room>, Trouble> {
        let key = NameKey::of_room(name);
        let named = |room: &Arc<Room>| room.kind == RoomKind::Open && NameKey::of_room(&room.name) == key;
        let room = self.store.rooms().await?.into_iter().find(named);
        let room = room.ok_or_else(|| Trouble::Said(format!("there is no open room {name:?}")))?;
        if room.has_participant(user.id) {
            return Ok(room);
        }
        let text = format!(
            "{} is not in the room {:?}, and can invite into rooms alone that they are in",
            user.username, room.name
        );
        Err(Trouble::Said(text))
    }

    async fn find(&self, name: &str) -> Result<User, Trouble> {
        if let Some(user) = self.store.user_by_name(name.trim()).await? {
            return Ok(user);
        }
        let by_email = match Email::parse(name) {
            Ok(email) => self.store.user_by_email(&email).await?,
            Err(_) => None,
        };
        by_email.ok_or_else(|| unknown(name))
    }

    /// For the log of a server. A command that has the store to itself says on its own what it did.
    fn note(&self, what: &str, user: &User) {
        if self.administration.is_some() {
            tracing::info!(of = user.username, "the operator {what}");
        }
    }
}

fn unknown(name: &str) -> Trouble {
    Trouble::Said(format!("there is no account {name:?}; see tincan user list"))
}

/// What the verbs of users are refused with, for the operator.
fn trouble(error: Error) -> Trouble {
    match error {
        Error::Storage(error) => error.into(),
        Error::LastAdministrator => Trouble::LastAdministrator,
        Error::LimitReached => Trouble::Said("the oldest administrator has as many invitations as one may".to_owned()),
        other => Trouble::Mistake(other.code().to_owned()),
    }
}
