//! Reads JSON as clients write it: strictly, but for two things that programs in JavaScript produce and a strict reader
//! refuses.
//!
//! A string that was cut in the middle of an emoji ends in half of a surrogate pair, which `JSON.stringify` writes as
//! an escape, `"\ud83d"`. No Unicode text can hold it, so it counts as U+FFFD, the replacement character, as it does
//! where a browser encodes such a string itself. And a byte order mark before the text is passed over.

use serde_json::Value;

/// The value that the text is, or `None` where it is no JSON or nested deeper than 127.
pub fn read(text: &str) -> Option<Value> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // Nearly all that comes is good as it is, and costs nothing more.
    let strict: Option<Value> = serde_json::from_str(text).ok();
    strict.or_else(|| serde_json::from_str(&without_lone_surrogates(text)?).ok())
}

/// As [`read`], of bytes; `None` too where they are no UTF-8.
pub fn read_bytes(bytes: &[u8]) -> Option<Value> {
    read(std::str::from_utf8(bytes).ok()?)
}

/// The text with every escape of half a surrogate pair replaced; `None` where there is none.
fn without_lone_surrogates(text: &str) -> Option<String> {
    const REPLACEMENT: &[u8; 6] = b"\\ufffd";
    if !text.contains("\\ud") && !text.contains("\\uD") {
        return None;
    }
    let mut bytes = text.as_bytes().to_vec();
    let mut replaced = false;
    let mut at = 0;
    while let Some(distance) = bytes[at..].iter().position(|byte| *byte == b'\\') {
        at += distance;
        at += match (escaped_unit(&bytes, at), escaped_unit(&bytes, at + 6)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => {
                bytes[at..at + 6].copy_from_slice(REPLACEMENT);
                replaced = true;
                6
            }
            (Some(_), _) => 6,
            // Another escape: `\\`, `\"`, `\n`. What follows the backslash is part of it.
            (None, _) => 2,
        };
        at = at.min(bytes.len());
    }
    if replaced { String::from_utf8(bytes).ok() } else { None }
}

/// The UTF-16 unit of an escape `\u1234` that begins at `at`.
fn escaped_unit(bytes: &[u8], at: usize) -> Option<u16> {
    let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
    digits.iter().try_fold(0, |unit, digit| Some(unit << 4 | char::from(*digit).to_digit(16)? as u16))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn half_a_surrogate_pair_counts_as_the_replacement_character() {
        for (text, expected) in [
            (r#""cut \ud83d""#, "cut \u{fffd}"),
            (r#""\uD83D""#, "\u{fffd}"),
            (r#""\ude00 first""#, "\u{fffd} first"),
            (r#""\ud83dx""#, "\u{fffd}x"),
            (r#""\ud83d\n""#, "\u{fffd}\n"),
            (r#""\ud83d\u0041""#, "\u{fffd}A"),
            (r#""\ud83d\ud83d\ude00""#, "\u{fffd}😀"),
            (r#""\ud83d\ude00\ude00""#, "😀\u{fffd}"),
            (r#""\ude00\ud83d""#, "\u{fffd}\u{fffd}"),
            (r#""é\ud83dé""#, "é\u{fffd}é"),
            (r#""\\\ud83d""#, "\\\u{fffd}"),
            (r#""\\ud83d \ud83d""#, "\\ud83d \u{fffd}"),
            (r#""\"\ud83d\"""#, "\"\u{fffd}\""),
        ] {
            assert_eq!(read(text), Some(json!(expected)), "{text}");
        }
        assert_eq!(read(r#"["\ud83d",{"\ude00":["\ud83d"]}]"#), Some(json!(["\u{fffd}", {"\u{fffd}": ["\u{fffd}"]}])));
    }

    #[test]
    fn what_is_no_lone_surrogate_stays_as_it_is() {
        for (text, expected) in [
            (r#""\ud83d\ude00""#, "😀"),
            (r#""\\ud83d""#, "\\ud83d"),
            (r#""\\\\ud83d""#, "\\\\ud83d"),
            (r#""\ufffd""#, "\u{fffd}"),
            (r#""\ud7ff\ue000""#, "\u{d7ff}\u{e000}"),
        ] {
            assert_eq!(read(text), Some(json!(expected)), "{text}");
        }
    }

    #[test]
    fn what_is_no_json_does_not_become_any() {
        for text in [
            "",
            "\u{feff}",
            r#""\ud83d"#,
            r#""\ud83"#,
            r#""\ud83"#,
            r#""\ud8+d""#,
            r#""\ud83d\x""#,
            r#""\ud83d" 5"#,
            r"\ud83d",
            r"\",
            r#"["\ud83d",\ud83d]"#,
            "\"\\é\\ud83d\"",
            r#"["\ud83d",1e999]"#,
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        let deep = format!(r#"{}"\ud83d"{}"#, "[".repeat(200), "]".repeat(200));
        assert_eq!(read(&deep), None);
        assert_eq!(read_bytes(b"\"\xed\xa0\xbd\""), None, "raw bytes that are no UTF-8");
        assert_eq!(read_bytes(b"\"\xff\\ud83d\""), None);
    }

    #[test]
    fn one_byte_order_mark_before_the_text_is_passed_over() {
        assert_eq!(read("\u{feff}{}"), Some(json!({})));
        assert_eq!(read_bytes(b"\xef\xbb\xbf [1]"), Some(json!([1])));
        assert_eq!(read("\u{feff}\"\u{feff}\""), Some(json!("\u{feff}")));
        for text in ["\u{feff}\u{feff}{}", "{}\u{feff}", " \u{feff}{}", "{\u{feff}}"] {
            assert_eq!(read(text), None, "{text:?}");
        }
    }
}
