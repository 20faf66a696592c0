//! Calls: kept as they stand, and listed for those whom they concern.

use tincan::model::{Call, CallId, CallStatus, CallType, EndReason, RoomId, UserId};

use super::Place;
use super::sample::{at_once, call, moment};

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

pub async fn a_call_is_read_as_it_was_saved(place: &impl Place) {
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
    let over = Call { end_reason: Some(EndReason::AnsweredElsewhere), ..ended(&call(ann, &[bob])) };
    store.save_calls(vec![plain.clone(), full.clone(), over.clone()]).await.unwrap();
    assert_eq!(store.calls_of(ann, None, 50).await.unwrap(), [over, full, plain]);
    store.save_calls(Vec::new()).await.unwrap();
}

pub async fn a_call_is_saved_again_as_it_then_stands(place: &impl Place) {
    let store = place.open().await;
    let [ann, bob] = [UserId::new(), UserId::new()];
    let ringing = call(ann, &[bob]);
    store.save_calls(vec![ringing.clone()]).await.unwrap();
    let active = Call { status: CallStatus::Active, participants: vec![ann, bob], ringing: Vec::new(), ..ringing };
    let over = ended(&active);
    for now in [active, over.clone(), over] {
        store.save_calls(vec![now.clone()]).await.unwrap();
        assert_eq!(store.calls_of(ann, None, 50).await.unwrap(), std::slice::from_ref(&now));
        assert_eq!(store.calls_of(bob, None, 50).await.unwrap(), [now]);
    }
}

pub async fn a_history_holds_the_calls_that_concern_the_user_newest_first(place: &impl Place) {
    let store = place.open().await;
    let [ann, bob, carl, none] = [UserId::new(), UserId::new(), UserId::new(), UserId::new()];
    let began = ended(&call(ann, &[bob]));
    let rung = ended(&call(bob, &[ann, carl]));
    let was_in = Call { participants: vec![bob, ann], ..ended(&call(bob, &[carl])) };
    let others = ended(&call(bob, &[carl]));
    // Saved in another order than they began in.
    for one in [&others, &was_in, &began, &rung] {
        store.save_calls(vec![one.clone()]).await.unwrap();
    }
    let ids = |calls: Vec<Call>| calls.iter().map(|call| call.id).collect::<Vec<_>>();
    assert_eq!(ids(store.calls_of(ann, None, 50).await.unwrap()), [was_in.id, rung.id, began.id]);
    assert_eq!(ids(store.calls_of(carl, None, 50).await.unwrap()), [others.id, was_in.id, rung.id]);
    assert_eq!(ids(store.calls_of(bob, None, 2).await.unwrap()), [others.id, was_in.id]);
    assert_eq!(store.calls_of(none, None, 50).await.unwrap(), []);
}

pub async fn a_history_is_read_in_pages_and_any_id_is_a_place_in_it(place: &impl Place) {
    let store = place.open().await;
    let (ann, bob) = (UserId::new(), UserId::new());
    let mut ids = Vec::new();
    for number in 0..120 {
        let one = if number % 3 == 0 { call(bob, &[]) } else { call(bob, &[ann]) };
        if number % 3 != 0 {
            ids.insert(0, one.id);
        }
        store.save_calls(vec![ended(&one)]).await.unwrap();
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

pub async fn who_joins_later_has_the_call_too(place: &impl Place) {
    let store = place.open().await;
    let [ann, bob, carl] = [UserId::new(), UserId::new(), UserId::new()];
    let early = call(ann, &[bob]);
    let late = call(carl, &[]);
    store.save_calls(vec![early.clone()]).await.unwrap();
    store.save_calls(vec![late.clone()]).await.unwrap();
    let joined = Call { participants: vec![ann, carl], ..early };
    store.save_calls(vec![joined.clone()]).await.unwrap();
    assert_eq!(store.calls_of(carl, None, 50).await.unwrap(), [late, joined.clone()]);
    // Whoever it no longer concerns has it no more.
    store.save_calls(vec![Call { invited: Vec::new(), ..joined }]).await.unwrap();
    assert_eq!(store.calls_of(bob, None, 50).await.unwrap(), []);
}

pub async fn open_calls_are_those_that_have_not_ended(place: &impl Place) {
    let store = place.open().await;
    let [ann, bob] = [UserId::new(), UserId::new()];
    let (rings, goes_on, over) = (call(ann, &[bob]), call(bob, &[ann]), call(ann, &[bob]));
    let goes_on = Call { status: CallStatus::Active, ..goes_on };
    store.save_calls(vec![rings.clone(), goes_on.clone(), over.clone()]).await.unwrap();
    store.save_calls(vec![ended(&over)]).await.unwrap();
    let mut open = store.open_calls().await.unwrap();
    open.sort_by_key(|call| call.id);
    assert_eq!(open, [rings.clone(), goes_on.clone()]);
    store.save_calls(vec![ended(&rings), ended(&goes_on)]).await.unwrap();
    assert_eq!(store.open_calls().await.unwrap(), []);
}

pub async fn calls_saved_at_once_are_all_kept(place: &impl Place) {
    let store = place.open().await;
    let ann = UserId::new();
    let calls: Vec<_> = (0..200).map(|_| call(UserId::new(), &[ann])).collect();
    at_once(calls.clone().into_iter().map(|one| {
        let store = store.clone();
        async move { store.save_calls(vec![one]).await.unwrap() }
    }))
    .await;
    let mut kept = store.calls_of(ann, None, 200).await.unwrap();
    kept.reverse();
    assert_eq!(kept, calls);
}
