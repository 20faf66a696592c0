//! A client of a relay, as RFC 8656 has it, over UDP and over TCP: written from the RFC, so that it shares no mistake
//! with the server.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use md5::{Digest, Md5};
use reqwest::StatusCode;
use ring::hmac;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio_rustls::client::TlsStream;

use super::app::{PATIENCE, User};

pub(crate) const BINDING: u16 = 0x001;
pub(crate) const ALLOCATE: u16 = 0x003;
pub(crate) const REFRESH: u16 = 0x004;
pub(crate) const CREATE_PERMISSION: u16 = 0x008;
pub(crate) const CHANNEL_BIND: u16 = 0x009;
const SEND: u16 = 0x016;
const DATA: u16 = 0x017;

pub(crate) const LIFETIME: u16 = 0x00d;
pub(crate) const REQUESTED_TRANSPORT: u16 = 0x019;
const USERNAME: u16 = 0x006;
const INTEGRITY: u16 = 0x008;
const ERROR: u16 = 0x009;
const CHANNEL: u16 = 0x00c;
const PEER: u16 = 0x012;
const PAYLOAD: u16 = 0x013;
const REALM: u16 = 0x014;
const NONCE: u16 = 0x015;
const RELAYED: u16 = 0x016;
const MAPPED: u16 = 0x020;

const COOKIE: u32 = 0x2112_a442;

/// How long before a request over UDP is sent again.
const AGAIN: Duration = Duration::from_millis(500);

/// What a user is told of the relay.
#[derive(Clone, Debug)]
pub(crate) struct Ticket {
    pub name: String,
    pub password: String,
    pub urls: Vec<String>,
}

impl Ticket {
    /// The one of a user, as the server tells it.
    pub(crate) async fn of(user: &User<'_>) -> Self {
        let servers = user.get("/api/ice-servers").await.expect(StatusCode::OK);
        let servers = servers["iceServers"].as_array().expect("a list");
        let relay = servers.iter().find(|one| one["username"].is_string()).expect("a relay");
        let text = |name: &str| relay[name].as_str().expect("text").to_owned();
        let urls = relay["urls"].as_array().expect("URLs").iter().map(|url| url.as_str().expect("text").to_owned());
        Self { name: text("username"), password: text("credential"), urls: urls.collect() }
    }
}

enum Line {
    Datagrams(UdpSocket),
    Stream(Box<dyn Stream>, SocketAddr),
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A client of a relay.
pub(crate) struct TurnClient {
    line: Line,
    ticket: Ticket,
    realm: String,
    nonce: String,
    next: u64,
}

/// A message from the relay.
#[derive(Debug)]
pub(crate) struct Message {
    pub kind: u16,
    pub transaction: [u8; 12],
    pub size: usize,
    attributes: Vec<(u16, Vec<u8>)>,
}

/// What came from a peer.
#[derive(Debug, PartialEq)]
pub(crate) enum Came {
    /// In a message, from this address.
    From(SocketAddr, Vec<u8>),
    /// On a channel.
    On(u16, Vec<u8>),
}

impl Message {
    fn read(bytes: &[u8]) -> Self {
        let two = |at: usize| u16::from_be_bytes([bytes[at], bytes[at + 1]]);
        assert_eq!(bytes[4..8], COOKIE.to_be_bytes());
        assert_eq!(bytes.len(), 20 + usize::from(two(2)), "the message says how long it is");
        let (mut attributes, mut at) = (Vec::new(), 20);
        while at < bytes.len() {
            let length = usize::from(two(at + 2));
            attributes.push((two(at), bytes[at + 4..at + 4 + length].to_vec()));
            at += 4 + length.next_multiple_of(4);
        }
        Self { kind: two(0), transaction: bytes[8..20].try_into().expect("12"), size: bytes.len(), attributes }
    }

