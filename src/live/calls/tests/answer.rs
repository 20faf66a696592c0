//! `accept-call` and `reject-call`.

use super::*;
use crate::wire::Peer;

fn peer(who: &Actor) -> Peer {
    Peer { user_id: who.user.id, username: who.user.username.clone(), socket_id: who.socket }
}

#[test]
fn an_accepted_call_is_active_and_the_users_other_sockets_hear_that_it_was_answered_elsewhere() {
    let mut world = World::new();
    let (ann, bob) = (world.person("ann"), world.person("bob"));
    let (ann2, bob2) = (world.connect(&ann.user, "ann2"), world.connect(&bob.user, "bob2"));
    let call = world.ring(&ann, &bob).unwrap();
    world.forget_told();
    world.pass(Duration::from_secs(3));
    assert_eq!(world.accept(&bob2), Ok(Accepted { call_id: call, peers: vec![peer(&ann)] }));
    assert_eq!(world.told(&ann), ["call-accepted bob2"]);
    assert_eq!(world.told(&bob), ["call-ended answered-elsewhere by bob"]);
    assert!(world.told(&bob2).is_empty() && world.told(&ann2).is_empty());
    let stored = &world.stored[&call];
    assert_eq!((stored.status, stored.answered_at), (CallStatus::Active, Some(world.now.time)));
    assert_eq!(world.names(&stored.participants), ["ann", "bob"]);
    assert_eq!(world.names(&stored.inside), ["ann", "bob"]);
    assert!(stored.ringing.is_empty());
    world.pass(Duration::from_secs(3600));
    assert!(world.told(&bob).is_empty(), "it does not time out");
}

#[test]
fn the_first_to_accept_in_a_room_makes_it_active_and_all_who_are_in_hear_of_each() {
    let mut world = World::new();
    let (room, [ann, bob, cat, dan]) = world.room(["ann", "bob", "cat", "dan"]);
    let call = world.ring_room(&ann, room).unwrap();
    world.forget_told();
    assert_eq!(world.accept(&bob).unwrap().peers, [peer(&ann)]);
    assert_eq!(world.told(&ann), ["call-accepted bob", "room-call active ann bob"]);
    assert_eq!(world.told(&cat), ["room-call active ann bob"]);
    world.forget_told();
    let which = Which::InRoom(room);
    assert_eq!(world.accept_which(&cat, which), Ok(Accepted { call_id: call, peers: vec![peer(&ann), peer(&bob)] }));
    assert_eq!(world.told(&ann), ["call-accepted cat", "room-call active ann bob cat"]);
    assert_eq!(world.told(&bob), ["call-accepted cat", "room-call active ann bob cat"]);
    assert_eq!(world.told(&dan), ["room-call active ann bob cat"]);
    assert_eq!(world.names(&world.stored[&call].ringing), ["dan"]);
}

#[test]
fn whoever_is_in_the_room_may_accept_while_it_lasts() {
    let (mut world, room, call, [ann, bob, cat, dan]) = three_of_four_in_a_call();
    let eve = world.person("eve");
    assert_eq!(world.accept_which(&eve, Which::Call(call)), Err(Error::NotAllowed));
    world.join(&eve, room);
    assert!(world.accept_which(&eve, Which::Call(call)).is_ok(), "who came later and was never rung");
    assert_eq!(world.names(&world.stored[&call].participants), ["ann", "bob", "cat", "eve"]);
    assert!(!world.stored[&call].invited.contains(&eve.user.id));
    world.reject(&dan, Which::Own, None).unwrap();
    assert!(world.accept_which(&dan, Which::InRoom(room)).is_ok(), "who had rejected");
    world.end(&bob).unwrap();
    world.end(&ann).unwrap();
    world.forget_told();
    assert!(world.accept_which(&bob, Which::InRoom(room)).is_ok(), "who had hung up");
    assert_eq!(world.told(&cat), ["call-accepted bob", "room-call active cat eve dan bob"]);
    assert!(world.accept_which(&ann, Which::InRoom(room)).is_ok(), "who had begun it and hung up");
    assert_eq!(world.names(&world.stored[&call].participants), ["ann", "bob", "cat", "eve", "dan"]);
}

#[test]
fn any_socket_of_one_who_is_rung_may_accept_one_outside_the_room_too() {
    let mut world = World::new();
    let (room, [ann, bob]) = world.room(["ann", "bob"]);
    let bob2 = world.connect(&bob.user, "bob2");
    world.ring_room(&ann, room).unwrap();
    assert!(world.accept(&bob2).is_ok());
    world.forget_told();
    world.end(&bob2).unwrap();
    assert_eq!(world.told(&ann), ["call-ended hangup by bob", "room-call null"]);
}

#[test]
fn from_the_same_socket_it_is_acknowledged_again_and_nobody_is_told() {
    let (mut world, call, ann, bob) = two_in_a_call();
    let stored = world.stored.clone();
    let (again, change) = world.calls.accept(world.now, &bob, Which::Own, &world.presence).unwrap();
    assert_eq!(again, Accepted { call_id: call, peers: vec![peer(&ann)] });
    assert_eq!(change.record, None);
    world.commit(Some(change));
    assert_eq!(world.accept(&ann).unwrap().peers, [peer(&bob)], "the beginner's too, once it is active");
    assert!(world.told.is_empty());
    assert_eq!(world.stored, stored);
}

