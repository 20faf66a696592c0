//! An archive that version 0.1.0 wrote: an account (password "correct horse"), a room that it is in, and three
//! messages.

use std::path::Path;

use reqwest::StatusCode;
use serde_json::json;
use tempfile::TempDir;
use tincan::transfer::import;

use crate::support::app::{App, PASSWORD};
use crate::support::copies::{Unwatched, to_fill};

#[tokio::test]
async fn an_archive_of_the_first_version_is_read_and_goes_on() {
    let archive = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/archive-0.1.0.gz");
    let data = std::sync::Arc::new(TempDir::new().expect("a temporary directory"));
    let target = to_fill(data.path()).await;
    let totals = import(&archive, &target, "here", &mut Unwatched).await.expect("it is imported");
    assert_eq!((totals.users.count, totals.rooms.count, totals.messages.count), (1, 1, 3));
    target.close().await;
    drop(target);

    let app = App::with_embedded(data).await;
    let login = json!({"email": "ann", "password": PASSWORD});
    let reply = app.request(reqwest::Method::POST, "/api/auth/login").json(&login).send().await.expect("an answer");
    let session = crate::support::app::Reply::of(reply).await.expect(StatusCode::OK);
    let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
    let ann = app.known((text(&session["user"]["id"]), "Ann".to_owned(), text(&session["token"])));
    let rooms = ann.get("/api/rooms").await.expect(StatusCode::OK);
    assert_eq!(
        (&rooms[0]["name"], &rooms[0]["joined"], &rooms[0]["lastSeq"]),
        (&json!("Kitchen"), &json!(true), &json!(3))
    );
    let socket = ann.socket_in(rooms[0]["id"].as_str().expect("an id")).await;
    let sent = socket.ok("send-message", json!({"roomId": rooms[0]["id"], "content": "four"})).await;
    assert_eq!(sent["message"]["seq"], 4);
    let repeated = json!({"roomId": rooms[0]["id"], "content": "one", "clientId": "one"});
    assert_eq!(socket.ok("send-message", repeated).await["message"]["seq"], 1);
}
