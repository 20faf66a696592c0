//! From a connection string to a database that is there, new enough and ready.

use std::time::Duration;

use bson::{Bson, Document, doc};
use mongodb::Client;
use mongodb::error::{Error, ErrorKind};
use mongodb::options::{ClientOptions, DatabaseOptions};
use tokio::time::timeout;

use super::database::{Db, primary};
use super::failure::brief;
use crate::config::Secret;

/// How long a start waits for the database; the contract allows 10 s in all.
const START: Duration = Duration::from_secs(8);
/// How many connections there are at most, where the connection string says nothing of them.
const CONNECTIONS: u32 = 32;
/// What Mongoose takes where the connection string names no database.
const DEFAULT_DATABASE: &str = "test";
/// The wire version of MongoDB 5.0.
const OLDEST: i32 = 13;

/// Why a MongoDB cannot be the store. Each is one line that names hosts and never credentials.
#[derive(Clone, Debug, thiserror::Error)]
pub enum OpenError {
    /// The connection string does not parse.
    #[error("the MongoDB URL cannot be read: {0}")]
    Url(String),
    /// Nobody answers.
    #[error("no MongoDB that can be written to answers at {hosts}: {cause}; start it, or mend --mongo-url")]
    Unreachable {
        /// Where it was looked for.
        hosts: String,
        /// What the driver says.
        cause: String,
    },
    /// The database does not let us in, or not far enough.
    #[error("the MongoDB at {hosts} refuses: {cause}; check the user, its password, authSource and its readWrite role")]
    Refused {
        /// The hosts that the URL names.
        hosts: String,
        /// What the database says.
        cause: String,
    },
    /// Older than 5.0.
    #[error("the MongoDB at {hosts} is older than 5.0; update it")]
    TooOld {
        /// The hosts that the URL names.
        hosts: String,
    },
    /// Written by a newer Tincan.
    #[error(
        "the database {database} was written by a newer Tincan (its data version is {found}, this one knows {known}); \
         update Tincan"
    )]
    Newer {
        /// The name of the database.
        database: String,
        /// The version of what is in it.
        found: i64,
        /// The newest version that this program knows.
        known: i64,
    },
    /// Filling it was begun and not ended.
    #[error(
        "the database {database} is only half filled from {origin}; let tincan migrate or import finish, or drop the \
         database"
    )]
    Unfinished {
        /// The name of the database.
        database: String,
        /// What it is filled from.
        origin: String,
    },
    /// It answered, and then failed.
    #[error("the MongoDB at {hosts} failed while it was made ready: {cause}")]
    Failed {
        /// The hosts that the URL names.
        hosts: String,
        /// What went wrong.
        cause: String,
    },
}

/// A database that answers, and the hosts for what is said of it.
pub(super) struct Connected {
    pub db: Db,
    pub hosts: String,
}

/// Connects.
pub(super) async fn connect(url: &Secret) -> Result<Connected, OpenError> {
    let options = options(url).await?;
    let hosts = options.hosts.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let name = options.default_database.clone().unwrap_or_else(|| DEFAULT_DATABASE.to_owned());
    let connections = options.max_pool_size.unwrap_or(CONNECTIONS) as usize;
    let client = Client::with_options(options).map_err(|error| OpenError::Url(brief(&error)))?;
    let unreachable = |cause| OpenError::Unreachable { hosts: hosts.clone(), cause };
    let admin = client.database_with_options("admin", DatabaseOptions::builder().selection_criteria(primary()).build());
    let hello = match timeout(START, admin.run_command(doc! { "hello": 1 })).await {
        Ok(Ok(hello)) => hello,
        Ok(Err(error)) if is_refusal(&error) => return Err(OpenError::Refused { hosts, cause: brief(&error) }),
        Ok(Err(error)) => return Err(unreachable(brief(&error))),
        Err(_) => return Err(unreachable(format!("no answer within {START:?}"))),
    };
    if hello.get_i32("maxWireVersion").unwrap_or(0) < OLDEST {
        return Err(OpenError::TooOld { hosts });
    }
    Ok(Connected { db: Db::new(client, &name, has_transactions(&hello), connections), hosts })
}

