//! A database whose commands fail from the n-th on, for n = 0, 1, 2, …, before or after it has carried them out: what
//! is asked for again when it answers is done then, and nothing is left half done.

use std::cell::Cell;
use std::sync::Arc;

use mongodb::Database;
use mongodb::bson::{Document, doc};
use tincan::config::Secret;
use tincan::model::{ClientId, Mentions, NewMessage, Reading, Room, RoomId, RoomKind, Timestamp, UserId};
use tincan::store::mongodb::MongoStore;
use tincan::store::{Store, StoreError};

use crate::store::invites::invite;
use crate::support::mongod::{Mongod, database_name};
use crate::support::sample::{direct, message, private};
use crate::support::socket::timed;

/// When invitations are used.
const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// Only commands of the store that is opened under this name fail.
const NAME: &str = "failing";

/// How commands fail.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// They are not carried out.
    Refused,
    /// They are carried out, and then said to have failed.
    Unanswered,
}

/// A store, and the means to have its commands fail.
struct Failing {
    store: Arc<dyn Store>,
    admin: Database,
    has_failed: Cell<bool>,
}

/// Asks for something, and again where it failed, when commands pass again.
macro_rules! ask {
    ($failing:ident.$($intent:tt)+) => {
        match $failing.store.$($intent)+.await {
            Ok(answer) => answer,
            Err(error) => {
                $failing.heal_after(error).await;
                $failing.store.$($intent)+.await.expect("it answers again")
            }
        }
    };
}

impl Failing {
    async fn set(&self, change: Document) {
        let mut command = doc! { "configureFailPoint": "failCommand" };
        command.extend(change);
        self.admin.run_command(command).await.expect("the fail point can be set");
    }

    /// Every command fails from here on, but this many.
    async fn fail_after(&self, passing: i32, way: Way) {
        self.has_failed.set(false);
        let writes = ["insert", "update", "delete", "findAndModify"];
        let mut data = match way {
            Way::Refused => {
                let all = [&writes[..], &["find", "aggregate"]].concat();
                doc! { "failCommands": all, "errorCode": 8000 }
            }
            Way::Unanswered => {
                doc! { "failCommands": writes.to_vec(), "writeConcernError": { "code": 64, "errmsg": "made to fail" } }
            }
        };
        data.insert("appName", NAME);
        self.set(doc! { "mode": { "skip": passing }, "data": data }).await;
    }

    async fn heal_after(&self, error: StoreError) {
        assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
        self.has_failed.set(true);
        self.set(doc! { "mode": "off" }).await;
    }

    /// Stores a room, once.
    async fn insert(&self, room: &Room) {
        if let Err(error) = self.store.insert_room(room.clone()).await {
            self.heal_after(error).await;
            if self.store.room(room.id).await.unwrap().is_none() {
                self.store.insert_room(room.clone()).await.expect("it answers again");
            }
        }
    }

