//! The database goes away, or its primary does: refused in time, nothing lost, nothing doubled, and well again by
//! itself.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, TryFutureExt};
use tincan::config::Secret;
use tincan::model::{
    CallId, Email, NameKey, Page, PasswordHash, Proof, RoomId, RoomName, RoomPatch, Timestamp, UserId,
};
use tincan::store::mongodb::{MongoStore, OpenError};
use tincan::store::{Store, StoreError};

use super::open;
use crate::support::mongod::Mongod;
use crate::support::sample::{append, call, repeatable, room as new_room, stored_room, user};
use crate::support::traffic;

/// What the contract allows for a refusal, and for coming back.
const ALLOWED: Duration = Duration::from_secs(5);

/// Every intent is refused in time, and health tells of it.
async fn is_refused_in_time(store: &Arc<dyn Store>, room: RoomId) {
    let (id, email, patch) = (UserId::new(), Email::parse("late@example.com").unwrap(), RoomPatch::default());
    let named = RoomPatch { name: Some(RoomName::parse("late").unwrap()), description: None };
    let (password, late) = (PasswordHash::new("late".to_owned()), repeatable(id, "late", "late"));
    let (ids, before, prefix) = ([id], CallId::new(), NameKey::of("late"));
    let intents: Vec<(&str, BoxFuture<'_, Result<(), StoreError>>)> = vec![
        ("health", store.health()),
        ("insert_user", store.insert_user(user("late"))),
        ("user", store.user(id).map_ok(drop).boxed()),
        ("user_by_email", store.user_by_email(&email).map_ok(drop).boxed()),
        ("user_by_name", store.user_by_name("late").map_ok(drop).boxed()),
        ("user_refs", store.user_refs(&ids).map_ok(drop).boxed()),
        ("list_users", store.list_users(&prefix, None, 9).map_ok(drop).boxed()),
        ("token_versions", store.token_versions(&ids).map_ok(drop).boxed()),
        ("set_password", store.set_password(id, Proof::Operator, password, Timestamp::now()).map_ok(drop).boxed()),
        ("remove_user", store.remove_user(id).map_ok(drop).boxed()),
        ("insert_room", store.insert_room(new_room("late"))),
        ("room", store.room(room).map_ok(drop).boxed()),
        ("rooms", store.rooms().map_ok(drop).boxed()),
        ("update_room", store.update_room(room, named).map_ok(drop).boxed()),
        ("update_room with nothing", store.update_room(room, patch).map_ok(drop).boxed()),
        ("delete_room", store.delete_room(room).map_ok(drop).boxed()),
        ("add_participant", store.add_participant(room, id).map_ok(drop).boxed()),
        ("remove_participant", store.remove_participant(room, id).map_ok(drop).boxed()),
        ("share_room", store.share_room(id, id).map_ok(drop).boxed()),
        ("append_messages", store.append_messages(room, vec![late]).map_ok(drop).boxed()),
        ("messages", store.messages(room, Page::Newest, 10).map_ok(drop).boxed()),
        ("change_call", store.change_call(call(id, &[])).map_ok(drop).boxed()),
        ("calls_of", store.calls_of(id, Some(before), 9).map_ok(drop).boxed()),
        ("open_calls", store.open_calls().map_ok(drop).boxed()),
        ("dump_users", store.dump_users(None, 9).map_ok(drop).boxed()),
        ("dump_calls", store.dump_calls(None, 9).map_ok(drop).boxed()),
    ];
    let timed = intents.into_iter().map(|(name, intent)| async move {
        let began = Instant::now();
        let refused = intent.await;
        assert!(began.elapsed() < ALLOWED, "{name}: {:?}", began.elapsed());
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{name}: {refused:?}");
    });
    futures_util::future::join_all(timed).await;
}

