//! A disk that does not answer: whoever asks is told in time, and all is well when it goes on.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use tincan::store::StoreError;
use tincan::store::polodb::{DatabaseCall, Faults, Options};

use crate::support::copies::open;
use crate::support::polodb_place::PoloDbPlace;
use crate::support::sample::{room, user};
use crate::support::snapshot::until_healthy;
use crate::support::socket::timed;

/// Holds up every commit while it is closed.
#[derive(Debug, Default)]
struct Stuck {
    closed: AtomicBool,
    lock: Mutex<()>,
    opened: Condvar,
}

impl Stuck {
    fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
    }

    fn open(&self) {
        let _held = self.lock.lock().unwrap();
        self.closed.store(false, Ordering::SeqCst);
        self.opened.notify_all();
    }
}

impl Faults for Stuck {
    fn at(&self, call: DatabaseCall) -> Result<(), String> {
        if call == DatabaseCall::Commit {
            let mut held = self.lock.lock().unwrap();
            while self.closed.load(Ordering::SeqCst) {
                held = self.opened.wait(held).unwrap();
            }
        }
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_are_answered_in_time_and_what_had_not_begun_is_not_done() {
    let (place, disk) = (PoloDbPlace::empty(), Arc::new(Stuck::default()));
    let store = place.open_with(Options { faults: Some(disk.clone()), ..Options::default() }).await;
    let kept = room("kept");
    store.insert_room(kept.clone()).await.unwrap();
    disk.close();
    let (first, second) = (user("first"), user("second"));
    let both = async { tokio::join!(store.insert_user(first.clone()), store.insert_user(second.clone())) };
    let answers = timed("an answer while the disk is stuck", both).await;
    assert!(matches!(answers.0, Err(StoreError::Unavailable(_))), "{answers:?}");
    assert!(matches!(answers.1, Err(StoreError::Unavailable(_))), "{answers:?}");
    // What is in memory is told all the same.
    assert!(store.room(kept.id).await.unwrap().is_some());
    disk.open();
    until_healthy(&store).await;
    // Each account is there or is not, and can be made then; the store goes on either way.
    for wanted in [first, second] {
        if store.user(wanted.id).await.unwrap().is_none() {
            store.insert_user(wanted).await.unwrap();
        }
    }
    store.close().await;
    drop(store);
    let again = open(place.path()).await;
    for name in ["first", "second"] {
        assert!(again.user_by_name(name).await.unwrap().is_some(), "{name}");
    }
}
