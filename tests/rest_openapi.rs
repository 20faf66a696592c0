//! The OpenAPI document against the server: each route it names answers, by those methods and no others.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::app::App;

const METHODS: [&str; 4] = ["get", "post", "patch", "delete"];

async fn document(app: &App) -> Value {
    let reply = app.request(Method::GET, "/api/openapi.json").send().await.expect("an answer");
    crate::app::Reply::of(reply).await.expect(StatusCode::OK)
}

#[tokio::test]
async fn each_documented_route_allows_exactly_the_documented_methods() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let document = document(&app).await;
    assert_eq!(document["openapi"], "3.1.0");
    for (path, item) in document["paths"].as_object().expect("paths") {
        let room = ann.room(&format!("for {path}")).await;
        let real = path.replace("{roomId}", &room);
        let documented: Vec<&str> = METHODS.into_iter().filter(|method| item.get(method).is_some()).collect();
        let reply = ann.send(Method::PUT, &real, None).await;
        assert_eq!(reply.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
        let allowed = reply.headers["allow"].to_str().unwrap().to_lowercase();
        let allowed: Vec<&str> = allowed.split(',').filter(|method| *method != "head").collect();
        assert_eq!(allowed, documented, "{path}");
        for method in documented {
            let reply = ann.send(method.to_uppercase().parse().unwrap(), &real, None).await;
            let there = ![StatusCode::NOT_FOUND, StatusCode::METHOD_NOT_ALLOWED].contains(&reply.status);
            assert!(there && !reply.status.is_server_error(), "{method} {path}: {} {}", reply.status, reply.body);
        }
    }
}

#[tokio::test]
async fn what_is_documented_as_open_is_open_and_the_rest_asks_for_a_token() {
    let app = App::start().await;
    let document = document(&app).await;
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let method: Method = method.to_uppercase().parse().expect("a method");
            let reply = app.request(method, path).send().await.expect("an answer");
            let guarded = operation.get("security").is_some();
            assert_eq!(reply.status() == StatusCode::UNAUTHORIZED, guarded, "{path}");
        }
    }
}

/// Whether `value` has what `schema` requires, and nothing of a type that it does not name; as deep as it is written.
fn check(document: &Value, schema: &Value, value: &Value, at: &str) {
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

#[tokio::test]
async fn real_answers_have_the_documented_shape() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let room = ann.room("Kitchen").await;
    let socket = ann.socket_in(&room).await;
    socket.ok("send-message", json!({"roomId": room, "content": "hi", "clientId": "1"})).await;
    let bob = app.user("bob").await;
    socket.refused("initiate-call", json!({"to": bob.id}), "user_offline").await;
    let document = document(&app).await;
    let mut seen = 0;
    for (path, item) in document["paths"].as_object().expect("paths") {
        if item.get("get").is_none() || path == "/api/openapi.json" {
            continue;
        }
        let schema = &item["get"]["responses"]["200"]["content"]["application/json"]["schema"];
        assert!(schema.is_object(), "{path} has a schema");
        let body = ann.get(&path.replace("{roomId}", &room)).await.expect(StatusCode::OK);
        assert_ne!(body, json!([]), "{path} has something to look at");
        check(&document, schema, &body, path);
        seen += 1;
    }
    assert!(seen >= 8, "{seen}");
    let failure = ann.post("/api/rooms", json!({})).await.expect(StatusCode::BAD_REQUEST);
    check(&document, &document["components"]["schemas"]["Error"], &failure, "error");
}
