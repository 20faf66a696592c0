//! Connections that come to nothing: half-sent heads, a byte a second, handshakes of TLS that stall, more than may be.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::times;
use crate::support::crowd::Crowd;
use crate::support::lone::Lone;

/// How long the server may take to give up on a connection that goes on coming.
const PATIENCE: Duration = Duration::from_secs(90);

/// A body that is announced and does not come.
const BODY: &[u8] =
    b"POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n";

/// Sends this, and then a byte a second where it is to trickle, until the server closes.
async fn linger(address: std::net::SocketAddr, begin: &'static [u8], trickles: bool) {
    let Ok(mut line) = TcpStream::connect(address).await else { return };
    // Not taken any more where the server has closed, which reading shows.
    let _ = line.write_all(begin).await;
    let (mut reader, mut writer) = line.split();
    let mut came = [0; 1024];
    loop {
        tokio::select! {
            read = reader.read(&mut came) => if read.unwrap_or(0) == 0 { return },
            // The pace of a client that trickles is what is tested; nothing is waited for.
            () = tokio::time::sleep(Duration::from_secs(1)) => if trickles {
                let _ = writer.write_all(b"x").await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_come_to_nothing_are_given_up_and_hold_up_nobody() {
    let each = times(60, 500);
    let lone = Lone::start(&[]);
    let crowd = Crowd::gather(&lone, 2, 6).await;
    let (address, before) = (lone.address(), lone.descriptors());
    let kinds: [(&[u8], bool); 5] = [
        (b"GET /health HTTP/1.1\r\nHost: x\r\n", false),
        (b"GET /health HTTP/1.1\r\nX-Slow: ", true),
        (BODY, true),
        // A record's head, and half a greeting.
        (&[0x16, 3, 1, 2, 0], false),
        (&[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3], false),
    ];
    let mut lingering = JoinSet::new();
    for (begin, trickles) in kinds {
        for _ in 0..each {
            lingering.spawn(linger(address, begin, trickles));
        }
    }
    crowd.says(300).await;
    let all = async { while lingering.join_next().await.is_some() {} };
    tokio::time::timeout(PATIENCE, all).await.expect("each is given up");
    crowd.check(&lone).await;
    assert!(lone.descriptors() <= before + 5, "{} open, and {before} before", lone.descriptors());
    lone.is_unharmed();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_of_descriptors_that_is_reached_costs_nobody_who_is_there() {
    let lone = Lone::start(&[]);
    let crowd = Crowd::gather(&lone, 2, 6).await;
    assert_eq!(lone.stop().code, Some(0));
    lone.run_with_descriptors(200);
    crowd.says(50).await;
    for _ in 0..times(2, 10) {
        let held = join_all((0..400).map(|_| TcpStream::connect(lone.address()))).await;
        crowd.says(100).await;
        drop(held);
        crowd.check(&lone).await;
    }
    assert_eq!(lone.stop().code, Some(0));
}
