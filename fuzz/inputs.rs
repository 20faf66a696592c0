//! What reads bytes of strangers, a function each: none may panic, or read two things out of the same bytes. The
//! fuzzers call them, and a test with inputs as chance makes them.

use std::io::Write;

use serde_json::{Map, Value};
use tincan::model::{ClientId, Content, Description, Email, NewPassword, Reason, RoomName, RuleError, Username};
use tincan::wire::{
    AcceptCall, EndCall, Fields, FromFields, InitiateCall, JoinRoom, LeaveRoom, MarkRead, RejectCall, SendMessage,
    SetMediaState, SetTyping, SignalKind, json,
};

/// The JSON in bytes, which reads the same when it is written again.
fn value(bytes: &[u8]) -> Option<Value> {
    let value = json::read_bytes(bytes)?;
    let again = json::read(&value.to_string());
    assert!(holds_fraction(&value) || again.as_ref() == Some(&value), "{value} is read again as {again:?}");
    Some(value)
}

/// Whether there is a number that is no whole one; its last digit may be another one in another notation.
fn holds_fraction(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64(),
        Value::Array(values) => values.iter().any(holds_fraction),
        Value::Object(object) => object.values().any(holds_fraction),
        _ => false,
    }
}

fn of<T: FromFields>(object: &Map<String, Value>) {
    // Whether it is refused is another test's affair.
    drop(T::of(object));
}

/// The payload of an event, read as each event does.
pub(crate) fn event(bytes: &[u8]) {
    let Some(Value::Object(object)) = value(bytes) else { return };
    of::<JoinRoom>(&object);
    of::<LeaveRoom>(&object);
    of::<SendMessage>(&object);
    of::<MarkRead>(&object);
    of::<SetTyping>(&object);
    of::<InitiateCall>(&object);
    of::<AcceptCall>(&object);
    of::<RejectCall>(&object);
    of::<EndCall>(&object);
    of::<SetMediaState>(&object);
    for kind in [SignalKind::Offer, SignalKind::Answer, SignalKind::Candidate] {
        tincan::socket::is_signal(kind, object.clone());
    }
}

/// A text that a rule takes, and that stays the same when it is taken again.
fn text<T: ToString>(fields: &mut Fields<'_>, name: &str, parse: impl Fn(&str) -> Result<T, RuleError>) {
    if let Some(taken) = fields.required(&[name], &parse) {
        let taken = taken.to_string();
        let again = parse(&taken).map(|again| again.to_string());
        assert_eq!(again.as_ref().ok(), Some(&taken), "what was taken is taken again");
    }
}

/// The body of a request, read as each request does.
pub(crate) fn body(bytes: &[u8]) {
    let Some(Value::Object(object)) = value(bytes) else { return };
    let mut fields = Fields::body(&object);
    text(&mut fields, "username", Username::parse);
    text(&mut fields, "email", Email::parse);
    text(&mut fields, "name", RoomName::parse);
    text(&mut fields, "description", Description::parse);
    text(&mut fields, "content", Content::parse);
    text(&mut fields, "clientId", ClientId::parse);
    text(&mut fields, "reason", Reason::parse);
    drop(fields.required(&["password"], NewPassword::parse));
    fields.optional_count(&["after"]);
    fields.flag(&["all"]);
    drop(fields.finish());
}

/// An archive, whose lines these bytes are. What is not whole is refused.
pub(crate) fn archive(bytes: &[u8]) {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    let mut packed = flate2::write::GzEncoder::new(&mut file, flate2::Compression::fast());
    packed.write_all(bytes).and_then(|()| packed.finish().map(drop)).expect("it is written");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    drop(runtime.block_on(tincan::transfer::check(file.path())));
}

/// A `.env` file.
pub(crate) fn dotenv(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (assignments, unreadable) = tincan::config::lines_of_dotenv(text);
    assert!(assignments + unreadable <= text.len(), "there is no more than was written");
}

/// A message of STUN or TURN.
pub(crate) fn turn(bytes: &[u8]) {
    let is_message = tincan::net::relay::is_message(bytes);
    assert!(!is_message || bytes.len() >= 20, "a message has a head");
}
