//! `tincan user` and `tincan invite`: the operator's way in where sign-up is closed or a password forgotten.

use clap::{Args, Subcommand};
use tincan::auth::Passwords;
use tincan::chat::NewInvite;
use tincan::config::{self, Config, Flags, Settings};
use tincan::model::{Email, Invite, NewPassword, RuleError, Username};
use tincan::operator::{Command, Done, Operator, Trouble, ask};
use tincan::store::{self, OpenError, Place, StoreError, Taken, polodb};

use super::banner::picture;
use super::failure::{Failure, reason};
use super::links::links;
use super::output::{print, table};
use super::passwords::{hash, new_password};
use super::runtime::runtime;
use super::{log, words};

#[derive(Debug, Subcommand)]
pub(super) enum Action {
    /// List all accounts: name, address, role, when it was made, whether it is disabled
    List,
    /// Add an account; the password is asked for, or read from standard input; the first is an administrator's
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
    /// Make somebody an administrator
    Admin {
        /// Name or e-mail address of the account
        name: String,
        /// Make them a member again
        #[arg(long)]
        off: bool,
    },
    /// Disable an account: it stays as it is, and nobody can use it
    Disable {
        /// Name or e-mail address of the account
        name: String,
        /// Let it be used again
        #[arg(long)]
        off: bool,
    },
}

#[derive(Debug, Args)]
pub(super) struct Invitation {
    /// Lead into this open room, which the oldest administrator is in
    #[arg(long, value_name = "NAME")]
    room: Option<String>,
    /// How often it can be used, 1 to 1000
    #[arg(long, value_name = "N", default_value_t = NewInvite::USES)]
    uses: u32,
    /// For how long, 1m to 90d
    #[arg(long, value_name = "TIME", default_value = "7d")]
    expires: String,
}

pub(super) fn invite(invitation: Invitation, flags: Flags) -> Result<(), Failure> {
    let Invitation { room, uses, expires } = invitation;
    if !(1..=Invite::MOST_USES).contains(&uses) {
        return Err(Failure::other(format!("--uses {uses}: write a number from 1 to {}", Invite::MOST_USES)));
    }
    let lasts = NewInvite::lasts(&expires)
        .ok_or_else(|| Failure::other(format!("--expires {expires:?}: write a time from 1m to 90d, as in 7d")))?;
    obey(Wish::Ready(Command::Invite { room, uses, lasts: lasts.as_secs() }), flags)
}

pub(super) fn run(action: Action, flags: Flags) -> Result<(), Failure> {
    obey(Wish::Asked(action), flags)
}

/// What is wished for, before everything that must be typed for it was.
enum Wish {
    Asked(Action),
    Ready(Command),
}

fn obey(wish: Wish, flags: Flags) -> Result<(), Failure> {
    let settings = Settings::load(flags)?;
    log::start(settings.log())?;
    if let Some(directory) = settings.embedded_store()
        && !matches!(wish, Wish::Asked(Action::Add { .. }))
        && !directory.exists()
    {
        return Err(Failure::other(format!(
            "there is no store in {}; name its directory with --data-dir",
            directory.display()
        )));
    }
    // The store is not held while somebody thinks about a password.
    let prepared = match wish {
        Wish::Asked(action) => Prepared::from(action)?,
        Wish::Ready(command) => Prepared::Command(command),
    };
    let ready = settings.into_config().map_err(Failure::other)?;
    ready.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
    let outcome = runtime()?.block_on(async {
        let command = prepared.hashed(&Passwords::new(ready.config.bcrypt_cost)).await?;
        carry_out(command, &ready.config).await
    });
    print(&shown(outcome?))
}

