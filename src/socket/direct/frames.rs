//! Frames of WebSocket (RFC 6455), as a server reads and writes them.

use std::io::Cursor;

use bytes::Bytes;
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{CloseCode, Control, Data, OpCode};

/// The longest payload of a control frame, in bytes.
const MOST_CONTROL: usize = 125;

/// The longest head of a frame, in bytes.
const MOST_HEAD: usize = 10;

/// What a client has sent.
#[derive(Debug, PartialEq, Eq)]
pub enum Message {
    /// A text.
    Text(String),
    /// Bytes.
    Binary(Vec<u8>),
    /// To be answered by [`pong`] with the same payload.
    Ping(Vec<u8>),
    /// The client closes; it is answered by [`close`].
    Close,
}

/// Puts frames together to messages.
#[derive(Debug, Default)]
pub struct Decoder {
    /// A frame that is not there whole.
    rest: Vec<u8>,
    /// A message of which more frames are to come.
    begun: Option<Box<Begun>>,
    most: usize,
}

#[derive(Debug)]
struct Begun {
    text: bool,
    payload: Vec<u8>,
}

impl Message {
    /// How many bytes its payload has.
    pub fn size(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(payload) | Self::Ping(payload) => payload.len(),
            Self::Close => 0,
        }
    }
}

impl Decoder {
    /// Of messages of at most so many bytes.
    pub fn new(most: usize) -> Self {
        Self { most, ..Self::default() }
    }

    /// How many bytes are kept of a message that is not there whole.
    #[cfg(test)]
    fn kept(&self) -> usize {
        self.rest.len() + self.begun.as_ref().map_or(0, |begun| begun.payload.len())
    }

    /// Takes what has come, and adds the messages that are whole now. The bytes are used up.
    ///
    /// # Errors
    /// By what code the connection is to be closed, where this is none of the protocol; the messages before it are
    /// there.
    pub fn take(&mut self, bytes: &mut [u8], messages: &mut Vec<Message>) -> Result<(), CloseCode> {
        if self.rest.is_empty() {
            let used = self.frames(bytes, messages)?;
            self.rest.extend_from_slice(&bytes[used..]);
            return Ok(());
        }
        let mut whole = std::mem::take(&mut self.rest);
        whole.extend_from_slice(bytes);
        let used = self.frames(&mut whole, messages)?;
        if used < whole.len() {
            whole.drain(..used);
            self.rest = whole;
        }
        Ok(())
    }

    /// Reads whole frames; how many bytes they took.
    fn frames(&mut self, bytes: &mut [u8], messages: &mut Vec<Message>) -> Result<usize, CloseCode> {
        let mut at = 0;
        loop {
            let mut cursor = Cursor::new(&bytes[at..]);
            let head = FrameHeader::parse(&mut cursor).map_err(|_| CloseCode::Protocol)?;
            let Some((head, length)) = head else { return Ok(at) };
            let begins = at + cursor.position() as usize;
            let length = self.check(&head, length)?;
            let Some(payload) = bytes.get_mut(begins..begins + length) else { return Ok(at) };
            unmask(payload, head.mask.ok_or(CloseCode::Protocol)?);
            messages.extend(self.frame(&head, payload)?);
            at = begins + length;
        }
    }

    /// Whether a frame may have this head; how long its payload is.
    fn check(&self, head: &FrameHeader, length: u64) -> Result<usize, CloseCode> {
        if head.mask.is_none() || head.rsv1 || head.rsv2 || head.rsv3 {
            return Err(CloseCode::Protocol);
        }
        let length = usize::try_from(length).map_err(|_| CloseCode::Size)?;
        if matches!(head.opcode, OpCode::Control(_)) {
            return if head.is_final && length <= MOST_CONTROL { Ok(length) } else { Err(CloseCode::Protocol) };
        }
        let before = self.begun.as_ref().map_or(0, |begun| begun.payload.len());
        if length > self.most || before + length > self.most { Err(CloseCode::Size) } else { Ok(length) }
    }

