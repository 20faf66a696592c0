//! Whom a message calls: `@username` of a participant, `@all` everybody in the room.
//!
//! A call stands at the beginning or after what is no letter, mark or digit, in any case. Of several names that fit the
//! longest counts, and none that is followed by a letter, mark or digit.

use std::collections::{HashMap, HashSet};

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

use crate::model::{Mentions, NameKey, Room, UserId};

/// What calls everybody. No user has this name.
pub const ALL: &str = "all";

/// In a room of more than so many only its creator, or an administrator, calls everybody.
const SMALL_ROOM: usize = 100;

/// No name has more characters, whatever its case.
const LONGEST_NAME: usize = 60;

/// Whether there is anything in a text that may call somebody.
pub fn calls_somebody(text: &str) -> bool {
    text.contains('@')
}

/// Whether one who is no administrator may call everybody in a room.
pub fn may_call_all(room: &Room, sender: UserId) -> bool {
    room.participants.len() <= SMALL_ROOM || room.created_by == sender
}

/// Whom a text calls of those who have these names; everybody only where the sender may.
pub fn found_in(text: &str, names: &HashMap<UserId, String>, may_call_all: bool) -> Mentions {
    let by_key: HashMap<NameKey, UserId> = names.iter().map(|(user, name)| (NameKey::of(name), *user)).collect();
    let mut mentions = Mentions::default();
    let mut seen = HashSet::new();
    for (at, _) in text.match_indices('@') {
        if text[..at].chars().next_back().is_some_and(is_of_a_word) {
            continue;
        }
        match called(&text[at + 1..], &by_key) {
            Some(Called::All) => mentions.all |= may_call_all,
            Some(Called::User(user)) if seen.insert(user) => mentions.users.push(user),
            Some(Called::User(_)) | None => {}
        }
    }
    mentions
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Called {
    All,
    User(UserId),
}

/// Who is called by the longest name that a text begins with and that ends there.
fn called(text: &str, by_key: &HashMap<NameKey, UserId>) -> Option<Called> {
    let ends = text.char_indices().map(|(at, letter)| at + letter.len_utf8()).take(LONGEST_NAME);
    let whole = ends.filter(|end| !text[*end..].chars().next().is_some_and(is_of_a_word));
    let found = whole.filter_map(|end| {
        let key = NameKey::of(&text[..end]);
        let user = by_key.get(&key).copied().map(Called::User);
        user.or_else(|| (key.as_str() == ALL).then_some(Called::All))
    });
    found.last()
}

fn is_of_a_word(letter: char) -> bool {
    use GeneralCategoryGroup::{Letter, Mark, Number};
    matches!(letter.general_category_group(), Letter | Mark | Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(text: &str, names: &[&str], may_call_all: bool) -> (Vec<String>, bool) {
        let names: HashMap<UserId, String> = names.iter().map(|name| (UserId::new(), (*name).to_owned())).collect();
        let mentions = found_in(text, &names, may_call_all);
        (mentions.users.iter().map(|user| names[user].clone()).collect(), mentions.all)
    }

    fn users(text: &str, names: &[&str]) -> Vec<String> {
        calls(text, names, true).0
    }

    #[test]
    fn a_name_is_called_in_any_case_wherever_a_word_begins() {
        let names = ["Ann", "bob"];
        assert_eq!(users("@ann and (@BOB), @Ann again", &names), ["Ann", "bob"]);
        assert_eq!(users("mail me: x@ann, 7@bob", &names), [""; 0]);
        assert_eq!(users("@anna @ann7 @annä @ bob", &names), [""; 0]);
        assert_eq!(users("@ann's, @bob.", &names), ["Ann", "bob"]);
        assert_eq!(users("nobody@", &names), [""; 0]);
    }

    #[test]
    fn the_longest_name_that_fits_counts() {
        assert_eq!(users("@ann.lee!", &["ann", "ann.lee"]), ["ann.lee"]);
        assert_eq!(users("@ann.leed", &["ann", "ann.lee"]), ["ann"]);
        assert_eq!(users("@ann-lee", &["ann", "lee"]), ["ann"]);
        assert_eq!(users("@Zoë and @straße", &["zoë", "Straße"]), ["zoë", "Straße"]);
    }

    #[test]
    fn everybody_is_called_by_who_may() {
        assert_eq!(calls("@ALL hello", &["ann"], true), (vec![], true));
        assert_eq!(calls("@all hello @ann", &["ann"], false), (vec!["ann".to_owned()], false));
        assert_eq!(calls("@allegro @all.", &["ann"], true), (vec![], true));
    }
}
