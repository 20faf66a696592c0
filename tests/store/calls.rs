//! Calls: kept as they stand, and listed for those whom they concern.

use tincan::model::{
    Actor, Call, CallId, CallStatus, CallType, EndReason, RoomId, ServerId, SocketId, Standing, StandingRing,
    StandingSeat, UserId, UserRef,
};

use super::Place;
use crate::support::sample::{at_once, call, moment, store_calls};

fn ended(call: &Call) -> Call {
    Call {
        status: CallStatus::Ended,
        inside: Vec::new(),
        ringing: Vec::new(),
        ended_at: Some(moment()),
        end_reason: Some(EndReason::Hangup),
        ..call.clone()
    }
}

pub(crate) async fn a_call_is_read_as_it_was_saved(place: &impl Place) {
    let store = place.open().await;
    let [ann, bob, carl] = [UserId::new(), UserId::new(), UserId::new()];
    let plain = call(ann, &[bob]);
    let full = Call {
        room: Some(RoomId::new()),
        call_type: CallType::Video,
        status: CallStatus::Active,
        participants: vec![ann, carl],
        inside: vec![carl, ann],
        ringing: vec![bob],
        answered_at: Some(moment()),
        ..call(ann, &[bob, carl])
    };
    let plain = Call { inside: Vec::new(), ringing: Vec::new(), ..plain };
    let over = Call { end_reason: Some(EndReason::AnsweredElsewhere), ..ended(&call(ann, &[bob])) };
    store_calls(&store, vec![plain.clone(), full.clone(), over.clone()]).await;
    assert_eq!(store.calls_of(ann, None, 50).await.unwrap(), [over, full, plain]);
}

pub(crate) async fn a_call_is_saved_again_as_it_then_stands(place: &impl Place) {
    let store = place.open().await;
    let [ann, bob] = [UserId::new(), UserId::new()];
    let ringing = call(ann, &[bob]);
    store_calls(&store, vec![ringing.clone()]).await;
    let active =
        Call { status: CallStatus::Active, participants: vec![ann, bob], ringing: Vec::new(), revision: 2, ..ringing };
    let over = Call { revision: 3, ..ended(&active) };
    for now in [active, over.clone(), over] {
        store_calls(&store, vec![now.clone()]).await;
        assert_eq!(store.calls_of(ann, None, 50).await.unwrap(), std::slice::from_ref(&now));
        assert_eq!(store.calls_of(bob, None, 50).await.unwrap(), [now]);
    }
}

pub(crate) async fn a_history_holds_the_calls_that_concern_the_user_newest_first(place: &impl Place) {
    let store = place.open().await;
    let [ann, bob, carl, none] = [UserId::new(), UserId::new(), UserId::new(), UserId::new()];
    let began = ended(&call(ann, &[bob]));
    let rung = ended(&call(bob, &[ann, carl]));
    let was_in = Call { participants: vec![bob, ann], ..ended(&call(bob, &[carl])) };
    let others = ended(&call(bob, &[carl]));
    // Saved in another order than they began in.
    for one in [&others, &was_in, &began, &rung] {
        store_calls(&store, vec![one.clone()]).await;
    }
    let ids = |calls: Vec<Call>| calls.iter().map(|call| call.id).collect::<Vec<_>>();
    assert_eq!(ids(store.calls_of(ann, None, 50).await.unwrap()), [was_in.id, rung.id, began.id]);
    assert_eq!(ids(store.calls_of(carl, None, 50).await.unwrap()), [others.id, was_in.id, rung.id]);
    assert_eq!(ids(store.calls_of(bob, None, 2).await.unwrap()), [others.id, was_in.id]);
    assert_eq!(store.calls_of(none, None, 50).await.unwrap(), []);
}

pub(crate) async fn a_history_is_read_in_pages_and_any_id_is_a_place_in_it(place: &impl Place) {
    let store = place.open().await;
    let (ann, bob) = (UserId::new(), UserId::new());
    let mut ids = Vec::new();
    for number in 0..120 {
        let one = if number % 3 == 0 { call(bob, &[]) } else { call(bob, &[ann]) };
        if number % 3 != 0 {
            ids.insert(0, one.id);
        }
        store_calls(&store, vec![ended(&one)]).await;
    }
    let mut read = Vec::new();
    while read.len() < ids.len() {
        let page = store.calls_of(ann, read.last().copied(), 17).await.unwrap();
        assert!(!page.is_empty() && page.len() <= 17);
        read.extend(page.iter().map(|call| call.id));
    }
    assert_eq!(read, ids);
    assert_eq!(store.calls_of(ann, ids.last().copied(), 17).await.unwrap(), []);
    assert_eq!(store.calls_of(ann, Some(CallId::from_bytes([0; 12])), 17).await.unwrap(), []);
    assert_eq!(store.calls_of(ann, Some(CallId::from_bytes([0xff; 12])), 1).await.unwrap()[0].id, ids[0]);
}

pub(crate) async fn who_joins_later_has_the_call_too(place: &impl Place) {
    let store = place.open().await;
    let [ann, bob, carl] = [UserId::new(), UserId::new(), UserId::new()];
    let early = call(ann, &[bob]);
    let late = ended(&call(carl, &[]));
    store_calls(&store, vec![early.clone()]).await;
    store_calls(&store, vec![late.clone()]).await;
    let joined = Call { participants: vec![ann, carl], revision: 2, ..early };
    store_calls(&store, vec![joined.clone()]).await;
    assert_eq!(store.calls_of(carl, None, 50).await.unwrap(), [late, joined.clone()]);
    // Whoever it no longer concerns has it no more.
    store_calls(&store, vec![Call { invited: Vec::new(), revision: 3, ..joined }]).await;
    assert_eq!(store.calls_of(bob, None, 50).await.unwrap(), []);
}

