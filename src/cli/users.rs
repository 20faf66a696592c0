//! `tincan user`: the operator's way in where sign-up is closed or a password forgotten.

use std::io::{BufRead, IsTerminal};
use std::sync::Arc;

use clap::Subcommand;
use tincan::auth::{Asker, Passwords};
use tincan::config::{Flags, Settings};
use tincan::model::{Email, NameKey, NewPassword, RuleError, Timestamp, User, UserId, Username};
use tincan::store::{self, OpenError, Store, StoreError, Taken};

use super::output::{print, table};
use super::{Failure, log, runtime};

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
    log::start(settings.log());
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
    let runtime = runtime()?;
    runtime.block_on(async {
        let store = store::open(&ready.config).await.map_err(|error| match error {
            OpenError::InUse(directory) => Failure::other(format!(
                "a server is running on {}, which one process alone can hold; stop it and try again",
                directory.display()
            )),
            other => Failure::other(other.to_string()),
        })?;
        let outcome = prepared.carry_out(&store, &Passwords::new(ready.config.bcrypt_cost)).await;
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

    /// Answers with what is to be printed.
    async fn carry_out(self, store: &Arc<dyn Store>, passwords: &Passwords) -> Result<String, Failure> {
        match self {
            Self::List => list(store).await,
            Self::Add(name, email, password) => add(store, passwords, name, email, password).await,
            Self::Password(name, password) => {
                let user = find(store, &name).await?;
                let hash = passwords
                    .hash(Asker::OPERATOR, password)
                    .await
                    .map_err(|error| Failure::other(error.to_string()))?;
                match store.set_password(user.id, None, hash).await.map_err(told)? {
                    Some(user) => Ok(format!("{} has a new password and must log in anew\n", user.username)),
                    None => Err(unknown(&name)),
                }
            }
            Self::Remove(name) => {
                let user = find(store, &name).await?;
                match store.remove_user(user.id).await.map_err(told)? {
                    true => Ok(format!("{} is removed; the name and {} are free again\n", user.username, user.email)),
                    false => Err(unknown(&name)),
                }
            }
        }
    }
}

async fn list(store: &Arc<dyn Store>) -> Result<String, Failure> {
    let mut rows = Vec::new();
    for entry in store.list_users(&NameKey::of(""), usize::MAX).await.map_err(told)? {
        // One that was removed meanwhile is none.
        if let Some(user) = store.user(entry.id).await.map_err(told)? {
            rows.push([user.username, user.email, user.created_at.to_string()]);
        }
    }
    Ok(table(&rows))
}

async fn add(
    store: &Arc<dyn Store>,
    passwords: &Passwords,
    name: Username,
    email: Email,
    password: NewPassword,
) -> Result<String, Failure> {
    let user = User {
        id: UserId::new(),
        username: name.into_string(),
        email: email.into_string(),
        password: passwords.hash(Asker::OPERATOR, password).await.map_err(|error| Failure::other(error.to_string()))?,
        created_at: Timestamp::now(),
        token_version: 0,
    };
    let said = format!("{} can log in now\n", user.username);
    store.insert_user(user).await.map_err(told)?;
    Ok(said)
}

async fn find(store: &Arc<dyn Store>, name: &str) -> Result<User, Failure> {
    if let Some(user) = store.user_by_name(name.trim()).await.map_err(told)? {
        return Ok(user);
    }
    let by_email = match Email::parse(name) {
        Ok(email) => store.user_by_email(&email).await.map_err(told)?,
        Err(_) => None,
    };
    by_email.ok_or_else(|| unknown(name))
}

fn unknown(name: &str) -> Failure {
    Failure::other(format!("there is no account {name:?}; see tincan user list"))
}

fn told(error: StoreError) -> Failure {
    Failure::other(match error {
        StoreError::Conflict(Taken::Username) => "this name is taken; choose another".to_owned(),
        StoreError::Conflict(Taken::Email) => "this address has an account already; see tincan user list".to_owned(),
        other => other.to_string(),
    })
}

/// From a prompt, twice, or the first line of standard input.
fn new_password() -> Result<NewPassword, Failure> {
    let unreadable = |error: std::io::Error| Failure::other(format!("cannot read the password: {error}"));
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
