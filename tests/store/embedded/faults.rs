//! A database whose n-th call fails, for n = 1, 2, 3, … until a run passes: nothing is half-written, and memory shows
//! what the disk holds.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tincan::model::{
    AccountPatch, Call, CallStatus, CodeHash, Description, EndReason, Invite, NewMessage, PasswordHash, Proof, Reset,
    Role, Room, RoomName, RoomPatch, Timestamp, User, UserId,
};
use tincan::store::polodb::{DatabaseCall, Faults, Options};
use tincan::store::{Result, Store, StoreError};

use crate::store::invites::invite;
use crate::support::polodb_place::PoloDbPlace;
use crate::support::sample::{at_once, call, message, moment, repeatable, room, user};
use crate::support::snapshot::{Snapshot, until_healthy};

const PROMOTED: AccountPatch = AccountPatch { role: Some(Role::Administrator), disabled: None };
const DISABLED: AccountPatch = AccountPatch { role: None, disabled: Some(true) };

/// When all steps are taken.
const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// Makes some calls of the database fail, counted from the first of all.
#[derive(Debug)]
struct Failing {
    first: u64,
    times: u64,
    calls: AtomicU64,
}

impl Failing {
    fn new(first: u64, times: u64) -> Arc<Self> {
        Arc::new(Self { first, times, calls: AtomicU64::new(0) })
    }

    /// Whether as many calls were made as it takes to fail.
    fn has_failed(&self) -> bool {
        self.calls.load(Ordering::SeqCst) >= self.first
    }
}

impl Faults for Failing {
    fn at(&self, call: DatabaseCall) -> std::result::Result<(), String> {
        let number = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        let fails = (self.first..self.first + self.times).contains(&number);
        if fails { Err(format!("call {number} ({call:?}) was made to fail")) } else { Ok(()) }
    }
}

type Answer = Pin<Box<dyn Future<Output = Result<String>> + Send>>;
type Step = Box<dyn Fn(Arc<dyn Store>) -> Answer + Send + Sync>;

/// A step from data and a block that is given a copy of them; its answer is told in words, to be compared.
macro_rules! step {
    (|$store:ident, $($data:ident),+| $ask:expr) => {{
        $(let $data = $data.clone();)+
        let step: Step = Box::new(move |$store: Arc<dyn Store>| {
            $(let $data = $data.clone();)+
            Box::pin(async move { $ask.await.map(|answer| format!("{answer:?}")) })
        });
        step
    }};
}

/// A short life of a store, the same at every run: every intent that writes.
struct Life {
    steps: Vec<Step>,
    callers: Vec<UserId>,
    /// What a run without a fault answers to each step, and how the store is before each and after the last.
    answers: Vec<String>,
    states: Vec<Snapshot>,
}

impl Life {
    async fn new() -> Self {
        let (ann, bob): (User, User) = (user("ann"), user("bob"));
        let (kept, doomed): (Room, Room) = (room("kept"), room("doomed"));
        let (a, b, k, d) = (ann.id, bob.id, kept.id, doomed.id);
        let first: Vec<NewMessage> = vec![message(a, "one"), repeatable(a, "two", "x")];
        let again = vec![repeatable(a, "two again", "x"), repeatable(b, "three", "x")];
        let other: Vec<_> = (0..3).map(|number| repeatable(a, "gone", &number.to_string())).collect();
        let name = Some(RoomName::parse("Kept well").unwrap());
        let patch = RoomPatch { name, description: Some(Description::parse("for good").unwrap()) };
        let password = PasswordHash::new("second".to_owned());
        let hash = CodeHash([7; 32]);
        let reset = Reset { hash, expires_at: Timestamp::from_millis(NOW.millis() + 1) };
        let by_code = (Proof::Reset(hash), PasswordHash::new("third".to_owned()));
        let seen = vec![(a, NOW), (b, NOW)];
        let (invite, spare): (Invite, Invite) = (invite(Some(b), 2), invite(None, 1));
        let (invited, spared) = (invite.id, spare.id);
        let ringing: Call = call(a, &[b]);
        let (ended_at, end_reason) = (Some(moment()), Some(EndReason::Rejected));
        let ended = Call {
            status: CallStatus::Ended,
            inside: vec![],
            ringing: vec![],
            ended_at,
            end_reason,
            revision: 2,
            ..ringing.clone()
        };
        let callers = vec![a, b];
        let steps = vec![
            step!(|store, ann| store.insert_user(ann)),
            step!(|store, bob| store.insert_user(bob)),
            step!(|store, kept| store.insert_room(kept)),
            step!(|store, doomed| store.insert_room(doomed)),
            step!(|store, k, a| store.add_participant(k, a)),
            step!(|store, k, b| store.add_participant(k, b)),
            step!(|store, k, first| store.append_messages(k, first)),
            step!(|store, d, other| store.append_messages(d, other)),
            step!(|store, k, again| store.append_messages(k, again)),
            step!(|store, k, patch| store.update_room(k, patch)),
            step!(|store, a, password| store.set_password(a, Proof::Operator, password, NOW)),
            step!(|store, ringing| store.change_call(ringing)),
            step!(|store, a| store.patch_account(a, PROMOTED, NOW)),
            step!(|store, b| store.patch_account(b, DISABLED, NOW)),
            step!(|store, b| store.end_tokens(b, NOW)),
            step!(|store, a, reset| store.set_reset(a, reset)),
            step!(|store, a, by_code| store.set_password(a, by_code.0, by_code.1, NOW)),
            step!(|store, a| store.note_reset_told(a)),
            step!(|store, seen| store.note_seen(&seen)),
            step!(|store, invite| store.insert_invite(invite)),
            step!(|store, spare| store.insert_invite(spare)),
            step!(|store, invited| store.use_invite(invited, NOW)),
            step!(|store, invited| store.use_invite(invited, NOW)),
            step!(|store, invited| store.give_invite_back(invited)),
            step!(|store, spared| store.remove_invite(spared)),
            step!(|store, d| store.delete_room(d)),
            step!(|store, ended| store.change_call(ended)),
            step!(|store, k, a| store.remove_participant(k, a)),
            step!(|store, b| store.remove_user(b)),
        ];
        let mut this = Self { steps, callers, answers: Vec::new(), states: Vec::new() };
        this.live_without_faults().await;
        this
    }