    fn frame(&mut self, head: &FrameHeader, payload: &[u8]) -> Result<Option<Message>, CloseCode> {
        match head.opcode {
            OpCode::Control(Control::Ping) => Ok(Some(Message::Ping(payload.to_vec()))),
            OpCode::Control(Control::Close) => Ok(Some(Message::Close)),
            OpCode::Control(_) => Ok(None),
            OpCode::Data(Data::Continue) => {
                let Some(mut begun) = self.begun.take() else { return Err(CloseCode::Protocol) };
                begun.payload.extend_from_slice(payload);
                if head.is_final {
                    return message(begun.text, begun.payload).map(Some);
                }
                self.begun = Some(begun);
                Ok(None)
            }
            OpCode::Data(_) if self.begun.is_some() => Err(CloseCode::Protocol),
            OpCode::Data(kind) => {
                let text = kind == Data::Text;
                if head.is_final {
                    return message(text, payload.to_vec()).map(Some);
                }
                self.begun = Some(Box::new(Begun { text, payload: payload.to_vec() }));
                Ok(None)
            }
        }
    }
}

fn message(text: bool, payload: Vec<u8>) -> Result<Message, CloseCode> {
    if !text {
        return Ok(Message::Binary(payload));
    }
    String::from_utf8(payload).map(Message::Text).map_err(|_| CloseCode::Invalid)
}

fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    let [a, b, c, d] = mask;
    let twice = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, rest) = payload.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ twice).to_ne_bytes();
    }
    rest.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
}

/// A text, of these parts.
pub fn text(parts: &[&[u8]]) -> Bytes {
    frame(OpCode::Data(Data::Text), parts)
}

/// Bytes.
pub fn binary(payload: &[u8]) -> Bytes {
    frame(OpCode::Data(Data::Binary), &[payload])
}

/// The answer to a ping.
pub fn pong(payload: &[u8]) -> Bytes {
    frame(OpCode::Control(Control::Pong), &[payload])
}

/// The end, with the code that says why.
pub fn close(code: CloseCode) -> Bytes {
    frame(OpCode::Control(Control::Close), &[&u16::from(code).to_be_bytes()])
}

/// What a client is told whose session is closed by the server: Engine.IO's own packet for it, and the end. It comes
/// back by itself.
pub fn last_words() -> [Bytes; 2] {
    [text(&[b"1"]), close(CloseCode::Normal)]
}