    /// The value of an attribute.
    pub(crate) fn value(&self, kind: u16) -> Option<&[u8]> {
        self.attributes.iter().find(|(other, _)| *other == kind).map(|(_, value)| value.as_slice())
    }

    /// Why it was refused; `None` where it was not.
    pub(crate) fn code(&self) -> Option<u16> {
        self.value(ERROR).map(|value| u16::from(value[2]) * 100 + u16::from(value[3]))
    }

    fn address(&self, kind: u16) -> Option<SocketAddr> {
        let value = self.value(kind)?;
        let mask: Vec<u8> = COOKIE.to_be_bytes().into_iter().chain(self.transaction).collect();
        let port = u16::from_be_bytes([value[2] ^ mask[0], value[3] ^ mask[1]]);
        let plain: Vec<u8> = value[4..].iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect();
        let ip = match value[1] {
            1 => IpAddr::from(<[u8; 4]>::try_from(plain).expect("4")),
            _ => IpAddr::from(<[u8; 16]>::try_from(plain).expect("16")),
        };
        Some(SocketAddr::new(ip, port))
    }

    /// The address that the relay saw the client at.
    pub(crate) fn mapped(&self) -> Option<SocketAddr> {
        self.address(MAPPED)
    }
}

/// An address as a peer is named, in a message of this transaction.
fn peer(address: SocketAddr, transaction: &[u8; 12]) -> (u16, Vec<u8>) {
    let mask: Vec<u8> = COOKIE.to_be_bytes().into_iter().chain(*transaction).collect();
    let octets = match address.ip() {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    };
    let mut value = vec![0, if octets.len() == 4 { 1 } else { 2 }];
    value.extend(address.port().to_be_bytes().iter().zip(&mask).map(|(byte, mask)| byte ^ mask));
    value.extend(octets.iter().zip(&mask).map(|(byte, mask)| byte ^ mask));
    (PEER, value)
}

/// Bytes of a message; `key` signs it.
pub(crate) fn message(
    kind: u16,
    transaction: [u8; 12],
    attributes: &[(u16, Vec<u8>)],
    key: Option<&hmac::Key>,
) -> Vec<u8> {
    let mut bytes = kind.to_be_bytes().to_vec();
    bytes.extend([0, 0]);
    bytes.extend(COOKIE.to_be_bytes());
    bytes.extend(transaction);
    let add = |bytes: &mut Vec<u8>, kind: u16, value: &[u8]| {
        bytes.extend(kind.to_be_bytes());
        bytes.extend((value.len() as u16).to_be_bytes());
        bytes.extend(value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        let length = (bytes.len() - 20) as u16;
        bytes[2..4].copy_from_slice(&length.to_be_bytes());
    };
    for (kind, value) in attributes {
        add(&mut bytes, *kind, value);
    }
    if let Some(key) = key {
        let length = (bytes.len() - 20 + 24) as u16;
        bytes[2..4].copy_from_slice(&length.to_be_bytes());
        let proof = hmac::sign(key, &bytes);
        add(&mut bytes, INTEGRITY, proof.as_ref());
    }
    bytes
}

impl TurnClient {
    /// Over UDP.
    pub(crate) async fn udp(relay: SocketAddr, ticket: &Ticket) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
        socket.connect(relay).await.expect("an address");
        Self::over(Line::Datagrams(socket), ticket)
    }

    /// Over TCP.
    pub(crate) async fn tcp(relay: SocketAddr, ticket: &Ticket) -> Self {
        let stream = TcpStream::connect(relay).await.expect("a connection");
        let local = stream.local_addr().expect("an address");
        Self::over(Line::Stream(Box::new(stream), local), ticket)
    }

    /// Over TLS.
    pub(crate) fn tls(stream: TlsStream<TcpStream>, ticket: &Ticket) -> Self {
        let local = stream.get_ref().0.local_addr().expect("an address");
        Self::over(Line::Stream(Box::new(stream), local), ticket)
    }

    fn over(line: Line, ticket: &Ticket) -> Self {
        Self { line, ticket: ticket.clone(), realm: String::new(), nonce: String::new(), next: 0 }
    }

    /// An address of its own that no other one has.
    pub(crate) fn local(&self) -> SocketAddr {
        match &self.line {
            Line::Datagrams(socket) => socket.local_addr().expect("an address"),
            Line::Stream(_, local) => *local,
        }
    }

    fn key(&self) -> hmac::Key {
        let hash = Md5::digest(format!("{}:{}:{}", self.ticket.name, self.realm, self.ticket.password).as_bytes());
        hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &hash)
    }

