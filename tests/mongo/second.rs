//! A second server on the same database does the first one no harm.

use std::time::{Duration, Instant};

use mongodb::bson::{Document, doc};
use serde_json::json;
use tincan::config::Secret;
use tincan::model::{CallStatus, UserId};

use super::open;
use crate::app::{App, PATIENCE};
use crate::mongod::{database_name, shared, shared_alone};
use crate::process::Workplace;
use crate::store::sample::call;

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
async fn open_calls_go_to_one_server_when_theirs_stops() {
    for deployment in [shared().await, shared_alone().await] {
        let name = database_name();
        let first = open(deployment, &name).await;
        let calls: Vec<_> = (0..20).map(|_| call(UserId::new(), &[])).collect();
        first.save_calls(calls.clone()).await.unwrap();
        let others = [open(deployment, &name).await, open(deployment, &name).await];
        for other in &others {
            assert_eq!(other.open_calls().await.unwrap(), []);
        }
        assert_eq!(first.open_calls().await.unwrap().len(), 20);
        first.close().await;
        // Whoever asks at the same moment, each call goes to one of them, and stays there.
        let (one, other) = tokio::join!(others[0].open_calls(), others[1].open_calls());
        let (one, other) = (one.unwrap(), other.unwrap());
        assert_eq!(one.len() + other.len(), 20, "{one:?} {other:?}");
        assert!(one.iter().all(|taken| !other.contains(taken)));
        assert_eq!(others[0].open_calls().await.unwrap(), one);
        // One that another program, or a version without stamps, left is taken too; one that ended is not.
        let left = doc! { "$unset": { "server": 1 } };
        let database = deployment.database(&name).await;
        database.collection::<Document>("calls").update_many(doc! {}, left).await.unwrap();
        let over = tincan::model::Call { status: CallStatus::Ended, ..calls[0].clone() };
        others[1].save_calls(vec![over]).await.unwrap();
        assert_eq!(others[1].open_calls().await.unwrap().len(), 19);
        assert_eq!(others[0].open_calls().await.unwrap(), []);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn the_calls_of_a_server_that_is_silent_are_taken_when_its_lease_is_over() {
    let name = database_name();
    let (first, second) = (open(shared().await, &name).await, open(shared().await, &name).await);
    let ringing = call(UserId::new(), &[]);
    first.save_calls(vec![ringing.clone()]).await.unwrap();
    assert_eq!(second.open_calls().await.unwrap(), []);
    // It lives in this process, so that nobody can tell but by its lease.
    drop(first);
    let began = Instant::now();
    while second.open_calls().await.unwrap() != [ringing.clone()] {
        assert!(began.elapsed() < PATIENCE, "nobody takes it");
        // The end of a lease is told by nobody; the database is asked until it is over.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(began.elapsed() > Duration::from_secs(4), "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn the_calls_of_a_process_that_was_killed_are_taken_at_once() {
    let name = database_name();
    let url = shared().await.url(&name);
    let workplace = Workplace::new();
    let server = workplace.serve(&["--mongo-url", &url]);
    let store = open(shared().await, &name).await;
    let database = shared().await.database(&name).await;
    // The lease of the server, as it stands when it has a call.
    let lease: Document =
        database.collection("tincan_servers").find_one(doc! {}).await.unwrap().expect("it has a lease");
    let ringing = call(UserId::new(), &[]);
    store.save_calls(vec![ringing.clone()]).await.unwrap();
    let stamp = doc! { "$set": { "server": lease.get("_id").cloned() } };
    database.collection::<Document>("calls").update_one(doc! {}, stamp).await.unwrap();
    assert_eq!(store.open_calls().await.unwrap(), []);
    let began = Instant::now();
    let mut process = server.process;
    process.signal("KILL");
    let ended = tokio::task::spawn_blocking(move || process.end()).await.unwrap();
    assert_eq!(ended.code, None);
    assert_eq!(store.open_calls().await.unwrap(), [ringing]);
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn a_start_does_not_undo_what_a_running_server_renames() {
    let name = database_name();
    let first = open(shared().await, &name).await;
    let room = crate::store::sample::stored_room(&first, "name 0").await.id;
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
    let taken = first.insert_room(crate::store::sample::room("NAME 200")).await;
    assert!(taken.is_err(), "the name is held");
    first.insert_room(crate::store::sample::room("name 199")).await.unwrap();
}
