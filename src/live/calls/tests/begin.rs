//! `initiate-call`: who is rung, and every refusal in its order.

use super::*;

#[test]
fn who_is_rung_hears_it_on_every_socket_and_the_call_rings() {
    let mut world = World::new();
    let (ann, bob, cat) = (world.person("ann"), world.person("bob"), world.person("cat"));
    let bob2 = world.connect(&bob.user, "bob2");
    let call = world.ring(&ann, &bob).unwrap();
    assert_eq!(world.told(&bob), ["incoming-call ann"]);
    assert_eq!(world.told(&bob2), ["incoming-call ann"]);
    assert!(world.told(&ann).is_empty() && world.told(&cat).is_empty());
    let stored = &world.stored[&call];
    assert_eq!((stored.status, stored.room, stored.call_type), (CallStatus::Ringing, None, CallType::Video));
    assert_eq!((stored.created_by, stored.created_at), (ann.user.id, world.now.time));
    assert_eq!(world.names(&stored.participants), ["ann"]);
    assert_eq!(world.names(&stored.inside), ["ann"]);
    assert_eq!(world.names(&stored.invited), ["bob"]);
    assert_eq!(world.names(&stored.ringing), ["bob"]);
    assert_eq!((stored.answered_at, stored.ended_at, stored.end_reason), (None, None, None));
}

#[test]
fn incoming_call_says_who_rings_for_what_and_in_which_room() {
    let mut world = World::new();
    let (room, [ann, bob]) = world.room(["ann", "bob"]);
    let call_id = world.ring_room(&ann, room).unwrap();
    let expected = Event::IncomingCall {
        call_id,
        from: ann.user.id,
        from_socket_id: ann.socket,
        from_username: "ann".to_owned(),
        call_type: CallType::Audio,
        room_id: Some(room),
    };
    assert_eq!(world.told[&bob.socket][0], expected);
}

#[test]
fn in_a_room_everyone_else_who_has_a_socket_there_and_is_free_is_rung() {
    let mut world = World::new();
    let (room, [ann, bob, cat, dan]) = world.room(["ann", "bob", "cat", "dan"]);
    let (eve, fay) = (world.person("eve"), world.person("fay"));
    let cat2 = world.connect(&cat.user, "cat2");
    world.ring(&dan, &eve).unwrap();
    world.forget_told();
    let call = world.ring_room(&ann, room).unwrap();
    assert_eq!(world.told(&ann), ["room-call ringing ann"]);
    assert_eq!(world.told(&bob), ["incoming-call ann", "room-call ringing ann"]);
    assert_eq!(world.told(&cat), ["incoming-call ann", "room-call ringing ann"]);
    assert_eq!(world.told(&cat2), ["incoming-call ann"]);
    assert_eq!(world.told(&dan), ["room-call ringing ann"]);
    assert!(world.told(&eve).is_empty() && world.told(&fay).is_empty());
    let mut rung = world.names(&world.stored[&call].invited);
    rung.sort_unstable();
    assert_eq!(rung, ["bob", "cat"]);
}

#[test]
fn nobody_rings_oneself() {
    let mut world = World::new();
    let ann = world.person("ann");
    assert_eq!(world.ring(&ann, &ann).unwrap_err().code(), "validation_failed");
    assert!(world.stored.is_empty());
}

#[test]
fn a_room_is_rung_only_by_a_socket_that_has_joined_it() {
    let mut world = World::new();
    let (room, [ann, _bob]) = world.room(["ann", "bob"]);
    let ann2 = world.connect(&ann.user, "ann2");
    assert_eq!(world.ring_room(&ann2, room), Err(Error::NotInRoom));
    assert_eq!(world.ring_room(&ann, RoomId::new()), Err(Error::NotInRoom));
}

#[test]
fn where_a_call_goes_on_in_the_room_it_is_named_whoever_asks() {
    let (mut world, room, call, [ann, _, _, dan]) = three_of_four_in_a_call();
    let eve = world.person("eve");
    world.join(&eve, room);
    for who in [&ann, &dan, &eve] {
        assert_eq!(world.ring_room(who, room), Err(Error::UserBusy(Some(call))));
    }
}

