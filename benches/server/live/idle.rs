//! Sockets that connect, authenticate and then do nothing.

use std::time::Duration;

use futures_util::stream::{self, StreamExt};

use crate::client::Socket;
use crate::peers::Peer;
use crate::process::Cpu;

/// Of whom they are.
const USERS: usize = 1000;

/// What an idle socket costs.
pub(crate) struct Idle {
    /// Microseconds of CPU time until it is authenticated.
    pub connecting: f64,
    /// Of memory.
    pub kilobytes: f64,
}

/// Connects so many, of all users.
pub(crate) async fn idle(peer: &Peer, count: usize) -> Idle {
    let connect = |first: usize, count: usize| {
        let users = (first..first + count).map(|number| number % USERS);
        stream::iter(users).map(|user| peer.socket(user)).buffer_unordered(64).collect::<Vec<Socket>>()
    };
    // What a server makes at the first socket is not counted.
    let warm = connect(0, 100).await;
    let (resident, cpu) = (peer.server.resident(), Cpu::of(peer.server.id()));
    let sockets = connect(100, count).await;
    let connecting = Cpu::of(peer.server.id()).since(&cpu) / count as f64;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let kilobytes = (peer.server.resident() as f64 - resident as f64) / count as f64 / 1e3;
    drop((warm, sockets));
    Idle { connecting, kilobytes }
}
