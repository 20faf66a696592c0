//! Https: what it is served with, where that comes from, and that it is renewed.

mod acme;
mod authority;
mod files;
mod leaf;
pub(super) mod names;
mod serving;
mod trust;

use std::collections::BTreeSet;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::MissedTickBehavior;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::server::Acceptor;
use tokio_rustls::server::TlsStream;
use tokio_rustls::{LazyConfigAcceptor, TlsAcceptor};

use self::acme::{Acme, Asker, Keeping, Sealing};
use self::authority::Authority;
use self::files::Files;
use self::leaf::Leaf;
use self::names::Name;
use self::serving::Serving;
use crate::bus::Shelf;
use crate::config;
use crate::config::Config;

pub use self::trust::Trust;

/// How often it is looked whether files have changed.
const FILES_CHECK: Duration = Duration::from_secs(5);

/// How often it is looked whether the machine has other addresses, or the certificate is to be renewed.
const OWN_CHECK: Duration = Duration::from_secs(60);

/// How much of what is said may wait within TLS for the other end, in bytes: as much as one record holds.
const WAITING: usize = 16 * 1024;

/// Serves https.
pub struct Tls {
    acceptor: TlsAcceptor,
    serving: Arc<Serving>,
    source: Source,
}

/// Where certificates come from.
enum Source {
    Own(Box<Own>),
    Acme(Box<Acme>),
    Files(Mutex<Files>),
}

/// The server's own authority, and the certificate that it has given.
struct Own {
    authority: Authority,
    trust: Trust,
    directory: PathBuf,
    /// Those of the settings; the machine's may change.
    names: BTreeSet<Name>,
    listens_on: std::net::IpAddr,
    leaf: Mutex<Leaf>,
}

impl Tls {
    /// As the settings say; `None` where https is not served. An authority of its own that cannot be had is said in the
    /// log, and no reason not to serve http.
    ///
    /// # Errors
    /// What is wrong with files that were named, in one line.
    pub fn open(config: &Config) -> Result<Option<Arc<Self>>, String> {
        match &config.tls {
            config::Tls::Off => Ok(None),
            config::Tls::Files { certificate, key } => {
                let (files, certified) = Files::open(certificate, key)?;
                Ok(Some(Arc::new(Self::new(Serving::new(certified), Source::Files(Mutex::new(files)))?)))
            }
            config::Tls::Acme { directory, email, roots } => {
                let names = public_names(config);
                let what_for = Acme::description(directory, email.as_deref(), &names);
                let keeping = Keeping::new(place(config)?, Sealing::of(&config.jwt_secret), what_for);
                let (directory, email, roots) = (directory.clone(), email.clone(), roots.clone());
                let acme = Acme::new(Asker { directory, email, roots, keeping }, names);
                let serving = acme.certified().map_or_else(Serving::default, Serving::new);
                Ok(Some(Arc::new(Self::new(serving, Source::Acme(Box::new(acme)))?)))
            }
            config::Tls::Auto => match Own::open(config).and_then(Self::own) {
                Ok(tls) => Ok(Some(Arc::new(tls))),
                Err(error) => {
                    tracing::warn!("https is not served: {error}");
                    Ok(None)
                }
            },
        }
    }

    fn own(own: Own) -> Result<Self, String> {
        let serving = Serving::new(own.leaf.lock().unwrap_or_else(PoisonError::into_inner).certified()?);
        Self::new(serving, Source::Own(Box::new(own)))
    }

