//! The AsyncAPI document: the events that go over a socket both ways, made of the types that the code itself uses.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Map, Value, json};
use utoipa::{PartialSchema, ToSchema};

use super::answers::{AcceptAnswer, JoinAnswer, MarkReadAnswer, RefusedAnswer, RingAnswer, SendAnswer};
use super::events::Event;
use super::requests::{
    AcceptCall, EndCall, InitiateCall, JoinRoom, LeaveRoom, MarkRead, RejectCall, SendMessage, SendSignal,
    SetMediaState, SetTyping, Signal,
};

const DESCRIPTION: &str = "What happens live. Rooms, history and accounts are served over HTTP beside this.";
const CHANNEL: &str = "\
    Socket.IO protocol 5 (clients 3.x and 4.x), namespace `/`, over WebSocket or long polling. The token goes in \
    `auth: {token}`. Events of one socket are handled one after another in the order sent.";
const ACKNOWLEDGED: &str =
    "Every event may ask for an acknowledgement. A refused one that asks for none is answered by `error`.";

/// The events that clients are sent, in the order of the variants of [`Event`]; signals are three.
const TOLD: [&[&str]; 23] = [
    &["session"],
    &["new-message"],
    &["user-joined"],
    &["user-left"],
    &["room-participants"],
    &["room-created"],
    &["room-updated"],
    &["room-deleted"],
    &["room-read"],
    &["room-unread"],
    &["typing"],
    &["webrtc-offer", "webrtc-answer", "webrtc-ice-candidate"],
    &["incoming-call"],
    &["call-accepted"],
    &["call-rejected"],
    &["call-away"],
    &["call-left"],
    &["call-ended"],
    &["media-state"],
    &["room-call"],
    &["account-updated"],
    &["server-shutdown"],
    &["error"],
];

/// The document, as JSON.
pub fn asyncapi() -> &'static Value {
    static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
        let mut document = Document::default();
        document.add_asked();
        document.add_told();
        document.whole()
    });
    &DOCUMENT
}

/// The document while it is being written.
#[derive(Default)]
struct Document {
    /// By the names by which they are referred to.
    schemas: BTreeMap<String, Value>,
    /// Of events, both ways.
    events: Map<String, Value>,
    /// Of what clients' events are acknowledged with.
    acknowledgements: Map<String, Value>,
    operations: Map<String, Value>,
}

impl Document {
    /// A reference to the schema of a type, which is kept with all that it refers to.
    fn schema<T: ToSchema>(&mut self) -> Value {
        let mut found = vec![(T::name().into_owned(), T::schema())];
        T::schemas(&mut found);
        self.schemas.extend(found.into_iter().map(|(name, schema)| (name, json!(schema))));
        json!({"$ref": format!("#/components/schemas/{}", T::name())})
    }

