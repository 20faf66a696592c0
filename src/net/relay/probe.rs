//! Asks STUN and TURN servers, as a client does (RFC 8489, RFC 8656): whether they answer, and whether a packet comes
//! through. For whoever looks after a server; over UDP, which is what a server as a rule has closed.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use md5::{Digest, Md5};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use tokio::time::timeout;

use super::answer::Answer;
use super::message::{HEAD, Transaction, attribute, kind, read_address};
use super::way::{By, Way};

/// How long an answer is waited for until the question is asked again.
const AGAIN: Duration = Duration::from_millis(500);

/// How often a question is asked.
const TRIES: usize = 6;

/// The number of UDP among protocols.
const UDP: u8 = 17;

/// What is sent through a relay.
const PACKET: &[u8] = b"tincan doctor";

/// Why nothing came through.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// Nothing came back, or nothing can be sent there.
    #[error("no answer: {0}")]
    Silent(#[from] io::Error),
    /// It answered that it will not, with this code.
    #[error("refused with {0}")]
    Refused(u16),
    /// What came back was no answer.
    #[error("what answers is no such server")]
    Odd,
}

/// Asks under which address a STUN server sees this machine.
///
/// # Errors
/// See [`ProbeError`].
pub async fn seen_address(server: SocketAddr) -> Result<SocketAddr, ProbeError> {
    let mut client = Client::new(server, &By::Udp).await?;
    let answer = client.ask(kind::BINDING, |request| request).await?;
    answer.address(attribute::XOR_MAPPED_ADDRESS).ok_or(ProbeError::Odd)
}

/// Takes two addresses of a relay and sends a packet from one to the other. Answers with the first of the two.
///
/// # Errors
/// See [`ProbeError`].
pub async fn relay_to_itself(
    server: SocketAddr,
    by: &By,
    name: &str,
    password: &str,
) -> Result<SocketAddr, ProbeError> {
    let (mut one, mut other) = (Client::new(server, by).await?, Client::new(server, by).await?);
    let (from, to) = (one.allocate(name, password).await?, other.allocate(name, password).await?);
    one.permit(to).await?;
    other.permit(from).await?;
    let sent = async {
        for _ in 0..TRIES {
            one.send(to).await?;
            if timeout(AGAIN, other.receive()).await.is_ok_and(|received| received.is_ok()) {
                return Ok(from);
            }
        }
        Err(silent())
    };
    let outcome = sent.await;
    one.give_back().await;
    other.give_back().await;
    outcome
}

fn silent() -> ProbeError {
    ProbeError::Silent(io::Error::new(io::ErrorKind::TimedOut, "nothing came back in time"))
}

/// One who asks.
struct Client {
    way: Way,
    proof: Option<Proof>,
}

/// What a relay wants to see with each request.
struct Proof {
    name: String,
    realm: Vec<u8>,
    nonce: Vec<u8>,
    key: hmac::Key,
}

/// What came back.
struct Reply {
    bytes: Vec<u8>,
}

impl Client {
    async fn new(server: SocketAddr, by: &By) -> Result<Self, ProbeError> {
        Ok(Self { way: Way::open(server, by).await?, proof: None })
    }

    /// Asks until there is an answer to it.
    async fn ask(&mut self, kind: u16, fill: impl Fn(Answer) -> Answer) -> Result<Reply, ProbeError> {
        let transaction = transaction()?;
        let mut request = fill(Answer::new(kind, &transaction));
        if let Some(proof) = &self.proof {
            request = request
                .with(attribute::USERNAME, proof.name.as_bytes())
                .with(attribute::REALM, &proof.realm)
                .with(attribute::NONCE, &proof.nonce)
                .signed(&proof.key);
        }
        let request = request.into_bytes();
        for _ in 0..TRIES {
            self.way.send(&request).await?;
            let answered = timeout(AGAIN, self.answer_to(transaction)).await;
            if let Ok(answer) = answered {
                let answer = answer?;
                return match answer.kind() {
                    answered if answered == kind | kind::SUCCESS => Ok(answer),
                    answered if answered == kind | kind::FAILURE => Err(answer.refusal()),
                    _ => Err(ProbeError::Odd),
                };
            }
        }
        Err(silent())
    }

    async fn answer_to(&self, transaction: Transaction) -> Result<Reply, ProbeError> {
        loop {
            let reply = self.reply().await?;
            if reply.bytes.get(8..HEAD) == Some(&transaction) {
                return Ok(reply);
            }
        }
    }

