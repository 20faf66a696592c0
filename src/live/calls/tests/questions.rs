//! What `session`, signalling and Rooms ask, and `media-state`.

use super::*;
use crate::wire::{Audience, MediaState, SessionCall};

const STATE: MediaState = MediaState { audio: true, video: false, screen: false };

#[test]
fn session_tells_the_open_call_of_one_who_is_in() {
    let mut world = World::new();
    let (room, [ann, bob]) = world.room(["ann", "bob"]);
    let call_id = world.ring_room(&ann, room).unwrap();
    let ringing = SessionCall {
        call_id,
        call_type: CallType::Audio,
        status: CallStatus::Ringing,
        room_id: Some(room),
        answered_at: None,
        socket_id: Some(ann.socket),
    };
    assert_eq!(world.calls.session_call(ann.user.id), Some(ringing.clone()));
    assert_eq!(world.calls.session_call(bob.user.id), None, "who is rung is not in it");
    world.accept(&bob).unwrap();
    let active = SessionCall { status: CallStatus::Active, answered_at: Some(world.now.time), ..ringing };
    assert_eq!(world.calls.session_call(ann.user.id), Some(active.clone()));
    world.drop_socket(&ann);
    assert_eq!(world.calls.session_call(ann.user.id), Some(SessionCall { socket_id: None, ..active }));
    world.end(&bob).unwrap();
    assert_eq!(world.calls.session_call(ann.user.id), None);
}

#[test]
fn media_state_goes_to_the_others_in_the_active_call() {
    let (mut world, _, call_id, [ann, bob, cat, _]) = three_of_four_in_a_call();
    world.drop_socket(&cat);
    let deliveries = world.calls.media_state(&bob, Which::Own, STATE).unwrap();
    let event = Event::MediaState { call_id, from: bob.user.id, from_socket_id: bob.socket, state: STATE };
    assert_eq!(deliveries, [event.to(Audience::Socket(ann.socket))]);
    assert!(world.calls.media_state(&bob, Which::Call(call_id), STATE).is_ok());
}

#[test]
fn media_state_is_refused_before_the_call_is_active_and_from_a_socket_that_is_not_in_it() {
    let mut world = World::new();
    let (ann, bob, cat) = (world.person("ann"), world.person("bob"), world.person("cat"));
    assert_eq!(world.calls.media_state(&ann, Which::Own, STATE), Err(Error::CallNotFound));
    let call = world.ring(&ann, &bob).unwrap();
    for who in [&ann, &bob] {
        assert_eq!(world.calls.media_state(who, Which::Own, STATE), Err(Error::NotAllowed));
    }
    world.accept(&bob).unwrap();
    let bob2 = world.connect(&bob.user, "bob2");
    assert_eq!(world.calls.media_state(&bob2, Which::Own, STATE), Err(Error::NotAllowed));
    assert_eq!(world.calls.media_state(&cat, Which::Call(call), STATE), Err(Error::NotAllowed));
    world.drop_socket(&bob);
    assert_eq!(world.calls.media_state(&bob2, Which::Own, STATE), Err(Error::NotAllowed), "while it is away");
    world.end(&ann).unwrap();
    assert_eq!(world.calls.media_state(&ann, Which::Call(call), STATE), Err(Error::CallNotFound));
}

#[test]
fn signalling_finds_the_sockets_that_are_in_the_call_and_no_others() {
    let (mut world, _, call, [ann, bob, cat, dan]) = three_of_four_in_a_call();
    let bob2 = world.connect(&bob.user, "bob2");
    assert_eq!(world.calls.call_of_socket(bob.socket), Some(call));
    assert_eq!(world.calls.call_of_socket(bob2.socket), None);
    assert_eq!(world.calls.call_of_socket(dan.socket), None, "who is rung is not in the call yet");
    assert_eq!(world.calls.socket_in_call(call, bob.user.id), Some(bob.socket));
    assert_eq!(world.calls.socket_in_call(call, dan.user.id), None);
    assert_eq!(world.calls.socket_in_call(CallId::new(), bob.user.id), None);
    assert_eq!(world.calls.others_in_call(bob.socket), Some(vec![ann.socket, cat.socket]));
    assert_eq!(world.calls.others_in_call(bob2.socket), None);
    world.drop_socket(&cat);
    assert_eq!(world.calls.others_in_call(bob.socket), Some(vec![ann.socket]));
    assert_eq!(world.calls.socket_in_call(call, cat.user.id), None);
}

#[test]
fn one_who_rings_and_whom_nobody_has_answered_has_a_call_with_nobody_else_in_it() {
    let mut world = World::new();
    let (ann, bob) = (world.person("ann"), world.person("bob"));
    world.ring(&ann, &bob).unwrap();
    assert_eq!(world.calls.others_in_call(ann.socket), Some(Vec::new()));
    assert_eq!(world.calls.others_in_call(bob.socket), None);
}

#[test]
fn two_share_a_call_when_each_is_in_it_or_rung_by_it() {
    let (mut world, _, _, [ann, bob, cat, dan]) = three_of_four_in_a_call();
    let eve = world.person("eve");
    assert!(world.calls.share_call(ann.user.id, bob.user.id));
    assert!(world.calls.share_call(dan.user.id, ann.user.id));
    assert!(!world.calls.share_call(eve.user.id, ann.user.id));
    assert!(!world.calls.share_call(ann.user.id, eve.user.id));
    world.drop_socket(&cat);
    assert!(world.calls.share_call(ann.user.id, cat.user.id), "who is away is in it");
    world.reject(&dan, Which::Own, None).unwrap();
    assert!(!world.calls.share_call(ann.user.id, dan.user.id));
}

#[test]
fn a_room_shows_the_call_that_goes_on_in_it() {
    let mut world = World::new();
    let (room, [ann, bob]) = world.room(["ann", "bob"]);
    assert_eq!(world.calls.snapshot(room), None);
    let call_id = world.ring_room(&ann, room).unwrap();
    let ringing = CallSnapshot {
        call_id,
        call_type: CallType::Audio,
        status: CallStatus::Ringing,
        created_by: ann.user.clone(),
        participants: vec![ann.user.clone()],
    };
    assert_eq!(world.calls.snapshot(room), Some(ringing.clone()));
    world.accept(&bob).unwrap();
    let active =
        CallSnapshot { status: CallStatus::Active, participants: vec![ann.user.clone(), bob.user.clone()], ..ringing };
    assert_eq!(world.calls.snapshot(room), Some(active));
    world.end(&bob).unwrap();
    assert_eq!(world.calls.snapshot(room), None);
}