async fn is_well_again(store: &Arc<dyn Store>, room: RoomId, since: Instant) {
    while store.health().await.is_err() {
        assert!(since.elapsed() < ALLOWED, "it does not come back");
    }
    let sender = UserId::new();
    append(store, room, vec![repeatable(sender, "back", "back")]).await;
    assert!(since.elapsed() < ALLOWED, "{:?}", since.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn a_database_that_is_killed_is_used_again_when_it_is_back() {
    let mut deployment = Mongod::replicas(1).await;
    let store = open(&deployment, "chat").await;
    let room = stored_room(&store, "room").await.id;
    append(&store, room, vec![repeatable(UserId::new(), "before", "1")]).await;
    deployment.nodes[0].kill();
    is_refused_in_time(&store, room).await;
    deployment.nodes[0].run();
    deployment.ready().await;
    is_well_again(&store, room, Instant::now()).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn a_database_that_stands_still_doubles_nothing_when_it_goes_on() {
    let deployment = Mongod::alone().await;
    let store = open(&deployment, "chat").await;
    let room = stored_room(&store, "room").await.id;
    let sender = UserId::new();
    append(&store, room, vec![repeatable(sender, "before", "1")]).await;
    deployment.nodes[0].signal("STOP");
    // Two that wait for an answer, which may be carried out later, and one whose sender tries again.
    let waiting = [store.append_messages(room, vec![repeatable(sender, "text", "2")])];
    for refused in futures_util::future::join_all(waiting).await {
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    }
    is_refused_in_time(&store, room).await;
    deployment.nodes[0].signal("CONT");
    is_well_again(&store, room, Instant::now()).await;
    append(&store, room, vec![repeatable(sender, "text", "2")]).await;
    let page = store.messages(room, Page::After(0), 200).await.unwrap().unwrap();
    let twice = page.messages.iter().filter(|message| message.client_id.as_deref() == Some("2")).count();
    assert_eq!(twice, 1);
    assert!(page.messages.iter().map(|message| message.seq).eq(1..=page.last_seq));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn a_primary_that_steps_down_costs_no_message_and_doubles_none() {
    let mut deployment = Mongod::replicas(3).await;
    let store = open(&deployment, "chat").await;
    let traffic = traffic::Traffic::start(std::slice::from_ref(&store), 4, 5).await;
    traffic.at_least(200).await;
    let primary = deployment.primary().await.client().await;
    let step_down = mongodb::bson::doc! { "replSetStepDown": 5, "force": true };
    primary.database("admin").run_command(step_down).await.expect("it steps down");
    traffic.at_least(200).await;
    traffic.stop_and_check(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn a_primary_that_is_killed_costs_no_message_and_doubles_none() {
    let mut deployment = Mongod::replicas(3).await;
    let store = open(&deployment, "chat").await;
    let traffic = traffic::Traffic::start(std::slice::from_ref(&store), 4, 5).await;
    traffic.at_least(200).await;
    deployment.primary().await.kill();
    traffic.at_least(200).await;
    traffic.stop_and_check(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn two_servers_write_to_the_same_rooms_and_leave_no_gap_at_any_instant() {
    let deployment = Mongod::replicas(1).await;
    let stores = [open(&deployment, "chat").await, open(&deployment, "chat").await];
    let traffic = traffic::Traffic::start(&stores, 3, 6).await;
    traffic.at_least(2000).await;
    traffic.stop_and_check(&stores[1]).await;
}

#[tokio::test]
#[ignore = "needs a mongod; script/test has one"]
async fn a_database_that_is_down_at_the_start_is_told_in_one_line_without_the_password() {
    let began = Instant::now();
    let url = Secret::new("mongodb://ann:s3cret@127.0.0.1:1/chat".to_owned());
    let refused = MongoStore::open(&url).await.map(drop);
    assert!(began.elapsed() < Duration::from_secs(10));
    let text = refused.as_ref().expect_err("nobody is there").to_string();
    assert!(matches!(refused, Err(OpenError::Unreachable { .. })), "{refused:?}");
    assert!(text.contains("127.0.0.1:1") && !text.contains("s3cret") && !text.contains('\n'), "{text}");
}
