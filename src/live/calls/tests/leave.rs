//! `end-call`, leaving the room, the end of the room.

use super::*;

#[test]
fn a_call_that_nobody_has_answered_is_taken_back_by_its_beginner() {
    let mut world = World::new();
    let (ann, bob) = (world.person("ann"), world.person("bob"));
    let bob2 = world.connect(&bob.user, "bob2");
    let call = world.ring(&ann, &bob).unwrap();
    world.forget_told();
    world.end(&ann).unwrap();
    assert_eq!(world.told(&bob), ["call-ended cancelled by ann"]);
    assert_eq!(world.told(&bob2), ["call-ended cancelled by ann"]);
    assert!(world.told(&ann).is_empty());
    assert_eq!(world.end_reason(call), Some(EndReason::Cancelled));
    assert_eq!(world.stored[&call].ended_at, Some(world.now.time));
}

#[test]
fn taken_back_by_another_socket_the_one_that_rang_hears_it() {
    let mut world = World::new();
    let (room, [ann, bob]) = world.room(["ann", "bob"]);
    let ann2 = world.connect(&ann.user, "ann2");
    let call = world.ring_room(&ann, room).unwrap();
    world.forget_told();
    world.end_which(&ann2, Which::Call(call)).unwrap();
    assert_eq!(world.told(&ann), ["call-ended cancelled by ann", "room-call null"]);
    assert_eq!(world.told(&bob), ["call-ended cancelled by ann", "room-call null"]);
    assert!(world.told(&ann2).is_empty());
}

#[test]
fn an_active_call_between_two_ends_when_one_hangs_up() {
    let (mut world, call, ann, bob) = two_in_a_call();
    world.pass(Duration::from_secs(60));
    world.end(&bob).unwrap();
    assert_eq!(world.told(&ann), ["call-ended hangup by bob"]);
    assert!(world.told(&bob).is_empty());
    let stored = &world.stored[&call];
    assert_eq!((stored.status, stored.end_reason), (CallStatus::Ended, Some(EndReason::Hangup)));
    assert_eq!(stored.ended_at, Some(world.now.time));
    assert_eq!(world.names(&stored.participants), ["ann", "bob"]);
    assert!(stored.inside.is_empty());
    assert!(world.ring(&ann, &bob).is_ok(), "both are free again");
}

#[test]
fn ended_by_another_socket_of_the_user_the_one_in_the_call_hears_it_too() {
    let (mut world, _, ann, bob) = two_in_a_call();
    let (bob2, bob3) = (world.connect(&bob.user, "bob2"), world.connect(&bob.user, "bob3"));
    world.end(&bob2).unwrap();
    assert_eq!(world.told(&bob), ["call-ended hangup by bob"]);
    assert_eq!(world.told(&ann), ["call-ended hangup by bob"]);
    assert!(world.told(&bob2).is_empty() && world.told(&bob3).is_empty());
}

#[test]
fn one_of_a_group_goes_and_the_call_goes_on_until_one_alone_is_left() {
    let (mut world, _, call, [ann, bob, cat, dan]) = three_of_four_in_a_call();
    world.end(&ann).unwrap();
    assert_eq!(world.told(&bob), ["call-left ann hangup", "room-call active bob cat"]);
    assert_eq!(world.told(&cat), ["call-left ann hangup", "room-call active bob cat"]);
    assert_eq!(world.told(&ann), ["room-call active bob cat"]);
    assert_eq!(world.told(&dan), ["room-call active bob cat"]);
    assert_eq!(world.stored[&call].status, CallStatus::Active);
    assert_eq!(world.names(&world.stored[&call].inside), ["bob", "cat"]);
    world.end(&cat).unwrap();
    assert_eq!(world.told(&bob), ["call-ended hangup by cat", "room-call null"]);
    assert_eq!(world.told(&cat), ["room-call null"]);
    assert_eq!(world.told(&dan), ["call-ended cancelled by cat", "room-call null"]);
    assert_eq!(world.end_reason(call), Some(EndReason::Hangup), "of two reasons that of those who were in it");
    assert_eq!(world.names(&world.stored[&call].participants), ["ann", "bob", "cat"]);
}