    fn new(serving: Serving, source: Source) -> Result<Self, String> {
        let serving = Arc::new(serving);
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let config = config.with_safe_default_protocol_versions().map_err(|error| error.to_string())?;
        let mut config = config.with_no_client_auth().with_cert_resolver(Arc::clone(&serving) as _);
        // A browser that may speak HTTP/2 does not open WebSockets as it should.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        if matches!(source, Source::Acme(_)) {
            config.alpn_protocols.push(serving::PROOF.to_vec());
        }
        config.ticketer = ring::Ticketer::new().map_err(|error| error.to_string())?;
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), serving, source })
    }

    /// Shares what comes of `--tls acme` with the other servers of a database.
    pub async fn share(&self, shelf: Arc<dyn Shelf>) {
        if let Source::Acme(acme) = &self.source {
            acme.share(shelf, &self.serving).await;
        }
    }

    /// The server's part of a handshake.
    ///
    /// # Errors
    /// Those of the connection and of the handshake.
    pub async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let Some(acme) = self.sharing() else {
            return self.acceptor.accept_with(stream, |session| session.set_buffer_limit(Some(WAITING))).await;
        };
        let begun = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
        let hello = begun.client_hello();
        if let Some(name) = serving::proof_asked(&hello) {
            // Another server may have the authority look.
            acme.prove(&name, &self.serving).await;
        }
        let config = Arc::clone(self.acceptor.config());
        begun.into_stream_with(config, |session| session.set_buffer_limit(Some(WAITING))).await
    }

    /// Where certificates come from that other servers get too.
    fn sharing(&self) -> Option<&Acme> {
        match &self.source {
            Source::Acme(acme) if acme.is_shared() => Some(acme),
            _ => None,
        }
    }

    /// What is to be known of the server's own authority; `None` where another one vouches for it.
    pub fn trust(&self) -> Option<&Trust> {
        match &self.source {
            Source::Own(own) => Some(&own.trust),
            Source::Acme(_) | Source::Files(_) => None,
        }
    }

    /// Whether plain http is to lead here: every browser knows who vouches for the server.
    pub fn is_for_everybody(&self) -> bool {
        match &self.source {
            Source::Own(_) => false,
            Source::Acme(_) => self.serving.is_ready(),
            Source::Files(_) => true,
        }
    }

    /// What an ACME authority is answered that asks for a token over http.
    pub async fn answer(&self, token: &str) -> Option<String> {
        match self.serving.answer(token) {
            Some(answer) => Some(answer),
            None => self.sharing()?.answer(token).await,
        }
    }

    /// Keeps the certificate as it should be, for ever. Connections that are open stay as they are.
    pub async fn watch(self: Arc<Self>) {
        let period = match &self.source {
            Source::Own(_) => OWN_CHECK,
            Source::Files(_) => FILES_CHECK,
            Source::Acme(acme) => return acme.watch(&self.serving).await,
        };
        let mut ticks = tokio::time::interval(period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let tls = Arc::clone(&self);
            if let Err(error) = tokio::task::spawn_blocking(move || tls.look()).await {
                tracing::error!(%error, "the certificate could not be looked after");
            }
        }
    }

    /// Looks whether there is another certificate to be served.
    fn look(&self) {
        let renewed = match &self.source {
            Source::Files(files) => files.lock().unwrap_or_else(PoisonError::into_inner).changed(),
            Source::Own(own) => own.renewed(),
            Source::Acme(_) => return,
        };
        match renewed {
            Ok(None) => {}
            Ok(Some(certified)) => {
                self.serving.replace(certified);
                tracing::info!("new connections get a new certificate");
            }
            Err(error) => tracing::error!("the certificate stays as it is: {error}"),
        }
    }
}

/// Where everything of https is kept: a folder for its owner alone, made where there is none.
fn place(config: &Config) -> Result<PathBuf, String> {
    let place = config.data_dir.join("tls");
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&place);
    made.map_err(|error| format!("cannot make {}: {error}", place.display()))?;
    Ok(place)
}

/// The names and addresses of `--public-url`, each once, in their order.
fn public_names(config: &Config) -> Vec<Name> {
    let mut names = Vec::new();
    for name in config.public_urls.iter().filter_map(|url| Name::parse(url.host())) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

impl Own {
    fn open(config: &Config) -> Result<Self, String> {
        let directory = place(config)?;
        let names: BTreeSet<Name> = public_names(config).into_iter().collect();
        let listens_on = config.host;
        let wanted: BTreeSet<Name> = names.union(&names::of_machine(listens_on)).cloned().collect();
        let authority = Authority::kept_or_made(&directory, &wanted)?;
        let foreign: Vec<String> =
            names.iter().filter(|name| !authority.permits(name)).map(ToString::to_string).collect();
        if !foreign.is_empty() {
            tracing::warn!(
                "this server's own authority was made before it was called {}, and cannot vouch for that; remove {} \
                 and start again to have a new one, which people then have to trust anew",
                foreign.join(" and "),
                directory.display()
            );
        }
        let trust = Trust::of(&authority);
        let leaf = Leaf::kept_or_made(&directory, &authority, &wanted)?;
        Ok(Self { authority, trust, directory, names, listens_on, leaf: Mutex::new(leaf) })
    }

    fn renewed(&self) -> Result<Option<tokio_rustls::rustls::sign::CertifiedKey>, String> {
        let wanted = self.names.union(&names::of_machine(self.listens_on)).cloned().collect();
        let mut leaf = self.leaf.lock().unwrap_or_else(PoisonError::into_inner);
        if leaf.serves(&self.authority, &wanted) {
            return Ok(None);
        }
        *leaf = Leaf::made(&self.directory, &self.authority, &wanted)?;
        leaf.certified().map(Some)
    }
}
