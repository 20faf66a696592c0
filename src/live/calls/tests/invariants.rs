//! What is true of the calls at any time.

use std::collections::HashSet;

use super::*;

/// Fails where anything is not as it must always be.
pub(crate) fn check(world: &World) {
    let mut rebuilt = Book::default();
    let (mut busy, mut rooms) = (HashSet::new(), HashSet::new());
    for call in world.calls.book.calls() {
        assert!(call.busy().all(|user| busy.insert(user)), "a user is in at most one call, or rung by it");
        assert!(call.room.is_none_or(|room| rooms.insert(room)), "a room has at most one call");
        check_call(world, call);
        rebuilt.replace(call.id, Some(call.clone()));
    }
    assert_eq!(world.calls.book, rebuilt, "what is found by user, socket, room and time is what is there");
    for stored in world.stored.values() {
        let open = world.calls.book.get(stored.id).is_some();
        assert_eq!(open, stored.status != CallStatus::Ended, "what is stored as open goes on, and only that");
    }
}

fn check_call(world: &World, call: &OpenCall) {
    let inside: Vec<UserId> = call.inside.iter().map(|seat| seat.user.id).collect();
    assert!(inside.iter().all(|user| call.participants.contains(user)));
    assert!(call.rung.iter().all(|rung| call.invited.contains(&rung.user.id)));
    assert!(inside.len() <= MOST_INSIDE);
    if call.rings() {
        assert_eq!(inside, [call.begun_by.user.id], "while it rings the beginner alone is in it");
        assert!(call.inside[0].here().is_some(), "and with a socket");
    } else {
        assert!(inside.len() >= 2, "an active call has two at least");
    }
    if call.room.is_none() {
        assert!(call.participants.len() <= 2 && call.rung.len() <= 1);
        assert_eq!(call.rings(), call.rung.len() == 1);
    }
    for seat in &call.inside {
        let actor = seat.here().map(|socket| world.presence.actor(socket));
        assert!(actor.is_none_or(|at| at.is_some_and(|at| at.user == seat.user)), "who is in has the socket");
    }
    for rung in &call.rung {
        let waited_for = rung.away_until.is_some() || world.presence.is_online(rung.user.id);
        assert!(waited_for, "one who is rung and has no socket is waited for");
    }
    let stored = world.stored.get(&call.id).map(|stored| Call { standing: None, ..stored.clone() });
    let record = Call { revision: call.revision, standing: None, ..call.record(world.now, None) };
    assert_eq!(stored, Some(record), "the store has the call as it is");
}
