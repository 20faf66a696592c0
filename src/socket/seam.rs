//! The seam between packets and verbs: meters, decodes, runs, times and acknowledges, all in one place.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use futures_util::FutureExt;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use socketioxide::handler::Value as Packet;
use socketioxide::{SendError, SocketError};

use super::connection::Connection;
use super::events;
use super::hub::Hub;
use super::inbox::Ack;
use super::ledger::Over;
use super::payload::{self, Incoming};
use super::wire;
use crate::chat::{Chat, Transport};
use crate::error::Error;
use crate::live::EventClass;
use crate::model::{CallId, Event, Origin};

/// The answer to an event, encoded: `{"ok":true, …}`.
pub struct Reply(Box<RawValue>);

impl Reply {
    /// `ok` and these fields.
    ///
    /// # Errors
    /// [`Error::Internal`] where they cannot be encoded.
    pub fn with(fields: &impl Serialize) -> Result<Self, Error> {
        #[derive(Serialize)]
        struct Ok<'a, T> {
            ok: bool,
            #[serde(flatten)]
            fields: &'a T,
        }
        to_raw_value(&Ok { ok: true, fields }).map(Self).map_err(|error| {
            tracing::error!(%error, "an acknowledgement could not be encoded");
            Error::Internal
        })
    }

    /// `ok` alone.
    ///
    /// # Errors
    /// None; the result is that of every event.
    pub fn ok() -> Result<Self, Error> {
        #[derive(Serialize)]
        struct Nothing {}
        Self::with(&Nothing {})
    }
}

/// What an event's handler works with.
pub struct Context<'a> {
    /// The verbs.
    pub chat: &'a Arc<Chat>,
    /// Who sends it.
    pub from: &'a Origin,
}

/// Counts a packet against the limits of its connection.
///
/// # Errors
/// [`Error::RateLimited`].
pub fn meter(connection: &Connection, packet: &Packet) -> Result<(), Error> {
    // Only the name is read. One that is written with an escape is metered as `Other`, the strictest.
    let class = match wire::name(packet) {
        Some("send-message") => EventClass::Message,
        Some(name) if name.starts_with("webrtc-") => EventClass::Signal,
        _ => EventClass::Other,
    };
    connection.limits.check(class)
}

/// Answers a packet that is not run, without reading more of it than its name.
pub fn refuse(hub: &Hub, connection: &Connection, packet: &Packet, ack: Option<Ack>, error: &Error) {
    answer(hub, connection, &wire::spelled(packet), ack, Err(error.clone()));
}

/// Runs an event to its end and answers it.
pub async fn run(hub: &Hub, connection: &Connection, packet: &Packet, ack: Option<Ack>) {
    let Some(Incoming { name, payload }) = payload::read(packet) else {
        let error = Error::field("payload", "must be JSON, nested less than 128 deep");
        return answer(hub, connection, "", ack, Err(error));
    };
    let (started, from) = (Instant::now(), connection.origin());
    let context = Context { chat: hub.chat(), from: &from };
    let outcome = AssertUnwindSafe(events::dispatch(&context, &name, payload)).catch_unwind().await;
    let outcome = outcome.unwrap_or_else(|_| {
        tracing::error!(event = name, "an event's handler panicked");
        Err(Error::Internal)
    });
    let code = outcome.as_ref().err().map(Error::code);
    let took = started.elapsed();
    // Names that clients make up are one, so that there are few, and none of them is logged.
    let known = if code == Some(Error::UnknownEvent.code()) { "unknown" } else { name.as_str() }.to_owned();
    tracing::debug!(event = known, code, socket = %connection.id, ?took, "event");
    metrics::counter!("tincan_events_total", "event" => known.clone(), "code" => code.unwrap_or("ok")).increment(1);
    metrics::histogram!("tincan_event_seconds", "event" => known).record(took.as_secs_f64());
    answer(hub, connection, &name, ack, outcome);
}

/// Acknowledges; where nobody asked for that, a failure is emitted as `error`.
fn answer(hub: &Hub, connection: &Connection, name: &str, ack: Option<Ack>, outcome: Result<Reply, Error>) {
    let encoded = match (&ack, outcome) {
        (Some(_), Ok(Reply(reply))) => Ok(reply),
        (Some(_), Err(error)) => to_raw_value(&Failure::of(&error)),
        (None, Ok(_)) => return,
        (None, Err(error)) => return tell_failure(hub, connection, name, &error),
    };
    let (Some(ack), Ok(reply)) = (ack, encoded) else {
        return tracing::error!("an acknowledgement could not be encoded");
    };
    let bytes = ack.bytes(&reply);
    let over = connection.tally.add_answer(bytes);
    match ack.send(&reply) {
        Ok(()) => hub.make_room(connection.id, over),
        Err(error) => {
            connection.tally.sent(bytes);
            if matches!(error, SendError::Socket(SocketError::InternalChannelFull)) {
                hub.make_room(connection.id, Over::Socket);
            }
        }
    }
}

fn tell_failure(hub: &Hub, connection: &Connection, name: &str, error: &Error) {
    let event = Event::Error {
        event: Some(name.chars().take(64).collect()),
        code: error.code(),
        message: error.message(),
        retry_after_ms: retry_after_ms(error),
    };
    hub.deliver(&[connection.id], &event);
}

/// A negative acknowledgement.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    ok: bool,
    code: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    call_id: Option<CallId>,
}

impl Failure {
    fn of(error: &Error) -> Self {
        Self {
            ok: false,
            code: error.code(),
            message: error.message(),
            retry_after_ms: retry_after_ms(error),
            call_id: if let Error::UserBusy(call) = error { *call } else { None },
        }
    }
}

fn retry_after_ms(error: &Error) -> Option<u64> {
    if let Error::RateLimited(wait) = error { Some(wait.as_millis().max(1) as u64) } else { None }
}
