//! Several servers that decide about the same calls: each follows what the others stored, in whatever order it hears of
//! it.

use super::*;

/// What another server knows, which hears of what is stored.
fn another(world: &World) -> CallMachine {
    let mut other = CallMachine::new(ServerId::new(), RING, GRACE);
    hear(world, &mut other);
    other
}

fn nobody(id: UserId) -> UserRef {
    UserRef { id, username: String::new() }
}

fn hear(world: &World, other: &mut CallMachine) {
    for call in world.stored.values() {
        other.adopt(world.now, call, nobody);
    }
}

#[test]
fn another_server_knows_the_call_as_it_stands() {
    let (mut world, _, ann, bob) = two_in_a_call();
    let other = another(&world);
    assert_eq!(other.session_call(ann.user.id), world.calls.session_call(ann.user.id));
    assert_eq!(other.socket_in_call(other.call_of_socket(bob.socket).unwrap(), ann.user.id), Some(ann.socket));
    world.drop_socket(&bob);
    let mut other = other;
    hear(&world, &mut other);
    assert_eq!(other.session_call(bob.user.id).unwrap().socket_id, None);
    assert_eq!(other.next_deadline(), world.calls.next_deadline());
}

#[test]
fn what_is_heard_late_changes_nothing() {
    let (mut world, call, ann, _) = two_in_a_call();
    let active = world.stored[&call].clone();
    let mut other = another(&world);
    world.end(&ann).unwrap();
    hear(&world, &mut other);
    assert!(!other.is_open(call));
    assert!(!other.adopt(world.now, &active, nobody), "what came before the end opens it no more");
    assert!(!other.is_open(call));
}

#[test]
fn a_change_that_another_one_has_overtaken_is_told_and_not_made() {
    let (mut world, call, ann, bob) = two_in_a_call();
    let mut other = another(&world);
    let change = other.end(world.now, &bob, Which::Own).unwrap();
    world.drop_socket(&ann);
    let overtaken = world.stored[&call].clone();
    assert_eq!(change.record.as_ref().unwrap().revision, overtaken.revision, "the store takes one of the two");
    other.adopt(world.now, &overtaken, nobody);
    assert!(!other.apply(change, true).is_empty());
    assert!(other.is_open(call));
}

#[test]
fn who_began_the_next_call_before_the_end_of_the_last_is_heard_of_is_in_the_next() {
    let (mut world, call, ann, bob) = two_in_a_call();
    let mut other = another(&world);
    world.end(&ann).unwrap();
    let next = world.ring(&bob, &ann).unwrap();
    let (over, rings) = (world.stored[&call].clone(), world.stored[&next].clone());
    other.adopt(world.now, &rings, nobody);
    other.adopt(world.now, &over, nobody);
    assert_eq!(other.which(Which::Own, ann.user.id), Ok(next));
}

#[test]
fn a_beginner_whose_server_went_is_waited_for_and_back_by_connecting() {
    let mut world = World::new();
    let (ann, bob) = (world.person("ann"), world.person("bob"));
    let call = world.ring(&ann, &bob).unwrap();
    let mut other = another(&world);
    let gone = other.lost_sockets(&world.presence, |_| true);
    assert_eq!(gone.len(), 1);
    world.presence.disconnect(ann.socket);
    let change = other.socket_gone(world.now, &ann, true, &world.presence).unwrap();
    assert!(other.apply(change, true).is_empty(), "nobody is told, for it rings on");
    assert_eq!(other.next_deadline(), Some(world.now.after(GRACE)));
    let back = world.connect(&ann.user, "ann2");
    assert_eq!(other.beginners_back(&world.presence), std::slice::from_ref(&back));
    let change = other.beginner_back(world.now, &back).unwrap();
    other.apply(change, true);
    let (accepted, _) = other.accept(world.now, &bob, Which::Call(call), &world.presence).unwrap();
    assert_eq!(accepted.peers[0].socket_id, back.socket);
}

#[test]
fn a_server_that_was_taken_for_gone_finds_its_sockets_again() {
    let (mut world, _, ann, bob) = two_in_a_call();
    let mut other = another(&world);
    let change = other.socket_gone(world.now, &bob, true, &world.presence).unwrap();
    let away = change.record.clone().unwrap();
    other.apply(change, true);
    world.calls.adopt(world.now, &away, nobody);
    world.stored.insert(away.id, away);
    let found = world.calls.found_sockets(&world.presence);
    assert_eq!(found.iter().map(|(_, who)| who.socket).collect::<Vec<_>>(), [bob.socket]);
    world.accept(&bob).unwrap();
    assert_eq!(world.told(&ann), ["call-accepted bob"]);
}