    /// A transaction that was not used yet.
    pub(crate) fn transaction(&mut self) -> [u8; 12] {
        self.next += 1;
        let mut transaction = [7; 12];
        transaction[..8].copy_from_slice(&self.next.to_be_bytes());
        transaction
    }

    /// Sends bytes as they are; on a stream filled up to a multiple of four.
    pub(crate) async fn put(&mut self, bytes: &[u8]) {
        match &mut self.line {
            Line::Datagrams(socket) => drop(socket.send(bytes).await.expect("sent")),
            Line::Stream(stream, _) => {
                let mut padded = bytes.to_vec();
                padded.resize(bytes.len().next_multiple_of(4), 0);
                stream.write_all(&padded).await.expect("sent");
            }
        }
    }

    /// The next packet; `None` where the relay closed the stream.
    pub(crate) async fn take(&mut self) -> Option<Vec<u8>> {
        let taking = async {
            match &mut self.line {
                Line::Datagrams(socket) => {
                    let mut bytes = vec![0; 65_536];
                    let length = socket.recv(&mut bytes).await.expect("a datagram");
                    bytes.truncate(length);
                    Some(bytes)
                }
                Line::Stream(stream, _) => {
                    let mut bytes = vec![0; 4];
                    stream.read_exact(&mut bytes).await.ok()?;
                    let told = usize::from(u16::from_be_bytes([bytes[2], bytes[3]]));
                    let is_channel = bytes[0] & 0xc0 == 0x40;
                    let whole = if is_channel { 4 + told } else { 20 + told };
                    bytes.resize(whole.next_multiple_of(4), 0);
                    stream.read_exact(&mut bytes[4..]).await.ok()?;
                    bytes.truncate(whole);
                    Some(bytes)
                }
            }
        };
        tokio::time::timeout(PATIENCE, taking).await.expect("a packet comes")
    }

    /// The answer to a request, which is sent again over UDP until it comes.
    pub(crate) async fn answer_to(&mut self, request: &[u8]) -> Message {
        for _ in 0..PATIENCE.as_millis() / AGAIN.as_millis() {
            self.put(request).await;
            let came = async {
                loop {
                    let bytes = self.take().await.expect("the stream is open");
                    if bytes[0] & 0xc0 == 0 && bytes[8..20] == request[8..20] {
                        return Message::read(&bytes);
                    }
                }
            };
            match tokio::time::timeout(AGAIN, came).await {
                Ok(answer) => return answer,
                Err(_) if matches!(self.line, Line::Datagrams(_)) => {}
                Err(_) => panic!("no answer over a stream"),
            }
        }
        panic!("no answer");
    }

    /// Bytes of a request that is signed.
    pub(crate) fn signed(&self, kind: u16, transaction: [u8; 12], attributes: &[(u16, Vec<u8>)]) -> Vec<u8> {
        let mut all = attributes.to_vec();
        all.push((USERNAME, self.ticket.name.as_bytes().to_vec()));
        all.push((REALM, self.realm.as_bytes().to_vec()));
        all.push((NONCE, self.nonce.as_bytes().to_vec()));
        message(kind, transaction, &all, Some(&self.key()))
    }