#[test]
fn where_two_ring_each_other_the_second_is_told_the_call_of_the_first() {
    let mut world = World::new();
    let (ann, bob, cat) = (world.person("ann"), world.person("bob"), world.person("cat"));
    let call = world.ring(&ann, &bob).unwrap();
    assert_eq!(world.ring(&bob, &ann), Err(Error::UserBusy(Some(call))));
    assert_eq!(world.ring(&ann, &bob), Err(Error::UserBusy(None)));
    assert_eq!(world.ring(&bob, &cat), Err(Error::UserBusy(None)));
    world.accept(&bob).unwrap();
    assert_eq!(world.ring(&bob, &ann), Err(Error::UserBusy(None)));
    assert_eq!(world.stored.len(), 1, "none of these is kept");
}

#[test]
fn who_is_in_a_call_or_rung_rings_nobody() {
    let mut world = World::new();
    let (room, [ann, bob, cat]) = world.room(["ann", "bob", "cat"]);
    let dan = world.person("dan");
    let ann2 = world.connect(&ann.user, "ann2");
    world.ring(&ann, &dan).unwrap();
    for who in [&ann, &ann2] {
        assert_eq!(world.ring(who, &bob), Err(Error::UserBusy(None)));
    }
    assert_eq!(world.ring(&dan, &bob), Err(Error::UserBusy(None)));
    assert_eq!(world.ring_room(&ann, room), Err(Error::UserBusy(None)));
    assert!(world.ring_room(&bob, room).is_ok());
    assert_eq!(world.ring(&cat, &ann), Err(Error::UserBusy(None)));
}

#[test]
fn a_call_to_one_who_is_offline_is_refused_and_kept_for_both() {
    let mut world = World::new();
    let (ann, bob) = (world.person("ann"), world.person("bob"));
    world.drop_socket(&bob);
    assert_eq!(world.ring(&ann, &bob), Err(Error::UserOffline));
    let kept = world.stored.values().next().unwrap();
    assert_eq!((kept.status, kept.end_reason), (CallStatus::Ended, Some(EndReason::Offline)));
    assert_eq!((kept.created_at, kept.ended_at), (world.now.time, Some(world.now.time)));
    assert!(kept.concerns(ann.user.id) && kept.concerns(bob.user.id));
    assert_eq!(world.names(&kept.participants), ["ann"]);
    assert!(kept.inside.is_empty() && kept.ringing.is_empty());
    assert!(!world.is_busy(&ann));
}

#[test]
fn a_call_to_one_who_is_busy_is_refused_and_kept_for_both() {
    let (mut world, _, _, bob) = two_in_a_call();
    let (cat, dan) = (world.person("cat"), world.person("dan"));
    assert_eq!(world.ring(&cat, &bob), Err(Error::UserBusy(None)));
    let kept: Vec<&Call> = world.stored.values().filter(|call| call.end_reason == Some(EndReason::Busy)).collect();
    assert_eq!(kept.len(), 1);
    assert!(kept[0].concerns(cat.user.id) && kept[0].concerns(bob.user.id));
    assert!(world.told(&bob).is_empty());
    assert!(world.ring(&cat, &dan).is_ok());
    let eve = world.person("eve");
    assert_eq!(world.ring(&eve, &dan), Err(Error::UserBusy(None)), "being rung is busy too");
}

#[test]
fn one_who_is_away_from_a_call_and_has_no_socket_is_offline_first() {
    let (mut world, _, _, bob) = two_in_a_call();
    let cat = world.person("cat");
    world.drop_socket(&bob);
    assert_eq!(world.ring(&cat, &bob), Err(Error::UserOffline));
}

#[test]
fn a_room_with_nobody_else_or_nobody_free_is_not_rung_and_nothing_is_kept() {
    let mut world = World::new();
    let (room, [ann]) = world.room(["ann"]);
    let ann2 = world.connect(&ann.user, "ann2");
    world.join(&ann2, room);
    assert_eq!(world.ring_room(&ann, room), Err(Error::UserOffline));
    let (bob, cat) = (world.person("bob"), world.person("cat"));
    world.join(&bob, room);
    world.ring(&bob, &cat).unwrap();
    assert_eq!(world.ring_room(&ann, room), Err(Error::UserBusy(None)));
    assert_eq!(world.stored.len(), 1, "the call of bob and cat");
}
