//! What strangers cost: they get few answers, small ones, and no memory.

use std::net::{SocketAddr, UdpSocket};
use std::ops::Range;

use super::place;
use crate::support::entrance::Entrance;
use crate::support::process::Workplace;
use crate::support::turn::{ALLOCATE, BINDING, REQUESTED_TRANSPORT, Ticket, TurnClient, message};

/// How many requests strangers send.
const REQUESTS: u32 = 100_000;
/// How many at once: as many as fit into what waits for the relay in the system.
const BATCH: usize = 100;
/// What they may cost.
const MOST_KIB: u64 = 5 * 1024;

/// A request of a stranger: for an allocation, with a made-up proof, or with a name and nothing behind it.
fn request(number: u32) -> Vec<u8> {
    let mut transaction = [0; 12];
    transaction[..4].copy_from_slice(&number.to_be_bytes());
    let udp = (REQUESTED_TRANSPORT, vec![17, 0, 0, 0]);
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &number.to_be_bytes());
    let name = (0x006, format!("4000000000:{number:024x}").into_bytes());
    let proof = [(0x014, b"tincan".to_vec()), (0x015, format!("nonce{number}").into_bytes())];
    match number % 3 {
        0 => message(ALLOCATE, transaction, &[udp], None),
        1 => message(ALLOCATE, transaction, &[vec![udp, name], proof.to_vec()].concat(), Some(&key)),
        _ => message(BINDING, transaction, &[], None),
    }
}

/// Sends so many requests, and counts what comes back. `known` tells when the relay has taken what was sent.
async fn flood(relay: SocketAddr, known: &mut TurnClient, numbers: Range<u32>) -> Flood {
    let mut flood = Flood::default();
    for batch in numbers.collect::<Vec<_>>().chunks(BATCH) {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        for number in batch {
            let request = request(*number);
            flood.sent += request.len();
            socket.send_to(&request, relay).unwrap();
        }
        known.refresh(600).await.unwrap();
        let mut bytes = [0; 2048];
        while let Ok((length, _)) = socket.recv_from(&mut bytes) {
            flood.answers += 1;
            flood.came += length;
            flood.largest = flood.largest.max(length);
        }
    }
    flood
}

/// What came of a flood.
#[derive(Debug, Default)]
struct Flood {
    sent: usize,
    came: usize,
    answers: usize,
    largest: usize,
}

#[tokio::test]
async fn a_hundred_thousand_strangers_are_forgotten_and_get_few_small_answers() {
    let workplace = Workplace::new();
    let server = workplace.serve(&["--turn", "auto", "--turn-port", "0"]);
    let entrance = Entrance::new(vec![server.address]);
    let ticket = Ticket::of(&entrance.user("ann").await).await;
    let relay = place(&ticket);
    let mut known = TurnClient::udp(relay, &ticket).await;
    known.allocate().await.unwrap();
    // What the first ones bring into memory is there once.
    let first = flood(relay, &mut known, 0..2_000).await;
    let before = server.memory_kib();
    let flood = flood(relay, &mut known, 2_000..2_000 + REQUESTS).await;
    let grown = server.memory_kib().saturating_sub(before);
    eprintln!("{flood:?}, and {grown} KiB more");
    assert!(grown < MOST_KIB, "{grown} KiB");
    // All of the second flood may fall into the second in which the first one has had its answers.
    assert!(first.answers > 0 && first.largest <= 80 && flood.largest <= 80, "{first:?} {flood:?}");
    assert!(flood.came < flood.sent / 2, "{flood:?}");
}
