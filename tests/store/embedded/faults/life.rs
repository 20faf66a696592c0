//! Short lives of a store, the same at every run, with what each step is answered and how the store is after it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tincan::model::{
    AccountPatch, Call, CallStatus, CodeHash, Description, EndReason, Invite, NewMessage, PasswordHash, Proof, Reset,
    Role, Room, RoomName, RoomPatch, Timestamp, User, UserId,
};
use tincan::store::polodb::Options;
use tincan::store::{Result, Store};

use crate::store::invites::invite;
use crate::support::polodb_place::PoloDbPlace;
use crate::support::sample::{call, calling, direct, message, moment, private, repeatable, room, user};
use crate::support::snapshot::Snapshot;

const PROMOTED: AccountPatch = AccountPatch { role: Some(Role::Administrator), disabled: None };
const DISABLED: AccountPatch = AccountPatch { role: None, disabled: Some(true) };

/// When all steps are taken.
const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// What becomes of a step, in words.
pub(crate) type Answer = Pin<Box<dyn Future<Output = Result<String>> + Send>>;

/// Something that is asked of a store.
pub(crate) type Step = Box<dyn Fn(Arc<dyn Store>) -> Answer + Send + Sync>;

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

/// A short life of a store.
pub(crate) struct Life {
    /// What it is asked for, one after the other.
    pub steps: Vec<Step>,
    /// Whose calls are looked at.
    pub callers: Vec<UserId>,
    /// What a run without a fault answers to each step.
    pub answers: Vec<String>,
    /// How the store is before each step and after the last, in a run without a fault.
    pub states: Vec<Snapshot>,
}

impl Life {
    /// Two that have every intent that writes between them.
    pub(crate) async fn all() -> [Arc<Self>; 2] {
        [Self::of(open_life()).await, Self::of(closed_life()).await]
    }

    async fn of((callers, steps): (Vec<UserId>, Vec<Step>)) -> Arc<Self> {
        let mut life = Self { steps, callers, answers: Vec::new(), states: Vec::new() };
        life.live_without_faults().await;
        Arc::new(life)
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

    /// How the store is after all.
    pub(crate) fn last(&self) -> &Snapshot {
        self.states.last().expect("there are steps")
    }
}

/// Of accounts, open rooms, messages, invitations and calls.
fn open_life() -> (Vec<UserId>, Vec<Step>) {
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
        step!(|store, invited, a| store.use_invite(invited, a, NOW)),
        step!(|store, invited, b| store.use_invite(invited, b, NOW)),
        step!(|store, invited, a| store.settle_invite(invited, a, false)),
        step!(|store, invited, b| store.settle_invite(invited, b, true)),
        step!(|store, spared| store.remove_invite(spared)),
        step!(|store, d| store.delete_room(d)),
        step!(|store, ended| store.change_call(ended)),
        step!(|store, k, a| store.remove_participant(k, a)),
        step!(|store, b| store.remove_user(b)),
    ];
    (vec![a, b], steps)
}

/// Of private and direct rooms: made, joined, written in and read, left by the last, deleted, handed on.
fn closed_life() -> (Vec<UserId>, Vec<Step>) {
    let (ann, bob, cid): (User, User, User) = (user("ann"), user("bob"), user("cid"));
    let (a, b, c) = (ann.id, bob.id, cid.id);
    let (cellar, own): (Room, Room) = (private(&[a, b]), private(&[a]));
    let (two, again, last): (Room, Room, Room) = (direct(a, b), direct(b, a), direct(c, a));
    let (r, o, d) = (cellar.id, own.id, two.id);
    let calls: Vec<NewMessage> = vec![calling(a, &[b], false), calling(a, &[], true), repeatable(b, "yes", "x")];
    let more: Vec<NewMessage> = vec![repeatable(b, "yes again", "x"), calling(a, &[b, c], false)];
    let hello: Vec<NewMessage> = vec![calling(b, &[a], false)];
    let note: Vec<NewMessage> = vec![message(a, "to myself")];
    let patch = RoomPatch { name: Some(RoomName::parse("Attic").unwrap()), description: None };
    let steps = vec![
        step!(|store, ann| store.insert_user(ann)),
        step!(|store, bob| store.insert_user(bob)),
        step!(|store, cid| store.insert_user(cid)),
        step!(|store, cellar| store.insert_room(cellar)),
        step!(|store, own| store.insert_room(own)),
        step!(|store, two| store.open_direct(two)),
        step!(|store, again| store.open_direct(again)),
        step!(|store, r, c| store.add_participant(r, c)),
        step!(|store, r, calls| store.append_messages(r, calls)),
        step!(|store, d, hello| store.append_messages(d, hello)),
        step!(|store, o, note| store.append_messages(o, note)),
        step!(|store, r, c| store.mark_read(r, c, 1)),
        step!(|store, r, more| store.append_messages(r, more)),
        step!(|store, r, b| store.mark_read(r, b, 99)),
        step!(|store, d, a| store.mark_read(d, a, 1)),
        step!(|store, r, patch| store.update_room(r, patch)),
        // The messages of rooms that go are swept up behind, between what follows.
        step!(|store, o, a| store.end_membership(o, a)),
        step!(|store, d| store.delete_room(d)),
        step!(|store, r, a| store.end_membership(r, a)),
        step!(|store, r, a| store.add_participant(r, a)),
        step!(|store, r, c| store.end_membership(r, c)),
        step!(|store, r, a| store.mark_read(r, a, 99)),
        step!(|store, last| store.open_direct(last)),
        step!(|store, a| store.remove_user(a)),
    ];
    (vec![a, b, c], steps)
}
