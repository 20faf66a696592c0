//! Which characters can be seen, so that no name looks like another one or like nothing.

use icu_properties::CodePointSetData;
use icu_properties::props::DefaultIgnorableCodePoint;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

/// Characters that every font draws as nothing and that Unicode counts among letters, symbols and marks: the Braille
/// pattern without dots, the place of an object that is not there, the musical note without a head, the blanks of the
/// Egyptian script, the filler of the Khitan.
const BLANK: [char; 6] = ['\u{2800}', '\u{fffc}', '\u{16fe4}', '\u{13441}', '\u{13442}', '\u{1d159}'];

/// Whether a program that cannot do anything with the character shows nothing for it: Unicode's
/// `Default_Ignorable_Code_Point` (zero-width spaces and joiners, variation selectors, Hangul fillers, tags, …).
pub(crate) fn is_ignorable(c: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

/// Whether the character leaves no trace wherever it stands.
pub(crate) fn is_hidden(c: char) -> bool {
    is_ignorable(c) || BLANK.contains(&c)
}

/// Whether the character is seen where it stands alone: no white space, format, filler, control or combining character.
/// One that Unicode has not assigned yet is seen: it may be an emoji newer than this program.
pub(crate) fn is_shown(c: char) -> bool {
    let unseen = c.is_whitespace()
        || c.is_control()
        || is_hidden(c)
        || is_noncharacter(c)
        || c.general_category() == GeneralCategory::Format
        || c.general_category_group() == GeneralCategoryGroup::Mark;
    !unseen
}

/// Whether it is a letter or a decimal digit, of any script, that is seen.
pub(crate) fn is_shown_letter_or_digit(c: char) -> bool {
    let category = c.general_category();
    let letter = c.general_category_group() == GeneralCategoryGroup::Letter;
    (letter || category == GeneralCategory::DecimalNumber) && !is_hidden(c)
}

/// The code points that will never be characters: the last two of each plane, and U+FDD0 to U+FDEF.
fn is_noncharacter(c: char) -> bool {
    let code = u32::from(c);
    code & 0xfffe == 0xfffe || (0xfdd0..=0xfdef).contains(&code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ignorable_characters_are_those_of_the_unicode_character_database() {
        // DerivedCoreProperties.txt, Default_Ignorable_Code_Point; the same from Unicode 16 to 18.
        let ranges = [
            0xad..=0xad,
            0x34f..=0x34f,
            0x61c..=0x61c,
            0x115f..=0x1160,
            0x17b4..=0x17b5,
            0x180b..=0x180f,
            0x200b..=0x200f,
            0x202a..=0x202e,
            0x2060..=0x206f,
            0x3164..=0x3164,
            0xfe00..=0xfe0f,
            0xfeff..=0xfeff,
            0xffa0..=0xffa0,
            0xfff0..=0xfff8,
            0x1bca0..=0x1bca3,
            0x1d173..=0x1d17a,
            0xe0000..=0xe0fff,
        ];
        for c in '\0'..=char::MAX {
            let listed = ranges.iter().any(|range| range.contains(&u32::from(c)));
            assert_eq!(is_ignorable(c), listed, "U+{:04X}", u32::from(c));
        }
    }

    #[test]
    fn what_is_seen_alone_is_told_from_what_is_not() {
        for c in "a1_-.あ한م👍©\u{1f3fb}\u{fffd}\u{e000}\u{1fbff}\u{10fffd}".chars() {
            assert!(is_shown(c), "U+{:04X}", u32::from(c));
        }
        let spaces = " \t\n\u{85}\u{a0}\u{1680}\u{2000}\u{2028}\u{202f}\u{205f}\u{3000}";
        let marks = "\u{301}\u{903}\u{20dd}\u{fe0f}\u{e0100}\u{16fe4}";
        let formats = "\u{ad}\u{600}\u{200d}\u{202e}\u{2066}\u{fff9}\u{110bd}\u{13430}\u{e0041}";
        let fillers =
            "\u{115f}\u{1160}\u{3164}\u{ffa0}\u{2800}\u{fffc}\u{13441}\u{1d159}\u{2065}\u{fdd0}\u{ffff}\u{10ffff}";
        for c in [spaces, marks, formats, fillers].concat().chars() {
            assert!(!is_shown(c), "U+{:04X}", u32::from(c));
        }
    }

    #[test]
    fn letters_that_are_drawn_as_nothing_are_no_letters_that_show() {
        assert!("aé李9٣".chars().all(is_shown_letter_or_digit));
        assert!(!"_.-\u{301}\u{3164}\u{115f}\u{ffa0}\u{13441}½👍".chars().any(is_shown_letter_or_digit));
    }
}
