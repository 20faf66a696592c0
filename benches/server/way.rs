//! How a client of the benchmark comes, and by what its packets go.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};

use tokio_rustls::TlsConnector;

use crate::line::{self, Line};
use crate::polling::Polling;

/// How a client comes.
#[derive(Clone)]
pub(crate) enum Way {
    /// By a WebSocket from the beginning.
    WebSocket,
    /// The same over TLS.
    Tls(TlsConnector),
    /// By polling, and it stays with that.
    Polling,
    /// By polling, and it moves on to a WebSocket when it is authenticated.
    Upgraded,
}

/// By what its packets go.
pub(crate) enum Carrier {
    Line(Line),
    Polling(Polling),
}

impl Carrier {
    /// What a client of this kind begins with.
    pub(crate) async fn open(address: SocketAddr, way: &Way) -> io::Result<Self> {
        let line = |tls| Line::open(address, tls, None);
        match way {
            Way::WebSocket => line(None).await.map(Self::Line),
            Way::Tls(tls) => line(Some(tls)).await.map(Self::Line),
            Way::Polling | Way::Upgraded => Polling::open(address).await.map(Self::Polling),
        }
    }

    /// What a client of this kind goes on with, once it is authenticated.
    pub(crate) async fn settle(self, address: SocketAddr, way: &Way) -> io::Result<Self> {
        let Self::Polling(mut polling) = self else { return Ok(self) };
        // A client asks at any time.
        polling.ask()?;
        if !matches!(way, Way::Upgraded) {
            return Ok(Self::Polling(polling));
        }
        let mut line = Line::open(address, None, Some(&polling.session)).await?;
        line.send(b"2probe").await?;
        until(b"3probe", |cx, mut take| line.poll(cx, &mut take)).await?;
        // What asks is answered with a packet that says nothing.
        until(b"6", |cx, mut take| polling.poll(cx, &mut take)).await?;
        line.send(b"5").await?;
        Ok(Self::Line(line))
    }

    /// A packet, made ready to be sent by this one.
    pub(crate) fn made(&self, packet: &[u8]) -> Vec<u8> {
        match self {
            Self::Line(_) => line::frame(packet),
            Self::Polling(polling) => polling.request(packet),
        }
    }

    /// Sends what [`Carrier::made`] made.
    pub(crate) async fn send(&mut self, made: &[u8]) -> io::Result<()> {
        match self {
            Self::Line(line) => line.send_framed(made).await,
            Self::Polling(polling) => polling.send(made).await,
        }
    }

    /// Hands over each packet that is whole, once something comes.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, take: &mut impl FnMut(&[u8])) -> Poll<io::Result<()>> {
        match self {
            Self::Line(line) => line.poll(cx, take),
            Self::Polling(polling) => polling.poll(cx, take),
        }
    }
}

/// Waits for this packet; none but that is to be expected.
async fn until(
    packet: &[u8],
    mut poll: impl FnMut(&mut Context<'_>, &mut dyn FnMut(&[u8])) -> Poll<io::Result<()>>,
) -> io::Result<()> {
    let mut came = false;
    while !came {
        poll_fn(|cx| poll(cx, &mut |one: &[u8]| came |= one == packet)).await?;
    }
    Ok(())
}
