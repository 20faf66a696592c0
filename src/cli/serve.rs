//! The bare program: settings → log → secret → port → store → server, and the end of it.

use std::cell::OnceCell;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tincan::bus;
use tincan::chat::invite_link;
use tincan::config::{Config, Flags, Metrics, Ready, Settings, Signup};
use tincan::net::{Announced, Tls};
use tincan::operator::{Control, Links, Operator};
use tincan::store::{self, Place, Store};
use tincan::{App, StartError};
use tokio::net::TcpListener;
use tokio::sync::Notify;

use super::banner::Started;
use super::failure::Failure;
use super::failure::reason;
use super::links::links;
use super::output::{is_read_by_people, print_aside};
use super::runtime::runtime;
use super::signals::Signals;
use super::{banner, log, supervisor, words};

/// The promise is ten seconds from the signal to the end; the last lines of the log may take half a second of them.
const STOPS_WITHIN: Duration = Duration::from_millis(9_400);
/// How long to wait before the figures are served again after that failed.
const FIGURES_AGAIN: Duration = Duration::from_secs(10);

pub(super) fn run(flags: Flags) -> Result<(), Failure> {
    let quiet = flags.quiet;
    let settings = Settings::load(flags)?;
    log::start(settings.log())?;
    let ready = settings.into_config().map_err(Failure::other)?;
    for warning in &ready.warnings {
        tracing::warn!("{warning}");
    }
    let runtime = runtime()?;
    let outcome = runtime.block_on(serve(ready, quiet));
    // A password that is being hashed, or a read, need not be waited for.
    runtime.shutdown_background();
    outcome
}

async fn serve(ready: Ready, quiet: bool) -> Result<(), Failure> {
    let mut signals = Signals::new()?;
    let config = Arc::new(ready.config);
    let tls = Tls::open(&config).map_err(Failure::other)?;
    let listener = listen((config.host, config.port).into())?;
    let address = listener.local_addr().map_err(|error| Failure::other(reason(&error)))?;
    serve_figures(&config).await?;
    let (store, app) = tokio::select! {
        opened = open(&config, tls.clone()) => opened?,
        // Nothing has been served yet: whatever the store was doing, it finds it as after a power cut.
        _ = signals.next() => return Ok(()),
    };
    let links = links(&config, address, tls.is_some());
    let _control = answer_commands(&config, &app, links.clone());
    tell_who_administers(&app, quiet).await;
    let announced = announce(&config, address);
    if !quiet {
        let first = app.invites().to_first_account().await.unwrap_or_else(|error| {
            error.log("the invitation to the first account could not be made");
            None
        });
        print_aside(banner::message(&Started {
            first: first.map(|code| invite_link(&links.place, &code)),
            config: &config,
            address,
            app: &app,
            secret_set_by: &ready.secret_set_by,
            tls: tls.as_deref(),
            announced: announced.as_ref().map(Announced::name),
            with_picture: is_read_by_people(),
        }));
    }
    supervisor::tell_ready();
    run_until_told(listener, app, store, signals).await
}

/// Serves the figures on an address of their own, where the settings name one. That it can be had is found out now;
/// what goes wrong later is logged, and tried again.
async fn serve_figures(config: &Config) -> Result<(), Failure> {
    let Metrics::At(address) = config.metrics else { return Ok(()) };
    let listener = TcpListener::bind(address).await.map_err(|error| {
        Failure::other(format!(
            "cannot serve the figures on {address}: {}; choose another with --metrics",
            reason(&error)
        ))
    })?;
    // The address as it is, for a port of 0 is one that the system chose.
    let address = listener.local_addr().unwrap_or(address);
    tokio::spawn(async move {
        let mut listener = Some(listener);
        loop {
            let bound = match listener.take() {
                Some(listener) => Ok(listener),
                None => TcpListener::bind(address).await,
            };
            if let Ok(bound) = bound {
                // A task of its own, so that a panic is seen here.
                let ended = tokio::spawn(tincan::http::serve_metrics(bound)).await;
                tracing::error!("the figures on {address} are no longer served ({ended:?}); trying again");
            }
            tokio::time::sleep(FIGURES_AGAIN).await;
        }
    });
    Ok(())
}

