//! Sockets that go and come back, and times that run out.

use super::*;

#[test]
fn unanswered_for_the_ring_timeout_a_call_ends_for_both_sides() {
    let mut world = World::new();
    let (ann, bob) = (world.person("ann"), world.person("bob"));
    let bob2 = world.connect(&bob.user, "bob2");
    let call = world.ring(&ann, &bob).unwrap();
    world.forget_told();
    world.pass(RING - MOMENT);
    assert!(world.told.is_empty());
    world.pass(MOMENT);
    for who in [&ann, &bob, &bob2] {
        assert_eq!(world.told(who), ["call-ended timeout"]);
    }
    assert_eq!(world.end_reason(call), Some(EndReason::Timeout));
    assert_eq!(world.stored[&call].ended_at, Some(world.now.time));
    assert_eq!(world.calls.next_deadline(), None);
}

#[test]
fn in_a_room_who_did_not_answer_in_time_is_rung_no_more_and_the_call_goes_on() {
    let (mut world, room, call, [ann, bob, cat, dan]) = three_of_four_in_a_call();
    world.pass(RING);
    assert_eq!(world.told(&dan), ["call-ended timeout"]);
    for who in [&ann, &bob, &cat] {
        assert!(world.told(who).is_empty());
    }
    assert_eq!(world.stored[&call].status, CallStatus::Active);
    assert!(world.stored[&call].ringing.is_empty());
    assert_eq!(world.names(&world.stored[&call].invited).len(), 3);
    assert!(world.accept_which(&dan, Which::InRoom(room)).is_ok());
}

#[test]
fn where_nobody_in_the_room_answered_in_time_it_ends_for_the_beginner_too() {
    let mut world = World::new();
    let (room, [ann, bob, cat]) = world.room(["ann", "bob", "cat"]);
    world.ring_room(&ann, room).unwrap();
    world.forget_told();
    world.pass(RING);
    for who in [&ann, &bob, &cat] {
        assert_eq!(world.told(who), ["call-ended timeout", "room-call null"]);
    }
}

#[test]
fn when_the_socket_that_rang_goes_the_call_is_cancelled_at_once() {
    let mut world = World::new();
    let (ann, bob) = (world.person("ann"), world.person("bob"));
    let ann2 = world.connect(&ann.user, "ann2");
    let call = world.ring(&ann, &bob).unwrap();
    world.drop_socket(&ann2);
    assert_eq!(world.told(&bob), ["incoming-call ann"], "another socket of the beginner does not matter");
    world.drop_socket(&ann);
    assert_eq!(world.told(&bob), ["call-ended cancelled by ann"]);
    assert_eq!(world.end_reason(call), Some(EndReason::Cancelled));
}

#[test]
fn one_who_is_rung_and_connects_another_socket_is_rung_there_too() {
    let mut world = World::new();
    let (ann, bob, cat) = (world.person("ann"), world.person("bob"), world.person("cat"));
    world.ring(&ann, &bob).unwrap();
    world.forget_told();
    let bob2 = world.connect(&bob.user, "bob2");
    assert_eq!(world.told(&bob2), ["incoming-call ann"]);
    let (ann2, cat2) = (world.connect(&ann.user, "ann2"), world.connect(&cat.user, "cat2"));
    assert!(world.told(&ann2).is_empty() && world.told(&cat2).is_empty() && world.told(&bob).is_empty());
}

#[test]
fn the_last_socket_of_one_who_is_rung_goes_and_after_the_grace_it_counts_as_rejected() {
    let mut world = World::new();
    let (ann, bob) = (world.person("ann"), world.person("bob"));
    let bob2 = world.connect(&bob.user, "bob2");
    let call = world.ring(&ann, &bob).unwrap();
    world.drop_socket(&bob);
    world.pass(GRACE);
    assert!(world.told(&ann).is_empty(), "it was not the last");
    world.drop_socket(&bob2);
    world.pass(GRACE - MOMENT);
    assert!(world.told(&ann).is_empty());
    world.pass(MOMENT);
    assert_eq!(world.told(&ann), ["call-rejected bob disconnected"]);
    assert_eq!(world.end_reason(call), Some(EndReason::Rejected));
}

