//! The seam between packets and verbs: meters, decodes, runs, times and acknowledges, all in one place.

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use futures_util::FutureExt;
use serde_json::value::{RawValue, to_raw_value};

use super::connection::Connection;
use super::events;
use super::hub::Hub;
use super::name;
use super::payload::{self, Incoming};
use super::reply::{Context, Reply};
use crate::error::Error;
use crate::wire::{Event, RefusedAnswer};

/// The acknowledgement that a client waits for.
pub(crate) trait Acknowledge: Send {
    /// Sends it; one that is too much has the connection cut.
    fn send(self, payload: &RawValue);
}

/// Counts a packet against the limits of its connection.
///
/// # Errors
/// [`Error::RateLimited`].
pub(crate) fn meter(connection: &Connection, packet: &str) -> Result<(), Error> {
    // Only the name is read. One that is written with an escape is metered as one that is not known, the strictest.
    connection.limits.check(events::class(name::written(packet).unwrap_or_default()))
}

/// Answers a packet that is not run, without reading more of it than its name.
pub(crate) fn refuse(hub: &Hub, connection: &Connection, packet: &str, ack: Option<impl Acknowledge>, error: &Error) {
    answer(hub, connection, &name::spelled(packet), ack, Err(error.clone()));
}

/// Runs an event to its end and answers it.
pub(crate) async fn run(hub: &Hub, connection: &Connection, packet: &str, ack: Option<impl Acknowledge>) {
    let Some(Incoming { name, payload }) = payload::read(packet) else {
        let error = Error::field("payload", "must be JSON, nested less than 128 deep");
        return answer(hub, connection, "", ack, Err(error));
    };
    let (started, from) = (Instant::now(), connection.actor());
    let context = Context { verbs: hub.verbs(), from: &from };
    let outcome = AssertUnwindSafe(events::dispatch(&context, &name, payload)).catch_unwind().await;
    let outcome = outcome.unwrap_or_else(|_| {
        tracing::error!(event = name, "an event's handler panicked");
        Err(Error::Internal)
    });
    if let Err(error) = &outcome {
        error.log("an event was refused");
    }
    let code = outcome.as_ref().err().map(Error::code);
    let took = started.elapsed();
    // None of the names that clients make up is logged either.
    let known = events::counted(&name);
    tracing::debug!(event = known, code, socket = %connection.id, ?took, "event");
    metrics::counter!("tincan_events_total", "event" => known, "code" => code.unwrap_or("ok")).increment(1);
    metrics::histogram!("tincan_event_seconds", "event" => known).record(took.as_secs_f64());
    answer(hub, connection, &name, ack, outcome);
}

/// Acknowledges; where nobody asked for that, a failure is emitted as `error`.
fn answer(
    hub: &Hub,
    connection: &Connection,
    name: &str,
    ack: Option<impl Acknowledge>,
    outcome: Result<Reply, Error>,
) {
    let (ack, encoded) = match (ack, outcome) {
        (Some(ack), Ok(Reply(reply))) => (ack, Ok(reply)),
        (Some(ack), Err(error)) => (ack, to_raw_value(&RefusedAnswer::of(&error))),
        (None, Ok(_)) => return,
        (None, Err(error)) => return tell_failure(hub, connection, name, &error),
    };
    match encoded {
        Ok(reply) => ack.send(&reply),
        Err(error) => tracing::error!(%error, "an acknowledgement could not be encoded"),
    }
}

fn tell_failure(hub: &Hub, connection: &Connection, name: &str, error: &Error) {
    let event = Event::Error {
        event: Some(name.chars().take(64).collect()),
        code: error.code(),
        message: error.message(),
        retry_after_ms: error.retry_after_ms(),
    };
    hub.tell(connection.id, &event);
}
