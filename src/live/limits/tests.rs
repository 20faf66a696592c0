//! The table Limits, row by row, by a clock that is set by hand.

use std::time::Duration;

use governor::clock::FakeRelativeClock;

use super::*;

const ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
const OTHER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

fn limits() -> (Limits<FakeRelativeClock>, FakeRelativeClock) {
    let clock = FakeRelativeClock::default();
    (Limits::by_clock(&clock), clock)
}

/// How many go through before one is refused, and how long that one has to wait.
fn burst(count: impl Fn() -> Result<(), Error>) -> (u32, Duration) {
    for passed in 0..10_000 {
        match count() {
            Ok(()) => {}
            Err(Error::RateLimited(wait)) => return (passed, wait),
            Err(other) => panic!("refused otherwise: {other:?}"),
        }
    }
    panic!("nothing was refused");
}

/// A log-in fails that may be tried.
fn fail(limits: &Limits<FakeRelativeClock>, address: IpAddr, account: &str) {
    drop(limits.login(address, account).unwrap());
}

/// Whether a log-in may be tried; it succeeds then.
fn may_log_in<C: Clock + Clone>(limits: &Limits<C>, address: IpAddr, account: &str) -> bool {
    limits.login(address, account).map(Attempt::not_failed).is_ok()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn each_row_lets_its_burst_through_and_says_how_long_to_wait() {
    let (limits, _) = limits();
    let (user, socket) = (UserId::new(), limits.socket());
    assert_eq!(burst(|| limits.signup(ADDRESS)), (10, Duration::from_secs(6)));
    assert_eq!(burst(|| limits.rest(user)), (300, Duration::from_millis(20)));
    assert_eq!(burst(|| limits.room_created(user)), (30, Duration::from_secs(2)));
    assert_eq!(burst(|| limits.call_initiated(user)), (20, Duration::from_secs(3)));
    assert_eq!(burst(|| socket.check(EventClass::Signal)), (500, Duration::from_millis(10)));
    assert_eq!(burst(|| socket.check(EventClass::Other)), (100, Duration::from_millis(50)));
    let (messages, wait) = burst(|| socket.check(EventClass::Message));
    assert_eq!((messages, wait.as_millis()), (200, 33));
}

#[test]
fn what_was_used_comes_back_with_time_up_to_the_burst() {
    let (limits, clock) = limits();
    let socket = limits.socket();
    burst(|| socket.check(EventClass::Other));
    clock.advance(Duration::from_secs(2));
    assert_eq!(burst(|| socket.check(EventClass::Other)).0, 40);
    clock.advance(Duration::from_secs(3600));
    assert_eq!(burst(|| socket.check(EventClass::Other)).0, 100);
}

#[test]
fn one_who_did_too_much_holds_nobody_else_up() {
    let (limits, _) = limits();
    burst(|| limits.signup(ADDRESS));
    assert_eq!(limits.signup(OTHER), Ok(()));
    let (ann, bob) = (UserId::new(), UserId::new());
    burst(|| limits.rest(ann));
    assert_eq!(limits.rest(bob), Ok(()));
    let (busy, calm) = (limits.socket(), limits.socket());
    burst(|| busy.check(EventClass::Other));
    assert_eq!(busy.check(EventClass::Message), Ok(()));
    assert_eq!(calm.check(EventClass::Other), Ok(()));
}

#[test]
fn log_ins_that_succeed_are_not_counted() {
    let (limits, _) = limits();
    for _ in 0..1000 {
        assert!(may_log_in(&limits, ADDRESS, "ann"));
    }
}

#[test]
fn after_ten_failures_the_account_is_refused_from_that_address_and_from_no_other() {
    let (limits, clock) = limits();
    for _ in 0..10 {
        assert!(may_log_in(&limits, ADDRESS, "ann"));
        fail(&limits, ADDRESS, "ann");
    }
    assert_eq!(limits.login(ADDRESS, "ann").unwrap_err(), Error::RateLimited(Duration::from_secs(6)));
    assert!(may_log_in(&limits, ADDRESS, "bob"));
    assert!(may_log_in(&limits, OTHER, "ann"));
    clock.advance(Duration::from_secs(6));
    assert!(may_log_in(&limits, ADDRESS, "ann"));
    fail(&limits, ADDRESS, "ann");
    assert!(limits.login(ADDRESS, "ann").is_err());
    clock.advance(Duration::from_secs(60));
    for _ in 0..10 {
        assert!(may_log_in(&limits, ADDRESS, "ann"));
        fail(&limits, ADDRESS, "ann");
    }
}

#[test]
fn after_fifty_failures_an_address_is_refused_whatever_the_account() {
    let (limits, _) = limits();
    for number in 0..50 {
        let account = format!("account {number}");
        assert!(may_log_in(&limits, ADDRESS, &account));
        fail(&limits, ADDRESS, &account);
    }
    assert_eq!(limits.login(ADDRESS, "ann").unwrap_err(), Error::RateLimited(Duration::from_millis(1200)));
    assert!(may_log_in(&limits, OTHER, "ann"));
}

#[test]
fn of_log_ins_that_run_at_once_ten_get_through_until_one_succeeds() {
    let (limits, clock) = limits();
    let mut attempts: Vec<_> = (0..10).map(|_| limits.login(ADDRESS, "ann").unwrap()).collect();
    assert_eq!(limits.login(ADDRESS, "ann").unwrap_err(), Error::RateLimited(Duration::from_secs(6)));
    assert!(may_log_in(&limits, ADDRESS, "bob") && may_log_in(&limits, OTHER, "ann"));
    attempts.pop().unwrap().not_failed();
    attempts.push(limits.login(ADDRESS, "ann").unwrap());
    assert!(limits.login(ADDRESS, "ann").is_err());
    // Those that were left count as those that were wrong.
    drop(attempts);
    assert!(limits.login(ADDRESS, "ann").is_err());
    clock.advance(Duration::from_secs(60));
    assert!(may_log_in(&limits, ADDRESS, "ann"));
}

#[test]
fn two_hundred_people_behind_one_address_log_in_at_once() {
    let (limits, _) = limits();
    let names: Vec<String> = (0..200).map(|number| format!("account {number}")).collect();
    let attempts: Vec<_> = names.iter().map(|name| limits.login(ADDRESS, name).unwrap()).collect();
    for attempt in attempts {
        assert_eq!(attempt.check(), Ok(()));
        attempt.not_failed();
    }
    assert!(may_log_in(&limits, ADDRESS, "ann"));
}

#[test]
fn of_many_accounts_tried_at_once_from_an_address_fifty_get_their_turn() {
    let (limits, _) = limits();
    let names: Vec<String> = (0..200).map(|number| format!("account {number}")).collect();
    let attempts: Vec<_> = names.iter().map(|name| limits.login(ADDRESS, name).unwrap()).collect();
    let mut tried = 0;
    for attempt in attempts {
        match attempt.check() {
            Ok(()) => tried += 1,
            Err(_) => attempt.not_failed(),
        }
    }
    assert_eq!(tried, 50);
    assert!(limits.login(ADDRESS, "ann").is_err() && may_log_in(&limits, OTHER, "ann"));
}

#[test]
fn a_user_causes_a_hundred_thousand_deliveries_at_once_and_twenty_thousand_a_second() {
    let (limits, clock) = limits();
    let user = UserId::new();
    assert_eq!(burst(|| limits.fan_out(user, 1000)), (100, Duration::from_millis(50)));
    // All or none: what is refused takes nothing from what is smaller.
    assert_eq!(limits.fan_out(user, 20_000), Err(Error::RateLimited(Duration::from_secs(1))));
    clock.advance(Duration::from_millis(50));
    assert_eq!(limits.fan_out(user, 1000), Ok(()));
    assert!(limits.fan_out(user, 1).is_err());
    assert_eq!(limits.fan_out(user, 0), Ok(()));
    let mut passed = 0;
    for _ in 0..1000 {
        clock.advance(Duration::from_millis(10));
        passed += u32::from(limits.fan_out(user, 400).is_ok());
    }
    assert_eq!(passed, 500, "200,000 deliveries in ten seconds");
}

#[test]
fn who_leaves_and_joins_a_room_of_twenty_thousand_is_held_up_and_nobody_else_is() {
    let (limits, _) = limits();
    let (ann, bob) = (UserId::new(), UserId::new());
    assert_eq!(burst(|| limits.fan_out(ann, 20_000)), (5, Duration::from_secs(1)));
    assert_eq!(limits.fan_out(bob, 20_000), Ok(()));
}

#[test]
fn what_is_larger_than_the_burst_passes_once_and_then_waits_for_the_whole_burst() {
    let (limits, clock) = limits();
    let (ann, bob) = (UserId::new(), UserId::new());
    assert_eq!(limits.fan_out(ann, 250_000), Ok(()));
    assert_eq!(limits.fan_out(ann, 250_000), Err(Error::RateLimited(Duration::from_secs(5))));
    assert_eq!(limits.fan_out(ann, 1), Err(Error::RateLimited(Duration::from_micros(50))));
    clock.advance(Duration::from_secs(5));
    assert_eq!(limits.fan_out(ann, usize::MAX), Ok(()));
    assert_eq!(limits.fan_out(bob, 1), Ok(()));
    assert_eq!(limits.fan_out(bob, 250_000), Err(Error::RateLimited(Duration::from_micros(50))));
}

#[test]
fn a_network_of_ipv6_is_one_address_and_ipv4_in_ipv6_is_ipv4() {
    let (limits, _) = limits();
    burst(|| limits.signup(ip("2001:db8:1:2::3")));
    assert!(limits.signup(ip("2001:db8:1:2:ffff::4")).is_err());
    assert_eq!(limits.signup(ip("2001:db8:1:3::3")), Ok(()));
    burst(|| limits.signup(ADDRESS));
    assert!(limits.signup(ip("::ffff:192.0.2.1")).is_err());
}

#[test]
fn a_hundred_connections_of_an_address_may_wait_and_a_place_is_given_back() {
    let (limits, _) = limits();
    let mut places: Vec<Handshake> = (0..100).map(|_| limits.handshake(ADDRESS).unwrap()).collect();
    assert_eq!(limits.handshake(ADDRESS).unwrap_err(), Error::RateLimited(Duration::from_secs(10)));
    let other = limits.handshake(OTHER).unwrap();
    places.pop();
    places.push(limits.handshake(ADDRESS).unwrap());
    assert!(limits.handshake(ADDRESS).is_err());
    drop((places, other));
    assert_eq!(limits.0.unwrap().handshakes.len(), 0);
}

#[test]
fn strangers_are_forgotten_with_time() {
    let (limits, clock) = limits();
    for number in 0..200_000_u32 {
        let address = IpAddr::from(number.to_be_bytes());
        limits.signup(address).unwrap();
        fail(&limits, address, "ann");
        clock.advance(Duration::from_millis(10));
    }
    let kept = limits.0.unwrap();
    // Within the six seconds that one counts for there are 600 of them.
    assert!(kept.signups.len() < 3000, "{} addresses", kept.signups.len());
    assert!(kept.failures_by_address.len() < 3000, "{} addresses", kept.failures_by_address.len());
    assert!(kept.failures_by_account.len() < 3000, "{} accounts", kept.failures_by_account.len());
}

#[test]
fn who_is_over_the_limit_is_not_forgotten_by_it() {
    let (limits, _) = limits();
    burst(|| limits.signup(ADDRESS));
    for _ in 0..10 {
        fail(&limits, ADDRESS, "ann");
    }
    for number in 0..100_000_u32 {
        let address = IpAddr::from(number.to_be_bytes());
        limits.signup(address).unwrap();
        fail(&limits, address, "ann");
    }
    assert!(limits.signup(ADDRESS).is_err());
    assert!(limits.login(ADDRESS, "ann").is_err());
}

#[test]
fn nothing_is_refused_where_limits_are_off() {
    let limits = Limits::new(false);
    let (user, socket) = (UserId::new(), limits.socket());
    let mut places = Vec::new();
    for _ in 0..2000 {
        drop(limits.login(ADDRESS, "ann").unwrap());
        assert!(may_log_in(&limits, ADDRESS, "ann"));
        assert_eq!(limits.signup(ADDRESS), Ok(()));
        assert_eq!(limits.rest(user), Ok(()));
        assert_eq!(limits.room_created(user), Ok(()));
        assert_eq!(limits.call_initiated(user), Ok(()));
        assert_eq!(limits.fan_out(user, 20_000), Ok(()));
        assert_eq!(socket.check(EventClass::Other), Ok(()));
        places.push(limits.handshake(ADDRESS).unwrap());
    }
}
