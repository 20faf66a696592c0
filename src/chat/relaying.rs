//! The relay: which servers a caller is told for finding a path, and who may use the relay of the executable.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::connections::version_of;
use super::identity::Identity;
use crate::auth::{RelayKeys, RelayName, shared_credential};
use crate::config::{Config, IceServer, Secret, Turn};
use crate::error::Error;
use crate::model::{Timestamp, UserId};
use crate::store::Store;

/// For how long credentials are good. Clients ask anew after half of it, and a call of half of it ends none.
const LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// What is told to clients, and who may use the relay.
pub struct Relaying {
    store: Arc<dyn Store>,
    keys: RelayKeys,
    address: Option<String>,
    fixed: Vec<IceServer>,
    elsewhere: Option<(Vec<String>, Secret)>,
}

/// How a caller reaches the relay of the executable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The host under which the caller reached this server, an IPv6 address in brackets.
    pub host: String,
    /// The relay's own port, where it has one.
    pub port: Option<u16>,
    /// The port of the server itself, where the caller came to it without a proxy between: one open port is enough
    /// then.
    pub shared: Option<u16>,
    /// It came to that port over TLS, with a certificate that everybody trusts.
    pub encrypted: bool,
}

/// Who may use the relay: of whom the credential is, and what ends it.
#[derive(Clone, Debug)]
pub struct Allowed {
    /// Whose it is.
    pub user: UserId,
    /// The version of the user's tokens that it goes with.
    pub version: u32,
    /// What the caller must know.
    pub password: String,
}

impl Relaying {
    /// By these settings.
    pub fn new(config: &Config, store: &Arc<dyn Store>) -> Self {
        let address = match config.turn {
            Turn::At(ip) if ip.is_ipv6() => Some(format!("[{ip}]")),
            Turn::At(ip) => Some(ip.to_string()),
            Turn::Auto | Turn::Off => None,
        };
        let secret = config.turn_secret.clone().filter(|_| !config.turn_urls.is_empty());
        Self {
            store: Arc::clone(store),
            keys: RelayKeys::new(&config.jwt_secret),
            address,
            fixed: config.ice_servers.clone(),
            elsewhere: secret.map(|secret| (config.turn_urls.clone(), secret)),
        }
    }

    /// The servers for this caller, and for how long they are good, where they end at all. `own` is how the caller
    /// reaches the relay of the executable, where there is one.
    pub fn servers(&self, who: &Identity, own: Option<&Reach>) -> (Vec<IceServer>, Option<Duration>) {
        let ends = Timestamp::now().plus(LIFE).millis().div_euclid(1000);
        let name = RelayName { ends, user: who.user.id }.to_string();
        let mut servers = Vec::new();
        if let Some(reach) = own {
            let credential = self.keys.password(&name, who.user.token_version);
            servers.extend(self.own(reach, &name, credential));
        }
        if let Some((urls, secret)) = &self.elsewhere {
            let credential = shared_credential(secret, &name);
            servers.push(IceServer { urls: urls.clone(), username: Some(name), credential: Some(credential) });
        }
        let life = (!servers.is_empty()).then_some(LIFE);
        servers.extend(self.fixed.iter().cloned());
        (servers, life)
    }

    /// One way over UDP and one over TCP: each connection of a call takes a place of the user's on every way.
    fn own(&self, reach: &Reach, name: &str, credential: String) -> Vec<IceServer> {
        let host = self.address.as_ref().unwrap_or(&reach.host);
        let relay = |port: u16, transport: &str| format!("turn:{host}:{port}?transport={transport}");
        let mut servers = Vec::new();
        let mut urls = Vec::new();
        if let Some(port) = reach.port {
            servers.push(IceServer { urls: vec![format!("stun:{host}:{port}")], username: None, credential: None });
            urls.push(relay(port, "udp"));
        }
        if let Some(port) = reach.shared {
            let scheme = if reach.encrypted { "turns" } else { "turn" };
            urls.push(format!("{scheme}:{}:{port}?transport=tcp", reach.host));
        } else if let Some(port) = reach.port {
            urls.push(relay(port, "tcp"));
        }
        if !urls.is_empty() {
            servers.push(IceServer { urls, username: Some(name.to_owned()), credential: Some(credential) });
        }
        servers
    }

    /// Who shows this name to the relay; `None` where the name has ended or is nobody's.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn allowed(&self, name: &str) -> Result<Option<Allowed>, Error> {
        let Some(RelayName { user, .. }) = RelayName::parse(name).filter(|name| !name.has_ended()) else {
            return Ok(None);
        };
        let Some(account) = self.store.user(user).await? else { return Ok(None) };
        let version = account.token_version;
        Ok(Some(Allowed { user, version, password: self.keys.password(name, version) }))
    }

    /// Those of these users who may use the relay no more: their tokens were revoked, or they are gone.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn ended(&self, users: &[(UserId, u32)]) -> Result<Vec<(UserId, u32)>, Error> {
        let ids: Vec<UserId> = users.iter().map(|(user, _)| *user).collect();
        let current: HashMap<UserId, u32> = self.store.token_versions(&ids).await?;
        let mut ended = Vec::new();
        for (user, version) in users {
            if version_of(&self.store, &current, *user).await? != Some(*version) {
                ended.push((*user, *version));
            }
        }
        Ok(ended)
    }
}