#[test]
fn from_another_socket_the_call_moves_there() {
    let (mut world, call, ann, bob) = two_in_a_call();
    let (bob2, bob3) = (world.connect(&bob.user, "bob2"), world.connect(&bob.user, "bob3"));
    let accepted = world.accept_which(&bob2, Which::Call(call)).unwrap();
    assert_eq!(accepted.peers, [peer(&ann)]);
    assert_eq!(world.told(&ann), ["call-accepted bob2"]);
    assert_eq!(world.told(&bob), ["call-ended answered-elsewhere by bob"]);
    assert_eq!(world.told(&bob3), ["call-ended answered-elsewhere by bob"]);
    assert!(world.told(&bob2).is_empty());
    assert_eq!(world.calls.call_of_socket(bob.socket), None);
    assert_eq!(world.calls.call_of_socket(bob2.socket), Some(call));
    world.drop_socket(&bob);
    assert!(world.told(&ann).is_empty(), "the socket that it moved from is in it no more");
}

#[test]
fn a_move_in_a_room_is_no_change_of_who_is_in() {
    let (mut world, _, _, [ann, bob, cat, dan]) = three_of_four_in_a_call();
    let bob2 = world.connect(&bob.user, "bob2");
    assert_eq!(world.accept(&bob2).unwrap().peers, [peer(&ann), peer(&cat)]);
    assert_eq!(world.told(&ann), ["call-accepted bob2"]);
    assert_eq!(world.told(&cat), ["call-accepted bob2"]);
    assert!(world.told(&dan).is_empty());
}

#[test]
fn a_call_between_two_ends_when_it_is_rejected() {
    let mut world = World::new();
    let (ann, bob) = (world.person("ann"), world.person("bob"));
    let (ann2, bob2) = (world.connect(&ann.user, "ann2"), world.connect(&bob.user, "bob2"));
    let call = world.ring(&ann, &bob).unwrap();
    world.forget_told();
    world.reject(&bob, Which::Own, Some("in a meeting")).unwrap();
    assert_eq!(world.told(&ann), ["call-rejected bob in a meeting"]);
    assert_eq!(world.told(&bob2), ["call-ended rejected-elsewhere by bob"]);
    assert!(world.told(&bob).is_empty() && world.told(&ann2).is_empty());
    let stored = &world.stored[&call];
    assert_eq!((stored.status, stored.end_reason), (CallStatus::Ended, Some(EndReason::Rejected)));
    assert!(stored.inside.is_empty() && stored.ringing.is_empty());
    assert_eq!(world.names(&stored.participants), ["ann"]);
    assert_eq!(world.accept_which(&bob, Which::Call(call)), Err(Error::CallNotFound));
    assert!(world.ring(&bob, &ann).is_ok(), "both are free again");
}

#[test]
fn a_call_in_a_room_rings_on_when_one_rejects_and_even_when_all_do() {
    let mut world = World::new();
    let (room, [ann, bob, cat]) = world.room(["ann", "bob", "cat"]);
    let bob2 = world.connect(&bob.user, "bob2");
    let call = world.ring_room(&ann, room).unwrap();
    world.forget_told();
    world.reject(&bob, Which::Call(call), None).unwrap();
    assert_eq!(world.told(&ann), ["call-rejected bob"]);
    assert_eq!(world.told(&bob2), ["call-ended rejected-elsewhere by bob"]);
    assert!(world.told(&cat).is_empty(), "who is in has not changed");
    world.reject(&cat, Which::Call(call), None).unwrap();
    assert_eq!(world.told(&ann), ["call-rejected cat"]);
    assert_eq!(world.stored[&call].status, CallStatus::Ringing);
    world.pass(RING);
    assert_eq!(world.told(&ann), ["call-ended timeout", "room-call null"]);
    assert_eq!(world.told(&bob), ["room-call null"]);
    assert_eq!(world.end_reason(call), Some(EndReason::Timeout));
}

#[test]
fn all_who_are_in_hear_a_rejection() {
    let (mut world, _, _, [ann, bob, cat, dan]) = three_of_four_in_a_call();
    world.reject(&dan, Which::Own, None).unwrap();
    for who in [&ann, &bob, &cat] {
        assert_eq!(world.told(who), ["call-rejected dan"]);
    }
}

#[test]
fn an_end_by_one_who_is_rung_is_a_rejection() {
    let mut world = World::new();
    let (ann, bob) = (world.person("ann"), world.person("bob"));
    let bob2 = world.connect(&bob.user, "bob2");
    let call = world.ring(&ann, &bob).unwrap();
    world.forget_told();
    world.end(&bob2).unwrap();
    assert_eq!(world.told(&ann), ["call-rejected bob"]);
    assert_eq!(world.told(&bob), ["call-ended rejected-elsewhere by bob"]);
    assert_eq!(world.end_reason(call), Some(EndReason::Rejected));
}