    async fn reply(&self) -> Result<Reply, ProbeError> {
        let bytes = self.way.receive().await?;
        if bytes.len() < HEAD { Err(ProbeError::Odd) } else { Ok(Reply { bytes }) }
    }

    /// Takes an address of the relay.
    async fn allocate(&mut self, name: &str, password: &str) -> Result<SocketAddr, ProbeError> {
        let transport = |request: Answer| request.with(attribute::REQUESTED_TRANSPORT, &[UDP, 0, 0, 0]);
        let (realm, nonce) = self.challenge(transport).await?;
        let secret = [name.as_bytes(), b":", &realm, b":", password.as_bytes()].concat();
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &Md5::digest(&secret));
        self.proof = Some(Proof { name: name.to_owned(), realm, nonce, key });
        let answer = self.ask(kind::ALLOCATE, transport).await?;
        answer.address(attribute::XOR_RELAYED_ADDRESS).ok_or(ProbeError::Odd)
    }

    /// What the relay wants a request to be signed with: its realm and a nonce.
    async fn challenge(&self, fill: impl Fn(Answer) -> Answer) -> Result<(Vec<u8>, Vec<u8>), ProbeError> {
        let transaction = transaction()?;
        let request = fill(Answer::new(kind::ALLOCATE, &transaction)).into_bytes();
        for _ in 0..TRIES {
            self.way.send(&request).await?;
            if let Ok(answer) = timeout(AGAIN, self.answer_to(transaction)).await {
                let answer = answer?;
                let text = |kind| answer.attribute(kind).map(<[u8]>::to_vec);
                let challenge = text(attribute::REALM).zip(text(attribute::NONCE));
                return challenge.ok_or_else(|| answer.refusal());
            }
        }
        Err(silent())
    }

    async fn permit(&mut self, peer: SocketAddr) -> Result<(), ProbeError> {
        let fill = |request: Answer| request.with_address(attribute::XOR_PEER_ADDRESS, peer);
        self.ask(kind::CREATE_PERMISSION, fill).await.map(drop)
    }

    async fn send(&self, peer: SocketAddr) -> Result<(), ProbeError> {
        let packet = Answer::new(kind::SEND, &transaction()?)
            .with_address(attribute::XOR_PEER_ADDRESS, peer)
            .with(attribute::DATA, PACKET);
        self.way.send(&packet.into_bytes()).await?;
        Ok(())
    }

    async fn receive(&self) -> Result<(), ProbeError> {
        loop {
            let reply = self.reply().await?;
            if reply.kind() == kind::DATA && reply.attribute(attribute::DATA) == Some(PACKET) {
                return Ok(());
            }
        }
    }

    /// Gives the address back, as far as the relay hears of it.
    async fn give_back(&mut self) {
        let at_once = |request: Answer| request.with(attribute::LIFETIME, &[0; 4]);
        let _ = self.ask(kind::REFRESH, at_once).await;
    }
}

fn transaction() -> Result<Transaction, ProbeError> {
    let mut transaction = [0; 12];
    SystemRandom::new().fill(&mut transaction).map_err(|_| io::Error::other("the system has no random numbers"))?;
    Ok(transaction)
}

impl Reply {
    fn kind(&self) -> u16 {
        u16::from_be_bytes([self.bytes[0], self.bytes[1]])
    }

    fn attribute(&self, wanted: u16) -> Option<&[u8]> {
        let mut rest = self.bytes.get(HEAD..)?;
        while rest.len() >= 4 {
            let (kind, length) = (u16::from_be_bytes([rest[0], rest[1]]), u16::from_be_bytes([rest[2], rest[3]]));
            let value = rest.get(4..4 + usize::from(length))?;
            if kind == wanted {
                return Some(value);
            }
            rest = rest.get(4 + usize::from(length).next_multiple_of(4)..)?;
        }
        None
    }

    fn address(&self, wanted: u16) -> Option<SocketAddr> {
        let transaction: Transaction = self.bytes.get(8..HEAD)?.try_into().ok()?;
        read_address(self.attribute(wanted)?, &transaction)
    }

    fn refusal(&self) -> ProbeError {
        match self.attribute(attribute::ERROR_CODE) {
            Some([_, _, hundreds, rest, ..]) => ProbeError::Refused(u16::from(*hundreds) * 100 + u16::from(*rest)),
            _ => ProbeError::Odd,
        }
    }
}
