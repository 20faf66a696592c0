//! Tests of the rules for text.

use super::*;

#[test]
fn a_username_takes_letters_of_any_script_and_nothing_that_is_none() {
    for good in ["bob", "Zoë_1", "महेश", "李小龍", "a.b-c", "  padded  "] {
        assert!(Username::parse(good).is_ok(), "{good}");
    }
    for bad in ["ab", "with space", "semi;colon", "nul\0nul", "emoji😀😀", "a\u{202e}bc", &"x".repeat(31)] {
        assert!(Username::parse(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn a_username_looks_like_no_other_and_not_like_nothing() {
    for hidden in [
        '\u{ad}',
        '\u{34f}',
        '\u{115f}',
        '\u{1160}',
        '\u{17b4}',
        '\u{180b}',
        '\u{180e}',
        '\u{200b}',
        '\u{200d}',
        '\u{2060}',
        '\u{2800}',
        '\u{3164}',
        '\u{fe0f}',
        '\u{feff}',
        '\u{ffa0}',
        '\u{13441}',
        '\u{16fe4}',
        '\u{e0041}',
        '\u{e0100}',
    ] {
        for name in [format!("victim{hidden}"), format!("{hidden}victim"), hidden.to_string().repeat(3)] {
            assert!(Username::parse(&name).is_err(), "{name:?}");
        }
    }
    for blank in ["...", "_._", "---", "\u{301}\u{301}\u{301}", "_\u{301}."] {
        assert!(Username::parse(blank).is_err(), "{blank:?}");
    }
    for good in ["a..", "_1_", "e\u{301}\u{323}x", "...٣"] {
        assert!(Username::parse(good).is_ok(), "{good:?}");
    }
}

#[test]
fn a_room_name_and_a_message_hold_something_that_can_be_seen() {
    for nothing in [
        "\u{3164}\u{3164}\u{3164}",
        "\u{200b}",
        "\u{feff}",
        "\u{2800}\u{2800}",
        "\u{ad} \u{200d}",
        "\u{301}",
        "\u{fe0f}\u{20e3}",
        "\u{e0041}\u{e007f}",
        "\u{202e}\u{3000}\u{2066}",
    ] {
        assert!(RoomName::parse(nothing).is_err(), "{nothing:?}");
        assert!(Content::parse(nothing).is_err(), "{nothing:?}");
    }
    for something in [
        "👨\u{200d}👩\u{200d}👧",
        "❤\u{fe0f}",
        "1\u{fe0f}\u{20e3}",
        "!",
        "می\u{200c}خواهم",
        "🏴\u{e0067}\u{e007f}",
        "\u{fffd}",
    ] {
        assert_eq!(RoomName::parse(something).map(RoomName::into_string), Ok(something.to_owned()));
        assert_eq!(Content::parse(something).map(Content::into_string), Ok(something.to_owned()));
    }
}

#[test]
fn rooms_are_compared_by_what_can_be_seen_of_their_names_and_users_by_all_of_theirs() {
    let key = |name: &str| RoomName::parse(name).unwrap().key();
    for same in [
        "kitchen",
        "KIT\u{200b}CHEN",
        "Kitchen\u{fe0f}",
        "\u{3164} Kitchen",
        "Kitchen \u{2060}",
        "\u{e0041}kitchen\u{ad}",
    ] {
        assert_eq!(key(same), key("Kitchen"), "{same:?}");
    }
    assert_eq!(key("e\u{34f}\u{301}t"), key("ÉT"), "what stood apart is composed");
    assert_eq!(key("👨\u{200d}👩"), key("👨👩"));
    assert_ne!(key("Kit chen"), key("Kitchen"));
    assert_ne!(NameKey::of("victim\u{fe0f}"), NameKey::of("victim"), "names of users are compared as they are stored");
}

#[test]
fn names_that_differ_in_case_or_in_composition_have_one_key() {
    assert_eq!(NameKey::of("BOB"), NameKey::of("bob"));
    assert_eq!(NameKey::of("Zoe\u{308}"), NameKey::of("ZOË"));
    assert_ne!(NameKey::of("bob"), NameKey::of("bobb"));
}

#[test]
fn line_ends_become_one_and_other_control_characters_are_refused() {
    assert_eq!(Content::parse(" a\r\nb\rc\td ").unwrap().as_str(), "a\nb\nc\td");
    for bad in ["", "   ", "bell\u{7}", "del\u{7f}", "c1\u{85}x", &"x".repeat(4001)] {
        assert!(Content::parse(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn a_password_is_bounded_in_bytes_and_never_trimmed() {
    assert_eq!(NewPassword::parse("  spaces  ").unwrap().expose(), "  spaces  ");
    assert!(NewPassword::parse("1234567").is_err());
    assert!(NewPassword::parse(&"é".repeat(37)).is_err());
    assert!(NewPassword::parse("nul\0nulnul").is_err());
    assert!(NewPassword::parse(&"é".repeat(36)).is_ok());
}

#[test]
fn an_address_is_trimmed_and_stored_in_lower_case() {
    assert_eq!(Email::parse(" Ann@Example.COM ").unwrap().as_str(), "ann@example.com");
    for bad in ["", "ann", "ann@", "@example.com", "a b@example.com", "Ann <ann@example.com>"] {
        assert!(Email::parse(bad).is_err(), "{bad}");
    }
}