/// On the store, or through the server that holds it.
async fn carry_out(command: Command, config: &Config) -> Result<Done, Failure> {
    let place = Place::of(config);
    let told = |what: &'static str| move |trouble| failure(&Place::of(config), what, trouble);
    let what = match &command {
        Command::List => "the accounts could not be read",
        Command::Invite { .. } => "the invitation could not be stored",
        _ => "the account could not be stored",
    };
    let store = match store::open(config).await {
        Ok(store) => store,
        Err(error @ OpenError::PoloDb(polodb::OpenError::InUse(_))) => {
            let directory = config.data_dir.clone();
            let asked = tokio::task::spawn_blocking(move || ask(&directory, &command)).await;
            return match asked {
                Ok(Ok(answer)) => answer.map_err(told(what)),
                Ok(Err(trouble)) => Err(unanswered(config, &error, &trouble)),
                Err(error) => Err(Failure::other(format!("the command ended by a panic: {error}"))),
            };
        }
        Err(error) => return Err(words::unopened(&error)),
    };
    let secure = !matches!(config.tls, config::Tls::Off);
    let links = links(config, (config.host, config.port).into(), secure);
    let answer = Operator::new(&store, None, links).carry_out(command).await;
    store.close().await;
    answer.map_err(|trouble| failure(&place, what, trouble))
}

/// Another process holds the store, and does not answer as a server of this version does.
fn unanswered(config: &Config, error: &OpenError, trouble: &std::io::Error) -> Failure {
    use std::io::ErrorKind::{ConnectionRefused, NotFound};
    if matches!(trouble.kind(), NotFound | ConnectionRefused) {
        return words::unopened(error);
    }
    Failure::other(format!(
        "the server that runs on {} did not answer: {}; try again, and where it is of another version start it anew",
        config.data_dir.display(),
        reason(trouble)
    ))
}

/// An action with everything that was typed, checked.
enum Prepared {
    Command(Command),
    Add(Username, Email, NewPassword),
    Password(String, NewPassword),
}

impl Prepared {
    fn from(action: Action) -> Result<Self, Failure> {
        let broken = |what: &'static str| move |RuleError(rule)| Failure::other(format!("the {what} {rule}"));
        Ok(match action {
            Action::List => Self::Command(Command::List),
            Action::Add { name, email } => {
                let name = Username::parse(&name).map_err(broken("name"))?;
                let email = Email::parse(&email).map_err(broken("address"))?;
                Self::Add(name, email, new_password()?)
            }
            Action::Password { name } => Self::Password(name, new_password()?),
            Action::Remove { name } => Self::Command(Command::Remove { name }),
            Action::Admin { name, off } => Self::Command(Command::Administrator { name, off }),
            Action::Disable { name, off } => Self::Command(Command::Disable { name, off }),
        })
    }

    async fn hashed(self, passwords: &Passwords) -> Result<Command, Failure> {
        Ok(match self {
            Self::Command(command) => command,
            Self::Add(name, email, password) => {
                let hash = hash(passwords, password).await?.into();
                Command::Add { name: name.into_string(), email: email.into_string(), hash }
            }
            Self::Password(name, password) => Command::Password { name, hash: hash(passwords, password).await?.into() },
        })
    }
}

fn shown(done: Done) -> String {
    match done {
        Done::Said(said) => said + "\n",
        Done::Table(rows) => table(&rows),
        Done::Link { said, link } => {
            let picture = picture(&link).unwrap_or_else(|| format!("\n  {link}\n"));
            format!("{said}\n{picture}")
        }
    }
}

fn failure(place: &Place, what: &str, trouble: Trouble) -> Failure {
    let error = match trouble {
        Trouble::Said(said) => return Failure::other(said),
        Trouble::LastAdministrator => StoreError::LastAdministrator,
        Trouble::UsernameTaken => StoreError::Conflict(Taken::Username),
        Trouble::EmailTaken => StoreError::Conflict(Taken::Email),
        Trouble::Unavailable(reason) => StoreError::Unavailable(reason),
        Trouble::Corrupt(reason) => StoreError::Corrupt(reason),
        Trouble::Mistake(reason) => StoreError::Bug(reason),
    };
    words::store(place, what, &error)
}
