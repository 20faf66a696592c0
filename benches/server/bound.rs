//! The lower bound: what it costs to read a frame and to write one that is encoded already to each who is meant. It
//! knows no Socket.IO: it looks at fixed places of the frames that this benchmark sends, and checks no token.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, RwLock};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::net::{TcpListener, TcpStream};

type Frame = Arc<[u8]>;
type Out = Arc<Writer>;

/// The way to a client, and what the kernel did not take yet.
struct Writer {
    half: OwnedWriteHalf,
    rest: Mutex<Vec<u8>>,
}

#[derive(Default)]
struct House {
    rooms: RwLock<HashMap<String, Vec<(u64, Out)>>>,
    sockets: RwLock<HashMap<u64, Out>>,
    ids: AtomicU64,
}

/// Serves until the process is killed.
pub(crate) async fn serve(port: u16) {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], port))).await.expect("a port");
    let house = Arc::new(House::default());
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        tokio::spawn(client(Arc::clone(&house), stream));
    }
}

fn frame(text: &str) -> Frame {
    let mut frame = vec![0x81];
    match text.len() {
        length @ 0..126 => frame.push(length as u8),
        length => frame.extend([126, (length >> 8) as u8, length as u8]),
    }
    frame.extend_from_slice(text.as_bytes());
    frame.into()
}

impl Writer {
    fn write(self: &Arc<Self>, frame: &[u8]) {
        let mut rest = self.rest.lock().expect("nobody panicked");
        let sent = if rest.is_empty() { self.half.try_write(frame).unwrap_or(0) } else { 0 };
        if sent < frame.len() {
            if rest.is_empty() {
                tokio::spawn(Arc::clone(self).drain());
            }
            rest.extend_from_slice(&frame[sent..]);
        }
    }

    async fn drain(self: Arc<Self>) {
        while self.half.writable().await.is_ok() {
            let mut rest = self.rest.lock().expect("nobody panicked");
            match self.half.try_write(&rest) {
                Ok(sent) => drop(rest.drain(..sent)),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(_) => return,
            }
            if rest.is_empty() {
                *rest = Vec::new();
                return;
            }
        }
    }
}

async fn client(house: Arc<House>, mut stream: TcpStream) {
    let mut head = Vec::with_capacity(1024);
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut head).await.unwrap_or(0) == 0 {
            return;
        }
    }
    stream.set_nodelay(true).expect("an option of every socket");
    let answer = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                  Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    stream.write_all(answer.as_bytes()).await.expect("it is there");
    let id = house.ids.fetch_add(1, Ordering::Relaxed);
    let (from, half) = stream.into_split();
    let out = Arc::new(Writer { half, rest: Mutex::default() });
    house.sockets.write().expect("nobody panicked").insert(id, Arc::clone(&out));
    let mut bytes: Vec<u8> = Vec::new();
    loop {
        if bytes.is_empty() {
            // Who is idle holds no buffer.
            bytes = Vec::new();
            if from.readable().await.is_err() {
                break;
            }
        }
        bytes.reserve(4096);
        match from.try_read_buf(&mut bytes) {
            Ok(0) => break,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                if from.readable().await.is_err() {
                    break;
                }
            }
            Err(_) => break,
            Ok(_) => {
                while let Some(text) = next(&mut bytes) {
                    house.act(id, &out, &text);
                }
            }
        }
    }
    house.sockets.write().expect("nobody panicked").remove(&id);
    for members in house.rooms.write().expect("nobody panicked").values_mut() {
        members.retain(|(member, _)| *member != id);
    }
}

/// The next frame of a client, whose mask is zero.
fn next(bytes: &mut Vec<u8>) -> Option<String> {
    let (head, length) = match *bytes.get(1)? & 0x7f {
        126 => (8, usize::from(u16::from_be_bytes([*bytes.get(2)?, *bytes.get(3)?]))),
        short => (6, usize::from(short)),
    };
    let text = String::from_utf8(bytes.get(head..head + length)?.to_vec()).expect("text");
    bytes.drain(..head + length);
    Some(text)
}

fn field<'a>(text: &'a str, before: &str) -> Option<&'a str> {
    text.split_once(before)?.1.split('"').next()
}

impl House {
    fn act(&self, id: u64, out: &Out, text: &str) {
        if text.starts_with("40") {
            out.write(&frame("40{\"sid\":\"x\"}"));
            out.write(&frame(&format!("42[\"session\",{{\"socketId\":\"{id}\"}}]")));
        } else if text.starts_with("421[\"join") {
            let notice = frame(&format!("42[\"user-joined\",{{\"socketId\":\"{id}\",\"username\":\"somebody\"}}]"));
            let mut rooms = self.rooms.write().expect("nobody panicked");
            let members = rooms.entry(field(text, "\"roomId\":\"").expect("a room").to_owned()).or_default();
            members.iter().for_each(|(_, member)| member.write(&notice));
            members.push((id, Arc::clone(out)));
            out.write(&frame("431[{\"ok\":true}]"));
        } else if let Some(to) = field(text, "\"to\":\"") {
            let sockets = self.sockets.read().expect("nobody panicked");
            if let Some(to) = to.parse().ok().and_then(|to: u64| sockets.get(&to)) {
                to.write(&frame(text));
            }
        } else if let Some(room) = field(text, "\"roomId\":\"") {
            let (frame, rooms) = (frame(text), self.rooms.read().expect("nobody panicked"));
            let others = rooms.get(room).into_iter().flatten().filter(|(member, _)| *member != id);
            others.for_each(|(_, member)| member.write(&frame));
        }
    }
}
