//! A second server on the same database does the first one no harm.

use serde_json::json;
use tincan::config::Secret;

use super::open;
use crate::support::app::App;
use crate::support::mongod::{database_name, shared, shared_alone};
use crate::support::process::{Process, Workplace};

#[tokio::test]
#[ignore = "needs a mongod; script/test has one"]
async fn a_second_server_leaves_the_calls_of_the_first_one_alone() {
    let url = shared().await.url(&database_name());
    let start = || App::with(|config| config.mongo_url = Some(Secret::new(url.clone())));
    let app = start().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let (caller, callee) = (ann.socket().await, bob.socket().await);
    let call = caller.ok("initiate-call", json!({"to": bob.id})).await["callId"].clone();
    let second = start().await;
    assert_eq!(ann.get("/api/calls").await.body[0]["status"], "ringing");
    callee.ok("accept-call", json!({"callId": call})).await;
    let third = start().await;
    assert_eq!(ann.get("/api/calls").await.body[0]["status"], "active");
    second.stop().await;
    third.stop().await;
    caller.ok("end-call", json!({"callId": call})).await;
    assert_eq!(callee.event("call-ended").await["reason"], "hangup");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn a_start_does_not_undo_what_a_running_server_renames() {
    let name = database_name();
    let first = open(shared().await, &name).await;
    let room = crate::support::sample::stored_room(&first, "name 0").await.id;
    let renaming = tokio::spawn({
        let first = first.clone();
        async move {
            for number in 1..=200 {
                let name = tincan::model::RoomName::parse(&format!("name {number}")).unwrap();
                let patch = tincan::model::RoomPatch { name: Some(name), description: None };
                first.update_room(room, patch).await.unwrap().unwrap();
            }
        }
    });
    while !renaming.is_finished() {
        open(shared().await, &name).await.close().await;
    }
    renaming.await.unwrap();
    let taken = first.insert_room(crate::support::sample::room("NAME 200")).await;
    assert!(taken.is_err(), "the name is held");
    first.insert_room(crate::support::sample::room("name 199")).await.unwrap();
}

/// A server of its own on the stand-alone MongoDB, which need not come up.
fn begin(workplace: &Workplace, url: &str) -> Process {
    let arguments = ["--port", "0", "--host", "127.0.0.1", "--bcrypt-cost", "4", "--mongo-url", url];
    Process::spawn(workplace.command(&arguments), "")
}

const WAITS: &str = "another server works on this database; waiting for it to go";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn on_a_stand_alone_mongodb_a_second_server_says_why_it_does_not_start() {
    let url = shared_alone().await.url(&database_name());
    tokio::task::spawn_blocking(move || {
        let workplaces = [Workplace::new(), Workplace::new()];
        let first = workplaces[0].serve(&["--mongo-url", &url]);
        let second = begin(&workplaces[1], &url).end();
        assert_eq!(second.code, Some(1), "{}", second.err);
        let last = second.err.lines().last().unwrap_or_default();
        assert!(last.contains("no replica set") && last.contains("stop the other one"), "{}", second.err);
        assert_eq!(first.stop().code, Some(0));
        // Nobody is waited for any more.
        assert_eq!(workplaces[1].serve(&["--mongo-url", &url]).stop().code, Some(0));
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn on_a_stand_alone_mongodb_a_server_starts_as_soon_as_the_one_before_it_has_gone() {
    let url = shared_alone().await.url(&database_name());
    tokio::task::spawn_blocking(move || {
        let workplaces = [Workplace::new(), Workplace::new()];
        let first = workplaces[0].serve(&["--mongo-url", &url]);
        let mut second = begin(&workplaces[1], &url);
        second.logged(WAITS);
        assert_eq!(first.stop().code, Some(0));
        assert_eq!(crate::support::process::Server::up(second).stop().code, Some(0));
    })
    .await
    .unwrap();
}
