//! Who is let in, and what is said to who is not.

use std::sync::Arc;

use super::connection::Connection;
use super::hub::Hub;
use super::ledger::Tally;
use super::way::Way;
use crate::chat::Identity;
use crate::error::Error;
use crate::model::UserRef;
use crate::seldom::Seldom;
use crate::wire::{bearer, bearer_or_bare, json};

/// What is done with who is not let in.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The client is told, and gives up.
    Told(String),
    /// The server is to blame: the transport is closed without a word, so that the client comes back.
    Closed(String),
}

/// The token of a CONNECT packet: from its `auth: {token}`, where the token may have `Bearer` before it, else from the
/// `Authorization` header of the handshake.
pub(crate) fn token(auth: Option<&str>, header: Option<&str>) -> Option<String> {
    let auth = auth.and_then(json::read);
    let named = auth.as_ref().and_then(|auth| bearer_or_bare(auth.get("token")?.as_str()?));
    named.or_else(|| header.and_then(bearer)).map(str::to_owned)
}

/// Lets in whose token is good, within the bounds of his user. `tally` is that of the session where something waits in
/// it from a connection before.
///
/// # Errors
/// Whatever is against it; what is done then says [`refusal`].
pub(crate) async fn admit(
    hub: &Hub,
    token: Option<String>,
    tally: Option<&Arc<Tally>>,
) -> Result<(Connection, Identity), Error> {
    let token = token.ok_or(Error::Unauthorized)?;
    let identity = hub.entrance().accounts.authenticate(&token).await?;
    if hub.entrance().connections.are_closing() {
        return Err(Error::Overloaded);
    }
    let seat = hub.ledger().seat(identity.user.id)?;
    let tally = tally.map_or_else(|| Arc::new(Tally::new(&seat)), Arc::clone);
    let limits = hub.entrance().limits.socket();
    Ok((Connection::new(UserRef::from(&identity.user), seat, tally, limits), identity))
}

/// What is done with who was not let in. Only a bad token is an authentication error, after which clients give up, and
/// the bound of sockets is told by its code; Socket.IO has a text alone for it.
pub(crate) fn refusal(error: &Error) -> Refusal {
    static TURNED_AWAY: Seldom = Seldom::new();
    tracing::debug!(code = error.code(), "a connection was refused");
    match error {
        Error::LimitReached => Refusal::Told(format!("{}: a user has at most 100 sockets at once", error.code())),
        Error::Storage(_) | Error::Overloaded | Error::Internal | Error::RateLimited(_) => {
            let cause = std::error::Error::source(error).map(ToString::to_string);
            TURNED_AWAY.say(|count| {
                tracing::warn!(code = error.code(), cause, count, "a connection could not be let in and is closed");
            });
            Refusal::Closed(error.message())
        }
        _ => Refusal::Told(format!("Authentication error: {error}")),
    }
}

/// Makes a connection that was let in known to everybody; whether that went well. Where it did not, the client was told
/// what there is to tell.
pub(crate) async fn connect(hub: &Hub, connection: &Arc<Connection>, identity: &Identity, way: &Arc<dyn Way>) -> bool {
    hub.register(connection, way);
    connection.set_known(true);
    let connected = hub.entrance().connections.connect(connection.id, identity, Arc::clone(way) as _).await;
    if let Err(error) = &connected {
        connection.set_known(false);
        hub.refuse(connection.id, error);
        hub.forget(connection.id);
    }
    connected.is_ok()
}

/// Takes it away again. Not from the verbs where the server goes: nobody has left then, and calls go on after a
/// restart; what other servers are to know they are told of all at once.
pub(crate) fn disconnect(hub: &Hub, connection: &Connection) {
    hub.forget(connection.id);
    let connections = &hub.entrance().connections;
    if connection.set_known(false) && !connections.are_closing() {
        connections.disconnect(connection.id);
    }
}
