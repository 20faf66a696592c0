//! What packets are on the line: how long they are, and the name of an event without reading the rest.

use serde_json::value::RawValue;
use socketioxide::TransportType;
use socketioxide::handler::Value as Packet;
use socketioxide::socket::Socket;

/// How long the text of an event is: `42["name",payload]`.
pub fn event(name: &str, payload: &RawValue) -> usize {
    "42[\"\",]".len() + name.len() + payload.get().len()
}

/// How long the text of an acknowledgement is: `43<number>[payload]`.
pub fn acknowledgement(number: i64, payload: &RawValue) -> usize {
    let digits = number.unsigned_abs().checked_ilog10().unwrap_or(0) as usize + 1;
    "43[]".len() + digits + payload.get().len()
}

/// How many bytes a text takes on the way to a socket. Not one more than it does, or what waits would seem to grow for ever.
pub fn bytes(socket: &Socket, text: usize) -> u64 {
    if socket.transport_type() == TransportType::Websocket { framed(text) } else { text as u64 }
}

/// With the head of a websocket frame from a server.
const fn framed(text: usize) -> u64 {
    let head = if text < 126 {
        2
    } else if text < 65_536 {
        4
    } else {
        10
    };
    (text + head) as u64
}

/// The name of an event as it is written, without its quotes; only as much of the packet is looked at as that takes.
pub fn name(packet: &Packet) -> Option<&str> {
    let text = packet.as_str()?.as_str();
    let name = text.trim_ascii_start().strip_prefix('[')?.trim_ascii_start().strip_prefix('"')?;
    let mut escaped = false;
    let end = name.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })?;
    Some(&name[..end])
}

/// The name of an event as it spells itself, where it is one of at most 64 characters; a longer one is no event's.
pub fn spelled(packet: &Packet) -> String {
    let Some(written) = name(packet).filter(|name| name.len() <= 64 * "\\u0000".len()) else { return String::new() };
    if !written.contains('\\') {
        return written.chars().take(64).collect();
    }
    let spelled: String = serde_json::from_str(&format!("\"{written}\"")).unwrap_or_default();
    spelled.chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(text: &str) -> Packet {
        Packet::Str(text.to_owned().into(), None)
    }

    #[test]
    fn the_name_of_an_event_is_what_it_spells_and_never_long() {
        for text in [r#"["send-message",{}]"#, r#"["send\u002dmessage"]"#, " [ \n\"send-\\u006dessage\" , 1]"] {
            assert_eq!(spelled(&packet(text)), "send-message", "{text}");
        }
        assert_eq!(spelled(&packet(r#"["a\"b"]"#)), "a\"b");
        assert_eq!(spelled(&packet(&format!("[\"{}\"]", "x".repeat(100_000)))), "");
        for text in ["", "[", "{}", "[1]", "[\"open", r#"["\ud83d"]"#] {
            assert_eq!(spelled(&packet(text)), "", "{text}");
        }
    }

    #[test]
    fn lengths_are_those_of_the_line() {
        let payload = serde_json::value::to_raw_value(&serde_json::json!({"a": 1})).unwrap();
        assert_eq!(event("typing", &payload), r#"42["typing",{"a":1}]"#.len());
        assert_eq!(acknowledgement(0, &payload), r#"430[{"a":1}]"#.len());
        assert_eq!(acknowledgement(1234, &payload), r#"431234[{"a":1}]"#.len());
        assert_eq!((framed(125), framed(126), framed(65_535), framed(65_536)), (127, 130, 65_539, 65_546));
    }
}