/// The database, and whether its changes can be watched: on a stand-alone server they cannot.
///
/// # Errors
/// As of opening the store.
pub async fn database(url: &Secret) -> Result<(mongodb::Database, bool), OpenError> {
    let Connected { db, .. } = connect(url).await?;
    Ok((db.database.clone(), db.transactions))
}

/// The connection string's options, with ours where it says nothing: what makes an outage short.
async fn options(url: &Secret) -> Result<ClientOptions, OpenError> {
    let text = url.expose();
    let with_credentials = text.contains('@');
    let parsed = timeout(START, ClientOptions::parse(text)).await;
    let parsed = parsed.map_err(|_| OpenError::Url(format!("no answer from the name server within {START:?}")))?;
    let mut options = match parsed {
        Ok(options) if with_credentials && options.credential.is_none() => return Err(unreadable()),
        Ok(options) => options,
        // The driver quotes what it did not understand, which may be part of a password.
        Err(_) if with_credentials => return Err(unreadable()),
        Err(error) => return Err(OpenError::Url(brief(&error))),
    };
    options.app_name.get_or_insert_with(|| "tincan".to_owned());
    options.server_selection_timeout.get_or_insert(Duration::from_secs(4));
    options.connect_timeout.get_or_insert(Duration::from_secs(2));
    options.heartbeat_freq.get_or_insert(Duration::from_secs(2));
    options.max_pool_size.get_or_insert(CONNECTIONS);
    options.retry_writes = Some(true);
    Ok(options)
}

/// The hosts and the database of a connection string, without user, password and options.
pub fn place_name(url: &Secret) -> String {
    let after_scheme = url.expose().split_once("://").map_or("", |(_, rest)| rest);
    let after_user = after_scheme.rsplit_once('@').map_or(after_scheme, |(_, rest)| rest);
    let place = after_user.split('?').next().unwrap_or_default();
    let (hosts, database) = place.split_once('/').unwrap_or((place, ""));
    format!("mongodb://{hosts}/{}", if database.is_empty() { DEFAULT_DATABASE } else { database })
}

fn unreadable() -> OpenError {
    let hint = "it must be mongodb://user:password@host/database, with special characters of user and password \
                percent-encoded";
    OpenError::Url(hint.to_owned())
}

/// Whether it is not the network that is in the way.
pub(super) fn is_refusal(error: &Error) -> bool {
    /// Unauthorized, AuthenticationFailed.
    const REFUSALS: [i32; 2] = [13, 18];
    match &*error.kind {
        ErrorKind::Authentication { .. } => true,
        ErrorKind::Command(command) => REFUSALS.contains(&command.code),
        _ => false,
    }
}

/// A stand-alone server has none.
fn has_transactions(hello: &Document) -> bool {
    hello.contains_key("setName") || hello.get("msg") == Some(&Bson::from("isdbgrid"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_place_holds_no_credentials_and_no_options() {
        let name = |url: &str| place_name(&Secret::new(url.to_owned()));
        assert_eq!(name("mongodb://ann:cr?et@a:1,b:2/chat?tls=true"), "mongodb://a:1,b:2/chat");
        assert_eq!(name("mongodb+srv://cluster.example"), "mongodb://cluster.example/test");
    }

    #[tokio::test]
    async fn what_is_said_of_a_wrong_connection_string_holds_no_password() {
        for url in [
            "mongodb://ann:se/cret@localhost/chat",
            "mongodb://ann:1234/cret@localhost/chat",
            "mongodb://ann:se@cret@localhost/chat",
            "mongodb://ann:cret@local host:99999999/chat",
            "mongodb://ann:cret%@localhost/chat?w=x=y",
        ] {
            let Err(error) = options(&Secret::new(url.to_owned())).await else { continue };
            let text = error.to_string();
            assert!(!text.contains("cret") && !text.contains("1234") && !text.contains('\n'), "{text}");
        }
    }
}
