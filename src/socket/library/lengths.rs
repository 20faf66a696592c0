//! How long packets are on the line, as far as the library writes them.

use serde_json::value::RawValue;
use socketioxide::TransportType;
use socketioxide::socket::Socket;

/// How long the text of an event is: `42["name",payload]`.
pub(crate) fn event(name: &str, payload: &RawValue) -> usize {
    "42[\"\",]".len() + name.len() + payload.get().len()
}

/// How long the text of an acknowledgement is: `43<number>[payload]`.
pub(crate) fn acknowledgement(number: i64, payload: &RawValue) -> usize {
    let digits = number.unsigned_abs().checked_ilog10().unwrap_or(0) as usize + 1;
    "43[]".len() + digits + payload.get().len()
}

/// How many bytes a text takes on the way to a socket. Not one more than it does, or what waits would seem to grow for
/// ever.
pub(crate) fn on_line(socket: &Socket, text: usize) -> u64 {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_those_of_the_line() {
        let payload = serde_json::value::to_raw_value(&serde_json::json!({"a": 1})).unwrap();
        assert_eq!(event("typing", &payload), r#"42["typing",{"a":1}]"#.len());
        assert_eq!(acknowledgement(0, &payload), r#"430[{"a":1}]"#.len());
        assert_eq!(acknowledgement(1234, &payload), r#"431234[{"a":1}]"#.len());
        assert_eq!((framed(125), framed(126), framed(65_535), framed(65_536)), (127, 130, 65_539, 65_546));
    }
}