    /// Waits until a room is no more.
    async fn gone(&self, room: RoomId) {
        timed("the end of a room", async {
            while ask!(self.room(room)).is_some() {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    async fn reading(&self, room: RoomId, user: UserId) -> Reading {
        let room = ask!(self.room(room)).expect("the room is there");
        ask!(self.readings_in(&room, &[user]))[&user]
    }
}

/// A message that is stored once, however often it is sent.
fn once(sender: UserId, number: usize, users: &[UserId], all: bool) -> NewMessage {
    let client_id = ClientId::parse(&number.to_string()).ok();
    NewMessage { client_id, mentions: Mentions { users: users.to_vec(), all }, ..message(sender, "hello") }
}

async fn a_private_room_lives_and_goes(failing: &Failing) {
    let [ann, bob, cid] = [UserId::new(), UserId::new(), UserId::new()];
    let cellar = private(&[ann, bob]);
    let id = cellar.id;
    failing.insert(&cellar).await;
    ask!(failing.add_participant(id, cid));
    let batch = vec![once(ann, 1, &[], false), once(ann, 2, &[cid], false), once(ann, 3, &[], true)];
    ask!(failing.append_messages(id, batch.clone()));
    assert_eq!(failing.reading(id, ann).await, Reading::new(3, 0, 0), "one's own are never unread");
    assert_eq!(failing.reading(id, bob).await, Reading::new(0, 3, 1));
    assert_eq!(failing.reading(id, cid).await, Reading::new(0, 3, 2));
    ask!(failing.mark_read(id, cid, 2));
    assert_eq!(failing.reading(id, cid).await, Reading::new(2, 1, 1));
    for (who, left) in [(ann, vec![bob, cid]), (cid, vec![bob])] {
        ask!(failing.end_membership(id, who));
        let room = ask!(failing.room(id)).expect("somebody is in it");
        assert_eq!((room.created_by, &*room.participants), (bob, &left));
    }
    ask!(failing.end_membership(id, bob));
    failing.gone(id).await;
}

async fn a_direct_room_is_one(failing: &Failing) {
    let (ann, bob) = (UserId::new(), UserId::new());
    let (one, _) = ask!(failing.open_direct(direct(ann, bob)));
    let (other, fresh) = ask!(failing.open_direct(direct(bob, ann)));
    assert!(one.id == other.id && !fresh);
    let of_bob = ask!(failing.rooms_seen_by(bob));
    assert_eq!(of_bob.iter().filter(|room| room.kind == RoomKind::Direct).count(), 1);
    ask!(failing.append_messages(one.id, vec![once(ann, 1, &[], false)]));
    assert_eq!(failing.reading(one.id, bob).await, Reading::new(0, 1, 0));
    ask!(failing.delete_room(one.id));
    failing.gone(one.id).await;
}

async fn an_invitation_is_used_once(failing: &Failing) {
    let [ann, bob, cid] = [UserId::new(), UserId::new(), UserId::new()];
    let one = invite(Some(ann), 1);
    if let Err(error) = failing.store.insert_invite(one.clone()).await {
        failing.heal_after(error).await;
        if failing.store.invite_by_code(&one.code).await.unwrap().is_none() {
            failing.store.insert_invite(one.clone()).await.expect("it answers again");
        }
    }
    assert_eq!(ask!(failing.use_invite(one.id, bob, NOW)).map(|invite| invite.used), Some(1));
    ask!(failing.settle_invite(one.id, bob, false));
    assert_eq!(ask!(failing.use_invite(one.id, cid, NOW)).map(|invite| invite.used), Some(1));
    ask!(failing.settle_invite(one.id, cid, true));
    assert_eq!(ask!(failing.use_invite(one.id, bob, NOW)), None);
    let left = ask!(failing.invite_by_code(&one.code)).expect("it is kept");
    assert_eq!((left.used, left.pending), (1, vec![]));
    ask!(failing.remove_invite(one.id));
    assert_eq!(ask!(failing.invite_by_code(&one.code)), None);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn whichever_command_fails_what_is_asked_for_again_is_done() {
    let deployment = Mongod::that_fails_at_will().await;
    let name = database_name();
    let url = format!("{}appName={NAME}", deployment.url(&name));
    let store = MongoStore::open(&Secret::new(url)).await.expect("the store opens");
    let admin = deployment.database("admin").await;
    let failing = Failing { store: Arc::new(store), admin, has_failed: Cell::new(false) };
    for way in [Way::Refused, Way::Unanswered] {
        for passing in 0.. {
            failing.fail_after(passing, way).await;
            a_private_room_lives_and_goes(&failing).await;
            a_direct_room_is_one(&failing).await;
            an_invitation_is_used_once(&failing).await;
            if !failing.has_failed.get() {
                assert!(passing > 10, "{way:?}: a life has more commands than {passing}");
                break;
            }
        }
    }
    failing.set(doc! { "mode": "off" }).await;
}