pub(crate) async fn open_calls_are_those_that_have_not_ended(place: &impl Place) {
    let store = place.open().await;
    let [ann, bob, carl, dan] = [UserId::new(), UserId::new(), UserId::new(), UserId::new()];
    let (rings, goes_on, over) = (call(ann, &[bob]), call(carl, &[dan]), call(UserId::new(), &[]));
    let goes_on = Call { status: CallStatus::Active, ..goes_on };
    store_calls(&store, vec![rings.clone(), goes_on.clone(), over.clone()]).await;
    store_calls(&store, vec![Call { revision: 2, ..ended(&over) }]).await;
    let mut open = store.open_calls().await.unwrap();
    open.sort_by_key(|call| call.id);
    assert_eq!(open, [rings.clone(), goes_on.clone()]);
    store_calls(&store, [&rings, &goes_on].map(|call| Call { revision: 2, ..ended(call) }).to_vec()).await;
    assert_eq!(store.open_calls().await.unwrap(), []);
}

pub(crate) async fn calls_saved_at_once_are_all_kept(place: &impl Place) {
    let store = place.open().await;
    let ann = UserId::new();
    let calls: Vec<_> = (0..200).map(|_| ended(&call(UserId::new(), &[ann]))).collect();
    at_once(calls.clone().into_iter().map(|one| {
        let store = store.clone();
        async move { store_calls(&store, vec![one]).await }
    }))
    .await;
    let mut kept = store.calls_of(ann, None, 200).await.unwrap();
    kept.reverse();
    assert_eq!(kept, calls);
}

pub(crate) async fn a_call_is_changed_only_over_what_it_was_decided_from(place: &impl Place) {
    let store = place.open().await;
    let ringing = call(UserId::new(), &[UserId::new()]);
    store_calls(&store, vec![ringing.clone()]).await;
    let answered_at = Some(moment());
    let changed = |revision| Call { revision, answered_at, ..ringing.clone() };
    store_calls(&store, vec![changed(2)]).await;
    for revision in [1, 4, 9] {
        assert!(!store.change_call(changed(revision)).await.unwrap(), "{revision}");
    }
    assert_eq!(store.open_calls().await.unwrap(), [changed(2)]);
    store_calls(&store, vec![Call { revision: 3, ..ended(&ringing) }]).await;
    assert_eq!(store.open_calls().await.unwrap(), []);
}

pub(crate) async fn nobody_is_in_two_calls_and_no_room_has_two(place: &impl Place) {
    let store = place.open().await;
    let [ann, bob, carl, dan] = [UserId::new(), UserId::new(), UserId::new(), UserId::new()];
    let room = Some(RoomId::new());
    let first = Call { room, ..call(ann, &[bob]) };
    store_calls(&store, vec![first.clone()]).await;
    for clashing in [call(carl, &[bob]), call(bob, &[carl]), Call { room, ..call(carl, &[dan]) }] {
        assert!(!store.change_call(clashing).await.unwrap());
    }
    // Whoever is in neither is free, and so is everybody in a call that is over.
    let other = Call { invited: vec![dan], ringing: vec![dan], ..call(carl, &[]) };
    store_calls(&store, vec![other.clone()]).await;
    let with_bob = Call { inside: vec![carl, bob], revision: 2, ..other.clone() };
    assert!(!store.change_call(with_bob.clone()).await.unwrap());
    store_calls(&store, vec![Call { revision: 2, ..ended(&first) }, with_bob.clone(), ended(&call(bob, &[carl]))])
        .await;
    assert_eq!(store.open_calls().await.unwrap(), [with_bob]);
}

pub(crate) async fn of_many_who_change_a_call_at_once_one_does(place: &impl Place) {
    let store = place.open().await;
    let ringing = call(UserId::new(), &[UserId::new()]);
    let begun = at_once((0..20).map(|_| {
        let (store, other) = (store.clone(), Call { id: CallId::new(), ..ringing.clone() });
        async move { store.change_call(other).await.unwrap() }
    }));
    assert_eq!(begun.await.into_iter().filter(|begun| *begun).count(), 1);
    assert_eq!(store.open_calls().await.unwrap().len(), 1);
}

pub(crate) async fn how_a_call_stands_is_read_as_it_was_saved(place: &impl Place) {
    let store = place.open().await;
    let user = |name: &str| UserRef { id: UserId::new(), username: name.to_owned() };
    let (ann, bob) = (user("Ann"), user("Bøb"));
    let until = moment().plus(std::time::Duration::from_millis(1234));
    let seat =
        |away_until| StandingSeat { user: ann.clone(), socket: SocketId::new(), server: ServerId::new(), away_until };
    let standing = Standing {
        begun_by: Actor { socket: SocketId::new(), user: ann.clone() },
        seats: vec![seat(None), seat(Some(until))],
        rung: vec![StandingRing { user: bob.clone(), away_until: Some(until) }],
        ring_until: until,
    };
    let stands = Call { standing: Some(Box::new(standing)), ..call(ann.id, &[bob.id]) };
    store_calls(&store, vec![stands.clone()]).await;
    assert_eq!(store.open_calls().await.unwrap(), [stands]);
}
