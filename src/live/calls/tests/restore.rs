//! A start of the server: what was active goes on, what rang is over.

use super::*;

/// The world after a restart: only what was stored is left. Answers with the calls that ended by it.
fn restart(world: &mut World) -> Vec<Call> {
    let mut open: Vec<Call> = world.stored.values().filter(|call| call.status != CallStatus::Ended).cloned().collect();
    open.sort_by_key(|call| std::cmp::Reverse(call.id));
    world.calls = CallMachine::new(ServerId::new(), RING, GRACE);
    world.presence = Presence::default();
    world.told.clear();
    let names = world.names.clone();
    for call in &open {
        world.calls.adopt(world.now, call, |id| UserRef { id, username: names[&id].clone() });
    }
    for call in world.calls.impossible(true) {
        let change = world.calls.give_up(world.now, call);
        world.settle(change);
    }
    for (who, _) in world.calls.lost_sockets(&world.presence, |_| true) {
        let change = world.calls.socket_gone(world.now, &who, false, &world.presence);
        world.settle(change);
    }
    for user in world.calls.unreached(&world.presence) {
        let who = Actor { socket: SocketId::new(), user };
        let change = world.calls.socket_gone(world.now, &who, false, &world.presence);
        world.settle(change);
    }
    invariants::check(world);
    let mut over: Vec<Call> = open.iter().map(|call| world.stored[&call.id].clone()).collect();
    over.retain(|call| call.status == CallStatus::Ended);
    over.reverse();
    over
}

#[test]
fn an_active_call_goes_on_and_is_taken_back_by_those_who_come_back() {
    let (mut world, call, ann, bob) = two_in_a_call();
    assert!(restart(&mut world).is_empty());
    let ann2 = world.connect(&ann.user, "ann2");
    let session = world.calls.session_call(ann.user.id).unwrap();
    assert_eq!((session.call_id, session.socket_id), (call, None));
    assert_eq!(world.accept(&ann2), Ok(Accepted { call_id: call, peers: Vec::new() }));
    let bob2 = world.connect(&bob.user, "bob2");
    assert_eq!(world.accept(&bob2).unwrap().peers[0].socket_id, ann2.socket);
    assert_eq!(world.told(&ann2), ["call-accepted bob2"]);
    world.pass(Duration::from_secs(3600));
    assert_eq!(world.stored[&call].status, CallStatus::Active);
}

#[test]
fn who_does_not_come_back_within_the_grace_is_out() {
    let (mut world, call, ann, _) = two_in_a_call();
    restart(&mut world);
    let ann2 = world.connect(&ann.user, "ann2");
    world.accept(&ann2).unwrap();
    world.pass(GRACE);
    assert_eq!(world.told(&ann2), ["call-ended disconnected by bob"]);
    assert_eq!(world.end_reason(call), Some(EndReason::Disconnected));
}

#[test]
fn a_group_goes_on_with_those_who_come_back_and_rings_whoever_was_rung() {
    let (mut world, room, call, [ann, bob, _, dan]) = three_of_four_in_a_call();
    restart(&mut world);
    assert_eq!(world.calls.snapshot(room).unwrap().participants.len(), 3);
    let (ann2, bob2) = (world.connect(&ann.user, "ann2"), world.connect(&bob.user, "bob2"));
    let dan2 = world.connect(&dan.user, "dan2");
    assert_eq!(world.told(&dan2), ["incoming-call ann"], "by the socket that it was begun with, which is no more");
    world.accept(&ann2).unwrap();
    world.accept(&bob2).unwrap();
    world.forget_told();
    world.pass(GRACE);
    assert_eq!(world.told(&ann2), ["call-left cat disconnected"], "cat did not come back");
    assert_eq!(world.names(&world.stored[&call].inside), ["ann", "bob"]);
    world.pass(RING);
    assert_eq!(world.told(&dan2), ["call-ended timeout"]);
}

#[test]
fn a_call_that_rang_is_over_and_everybody_is_free() {
    let mut world = World::new();
    let (ann, bob) = (world.person("ann"), world.person("bob"));
    let call = world.ring(&ann, &bob).unwrap();
    let over = restart(&mut world);
    assert_eq!(over.len(), 1);
    assert_eq!((over[0].id, over[0].status), (call, CallStatus::Ended));
    assert_eq!((over[0].end_reason, over[0].ended_at), (Some(EndReason::Disconnected), Some(world.now.time)));
    assert!(over[0].inside.is_empty() && over[0].ringing.is_empty());
    let (ann2, bob2) = (world.connect(&ann.user, "ann2"), world.connect(&bob.user, "bob2"));
    assert!(world.told(&bob2).is_empty());
    assert!(world.ring(&ann2, &bob2).is_ok());
}

#[test]
fn stored_calls_that_cannot_go_on_side_by_side_do_not() {
    let (mut world, call, ann, _) = two_in_a_call();
    let cat = world.person("cat");
    // As a version stored them that did not say how they stand.
    let mut second = Call { id: CallId::new(), standing: None, ..world.stored[&call].clone() };
    second.inside = vec![cat.user.id, ann.user.id];
    let mut lonely = Call { id: CallId::new(), ..second.clone() };
    lonely.inside = vec![cat.user.id];
    let mut twice = Call { id: CallId::new(), ..second.clone() };
    twice.inside = vec![cat.user.id, cat.user.id];
    world.stored.extend([second.clone(), lonely.clone(), twice.clone()].map(|call| (call.id, call)));
    let over: Vec<CallId> = restart(&mut world).iter().map(|call| call.id).collect();
    assert_eq!(over, [second.id, lonely.id, twice.id]);
    assert_eq!(world.stored[&call].status, CallStatus::Active);
}