    async fn live_without_faults(&mut self) {
        let place = PoloDbPlace::empty();
        let store = place.open_with(Options::default()).await;
        for step in &self.steps {
            self.states.push(Snapshot::of(&store, &self.callers).await);
            self.answers.push(step(store.clone()).await.expect("nothing fails"));
        }
        self.states.push(Snapshot::of(&store, &self.callers).await);
        store.close().await;
    }

    fn last(&self) -> &Snapshot {
        self.states.last().expect("there are steps")
    }
}

/// Opens it, again where the first time fails by what was made to fail.
async fn open(place: &PoloDbPlace, options: &Options) -> Arc<dyn Store> {
    loop {
        match place.try_open(options.clone()).await {
            Ok(store) => return store,
            Err(error) => assert!(error.to_string().contains("was made to fail"), "{error}"),
        }
    }
}

/// Runs `live` with the n-th call failing, for n = 1, 2, 3, … until it is not reached.
async fn for_every_call<F: Future<Output = bool> + Send + 'static>(live: impl Fn(u64) -> F) {
    const AT_ONCE: u64 = 8;
    let mut n = 1;
    while at_once((n..n + AT_ONCE).map(&live)).await.into_iter().all(|failed| failed) {
        n += AT_ONCE;
    }
    assert!(n > 100, "a life has more than {n} calls");
}

/// Each intent that fails has changed nothing, and works when it is asked for again.
async fn live_on(life: Arc<Life>, n: u64, times: u64) -> bool {
    let faults = Failing::new(n, times);
    let options = Options { faults: Some(faults.clone()), probe_every: Duration::from_millis(1), ..Options::default() };
    let place = PoloDbPlace::empty();
    let store = open(&place, &options).await;
    for (number, step) in life.steps.iter().enumerate() {
        let mut refusals = 0;
        let answer = loop {
            match step(store.clone()).await {
                Ok(answer) => break answer,
                Err(StoreError::Unavailable(_)) if refusals < times => refusals += 1,
                Err(error) => panic!("call {n}, step {number}: {error}"),
            }
            assert_eq!(Snapshot::of(&store, &life.callers).await, life.states[number], "call {n}, step {number}");
            until_healthy(&store).await;
        };
        assert_eq!(answer, life.answers[number], "call {n}, step {number}");
    }
    assert_eq!(&Snapshot::of(&store, &life.callers).await, life.last(), "call {n}");
    store.close().await;
    let store = open(&place, &options).await;
    assert_eq!(&Snapshot::of(&store, &life.callers).await, life.last(), "call {n}, opened again");
    store.close().await;
    faults.has_failed()
}

/// The power is cut right after the first intent that fails: it shows whole or not at all.
async fn die(life: Arc<Life>, n: u64) -> bool {
    let faults = Failing::new(n, 1);
    let options =
        Options { faults: Some(faults.clone()), probe_every: Duration::from_secs(3600), ..Options::default() };
    let place = PoloDbPlace::empty();
    let store = open(&place, &options).await;
    for (number, step) in life.steps.iter().enumerate() {
        if step(store.clone()).await.is_ok() {
            continue;
        }
        let copy = place.after_a_power_cut();
        let after = copy.open_with(Options::default()).await;
        let shown = Snapshot::of(&after, &life.callers).await;
        assert!(life.states[number..=number + 1].contains(&shown), "call {n}, step {number}: {shown:?}");
        after.close().await;
        // An orderly end undoes what it could not answer for.
        store.close().await;
        let after = place.open_with(Options::default()).await;
        assert_eq!(Snapshot::of(&after, &life.callers).await, life.states[number], "call {n}, step {number}");
        after.close().await;
        return true;
    }
    store.close().await;
    faults.has_failed()
}

#[tokio::test(flavor = "multi_thread")]
async fn whichever_call_fails_nothing_is_half_written_and_it_works_when_asked_for_again() {
    let life = Arc::new(Life::new().await);
    for_every_call(|n| live_on(life.clone(), n, 1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whichever_four_calls_fail_one_after_another_it_heals_all_the_same() {
    let life = Arc::new(Life::new().await);
    for_every_call(|n| live_on(life.clone(), n, 4)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_power_cut_after_a_failed_call_leaves_the_intent_whole_or_not_at_all() {
    let life = Arc::new(Life::new().await);
    for_every_call(|n| die(life.clone(), n)).await;
}
