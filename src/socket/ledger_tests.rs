//! The ledger: bounds for a socket, for a user and for all, and what is given back.

use super::*;

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

fn tally(ledger: &Arc<Ledger>, user: UserId) -> (Seat, Tally) {
    let seat = ledger.seat(user).unwrap();
    let tally = Tally::new(&seat);
    (seat, tally)
}

#[test]
fn a_user_has_a_hundred_seats_and_gets_them_back() {
    let ledger = Arc::new(Ledger::default());
    let (ann, bob) = (UserId::new(), UserId::new());
    let mut seats: Vec<Seat> = std::iter::from_fn(|| ledger.seat(ann).ok()).collect();
    assert_eq!(seats.len(), MOST_SOCKETS);
    assert!(ledger.seat(bob).is_ok());
    seats.pop();
    assert!(ledger.seat(ann).is_ok());
    drop(seats);
    assert!(ledger.owners().is_empty(), "nothing is kept of who has no socket");
}

#[test]
fn a_socket_takes_any_single_packet_and_then_so_much() {
    let ledger = Arc::new(Ledger::default());
    let (_seat, tally) = tally(&ledger, UserId::new());
    assert_eq!(tally.add(10 * MIB), Over::Nothing);
    assert_eq!(tally.add(1), Over::Socket);
    tally.sent(u64::MAX);
    assert_eq!((tally.waiting(), ledger.sending()), (0, 0));
    assert_eq!(tally.add(MIB), Over::Nothing);
    assert_eq!(tally.add(3 * MIB), Over::Nothing);
    assert_eq!(tally.add(1), Over::Socket);
}

#[test]
fn a_large_answer_does_not_count_against_the_events_that_come_behind_it() {
    let ledger = Arc::new(Ledger::default());
    let (_seat, tally) = tally(&ledger, UserId::new());
    assert_eq!(tally.add(MIB), Over::Nothing);
    assert_eq!(tally.add_answer(5 * MIB), Over::Nothing);
    assert_eq!(tally.add(2 * MIB), Over::Nothing);
    assert_eq!(tally.add(2 * MIB), Over::Socket);
}

#[test]
fn the_sockets_of_one_user_share_a_bound_and_all_users_another() {
    let ledger = Arc::new(Ledger::default());
    let ann = UserId::new();
    let own: Vec<_> = (0..5).map(|_| tally(&ledger, ann)).collect();
    assert!(own[..4].iter().all(|(_, tally)| tally.add(4 * MIB) == Over::Nothing));
    assert_eq!(own[4].1.add(1), Over::User);
    own[4].1.sent(1);
    let others: Vec<_> = (0..20).map(|_| tally(&ledger, UserId::new())).collect();
    assert!(others.iter().all(|(_, tally)| tally.add(4 * MIB) == Over::Nothing));
    assert_eq!(tally(&ledger, UserId::new()).1.add(1), Over::All);
    drop((own, others));
    assert_eq!(ledger.sending(), 0);
}

#[test]
fn what_is_added_to_a_socket_that_is_gone_does_not_wait() {
    let ledger = Arc::new(Ledger::default());
    let (_seat, tally) = tally(&ledger, UserId::new());
    tally.add(MIB);
    tally.close();
    assert_eq!(tally.add(MIB), Over::Nothing);
    assert_eq!(ledger.sending(), 0);
}

#[test]
fn events_that_wait_are_bounded_for_a_user_and_given_back() {
    let ledger = Arc::new(Ledger::default());
    let (seat, _tally) = tally(&ledger, UserId::new());
    assert!((0..4).all(|_| seat.event_waits(4 * MIB)));
    assert!(!seat.event_waits(1));
    seat.event_begins(4 * MIB);
    assert!(seat.event_waits(1));
    let others: Vec<Seat> = (0..13).map(|_| ledger.seat(UserId::new()).unwrap()).collect();
    let taken = others.iter().filter(|seat| seat.event_waits(4 * MIB)).count();
    assert_eq!(taken, 12, "64 MiB in all, of which 12 MiB and one byte are taken");
}

#[tokio::test]
async fn the_next_event_waits_until_a_socket_has_taken_what_waits_for_it() {
    let ledger = Arc::new(Ledger::default());
    let (_seat, tally) = tally(&ledger, UserId::new());
    tally.light(|| false).await;
    tally.add(3 * MIB);
    let tally = Arc::new(tally);
    let waiter = tokio::spawn({
        let tally = Arc::clone(&tally);
        async move { tally.light(|| false).await }
    });
    tokio::task::yield_now().await;
    assert!(!waiter.is_finished());
    tally.sent(2 * MIB);
    tokio::time::timeout(Duration::from_secs(5), waiter).await.unwrap().unwrap();
}
