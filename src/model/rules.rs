//! The rules for text that comes from outside: a value of one of these types has been checked, trimmed and normalised.
//!
//! Characters are Unicode code points, counted after trimming and NFC (passwords aside). What breaks a rule is refused,
//! not cut.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

use super::shown::{is_hidden, is_ignorable, is_shown, is_shown_letter_or_digit};

/// What is wrong with a value: a sentence's end, as in "must be at most 500 characters".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleError(pub &'static str);

/// What names are compared by: NFC, then Unicode lower case. Names of rooms are compared without what cannot be seen in
/// them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NameKey(String);

impl NameKey {
    /// What parts of a name stand between.
    pub const PART_ENDS: [char; 3] = ['_', '.', '-'];

    /// The key of any name, also of one that was stored without our rules.
    pub fn of(name: &str) -> Self {
        // Lower case may take normal form away again (İ becomes i and a combining dot), so it is restored.
        Self(name.nfc().collect::<String>().to_lowercase().nfc().collect())
    }

    /// The key of any room's name, also of one that was stored without our rules: that of the name without its
    /// default-ignorable characters and the white space that is left at its ends.
    pub fn of_room(name: &str) -> Self {
        let seen: String = name.chars().filter(|c| !is_ignorable(*c)).collect();
        Self::of(seen.trim())
    }

    /// As it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a search for these words finds it: they are its beginning, or that of a part of it.
    pub fn is_found_by(&self, search: &Self) -> bool {
        let parts = self.0.match_indices(Self::PART_ENDS).map(|(end, mark)| &self.0[end + mark.len()..]);
        std::iter::once(self.as_str()).chain(parts).any(|part| part.starts_with(&search.0))
    }
}

fn normalised(text: &str) -> String {
    text.trim().nfc().collect()
}

fn has_control(text: &str) -> bool {
    text.chars().any(char::is_control)
}

fn within(text: &str, bounds: std::ops::RangeInclusive<usize>, message: &'static str) -> Result<(), RuleError> {
    if bounds.contains(&text.chars().count()) { Ok(()) } else { Err(RuleError(message)) }
}

fn seen(text: &str) -> Result<(), RuleError> {
    if text.chars().any(is_shown) { Ok(()) } else { Err(RuleError("must hold a character that can be seen")) }
}