    /// Asks for something; the answer, where it succeeds, else its code.
    pub(crate) async fn ask(&mut self, kind: u16, attributes: &[(u16, Vec<u8>)]) -> Result<Message, u16> {
        if self.nonce.is_empty() {
            self.greet().await;
        }
        let transaction = self.transaction();
        let request = self.signed(kind, transaction, attributes);
        let answer = self.answer_to(&request).await;
        answer.code().map_or(Ok(answer), Err)
    }

    /// Asks without a proof, and learns with what to sign.
    pub(crate) async fn greet(&mut self) -> Message {
        let transaction = self.transaction();
        let bare = message(ALLOCATE, transaction, &[(REQUESTED_TRANSPORT, vec![17, 0, 0, 0])], None);
        let answer = self.answer_to(&bare).await;
        assert_eq!(answer.code(), Some(401));
        let text = |kind: u16| String::from_utf8(answer.value(kind).expect("it is there").to_vec()).expect("text");
        (self.realm, self.nonce) = (text(REALM), text(NONCE));
        answer
    }

    /// An address at the relay.
    pub(crate) async fn allocate(&mut self) -> Result<SocketAddr, u16> {
        let answer = self.ask(ALLOCATE, &[(REQUESTED_TRANSPORT, vec![17, 0, 0, 0])]).await?;
        Ok(answer.address(RELAYED).expect("an address"))
    }

    /// Refreshes the allocation; 0 ends it. How long it lives.
    pub(crate) async fn refresh(&mut self, seconds: u32) -> Result<u32, u16> {
        let answer = self.ask(REFRESH, &[(LIFETIME, seconds.to_be_bytes().to_vec())]).await?;
        Ok(u32::from_be_bytes(answer.value(LIFETIME).expect("a lifetime").try_into().expect("4")))
    }

    /// Lets a peer send.
    pub(crate) async fn permit(&mut self, address: SocketAddr) -> Result<(), u16> {
        self.about(CREATE_PERMISSION, address, None).await
    }

    /// Binds a channel to a peer.
    pub(crate) async fn bind(&mut self, number: u16, address: SocketAddr) -> Result<(), u16> {
        self.about(CHANNEL_BIND, address, Some(number)).await
    }

    async fn about(&mut self, kind: u16, address: SocketAddr, channel: Option<u16>) -> Result<(), u16> {
        let transaction = self.transaction();
        let mut attributes = vec![peer(address, &transaction)];
        attributes.extend(channel.map(|number| (CHANNEL, [number.to_be_bytes(), [0, 0]].concat())));
        let request = self.signed(kind, transaction, &attributes);
        let answer = self.answer_to(&request).await;
        answer.code().map_or(Ok(()), Err)
    }

    /// Sends something to a peer in a message.
    pub(crate) async fn send(&mut self, address: SocketAddr, data: &[u8]) {
        let transaction = self.transaction();
        let attributes = [peer(address, &transaction), (PAYLOAD, data.to_vec())];
        self.put(&message(SEND, transaction, &attributes, None)).await;
    }

    /// Sends something on a channel.
    pub(crate) async fn send_on(&mut self, number: u16, data: &[u8]) {
        let head = [number.to_be_bytes(), (data.len() as u16).to_be_bytes()].concat();
        self.put(&[head, data.to_vec()].concat()).await;
    }

    /// What comes next from a peer.
    pub(crate) async fn came(&mut self) -> Came {
        loop {
            let bytes = self.take().await.expect("the stream is open");
            if bytes[0] & 0xc0 == 0x40 {
                let length = usize::from(u16::from_be_bytes([bytes[2], bytes[3]]));
                return Came::On(u16::from_be_bytes([bytes[0], bytes[1]]), bytes[4..4 + length].to_vec());
            }
            let message = Message::read(&bytes);
            if message.kind == DATA {
                let peer = message.address(PEER).expect("a peer");
                return Came::From(peer, message.value(PAYLOAD).expect("data").to_vec());
            }
        }
    }
}
