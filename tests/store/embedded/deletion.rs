//! A room of 200,000 messages is deleted without holding anybody up, and over a restart.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tincan::model::{Page, UserId};
use tincan::store::polodb::{DatabaseCall, Faults, Options};
use tokio::sync::Notify;

use crate::store::Place;
use crate::support::app::PATIENCE;
use crate::support::polodb_place::PoloDbPlace;
use crate::support::raw;
use crate::support::sample::{append, fill, message, repeatable, stored_room};

const MANY: usize = 200_000;

/// Tells of every commit.
#[derive(Debug, Default)]
struct Commits(Notify);

impl Faults for Commits {
    fn at(&self, call: DatabaseCall) -> Result<(), String> {
        if call == DatabaseCall::Committed {
            self.0.notify_one();
        }
        Ok(())
    }
}

/// How many messages lie in it, and whether something is left to be removed.
fn left(place: &PoloDbPlace) -> (usize, usize) {
    let copy = place.after_a_power_cut();
    (raw::documents(&copy, "messages").len(), raw::documents(&copy, "doomed").len())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_of_two_hundred_thousand_messages_goes_without_holding_others_up_and_over_a_restart() {
    let place = PoloDbPlace::empty();
    let store = place.open().await;
    let (doomed, kept) = (stored_room(&store, "doomed").await.id, stored_room(&store, "kept").await.id);
    let sender = UserId::new();
    append(&store, doomed, (0..50).map(|number| repeatable(sender, "x", &number.to_string())).collect()).await;
    for _ in 1..100 {
        fill(&store, doomed, MANY / 100).await;
    }
    assert!(store.delete_room(doomed).await.unwrap());
    assert_eq!(store.room(doomed).await.unwrap(), None);
    assert_eq!(store.messages(doomed, Page::Newest, 50).await.unwrap(), None);
    stored_room(&store, "doomed").await;

    let mut longest = Duration::ZERO;
    for number in 1..=500_u64 {
        let since = Instant::now();
        assert_eq!(append(&store, kept, vec![message(sender, "x")]).await[0].message.seq, number);
        let page = store.messages(kept, Page::Newest, 50).await.unwrap().unwrap();
        longest = longest.max(since.elapsed());
        assert_eq!(page.last_seq, number);
    }
    // All at once it would be many seconds; the bound has room for a slow disk.
    assert!(longest < Duration::from_secs(2), "a message waited {longest:?}");
    store.close().await;
    let (messages, doomed_rooms) = left(&place);
    assert!(doomed_rooms == 1 && messages > 1000, "the removal is under way: {messages} messages");

    let commits = Arc::new(Commits::default());
    let store = place.open_with(Options { faults: Some(commits.clone()), ..Options::default() }).await;
    assert_eq!(store.room(doomed).await.unwrap(), None);
    let swept = async {
        loop {
            // After some more commits, or when there are none for a while, it may be done.
            for _ in 0..1000 {
                if tokio::time::timeout(Duration::from_millis(500), commits.0.notified()).await.is_err() {
                    break;
                }
            }
            if left(&place).1 == 0 {
                break;
            }
        }
    };
    tokio::time::timeout(PATIENCE * 6, swept).await.expect("it comes to its end");
    store.close().await;
    assert_eq!(left(&place), (500, 0));
    assert_eq!(raw::documents(&place, "client_ids"), []);
    let store = place.open().await;
    assert_eq!(store.room(kept).await.unwrap().unwrap().last_seq(), 500);
    store.close().await;
}