#[test]
fn who_leaves_a_group_by_another_socket_left_with_the_one_that_was_in() {
    let (mut world, _, _, [ann, bob, ..]) = three_of_four_in_a_call();
    let bob2 = world.connect(&bob.user, "bob2");
    world.end(&bob2).unwrap();
    assert_eq!(world.told(&bob), ["call-ended hangup by bob", "room-call active ann cat"]);
    assert_eq!(world.told(&ann), ["call-left bob hangup", "room-call active ann cat"]);
    assert!(world.told(&bob2).is_empty());
}

#[test]
fn who_is_in_and_leaves_the_room_has_hung_up() {
    let (mut world, room, _, [ann, bob, cat, _]) = three_of_four_in_a_call();
    let bob2 = world.connect(&bob.user, "bob2");
    world.leave_room(&bob2, room);
    assert_eq!(world.told(&bob), ["call-ended hangup by bob"], "and is in the room no more");
    assert_eq!(world.told(&ann), ["call-left bob hangup", "room-call active ann cat"]);
    world.forget_told();
    world.leave_room(&cat, room);
    assert_eq!(world.told(&ann), ["call-ended hangup by cat", "room-call null"]);
    assert!(world.told(&cat).is_empty());
}

#[test]
fn the_beginner_who_leaves_the_room_while_it_rings_has_taken_it_back() {
    let mut world = World::new();
    let (room, [ann, bob]) = world.room(["ann", "bob"]);
    let call = world.ring_room(&ann, room).unwrap();
    world.forget_told();
    world.leave_room(&ann, room);
    assert_eq!(world.told(&bob), ["call-ended cancelled by ann", "room-call null"]);
    assert_eq!(world.end_reason(call), Some(EndReason::Cancelled));
}

#[test]
fn who_is_rung_and_leaves_the_room_is_rung_no_more_and_no_longer_invited_but_may_come_back_and_accept() {
    let (mut world, room, call, [ann, _, _, dan]) = three_of_four_in_a_call();
    let dan2 = world.connect(&dan.user, "dan2");
    world.forget_told();
    world.leave_room(&dan, room);
    assert_eq!(world.told(&dan), ["call-ended cancelled"]);
    assert_eq!(world.told(&dan2), ["call-ended cancelled"]);
    assert!(world.told(&ann).is_empty(), "those in the call are not told");
    assert!(!world.stored[&call].concerns(dan.user.id));
    assert_eq!(world.accept_which(&dan, Which::Call(call)), Err(Error::NotAllowed));
    world.join(&dan, room);
    assert!(world.told(&dan).is_empty(), "who comes back is not rung again");
    assert!(world.accept_which(&dan, Which::Call(call)).is_ok());
}

#[test]
fn leaving_another_room_or_one_whose_call_is_none_of_ones_own_changes_nothing() {
    let (mut world, room, _, [ann, .., dan]) = three_of_four_in_a_call();
    world.reject(&dan, Which::Own, None).unwrap();
    world.forget_told();
    let other = RoomId::new();
    assert!(world.calls.left_room(world.now, ann.user.id, Some(ann.socket), other).is_none());
    assert!(world.calls.left_room(world.now, dan.user.id, Some(dan.socket), room).is_none());
    assert!(world.calls.room_deleted(world.now, other).is_none());
}

#[test]
fn a_deleted_room_ends_its_call_for_all_who_are_in_and_all_who_are_rung() {
    let (mut world, room, call, [ann, bob, cat, dan]) = three_of_four_in_a_call();
    world.drop_socket(&cat);
    world.forget_told();
    world.delete_room(room);
    for who in [&ann, &bob] {
        assert_eq!(world.told(who), ["call-ended hangup", "room-call null"]);
    }
    assert_eq!(world.told(&dan), ["call-ended cancelled", "room-call null"]);
    assert_eq!(world.end_reason(call), Some(EndReason::Hangup));
    assert!(world.ring(&ann, &bob).is_ok());
}

#[test]
fn a_deleted_room_ends_a_call_that_still_rings() {
    let mut world = World::new();
    let (room, [ann, bob]) = world.room(["ann", "bob"]);
    let call = world.ring_room(&ann, room).unwrap();
    world.forget_told();
    world.delete_room(room);
    assert_eq!(world.told(&ann), ["call-ended hangup", "room-call null"]);
    assert_eq!(world.told(&bob), ["call-ended cancelled", "room-call null"]);
    assert_eq!(world.end_reason(call), Some(EndReason::Hangup));
}