#[test]
fn who_comes_back_within_the_grace_is_rung_again_and_rings_on() {
    let mut world = World::new();
    let (ann, bob) = (world.person("ann"), world.person("bob"));
    world.ring(&ann, &bob).unwrap();
    world.drop_socket(&bob);
    world.pass(Duration::from_secs(10));
    let bob2 = world.connect(&bob.user, "bob2");
    assert_eq!(world.told(&bob2), ["incoming-call ann"]);
    world.pass(Duration::from_secs(10));
    assert!(world.told(&ann).is_empty());
    world.drop_socket(&bob2);
    world.pass(GRACE - MOMENT);
    assert!(world.told(&ann).is_empty(), "who goes again has the whole grace again");
    world.pass(MOMENT);
    assert_eq!(world.told(&ann), ["call-rejected bob disconnected"]);
}

#[test]
fn who_goes_again_before_the_first_grace_is_up_has_the_whole_grace_again() {
    let mut world = World::new();
    let (ann, bob) = (world.person("ann"), world.person("bob"));
    world.ring(&ann, &bob).unwrap();
    world.drop_socket(&bob);
    world.pass(Duration::from_secs(5));
    let bob2 = world.connect(&bob.user, "bob2");
    world.pass(Duration::from_secs(5));
    world.drop_socket(&bob2);
    world.pass(GRACE - MOMENT);
    assert!(world.told(&ann).is_empty());
    world.pass(MOMENT);
    assert_eq!(world.told(&ann), ["call-rejected bob disconnected"]);
}

#[test]
fn in_a_room_the_last_socket_is_the_last_anywhere_and_who_went_may_accept_from_the_room() {
    let (mut world, room, call, [ann, bob, cat, dan]) = three_of_four_in_a_call();
    let dan2 = world.connect(&dan.user, "dan2");
    world.drop_socket(&dan);
    world.pass(GRACE);
    assert!(world.told(&ann).is_empty(), "a socket outside the room is one");
    world.drop_socket(&dan2);
    world.pass(GRACE);
    for who in [&ann, &bob, &cat] {
        assert_eq!(world.told(who), ["call-rejected dan disconnected"]);
    }
    let dan3 = world.connect(&dan.user, "dan3");
    world.join(&dan3, room);
    assert!(world.told(&dan3).is_empty(), "and is not rung again");
    assert!(world.accept_which(&dan3, Which::Call(call)).is_ok());
}

#[test]
fn a_socket_drops_out_of_an_active_call_and_another_one_takes_it_back_within_the_grace() {
    let (mut world, call, ann, bob) = two_in_a_call();
    world.drop_socket(&bob);
    assert_eq!(world.told(&ann), ["call-away bob"]);
    assert_eq!(world.stored[&call].status, CallStatus::Active);
    world.pass(GRACE - MOMENT);
    let bob2 = world.connect(&bob.user, "bob2");
    assert!(world.told(&bob2).is_empty(), "who is in is not rung");
    let accepted = world.accept_which(&bob2, Which::Call(call)).unwrap();
    assert_eq!(accepted.peers.len(), 1);
    assert_eq!(accepted.peers[0].socket_id, ann.socket);
    assert_eq!(world.told(&ann), ["call-accepted bob2"]);
    world.pass(Duration::from_secs(3600));
    assert!(world.told(&ann).is_empty());
}

#[test]
fn to_be_connected_is_not_to_have_taken_the_call_back() {
    let (mut world, call, ann, bob) = two_in_a_call();
    world.drop_socket(&bob);
    let bob2 = world.connect(&bob.user, "bob2");
    world.forget_told();
    world.pass(GRACE);
    assert_eq!(world.told(&ann), ["call-ended disconnected by bob"]);
    assert_eq!(world.told(&bob2), ["call-ended disconnected by bob"]);
    assert_eq!(world.end_reason(call), Some(EndReason::Disconnected));
    assert_eq!(world.accept_which(&bob2, Which::Call(call)), Err(Error::CallNotFound));
}

#[test]
fn one_of_a_group_drops_out_and_does_not_come_back() {
    let (mut world, _, call, [ann, bob, cat, dan]) = three_of_four_in_a_call();
    world.drop_socket(&bob);
    assert_eq!(world.told(&ann), ["call-away bob"]);
    assert_eq!(world.told(&cat), ["call-away bob"]);
    assert!(world.told(&dan).is_empty(), "and is still in");
    world.pass(GRACE);
    assert_eq!(world.told(&ann), ["call-left bob disconnected", "room-call active ann cat"]);
    world.drop_socket(&cat);
    world.pass(GRACE);
    assert_eq!(
        world.told(&ann),
        ["call-away cat", "call-ended disconnected by cat", "room-call null"],
        "one alone is left"
    );
    assert_eq!(world.told(&dan), ["room-call active ann cat", "call-ended cancelled by cat", "room-call null"]);
    assert_eq!(world.end_reason(call), Some(EndReason::Disconnected));
}

