//! How the server runs: what goes on beside the requests, and the order of the shutdown.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::App;
use super::memory::Memory;
use super::tasks::forever;
use crate::net::relay::Relay;
use crate::net::{Doors, Served, accept, told};

/// When clients are to come back after a restart, in the order of how long one takes.
const RECONNECT_IN: Duration = Duration::from_secs(1);

/// How long requests that are under way may take to end.
const DRAIN: Duration = Duration::from_secs(3);

/// After so many seconds it is written down who has gone, and after so many who is there; it is to be true to five
/// minutes.
const LAST_SEEN: u64 = 60;
const ALL_SEEN: u64 = 240;

/// How long the last changes of calls may take to be stored.
const LAST_RECORDS: Duration = Duration::from_secs(1);

/// Serves until `shutdown` resolves; then stops listening, tells clients, closes connections and commits what was
/// written. Takes less than 10 s for that.
///
/// # Errors
/// Where the listener fails for good.
pub async fn serve(listener: TcpListener, app: App, shutdown: impl Future<Output = ()>) -> io::Result<()> {
    let (stop, stopped) = watch::channel(false);
    let doors = Doors::new(app.config.trusted_proxies.clone());
    let upkeep = {
        let (app, doors, stopped) = (app.clone(), doors.clone(), stopped.clone());
        forever("upkeep", move || upkeep(app.clone(), doors.clone(), stopped.clone()))
    };
    let watched = Arc::clone(&app.calls);
    let calls = forever("calls", move || {
        let calls = Arc::clone(&watched);
        async move { calls.watch().await }
    });
    let kept = Arc::clone(&app.calls);
    let records = forever("call records", move || {
        let calls = Arc::clone(&kept);
        async move { calls.keep().await }
    });
    let telling = Arc::clone(&app.messages);
    let others = forever("messages of other programs", move || {
        let messages = Arc::clone(&telling);
        async move { messages.tell_numbered().await }
    });
    let certificate = app.tls.clone().map(|tls| forever("certificate", move || Arc::clone(&tls).watch()));
    let relaying = relaying(&app, &doors, &stopped);
    let served = Served { routes: app.routes.clone(), tls: app.tls.clone(), relay: app.relay.clone() };
    tokio::select! {
        () = shutdown => {}
        never = accept(listener, doors, served, stopped.clone()) => match never {},
    }
    if let Some(certificate) = certificate {
        certificate.abort();
    }
    // They hold a receiver each, which the end of connections is known by.
    upkeep.abort();
    relaying.iter().for_each(JoinHandle::abort);
    close(app, stop, stopped).await;
    calls.abort();
    records.abort();
    others.abort();
    Ok(())
}

/// The tasks of the relay, where there is one.
fn relaying(app: &App, doors: &Doors, stopped: &watch::Receiver<bool>) -> Vec<JoinHandle<()>> {
    let Some(relay) = app.relay.clone() else { return Vec::new() };
    let (for_streams, doors, stopped) = (Arc::clone(&relay), doors.clone(), stopped.clone());
    let datagrams = forever("relay", move || {
        let relay = Arc::clone(&relay);
        async move { match relay.serve_datagrams().await {} }
    });
    let streams = forever("relay streams", move || {
        let serving = Arc::clone(&for_streams).accept_streams(doors.clone(), stopped.clone());
        async move { match serving.await {} }
    });
    vec![datagrams, streams]
}

async fn close(app: App, stop: watch::Sender<bool>, stopped: watch::Receiver<bool>) {
    app.connections.announce_shutdown(RECONNECT_IN);
    app.sockets.close().await;
    app.connections.hand_over();
    // Connections end as their requests do; the sender knows when the last receiver is gone.
    let _ = stop.send(true);
    drop(stopped);
    if tokio::time::timeout(DRAIN, stop.closed()).await.is_err() {
        tracing::debug!("some connections were still open at the end");
    }
    if tokio::time::timeout(LAST_RECORDS, app.calls.save_left()).await.is_err() {
        tracing::warn!("the end of some calls could not be stored");
    }
    if !matches!(tokio::time::timeout(LAST_RECORDS, app.connections.write_last_seen(false)).await, Ok(Ok(()))) {
        tracing::debug!("when some users were seen last could not be stored");
    }
    app.bus.close().await;
    app.store.close().await;
}

/// What has to be looked at now and then. Waits for ever once the server stops.
pub(crate) async fn upkeep(app: App, doors: Doors, mut stopped: watch::Receiver<bool>) {
    let mut memory = Memory::new(doors);
    let mut second = tokio::time::interval(Duration::from_secs(1));
    second.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    for count in 0_u64.. {
        tokio::select! {
            _ = second.tick() => {}
            () = told(&mut stopped) => break,
        }
        app.connections.expire();
        if count % 2 == 0 {
            memory.look();
        }
        if count % 3 == 0
            && let Err(error) = app.connections.recheck().await
        {
            error.log("sessions could not be checked");
        }
        if count % 3 == 0
            && let Err(error) = app.names.recheck().await
        {
            error.log("names could not be checked");
        }
        if count % 10 == 0 {
            app.sockets.sweep();
        }
        if count % LAST_SEEN == LAST_SEEN - 1
            && let Err(error) = app.connections.write_last_seen(count % ALL_SEEN == ALL_SEEN - 1).await
        {
            error.log("when users were seen last is written down later");
        }
        if let Some(relay) = &app.relay {
            keep_relay(relay, count).await;
        }
    }
    drop((app, stopped));
    std::future::pending::<()>().await;
}

async fn keep_relay(relay: &Relay, count: u64) {
    relay.expire();
    if count.is_multiple_of(2)
        && let Err(error) = relay.recheck().await
    {
        error.log("the users of the relay could not be checked");
    }
    if count.is_multiple_of(10) {
        relay.find_addresses();
    }
}
