//! The whole server on one screen: settings, store, bus, services, sockets and routes put together.

mod memory;
mod run;
mod tasks;

use std::sync::Arc;
use std::time::Instant;

use axum::Router;

use crate::bus::{self, Bus};
use crate::chat::{
    Accounts, Administration, Announcing, Calls, Connections, Directory, Invites, Membership, Messages, Names,
    Participants, Readings, Relaying, Rights, RoomList, Rooms, Signalling, Views,
};
use crate::config::Config;
use crate::error::Error;
use crate::live::Limits;
use crate::net::Tls;
use crate::net::relay::Relay;
use crate::socket::{self, Sockets};
use crate::store::Store;
use crate::{http, web};

pub use run::serve;

/// The server, put together and ready to be served.
#[derive(Clone)]
pub struct App {
    config: Arc<Config>,
    store: Arc<dyn Store>,
    bus: Arc<dyn Bus>,
    connections: Arc<Connections>,
    names: Arc<Names>,
    calls: Arc<Calls>,
    messages: Arc<Messages>,
    sockets: Arc<Sockets>,
    administration: Arc<Administration>,
    invites: Arc<Invites>,
    relay: Option<Arc<Relay>>,
    routes: Router,
    tls: Option<Arc<Tls>>,
}

/// Why the parts cannot be put together.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// What carries what is done to other servers cannot be had.
    #[error(transparent)]
    Bus(#[from] bus::OpenError),
    /// The calls that went on could not be taken up.
    #[error(transparent)]
    Calls(#[from] Error),
}

impl App {
    /// Puts the parts together and takes up the calls that went on when the server stopped. `tls` is what https is
    /// served with, where it is.
    ///
    /// # Errors
    /// [`StartError::Calls`] where the store does not answer; [`StartError::Bus`].
    pub async fn new(config: Arc<Config>, store: Arc<dyn Store>, tls: Option<Arc<Tls>>) -> Result<Self, StartError> {
        let bus = bus::open(&config).await?;
        if let (Some(tls), Some(shelf)) = (&tls, bus.shelf()) {
            tls.share(shelf).await;
        }
        let limits = Arc::new(Limits::new(config.rate_limit));

        let names = Arc::new(Names::new(&store));
        let participants = Participants::new(&store, &bus, &names);
        let rights = Arc::new(Rights::new(&store));
        let readings = Readings::new(&store, &bus);
        let calls = Calls::new(&config, &store, &bus, &names, &limits, &rights);
        let views = Arc::new(Views::new(&store, &bus, &names, &calls));
        let announcing = Arc::new(Announcing::new(&bus, &views));
        let connections = Connections::new(&store, &bus, &calls);
        let directory = Arc::new(Directory::new(&store, &bus));
        let room_list = Arc::new(RoomList::new(&store, &limits, &rights, &views));
        let rooms = Arc::new(Rooms::new(&store, &limits, &rights, &views, &announcing, &calls));
        let messages = Arc::new(Messages::new(&store, &bus, &limits, &rights, &names, &readings));
        let membership = Membership::new(
            (&store, &bus, &limits),
            (&rights, &views, &announcing),
            (&readings, &participants, &messages, &calls),
        );
        let invites = Invites::new(&config, &store, &limits, &rights, &views, &membership);
        let accounts = Arc::new(Accounts::new(&config, &store, &limits, &connections, &invites));
        let administration = Arc::new(Administration::new(&store, &bus, &connections, &membership));
        let signalling = Arc::new(Signalling::new(&store, &bus, &limits, &calls));
        let relaying = Arc::new(Relaying::new(&config, &store));
        calls.resume().await?;
        let relay = Relay::open(&config, &relaying);

        let services = http::Services {
            config: Arc::clone(&config),
            store: Arc::clone(&store),
            limits: Arc::clone(&limits),
            accounts: Arc::clone(&accounts),
            invites: Arc::clone(&invites),
            administration: Arc::clone(&administration),
            connections: Arc::clone(&connections),
            directory,
            rooms,
            room_list,
            membership: Arc::clone(&membership),
            messages: Arc::clone(&messages),
            calls: Arc::clone(&calls),
            relaying,
            relay: relay.clone(),
            tls: tls.clone(),
            started: Instant::now(),
        };
        let verbs = socket::Verbs {
            membership,
            messages: Arc::clone(&messages),
            readings,
            calls: Arc::clone(&calls),
            signalling,
        };
        let entrance = socket::Entrance {
            trusted_proxies: config.trusted_proxies.clone(),
            limits,
            accounts,
            connections: Arc::clone(&connections),
        };
        let routes = http::router(services.clone(), web::router(&config.client));
        let (sockets, routes) = Sockets::mount(entrance, verbs, &bus, routes);
        let routes = http::gate(&services, web::library(), routes);
        let sockets = Arc::new(sockets);
        Ok(Self {
            config,
            store,
            bus,
            connections,
            names,
            calls,
            messages,
            sockets,
            administration,
            invites,
            relay,
            routes,
            tls,
        })
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The store.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// What carries what is done here to other servers.
    pub fn bus(&self) -> &Arc<dyn Bus> {
        &self.bus
    }

    /// What administrators do.
    pub fn administration(&self) -> &Arc<Administration> {
        &self.administration
    }

    /// Invitations.
    pub fn invites(&self) -> &Arc<Invites> {
        &self.invites
    }

    /// The relay for calls, where there is one.
    pub fn relay(&self) -> Option<&Arc<Relay>> {
        self.relay.as_ref()
    }

    /// Who is connected.
    pub fn connections(&self) -> &Arc<Connections> {
        &self.connections
    }
}
