//! What comes to the relay's own port: datagrams are read, and streams are let in.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::Relay;
use super::line::Line;
use crate::net::binding::plain;
use crate::net::doors::Doors;
use crate::net::tuning::{told, tune};
use crate::seldom::Seldom;

/// The largest datagram there is.
const MOST_DATAGRAM: usize = 65_536;
/// How long after a failure to read or accept the next attempt is made.
const AGAIN: Duration = Duration::from_millis(50);

impl Relay {
    /// Takes datagrams until it is dropped. Waits for ever where the relay has no port.
    pub async fn serve_datagrams(self: Arc<Self>) -> Infallible {
        static NOT_READ: Seldom = Seldom::new();
        let Some(sockets) = &self.sockets else { return std::future::pending().await };
        let socket = &sockets.datagrams;
        let mut packet = vec![0; MOST_DATAGRAM];
        loop {
            match socket.recv_from(&mut packet).await {
                Ok((length, client)) => {
                    self.packet(&Line::Datagrams(Arc::clone(socket), client), &mut packet[..length]);
                }
                // A client that is not there any more is told of here; the others are.
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
                Err(error) => {
                    NOT_READ.say(|count| tracing::warn!(%error, count, "the relay could not read a datagram"));
                    tokio::time::sleep(AGAIN).await;
                }
            }
        }
    }

    /// Lets streams in until it is dropped; `stopped` ends those that are open. Waits for ever where the relay has no
    /// port.
    pub async fn accept_streams(self: Arc<Self>, doors: Doors, stopped: watch::Receiver<bool>) -> Infallible {
        static NOT_ACCEPTED: Seldom = Seldom::new();
        let Some(sockets) = &self.sockets else { return std::future::pending().await };
        loop {
            match sockets.streams.accept().await {
                Ok((stream, client)) => {
                    let client = plain(client);
                    let Ok(pass) = doors.enter(client.ip()) else { continue };
                    if let Err(error) = tune(&stream) {
                        tracing::debug!(%error, "a stream of the relay could not be tuned");
                    }
                    let (relay, mut stopped) = (Arc::clone(&self), stopped.clone());
                    tokio::spawn(async move {
                        tokio::select! {
                            () = relay.serve_stream(stream, client) => {}
                            () = told(&mut stopped) => {}
                        }
                        drop(pass);
                    });
                }
                Err(error) => {
                    NOT_ACCEPTED.say(|count| tracing::warn!(%error, count, "the relay could not accept a stream"));
                    tokio::time::sleep(AGAIN).await;
                }
            }
        }
    }
}
