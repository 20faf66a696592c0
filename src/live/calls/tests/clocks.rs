//! The time of day may be set at any time: rings and graces last as long as they should, and what is stored is the time
//! of day.

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