/// Serves until a signal or until the store has given up.
async fn run_until_told(
    listener: TcpListener,
    app: App,
    store: Arc<dyn Store>,
    mut signals: Signals,
) -> Result<(), Failure> {
    let (failed, stopping) = (OnceCell::new(), Notify::new());
    let shutdown = async {
        tokio::select! {
            name = signals.next() => tracing::info!("{name}: shutting down"),
            reason = store.failed() => {
                tracing::error!("the store has failed and does not recover: {reason}");
                let _first_and_only = failed.set(reason);
            }
        }
        signals.end_at_next();
        supervisor::tell_stopping();
        stopping.notify_one();
    };
    let too_late = async {
        stopping.notified().await;
        tokio::time::sleep(STOPS_WITHIN).await;
    };
    let ended = tokio::select! {
        ended = tincan::serve(listener, app, shutdown) => Some(ended),
        () = too_late => None,
    };
    if let Some(reason) = failed.into_inner() {
        return Err(Failure::store(format!("the store has failed: {reason}; see to the disk and start again")));
    }
    match ended {
        Some(Ok(())) => Ok(()),
        Some(Err(error)) => Err(Failure::other(format!("the server ended: {}", reason(&error)))),
        None => Err(Failure::other("the shutdown took too long and was cut short; what was acknowledged is stored")),
    }
}

/// Announces the machine's name, where the settings say so; a failure is no reason not to serve.
fn announce(config: &Config, address: SocketAddr) -> Option<Announced> {
    if !config.mdns {
        return None;
    }
    let announced = Announced::begin(address);
    announced.inspect_err(|error| tracing::warn!("the machine's name is not announced: {error}")).ok()
}

async fn open(config: &Arc<Config>, tls: Option<Arc<Tls>>) -> Result<(Arc<dyn Store>, App), Failure> {
    let store = store::open(config).await.map_err(|error| words::unopened(&error))?;
    match App::new(Arc::clone(config), Arc::clone(&store), tls).await {
        Ok(app) => Ok((store, app)),
        Err(StartError::Bus(error @ bus::OpenError::Another)) => {
            store.close().await;
            Err(Failure::other(format!("{error}; stop the other one, or make a replica set of the database")))
        }
        // Its sentence is for clients. The cause is in the log, and the store itself says it once more.
        Err(_) => {
            let failure = unread(config, &store).await;
            store.close().await;
            Err(failure)
        }
    }
}

/// Why the calls that went on could not be taken up.
async fn unread(config: &Config, store: &Arc<dyn Store>) -> Failure {
    let place = Place::of(config);
    let asked = match store.open_calls().await {
        Ok(_) => store.health().await,
        Err(error) => Err(error),
    };
    match asked {
        Err(error) => words::store(&place, "the calls that went on could not be read", &error),
        Ok(()) => Failure::other(format!(
            "the calls that went on in {} could not be taken up; the line above says why; start again",
            place.name()
        )),
    }
}

/// Lets `tincan export` and `tincan user` reach the server while it holds the embedded store; on a MongoDB they work
/// beside it anyway.
fn answer_commands(config: &Config, app: &App, links: Links) -> Option<Control> {
    config.mongo_url.is_none().then(|| {
        let operator = Operator::new(app.store(), Some(app.administration()), links);
        Control::answer(&config.data_dir, operator)
    })
}

/// Says where people have accounts and nobody looks after them, or where nobody can make the first one.
async fn tell_who_administers(app: &App, quiet: bool) {
    let (users, administrator) = tokio::join!(app.store().has_users(), app.store().oldest_administrator());
    match (users, administrator) {
        (Ok(true), Ok(None)) => {
            tracing::warn!("there are accounts and no administrator; make somebody one with tincan user admin NAME");
        }
        (Ok(false), _) if quiet && app.config().signup == Signup::Invite => tracing::warn!(
            "nobody has an account yet; start once without --quiet, which shows the invitation to the first one, or \
             make it with tincan user add NAME EMAIL"
        ),
        _ => {}
    }
}

fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    tincan::net::listen(address).map_err(|error| {
        let (ip, port) = (address.ip(), address.port());
        Failure::other(match error.kind() {
            ErrorKind::AddrInUse => {
                format!(
                    "port {port} is in use; stop what listens there (another tincan?), or choose another with --port"
                )
            }
            ErrorKind::PermissionDenied => {
                format!("port {port} is not for ordinary users; choose one from 1024 on with --port")
            }
            ErrorKind::AddrNotAvailable => {
                format!("{ip} is no address of this machine; choose one with --host, :: for all")
            }
            _ => format!("cannot listen on {address}: {}; choose others with --host and --port", reason(&error)),
        })
    })
}
