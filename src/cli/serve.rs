//! The bare program: settings → log → secret → port → store → server, and the end of it.

use std::cell::OnceCell;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tincan::App;
use tincan::config::{Config, Flags, Metrics, Ready, Settings};
use tincan::store::{self, Store};
use tincan::transfer::Exports;
use tokio::net::TcpListener;
use tokio::sync::Notify;

use super::output::print;
use super::signals::Signals;
use super::{Failure, banner, log, runtime};

/// The promise is ten seconds from the signal to the end.
const STOPS_WITHIN: Duration = Duration::from_millis(9_500);

pub(super) fn run(flags: Flags) -> Result<(), Failure> {
    let settings = Settings::load(flags)?;
    log::start(settings.log());
    let ready = settings.into_config().map_err(Failure::other)?;
    for warning in &ready.warnings {
        tracing::warn!("{warning}");
    }
    let runtime = runtime()?;
    let outcome = runtime.block_on(serve(ready));
    // A password that is being hashed, or a read, need not be waited for.
    runtime.shutdown_background();
    outcome
}

async fn serve(ready: Ready) -> Result<(), Failure> {
    let mut signals = Signals::new()?;
    let config = Arc::new(ready.config);
    let listener = listen((config.host, config.port).into()).await?;
    let address = listener.local_addr().map_err(|error| Failure::other(error.to_string()))?;
    let (store, app) = tokio::select! {
        opened = open(&config) => opened?,
        // Nothing has been served yet: whatever the store was doing, it finds it as after a power cut.
        _ = signals.next() => return Ok(()),
    };
    if let Metrics::At(address) = config.metrics {
        let listener = TcpListener::bind(address).await.map_err(|error| {
            Failure::other(format!("cannot serve the figures on {address}: {error}; choose another with --metrics"))
        })?;
        tokio::spawn(async {
            if let Err(error) = tincan::http::serve_metrics(listener).await {
                tracing::error!(%error, "the figures are no longer served");
            }
        });
    }
    let _exports = answer_exports(&config, &store);
    print(&banner::message(&config, address, store.engine(), &ready.secret_origin))?;
    run_until_told(listener, app, store, signals).await
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
        Some(Err(error)) => Err(Failure::other(format!("the server ended: {error}"))),
        None => Err(Failure::other("the shutdown took too long and was cut short; what was acknowledged is stored")),
    }
}

async fn open(config: &Arc<Config>) -> Result<(Arc<dyn Store>, App), Failure> {
    let store = store::open(config).await.map_err(|error| Failure::other(error.to_string()))?;
    match App::new(Arc::clone(config), Arc::clone(&store)).await {
        Ok(app) => Ok((store, app)),
        Err(error) => {
            store.close().await;
            Err(Failure::other(format!("cannot read the store: {error}")))
        }
    }
}

/// Lets `tincan export` have an archive while the server holds the embedded store; a MongoDB can be read beside it anyway.
fn answer_exports(config: &Config, store: &Arc<dyn Store>) -> Option<Exports> {
    if config.mongo_url.is_some() {
        return None;
    }
    let answering = Exports::answer(&config.data_dir, Arc::clone(store));
    answering.inspect_err(|error| tracing::warn!("tincan export will not work while this server runs: {error}")).ok()
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
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
                format!("{ip} is no address of this machine; choose one with --host, 0.0.0.0 for all")
            }
            _ => format!("cannot listen on {address}: {error}; choose others with --host and --port"),
        })
    })
}
