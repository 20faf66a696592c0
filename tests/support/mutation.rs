//! Good input made bad: bytes changed, cut out, doubled, and put in that programs stumble over.

use super::chance::Chance;

/// What programs stumble over.
const TRAPS: [&[u8]; 22] = [
    b"\0",
    b"\xff\xfe",
    b"\"",
    b"\\",
    b"\\ud800",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"null",
    b"true",
    b"-1",
    b"1e999",
    b"18446744073709551616",
    b"9007199254740993",
    b"{\"$gt\":\"\"}",
    b"__proto__",
    b"\x1e",
    b"\r\n",
    b"\xe2\x80\xae",
];

/// The input with one to six changes.
pub(crate) fn mutated(good: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut bytes = good.to_vec();
    for _ in 0..1 + chance.below(6) {
        let at = chance.below(bytes.len() + 1);
        let until = at + chance.below((bytes.len() - at).min(40) + 1);
        match chance.below(6) {
            0 if at < bytes.len() => bytes[at] ^= 1 << chance.below(8),
            1 if at < bytes.len() => bytes[at] = chance.below(256) as u8,
            2 => drop(bytes.drain(at..until)),
            3 => {
                let part = bytes[at..until].to_vec();
                drop(bytes.splice(at..at, part.repeat(1 + chance.below(50))));
            }
            4 => bytes.truncate(at),
            _ => drop(bytes.splice(at..at, chance.one_of(&TRAPS).iter().copied())),
        }
    }
    bytes
}