#[test]
fn one_who_is_away_is_in_and_so_the_call_goes_on_when_another_hangs_up() {
    let (mut world, _, _, [ann, bob, cat, _]) = three_of_four_in_a_call();
    world.drop_socket(&bob);
    world.forget_told();
    world.end(&cat).unwrap();
    assert_eq!(world.told(&ann), ["call-left cat hangup", "room-call active ann bob"]);
    let bob2 = world.connect(&bob.user, "bob2");
    assert_eq!(world.accept(&bob2).unwrap().peers.len(), 1);
    assert_eq!(world.told(&ann), ["call-accepted bob2"]);
}

#[test]
fn one_who_is_away_may_hang_up_from_another_socket() {
    let (mut world, _, _, [ann, bob, ..]) = three_of_four_in_a_call();
    let (bob2, bob3) = (world.connect(&bob.user, "bob2"), world.connect(&bob.user, "bob3"));
    world.drop_socket(&bob);
    world.forget_told();
    world.end(&bob2).unwrap();
    assert_eq!(world.told(&ann), ["call-left bob hangup", "room-call active ann cat"]);
    assert_eq!(world.told(&bob3), ["call-ended hangup by bob"], "it may have been about to take the call back");
    assert!(world.told(&bob2).is_empty());
}

#[test]
fn the_other_hangs_up_on_one_who_is_away_and_connected_again() {
    let (mut world, _, ann, bob) = two_in_a_call();
    world.drop_socket(&bob);
    let bob2 = world.connect(&bob.user, "bob2");
    world.end(&ann).unwrap();
    assert_eq!(world.told(&bob2), ["call-ended hangup by ann"]);
}

#[test]
fn both_drop_out_and_the_call_ends_with_the_first_grace() {
    let (mut world, call, ann, bob) = two_in_a_call();
    world.drop_socket(&ann);
    world.pass(Duration::from_secs(5));
    world.drop_socket(&bob);
    world.pass(GRACE - Duration::from_secs(5));
    assert_eq!(world.end_reason(call), Some(EndReason::Disconnected));
    assert_eq!(world.calls.next_deadline(), None);
}

#[test]
fn a_socket_that_is_in_no_call_goes_and_no_call_minds() {
    let (mut world, _, ann, bob) = two_in_a_call();
    let bob2 = world.connect(&bob.user, "bob2");
    world.drop_socket(&bob2);
    assert!(world.calls.socket_gone(world.now, &bob2, false, &world.presence).is_none());
    assert!(world.told(&ann).is_empty());
}

#[test]
fn one_who_is_rung_again_hears_of_the_socket_that_the_beginner_is_in_with() {
    let (mut world, room, _, [ann, bob, _, dan]) = three_of_four_in_a_call();
    let ann2 = world.connect(&ann.user, "ann2");
    world.accept(&ann2).unwrap();
    let dan2 = world.connect(&dan.user, "dan2");
    assert_eq!(world.told(&dan2), ["incoming-call ann2"]);
    world.leave_room(&ann, room);
    let dan3 = world.connect(&dan.user, "dan3");
    assert_eq!(world.told(&dan3), ["incoming-call ann"], "the one that rang, where the beginner has gone");
    assert!(world.is_busy(&bob));
}

#[test]
fn nothing_is_due_before_its_time() {
    let mut world = World::new();
    let (ann, bob) = (world.person("ann"), world.person("bob"));
    assert_eq!(world.calls.next_deadline(), None);
    world.ring(&ann, &bob).unwrap();
    assert_eq!(world.calls.next_deadline(), Some(world.now.after(RING)));
    assert!(world.calls.tick(later(world.now, RING - MOMENT), &world.presence).is_none());
    world.drop_socket(&bob);
    assert_eq!(world.calls.next_deadline(), Some(world.now.after(GRACE)));
    assert!(world.calls.tick(later(world.now, RING), &world.presence).is_some(), "a late tick does it all the same");
}
