//! `tincan user`: the operator's way in where sign-up is closed or a password forgotten.

use std::io::{BufRead, IsTerminal};
use std::sync::Arc;

use clap::Subcommand;
use tincan::auth::{Asker, Passwords};
use tincan::config::{Flags, Settings};
use tincan::model::{Email, NameKey, NewPassword, PasswordHash, RuleError, Timestamp, User, UserId, Username};
use tincan::store::{self, OpenError, Place, Store, StoreError};

use super::failure::reason;
use super::output::{print, table};
use super::{Failure, log, runtime, words};

#[derive(Debug, Subcommand)]
pub(super) enum Action {
    /// List all accounts
    List,
    /// Add an account; the password is asked for, or read from standard input
    Add {
        /// 3 to 30 letters, digits, `_`, `.` and `-`
        name: String,
        /// E-mail address
        email: String,
    },
    /// Set a password and end every log-in of the account; the password is asked for, or read from standard input
    Password {
        /// Name or e-mail address of the account
        name: String,
    },
    /// Remove an account; its messages stay
    Remove {
        /// Name or e-mail address of the account
        name: String,
    },
}

pub(super) fn run(action: Action, flags: Flags) -> Result<(), Failure> {
    let settings = Settings::load(flags)?;
    log::start(settings.log())?;
    if let Some(directory) = settings.embedded_store()
        && !matches!(action, Action::Add { .. })
        && !directory.exists()
    {
        return Err(Failure::other(format!(
            "there is no store in {}; name its directory with --data-dir",
            directory.display()
        )));
    }
    let prepared = Prepared::from(action)?;
    let ready = settings.into_config().map_err(Failure::other)?;
    ready.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
    let runtime = runtime()?;
    runtime.block_on(async {
        let store = store::open(&ready.config).await.map_err(|error| match error {
            OpenError::InUse(directory) => Failure::other(format!(
                "a server is running on {}, which one process alone can hold; stop it and try again",
                directory.display()
            )),
            other => words::unopened(&other),
        })?;
        let accounts = Accounts { store: &store, place: Place::of(&ready.config) };
        let outcome = accounts.carry_out(prepared, &Passwords::new(ready.config.bcrypt_cost)).await;
        store.close().await;
        print(&outcome?)
    })
}

/// An action with everything that was typed, checked: the store is not held while somebody thinks about a password.
enum Prepared {
    List,
    Add(Username, Email, NewPassword),
    Password(String, NewPassword),
    Remove(String),
}

impl Prepared {
    fn from(action: Action) -> Result<Self, Failure> {
        let broken = |what: &'static str| move |RuleError(rule)| Failure::other(format!("the {what} {rule}"));
        Ok(match action {
            Action::List => Self::List,
            Action::Add { name, email } => {
                let name = Username::parse(&name).map_err(broken("name"))?;
                let email = Email::parse(&email).map_err(broken("address"))?;
                Self::Add(name, email, new_password()?)
            }
            Action::Password { name } => Self::Password(name, new_password()?),
            Action::Remove { name } => Self::Remove(name),
        })
    }
}

/// The accounts in a store, and where that is.
struct Accounts<'a> {
    store: &'a Arc<dyn Store>,
    place: Place,
}

impl Accounts<'_> {
    /// Answers with what is to be printed.
    async fn carry_out(&self, action: Prepared, passwords: &Passwords) -> Result<String, Failure> {
        match action {
            Prepared::List => self.list().await,
            Prepared::Add(name, email, password) => self.add(passwords, name, email, password).await,
            Prepared::Password(name, password) => self.set_password(passwords, &name, password).await,
            Prepared::Remove(name) => self.remove(&name).await,
        }
    }

    async fn list(&self) -> Result<String, Failure> {
        let mut rows = Vec::new();
        let all = self.store.list_users(&NameKey::of(""), None, usize::MAX).await;
        for entry in all.map_err(|error| self.unread(&error))? {
            // One that was removed meanwhile is none.
            if let Some(user) = self.store.user(entry.id).await.map_err(|error| self.unread(&error))? {
                rows.push([user.username, user.email, user.created_at.to_string()]);
            }
        }
        Ok(table(&rows))
    }

    async fn add(
        &self,
        passwords: &Passwords,
        name: Username,
        email: Email,
        password: NewPassword,
    ) -> Result<String, Failure> {
        let user = User {
            id: UserId::new(),
            username: name.into_string(),
            email: email.into_string(),
            password: hash(passwords, password).await?,
            created_at: Timestamp::now(),
            token_version: 0,
        };
        let said = format!("{} can log in now\n", user.username);
        self.store.insert_user(user).await.map_err(|error| self.unstored(&error))?;
        Ok(said)
    }

    async fn set_password(&self, passwords: &Passwords, name: &str, password: NewPassword) -> Result<String, Failure> {
        let user = self.find(name).await?;
        let hash = hash(passwords, password).await?;
        match self.store.set_password(user.id, None, hash).await.map_err(|error| self.unstored(&error))? {
            Some(user) => Ok(format!("{} has a new password and must log in anew\n", user.username)),
            None => Err(unknown(name)),
        }
    }

    async fn remove(&self, name: &str) -> Result<String, Failure> {
        let user = self.find(name).await?;
        match self.store.remove_user(user.id).await.map_err(|error| self.unstored(&error))? {
            true => Ok(format!("{} is removed; the name and {} are free again\n", user.username, user.email)),
            false => Err(unknown(name)),
        }
    }

    async fn find(&self, name: &str) -> Result<User, Failure> {
        if let Some(user) = self.store.user_by_name(name.trim()).await.map_err(|error| self.unread(&error))? {
            return Ok(user);
        }
        let by_email = match Email::parse(name) {
            Ok(email) => self.store.user_by_email(&email).await.map_err(|error| self.unread(&error))?,
            Err(_) => None,
        };
        by_email.ok_or_else(|| unknown(name))
    }

    fn unread(&self, error: &StoreError) -> Failure {
        words::store(&self.place, "the accounts could not be read", error)
    }

    fn unstored(&self, error: &StoreError) -> Failure {
        words::store(&self.place, "the account could not be stored", error)
    }
}

async fn hash(passwords: &Passwords, password: NewPassword) -> Result<PasswordHash, Failure> {
    // The log has the cause; the error itself is made for clients.
    passwords
        .hash(Asker::OPERATOR, password)
        .await
        .map_err(|_| Failure::other("the password could not be hashed; nothing was changed"))
}

fn unknown(name: &str) -> Failure {
    Failure::other(format!("there is no account {name:?}; see tincan user list"))
}

/// From a prompt, twice, or the first line of standard input.
fn new_password() -> Result<NewPassword, Failure> {
    let unreadable = |error: std::io::Error| Failure::other(format!("cannot read the password: {}", reason(&error)));
    let mut password = String::new();
    if std::io::stdin().is_terminal() {
        password = rpassword::prompt_password("Password: ").map_err(unreadable)?;
        if rpassword::prompt_password("Once more: ").map_err(unreadable)? != password {
            return Err(Failure::other("the two passwords differ; try again"));
        }
    } else {
        std::io::stdin().lock().read_line(&mut password).map_err(unreadable)?;
        let line = password.strip_suffix('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
        password = line.unwrap_or(&password).to_owned();
    }
    NewPassword::parse(&password).map_err(|RuleError(rule)| Failure::other(format!("the password {rule}")))
}
