//! Whether JSON has the shape that a schema of the documents gives it.

use std::collections::BTreeSet;

use serde_json::Value;
use tincan::wire::asyncapi;

/// Whether `value` has what `schema` requires, and nothing of a type that it does not name; as deep as it is written.
pub(crate) fn check(document: &Value, schema: &Value, value: &Value, at: &str) {
    if let Some(pointer) = schema["$ref"].as_str() {
        return check(document, document.pointer(&pointer[1..]).expect("a schema"), value, at);
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let wanted = choices.iter().find(|choice| (choice["type"] == "null") == value.is_null());
        return check(document, wanted.unwrap_or_else(|| panic!("{at}: {value} is none of {choices:?}")), value, at);
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        check(document, part, value, at);
    }
    if !schema["const"].is_null() {
        assert_eq!(value, &schema["const"], "{at}");
    }
    if let Some(words) = schema["enum"].as_array() {
        assert!(words.contains(value), "{at}: {value} is none of {words:?}");
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
        Value::String(one) => vec![one],
        _ => return,
    };
    let actual = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
    };
    assert!(
        types.contains(&actual) || (actual == "integer" && types.contains(&"number")),
        "{at}: {value} is no {types:?}"
    );
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        assert!(value.get(name).is_some(), "{at}: {name} is missing in {value}");
    }
    for (name, field) in value.as_object().into_iter().flatten() {
        // Of `allOf` each part knows its own fields only, so an unknown one is no mistake of the part.
        if !schema["properties"][name].is_null() {
            check(document, &schema["properties"][name], field, &format!("{at}.{name}"));
        }
    }
    for item in value.as_array().into_iter().flatten() {
        check(document, &schema["items"], item, &format!("{at}[]"));
    }
}

/// The names of the fields that a schema knows.
fn fields<'a>(document: &'a Value, schema: &'a Value) -> BTreeSet<&'a str> {
    if let Some(pointer) = schema["$ref"].as_str() {
        return fields(document, document.pointer(&pointer[1..]).expect("a schema"));
    }
    let own = schema["properties"].as_object().into_iter().flat_map(|fields| fields.keys().map(String::as_str));
    let parts = schema["allOf"].as_array().into_iter().flatten().flat_map(|part| fields(document, part));
    own.chain(parts).collect()
}

/// Another build of the program, for a server of two versions beside each other: `TEST_OTHER_BUILD`.
#[expect(clippy::disallowed_methods, reason = "a setting of the tests, not of the server")]
pub(crate) fn other_build() -> Option<String> {
    std::env::var("TEST_OTHER_BUILD").ok()
}

fn check_message(channel: &str, id: &str, payload: &Value) {
    // The document is that of this build.
    if other_build().is_some() {
        return;
    }
    let document = asyncapi();
    let schema = &document["channels"][channel]["messages"][id]["payload"];
    assert!(!schema.is_null(), "{id} is not in the AsyncAPI document: {payload}");
    check(document, schema, payload, id);
    // Signals carry fields of the clients' own.
    if !id.starts_with("webrtc-") {
        let known = fields(document, schema);
        let unknown: Vec<_> = payload.as_object().expect("an object").keys().collect();
        let unknown: Vec<_> = unknown.into_iter().filter(|name| !known.contains(name.as_str())).collect();
        assert!(unknown.is_empty(), "{id} has fields that are not documented: {unknown:?}");
    }
}

/// An event that the server sent is one of the AsyncAPI document, and looks as it says there.
pub(crate) fn check_told(event: &str, payload: &Value) {
    check_message("socket", &format!("{event}.told"), payload);
}

/// So is what a client's event was acknowledged with.
pub(crate) fn check_acknowledged(event: &str, answer: &Value) {
    let id = if answer["ok"] == true { event } else { "refused" };
    check_message("acknowledgements", id, answer);
}