fn frame(opcode: OpCode, parts: &[&[u8]]) -> Bytes {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut frame = Vec::with_capacity(MOST_HEAD + length);
    let head = FrameHeader { opcode, ..FrameHeader::default() };
    if head.format(length as u64, &mut frame).is_err() {
        // Memory takes what it is given.
        return Bytes::new();
    }
    parts.iter().for_each(|part| frame.extend_from_slice(part));
    frame.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame as clients send it.
    fn sent(first: u8, payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![first];
        match payload.len() {
            short @ 0..126 => frame.push(0x80 | short as u8),
            long @ 126..65_536 => {
                frame.push(0x80 | 126);
                frame.extend((long as u16).to_be_bytes());
            }
            long => {
                frame.push(0x80 | 127);
                frame.extend((long as u64).to_be_bytes());
            }
        }
        let mask = [1, 2, 3, 0xff];
        frame.extend(mask);
        frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        frame
    }

    /// What a decoder makes of bytes that come in pieces of this size.
    fn decoded(bytes: &[u8], piece: usize) -> Result<Vec<Message>, CloseCode> {
        let (mut decoder, mut messages) = (Decoder::new(100_000), Vec::new());
        for piece in bytes.chunks(piece) {
            decoder.take(&mut piece.to_vec(), &mut messages)?;
        }
        assert_eq!(decoder.kept(), 0, "nothing is kept of what was taken whole");
        Ok(messages)
    }

    #[test]
    fn messages_come_whole_however_the_bytes_are_cut() {
        let long = "x".repeat(70_000);
        let bytes = [
            sent(0x81, b"hello"),
            sent(0x01, b"he"),
            sent(0x89, b"there?"),
            sent(0x00, b"l"),
            sent(0x80, "lö".as_bytes()),
            sent(0x82, &[0, 255]),
            sent(0x8a, b"a pong of nothing"),
            sent(0x81, "y".repeat(200).as_bytes()),
            sent(0x81, long.as_bytes()),
            sent(0x88, &[3, 232]),
        ]
        .concat();
        for piece in [1, 2, 7, 1000, bytes.len()] {
            let expected = [
                Message::Text("hello".to_owned()),
                Message::Ping(b"there?".to_vec()),
                Message::Text("hellö".to_owned()),
                Message::Binary(vec![0, 255]),
                Message::Text("y".repeat(200)),
                Message::Text(long.clone()),
                Message::Close,
            ];
            assert_eq!(decoded(&bytes, piece).unwrap(), expected, "in pieces of {piece}");
        }
    }

    #[test]
    fn what_is_none_of_the_protocol_is_told_by_the_code_for_it() {
        let unmasked = vec![0x81, 1, b'x'];
        let (a, b) = "ö".as_bytes().split_at(1);
        for (code, frames) in [
            (CloseCode::Protocol, vec![unmasked]),
            (CloseCode::Protocol, vec![sent(0xc1, b"a reserved bit")]),
            (CloseCode::Protocol, vec![sent(0x83, b"a reserved kind")]),
            (CloseCode::Protocol, vec![sent(0x80, b"goes on from nothing")]),
            (CloseCode::Protocol, vec![sent(0x01, b"begun"), sent(0x81, b"begun again")]),
            (CloseCode::Protocol, vec![sent(0x09, b"a ping in pieces")]),
            (CloseCode::Protocol, vec![sent(0x89, &[0; 126])]),
            (CloseCode::Invalid, vec![sent(0x81, a)]),
            (CloseCode::Size, vec![sent(0x81, &[b'x'; 100_001])]),
            (CloseCode::Size, vec![sent(0x01, &[b'x'; 60_000]), sent(0x80, &[b'x'; 60_000])]),
        ] {
            assert_eq!(decoded(&frames.concat(), 1000), Err(code), "{:?}", &frames[0][..2]);
        }
        let halves = [sent(0x01, a), sent(0x80, b)].concat();
        assert_eq!(decoded(&halves, 3).unwrap(), [Message::Text("ö".to_owned())], "a letter in two frames");
    }

    #[test]
    fn one_that_is_too_long_is_refused_by_its_head() {
        let mut head = vec![0x81, 0xff];
        head.extend((64_u64 << 20).to_be_bytes());
        head.extend([0; 4]);
        let mut decoder = Decoder::new(100_000);
        assert_eq!(decoder.take(&mut head, &mut Vec::new()), Err(CloseCode::Size));
    }

    #[test]
    fn what_came_before_a_mistake_is_there() {
        let (mut decoder, mut messages) = (Decoder::new(100), Vec::new());
        let mut bytes = [sent(0x81, b"good"), sent(0x80, b"bad")].concat();
        assert_eq!(decoder.take(&mut bytes, &mut messages), Err(CloseCode::Protocol));
        assert_eq!(messages, [Message::Text("good".to_owned())]);
    }

    #[test]
    fn frames_of_a_server_have_the_shortest_head() {
        assert_eq!(text(&[b"4", b"2"])[..], [0x81, 2, b'4', b'2']);
        assert_eq!(text(&[&[b'x'; 126]])[..4], [0x81, 126, 0, 126]);
        assert_eq!(text(&[&[b'x'; 65_536]])[..10], [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
        assert_eq!(close(CloseCode::Size)[..], [0x88, 2, 3, 241]);
        assert_eq!(pong(b"x")[..], [0x8a, 1, b'x']);
    }
}
