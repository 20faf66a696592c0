//! Cables between servers and the members of a replica set, which a test can cut for one server alone.
//!
//! All servers reach a member by the same port, since members have one address each. Whose connection it is says the
//! driver itself: its
//! first packet names the application, and each server has a name of its own (`appName` of the connection string).
//! Members have none.
//! What is on its way through a cable that is cut stays on its way, as in a network that has failed: nobody is told
//! anything.

use std::collections::HashSet;
use std::io;
use std::net::Ipv4Addr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

/// The longest first packet; a driver's has some hundred bytes.
const LONGEST: usize = 64 * 1024;

/// The cables of a deployment, on a runtime of their own, for it outlives the test that lays them.
pub(crate) struct Cables {
    runtime: Option<Runtime>,
    cut: watch::Sender<HashSet<String>>,
}

impl Cables {
    /// None yet.
    pub(crate) fn new() -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        Self { runtime: Some(runtime), cut: watch::Sender::default() }
    }

    /// A new port that leads to that one.
    pub(crate) fn lay(&self, target: u16) -> u16 {
        let runtime = self.runtime.as_ref().expect("it is there until the end");
        let port = super::port::free_port();
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("the port is free");
        listener.set_nonblocking(true).expect("an option of every socket");
        let cut = self.cut.subscribe();
        runtime.spawn(async move {
            let listener = TcpListener::from_std(listener).expect("it does not block");
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(carry(near, target, cut.clone()));
            }
        });
        port
    }

    /// From now on nothing passes from or to the server of this name.
    pub(crate) fn cut(&self, name: &str) {
        self.cut.send_modify(|cut| {
            cut.insert(name.to_owned());
        });
    }

    /// It passes again.
    pub(crate) fn mend(&self, name: &str) {
        self.cut.send_modify(|cut| {
            cut.remove(name);
        });
    }
}

impl Drop for Cables {
    fn drop(&mut self) {
        // Waiting for a runtime is not allowed inside another one.
        self.runtime.take().expect("it is there until the end").shutdown_background();
    }
}

/// One connection. It ends for both where it ends for one.
async fn carry(mut near: TcpStream, target: u16, cut: watch::Receiver<HashSet<String>>) -> io::Result<()> {
    let mut first = vec![0; 4];
    near.read_exact(&mut first).await?;
    let length = i32::from_le_bytes([first[0], first[1], first[2], first[3]]);
    let length = usize::try_from(length).unwrap_or_default().clamp(4, LONGEST);
    first.resize(length, 0);
    near.read_exact(&mut first[4..]).await?;
    let name = application(&first).unwrap_or_default();
    passable(&mut cut.clone(), &name).await;
    let mut far = TcpStream::connect((Ipv4Addr::LOCALHOST, target)).await?;
    near.set_nodelay(true)?;
    far.set_nodelay(true)?;
    far.write_all(&first).await?;
    let (near_in, near_out) = near.split();
    let (far_in, far_out) = far.split();
    tokio::select! {
        ended = pump(near_in, far_out, cut.clone(), &name) => ended,
        ended = pump(far_in, near_out, cut.clone(), &name) => ended,
    }
}

async fn pump(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    mut cut: watch::Receiver<HashSet<String>>,
    name: &str,
) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let length = from.read(&mut buffer).await?;
        // An end does not get through either.
        passable(&mut cut, name).await;
        if length == 0 {
            return Ok(());
        }
        to.write_all(&buffer[..length]).await?;
    }
}

async fn passable(cut: &mut watch::Receiver<HashSet<String>>, name: &str) {
    // Where the cables are gone, so are their connections.
    let _ = cut.wait_for(|cut| !cut.contains(name)).await;
}

/// The name in `client: { application: { name } }` of a driver's first packet.
fn application(packet: &[u8]) -> Option<String> {
    const BEFORE: &[u8] = b"\x03application\0";
    const NAME: &[u8] = b"\x02name\0";
    let at = packet.windows(BEFORE.len()).position(|window| window == BEFORE)? + BEFORE.len();
    // The length of the document comes first.
    let text = packet.get(at + 4..)?.strip_prefix(NAME)?;
    let length = usize::try_from(i32::from_le_bytes(text.get(..4)?.try_into().ok()?)).ok()?;
    // It counts the NUL at the end.
    let name = text.get(4..4 + length.checked_sub(1)?)?;
    Some(String::from_utf8_lossy(name).into_owned())
}
