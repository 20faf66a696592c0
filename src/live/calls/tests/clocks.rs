//! The time of day may be set at any time: rings and graces last as long as they should, and what is stored is the time of day.

use super::*;

/// Sets the time of day, and nothing else.
fn set_clock(world: &mut World, hours: i64) {
    world.now.time = Timestamp::from_millis(world.now.time.millis() + hours * 3_600_000);
}

#[test]
fn a_ring_lasts_as_long_where_the_clock_is_set_forward_or_back() {
    for hours in [1, -1] {
        let mut world = World::new();
        let (ann, bob) = (world.person("ann"), world.person("bob"));
        let call = world.ring(&ann, &bob).unwrap();
        set_clock(&mut world, hours);
        world.pass(RING - MOMENT);
        assert_eq!(world.stored[&call].status, CallStatus::Ringing, "{hours} h");
        world.pass(MOMENT);
        assert_eq!(world.end_reason(call), Some(EndReason::Timeout), "{hours} h");
    }
}

#[test]
fn a_grace_lasts_as_long_where_the_clock_is_set_forward_or_back() {
    for hours in [1, -1] {
        let (mut world, call, ann, _) = two_in_a_call();
        world.drop_socket(&ann);
        set_clock(&mut world, hours);
        world.pass(GRACE - MOMENT);
        assert_eq!(world.stored[&call].status, CallStatus::Active, "{hours} h");
        world.pass(MOMENT);
        assert_eq!(world.end_reason(call), Some(EndReason::Disconnected), "{hours} h");
    }
}

#[test]
fn a_call_that_another_server_left_joins_those_that_go_on_here() {
    let (mut world, here, ann, bob) = two_in_a_call();
    let (cat, dan) = (world.person("cat"), world.person("dan"));
    let known = world.stored[&here].clone();
    let left = Call {
        id: CallId::new(),
        created_by: cat.user.id,
        participants: vec![cat.user.id, dan.user.id],
        invited: vec![dan.user.id],
        inside: vec![cat.user.id, dan.user.id],
        ..known.clone()
    };
    let clashing = Call { id: CallId::new(), inside: vec![cat.user.id, bob.user.id], ..left.clone() };
    let names = world.names.clone();
    let name = |id: UserId| UserRef { id, username: names[&id].clone() };
    let restored = world.calls.restore(world.now, vec![known, left.clone(), clashing.clone()], name);
    assert_eq!(restored.over.iter().map(|call| call.id).collect::<Vec<_>>(), [clashing.id]);
    assert_eq!(restored.inside, [cat.user.id, dan.user.id]);
    world.stored.insert(left.id, left.clone());
    assert_eq!(world.calls.session_call(ann.user.id).unwrap().call_id, here, "what goes on here is untouched");
    assert_eq!(world.accept(&cat), Ok(Accepted { call_id: left.id, peers: Vec::new() }));
    assert_eq!(world.accept(&dan).unwrap().peers[0].socket_id, cat.socket);
}