    /// All that clients send, in the order of the contract.
    fn add_asked(&mut self) {
        let signal = self.schema::<SendSignal>();
        let refused = self.schema::<RefusedAnswer>();
        self.acknowledgements.insert("refused".to_owned(), message("refused", "It was refused.", refused));
        let of = (self.schema::<JoinRoom>(), Some(self.schema::<JoinAnswer<'_>>()));
        self.asked("join-room", "Joins a room.", of);
        let of = (self.schema::<LeaveRoom>(), None);
        self.asked("leave-room", "Leaves a room.", of);
        let of = (self.schema::<SendMessage>(), Some(self.schema::<SendAnswer>()));
        self.asked("send-message", "Sends a message to a room.", of);
        let of = (self.schema::<MarkRead>(), Some(self.schema::<MarkReadAnswer>()));
        self.asked("mark-read", "Says up to which message the user has read.", of);
        let of = (self.schema::<SetTyping>(), None);
        self.asked("typing", "Says whether the user types.", of);
        self.asked("webrtc-offer", "Has an offer relayed.", (signal.clone(), None));
        self.asked("webrtc-answer", "Has an answer relayed.", (signal.clone(), None));
        self.asked("webrtc-ice-candidate", "Has a candidate relayed.", (signal, None));
        let of = (self.schema::<InitiateCall>(), Some(self.schema::<RingAnswer>()));
        self.asked("initiate-call", "Rings a user or a room.", of);
        let of = (self.schema::<AcceptCall>(), Some(self.schema::<AcceptAnswer>()));
        self.asked("accept-call", "Accepts a call, or comes back to it.", of);
        let of = (self.schema::<RejectCall>(), None);
        self.asked("reject-call", "Declines a call.", of);
        let of = (self.schema::<EndCall>(), None);
        self.asked("end-call", "Hangs up, or takes a call back.", of);
        let of = (self.schema::<SetMediaState>(), None);
        self.asked("media-state", "Says what of microphone, camera and screen is on.", of);
    }

    /// An event that clients send: its payload, and what comes beside `ok` in its acknowledgement.
    fn asked(&mut self, name: &str, summary: &str, (payload, acknowledged): (Value, Option<Value>)) {
        let id = format!("{name}.asked");
        let ok = json!({"type": "object", "required": ["ok"], "properties": {"ok": {"const": true}}});
        let answer = acknowledged.map_or_else(|| ok.clone(), |fields| json!({"allOf": [ok, fields]}));
        let operation = json!({
            "action": "receive",
            "summary": summary,
            "channel": {"$ref": "#/channels/socket"},
            "messages": [{"$ref": format!("#/channels/socket/messages/{id}")}],
            "reply": {
                "channel": {"$ref": "#/channels/acknowledgements"},
                "messages": [
                    {"$ref": format!("#/channels/acknowledgements/messages/{name}")},
                    {"$ref": "#/channels/acknowledgements/messages/refused"},
                ],
            },
        });
        self.acknowledgements.insert(name.to_owned(), message(name, "It was carried out.", answer));
        self.events.insert(id.clone(), message(name, summary, payload));
        self.operations.insert(id, operation);
    }

    /// All that clients are sent.
    fn add_told(&mut self) {
        let mut found = Vec::new();
        Event::schemas(&mut found);
        self.schemas.extend(found.into_iter().map(|(name, schema)| (name, json!(schema))));
        let signal = self.schema::<Signal>();
        let mut variants = json!(Event::schema());
        let variants = variants.get_mut("oneOf").and_then(Value::as_array_mut).map(std::mem::take).unwrap_or_default();
        for (names, mut payload) in TOLD.into_iter().zip(variants) {
            camel_case_fields(&mut payload);
            let summary = payload["description"].as_str().unwrap_or_default().to_owned();
            for name in names {
                let id = format!("{name}.told");
                let payload = if names.len() > 1 { signal.clone() } else { payload.clone() };
                let operation = json!({
                    "action": "send",
                    "channel": {"$ref": "#/channels/socket"},
                    "messages": [{"$ref": format!("#/channels/socket/messages/{id}")}],
                });
                self.events.insert(id.clone(), message(name, &summary, payload));
                self.operations.insert(id, operation);
            }
        }
    }

    fn whole(self) -> Value {
        json!({
            "asyncapi": "3.0.0",
            "info": {"title": "Tincan", "version": env!("CARGO_PKG_VERSION"), "description": DESCRIPTION},
            "defaultContentType": "application/json",
            "channels": {
                "socket": {"address": "/socket.io/", "description": CHANNEL, "messages": self.events},
                "acknowledgements": {
                    "address": null,
                    "description": ACKNOWLEDGED,
                    "messages": self.acknowledgements,
                },
            },
            "operations": self.operations,
            "components": {"schemas": self.schemas},
        })
    }
}

fn message(name: &str, summary: &str, payload: Value) -> Value {
    json!({"name": name, "summary": summary, "payload": payload})
}

/// Serde spells the fields of all variants of [`Event`] so by one word, which utoipa does not know.
fn camel_case_fields(schema: &mut Value) {
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        *properties = std::mem::take(properties).into_iter().map(|(name, field)| (camel_case(&name), field)).collect();
    }
    for name in list(schema, "required") {
        *name = name.as_str().map(camel_case).into();
    }
    list(schema, "allOf").for_each(camel_case_fields);
}

fn list<'a>(schema: &'a mut Value, name: &str) -> impl Iterator<Item = &'a mut Value> {
    schema.get_mut(name).and_then(Value::as_array_mut).into_iter().flatten()
}

fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |whole, word| {
        let (head, tail) = word.split_at(word.len().min(1));
        whole + &head.to_uppercase() + tail
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_event_has_the_schema_of_its_own_variant() {
        let messages = &asyncapi()["channels"]["socket"]["messages"];
        for names in TOLD {
            for name in names {
                let summary = messages[format!("{name}.told")]["summary"].as_str().unwrap_or_default();
                assert!(summary.starts_with(&format!("`{}`", names[0])), "{name}: {summary}");
            }
        }
        let count = json!(Event::schema())["oneOf"].as_array().map_or(0, Vec::len);
        assert_eq!(count, TOLD.len());
    }

    #[test]
    fn words_are_joined_as_clients_spell_them() {
        assert_eq!(camel_case("reconnect_in_ms"), "reconnectInMs");
        assert_eq!(camel_case("code"), "code");
    }
}