/// Rooms that are not open are stored under such a name, and whether one is taken must not tell of them.
fn is_kept_for_closed_rooms(name: &str) -> bool {
    let name = NameKey::of_room(name);
    let id = ["private:", "direct:"].iter().find_map(|kind| name.as_str().strip_prefix(kind));
    id.is_some_and(|id| id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

macro_rules! checked_text {
    ($(#[$doc:meta])* $name:ident, $check:expr) => {
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        $(#[$doc])*
        pub struct $name(String);

        impl $name {
            /// Checks and normalises what came from outside.
            ///
            /// # Errors
            /// Says which part of the rule is broken.
            pub fn parse(text: &str) -> Result<Self, RuleError> {
                let check: fn(&str) -> Result<String, RuleError> = $check;
                check(text).map(Self)
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text, by value.
            pub fn into_string(self) -> String {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(&self.0)
            }
        }
    };
}

checked_text!(
    /// 3–30 characters: letters, marks and digits of any script, `_ . -`; at least one letter or digit; none that
    /// cannot be seen.
    Username,
    |text| {
        let name = normalised(text);
        within(&name, 3..=30, "must be 3 to 30 characters")?;
        let allowed = |c: char| {
            matches!(c, '_' | '.' | '-')
                || matches!(
                    c.general_category_group(),
                    GeneralCategoryGroup::Letter | GeneralCategoryGroup::Mark
                )
                || c.general_category() == unicode_properties::GeneralCategory::DecimalNumber
        };
        if !name.chars().all(allowed) {
            return Err(RuleError("may hold letters, digits, '_', '.' and '-' only"));
        }
        if name.chars().any(is_hidden) {
            return Err(RuleError("must not hold characters that cannot be seen"));
        }
        if !name.chars().any(is_shown_letter_or_digit) {
            return Err(RuleError("must hold a letter or a digit"));
        }
        if NameKey::of(&name).as_str() == "all" {
            return Err(RuleError("must not be \"all\", by which everybody in a room is called"));
        }
        Ok(name)
    }
);

checked_text!(
    /// An e-mail address of at most 254 characters, in lower case.
    Email,
    |text| {
        let address = normalised(text).to_lowercase();
        within(&address, 3..=254, "must be an e-mail address of at most 254 characters")?;
        let options = email_address::Options::default().without_display_text().without_domain_literal();
        if has_control(&address) || email_address::EmailAddress::parse_with_options(&address, options).is_err() {
            return Err(RuleError("must be an e-mail address"));
        }
        Ok(address)
    }
);

checked_text!(
    /// 1–100 characters without control characters, at least one of which can be seen.
    RoomName,
    |text| {
        let name = normalised(text);
        within(&name, 1..=100, "must be 1 to 100 characters")?;
        if has_control(&name) {
            return Err(RuleError("must not hold control characters"));
        }
        seen(&name)?;
        if is_kept_for_closed_rooms(&name) {
            return Err(RuleError("is a name that the server keeps for itself"));
        }
        Ok(name)
    }
);

checked_text!(
    /// At most 500 characters without control characters.
    Description,
    |text| {
        let description = normalised(text);
        within(&description, 0..=500, "must be at most 500 characters")?;
        if has_control(&description) {
            Err(RuleError("must not hold control characters"))
        } else {
            Ok(description)
        }
    }
);

checked_text!(
    /// A message: 1–4,000 characters, at least one of which can be seen; lines end in `\n`; no other control character
    /// than that and the tab.
    Content,
    |text| {
        let content = normalised(text).replace("\r\n", "\n").replace('\r', "\n");
        within(&content, 1..=4000, "must be 1 to 4000 characters")?;
        if content.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
            return Err(RuleError("must not hold control characters other than newline and tab"));
        }
        seen(&content)?;
        Ok(content)
    }
);

checked_text!(
    /// 1–64 characters by which a client repeats a message without doubling it.
    ClientId,
    |text| {
        let id = normalised(text);
        within(&id, 1..=64, "must be 1 to 64 characters")?;
        if has_control(&id) { Err(RuleError("must not hold control characters")) } else { Ok(id) }
    }
);

checked_text!(
    /// 1–200 characters of why a call was declined.
    Reason,
    |text| {
        let reason = normalised(text);
        within(&reason, 1..=200, "must be 1 to 200 characters")?;
        if has_control(&reason) { Err(RuleError("must not hold control characters")) } else { Ok(reason) }
    }
);

/// None.
impl Default for Description {
    fn default() -> Self {
        Self(String::new())
    }
}

impl Username {
    /// What it is compared by.
    pub fn key(&self) -> NameKey {
        NameKey::of(&self.0)
    }
}

impl RoomName {
    /// What it is compared by.
    pub fn key(&self) -> NameKey {
        NameKey::of_room(&self.0)
    }
}

/// A password that is to be set: at least 8 characters, at most 72 bytes (bcrypt reads no further), no NUL; as it
/// stands. Its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct NewPassword(String);

impl NewPassword {
    /// Checks what came from outside.
    ///
    /// # Errors
    /// Says which part of the rule is broken.
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        if text.chars().count() < 8 {
            return Err(RuleError("must be at least 8 characters"));
        }
        if text.len() > 72 {
            return Err(RuleError("must be at most 72 bytes"));
        }
        if text.contains('\0') {
            return Err(RuleError("must not hold a NUL character"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The password, for the hasher only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for NewPassword {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("NewPassword(…)")
    }
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