#[test]
fn a_call_that_is_unknown_or_over_or_none_at_all_is_not_found() {
    let (mut world, call, ann, bob) = two_in_a_call();
    world.end(&ann).unwrap();
    for which in [Which::Call(CallId::new()), Which::Call(call), Which::Own, Which::InRoom(RoomId::new())] {
        assert_eq!(world.accept_which(&bob, which), Err(Error::CallNotFound));
        assert_eq!(world.reject(&bob, which, None), Err(Error::CallNotFound));
        assert_eq!(world.end_which(&bob, which), Err(Error::CallNotFound));
    }
}

#[test]
fn a_stranger_may_do_nothing_with_a_call() {
    let (mut world, call, _, _) = two_in_a_call();
    let cat = world.person("cat");
    let which = Which::Call(call);
    assert_eq!(world.accept_which(&cat, which), Err(Error::NotAllowed));
    assert_eq!(world.reject(&cat, which, None), Err(Error::NotAllowed));
    assert_eq!(world.end_which(&cat, which), Err(Error::NotAllowed));
}

#[test]
fn one_in_the_room_who_is_not_rung_may_accept_but_neither_reject_nor_end() {
    let (mut world, room, call, [.., dan]) = three_of_four_in_a_call();
    let eve = world.person("eve");
    world.join(&eve, room);
    world.reject(&dan, Which::Own, None).unwrap();
    for who in [&dan, &eve] {
        assert_eq!(world.reject(who, Which::Call(call), None), Err(Error::NotAllowed));
        assert_eq!(world.end_which(who, Which::Call(call)), Err(Error::NotAllowed));
    }
}

#[test]
fn one_who_is_rung_no_more_and_not_in_the_room_may_not_accept() {
    let (mut world, _, call, [.., dan]) = three_of_four_in_a_call();
    let dan2 = world.connect(&dan.user, "dan2");
    world.drop_socket(&dan);
    world.pass(RING);
    assert_eq!(world.accept_which(&dan2, Which::Call(call)), Err(Error::NotAllowed));
}

#[test]
fn the_beginner_neither_accepts_nor_rejects_while_it_rings_from_any_socket() {
    let mut world = World::new();
    let (room, [ann, _bob]) = world.room(["ann", "bob"]);
    let ann2 = world.connect(&ann.user, "ann2");
    let call = world.ring_room(&ann, room).unwrap();
    for who in [&ann, &ann2] {
        for which in [Which::Own, Which::Call(call), Which::InRoom(room)] {
            assert_eq!(world.accept_which(who, which), Err(Error::NotAllowed));
            assert_eq!(world.reject(who, which, None), Err(Error::NotAllowed));
        }
    }
}

#[test]
fn one_who_is_in_does_not_reject() {
    let (mut world, call, ann, bob) = two_in_a_call();
    let bob2 = world.connect(&bob.user, "bob2");
    for who in [&ann, &bob, &bob2] {
        assert_eq!(world.reject(who, Which::Call(call), None), Err(Error::NotAllowed));
    }
}

#[test]
fn one_who_is_in_another_call_or_rung_by_one_does_not_accept() {
    let (mut world, room, call, _) = three_of_four_in_a_call();
    let (eve, fay) = (world.person("eve"), world.person("fay"));
    world.join(&eve, room);
    world.join(&fay, room);
    world.ring(&eve, &fay).unwrap();
    for who in [&eve, &fay] {
        assert_eq!(world.accept_which(who, Which::Call(call)), Err(Error::UserBusy(None)));
        assert_eq!(world.accept_which(who, Which::InRoom(room)), Err(Error::UserBusy(None)));
    }
    let gus = world.person("gus");
    let hal = world.person("hal");
    world.ring(&gus, &hal).unwrap();
    assert_eq!(world.accept_which(&gus, Which::Call(call)), Err(Error::NotAllowed), "told before that one is busy");
}

#[test]
fn sixteen_are_in_at_most_and_one_who_is_away_counts() {
    let mut world = World::new();
    let room = RoomId::new();
    let people: Vec<Actor> = (0..18).map(|number| world.person(&format!("p{number}"))).collect();
    for who in &people {
        world.join(who, room);
    }
    let call = world.ring_room(&people[0], room).unwrap();
    for who in &people[1..16] {
        world.accept(who).unwrap();
    }
    assert_eq!(world.accept(&people[16]), Err(Error::LimitReached));
    world.drop_socket(&people[3]);
    assert_eq!(world.accept(&people[16]), Err(Error::LimitReached));
    let back = world.connect(&people[3].user, "back");
    assert!(world.accept(&back).is_ok(), "who comes back has kept the place");
    world.end(&people[4]).unwrap();
    assert!(world.accept(&people[16]).is_ok());
    assert_eq!(world.accept(&people[17]), Err(Error::LimitReached));
    let free = world.person("free");
    world.ring(&people[4], &free).unwrap();
    assert_eq!(world.accept_which(&people[4], Which::Call(call)), Err(Error::UserBusy(None)), "told before the limit");
}
