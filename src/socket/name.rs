//! What a packet is called, without reading the rest.

/// The name of an event as it is written, without its quotes; only as much of the packet is looked at as that takes.
pub(crate) fn written(packet: &str) -> Option<&str> {
    let name = packet.trim_ascii_start().strip_prefix('[')?.trim_ascii_start().strip_prefix('"')?;
    let mut escaped = false;
    let end = name.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })?;
    Some(&name[..end])
}

/// The name of an event as it spells itself, where it is one of at most 64 characters; a longer one is no event's.
pub(crate) fn spelled(packet: &str) -> String {
    let Some(written) = written(packet).filter(|name| name.len() <= 64 * "\\u0000".len()) else { return String::new() };
    if !written.contains('\\') {
        return written.chars().take(64).collect();
    }
    let spelled: String = serde_json::from_str(&format!("\"{written}\"")).unwrap_or_default();
    spelled.chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_an_event_is_what_it_spells_and_never_long() {
        for text in [r#"["send-message",{}]"#, r#"["send\u002dmessage"]"#, " [ \n\"send-\\u006dessage\" , 1]"] {
            assert_eq!(spelled(text), "send-message", "{text}");
        }
        assert_eq!(spelled(r#"["a\"b"]"#), "a\"b");
        assert_eq!(spelled(&format!("[\"{}\"]", "x".repeat(100_000))), "");
        for text in ["", "[", "{}", "[1]", "[\"open", r#"["\ud83d"]"#] {
            assert_eq!(spelled(text), "", "{text}");
        }
    }
}
