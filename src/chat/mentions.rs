//! Whom a message calls: `@username` of a participant, `@all` everybody in the room.
//!
//! A call stands at the beginning or after what is no letter, mark or digit, in any case. Of several names that fit the
//! longest counts, and none that is followed by a letter, mark or digit.

use std::collections::{BTreeSet, HashMap, HashSet};

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

use super::names::NamesById;
use crate::model::{Mentions, NameKey, Room, UserId};

/// What calls everybody. No user has this name.
pub(crate) const ALL: &str = "all";

/// In a room of more than so many only its creator, or an administrator, calls everybody.
const SMALL_ROOM: usize = 100;

/// No name that is called has more characters, whatever its case.
const LONGEST_NAME: usize = 60;

/// Whether there is anything in a text that may call somebody.
pub(crate) fn calls_somebody(text: &str) -> bool {
    text.contains('@')
}

/// Whether one who is no administrator may call everybody in a room.
pub(crate) fn may_call_all(room: &Room, sender: UserId) -> bool {
    room.participants.len() <= SMALL_ROOM || room.created_by == sender
}

/// Whom a text calls of those who have these names; everybody only where the sender may.
pub(crate) fn found_in(text: &str, names: &NamesById, may_call_all: bool) -> Mentions {
    let (text, callable) = (compared(text), Callable::new(names));
    let mut mentions = Mentions::default();
    let mut seen = HashSet::new();
    for (at, _) in text.match_indices('@') {
        if text[..at].chars().next_back().is_some_and(is_of_a_word) {
            continue;
        }
        match callable.first_in(&text[at + 1..]) {
            Some(Called::All) => mentions.all |= may_call_all,
            Some(Called::User(user)) if seen.insert(user) => mentions.users.push(user),
            Some(Called::User(_)) | None => {}
        }
    }
    mentions
}

/// The form in which names are looked for in a text: that in which names are compared, but with one small sigma, for in
/// a text what follows decides which one stands at the end of a name.
fn compared(text: &str) -> String {
    NameKey::of(text).as_str().replace('ς', "σ")
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Called {
    All,
    User(UserId),
}

/// Who can be called. A text may be full of calls, so each costs a few lookups, however many names there are.
struct Callable {
    by_name: HashMap<String, Called>,
    /// How long the names are, in bytes, the longest first.
    lengths: Vec<usize>,
}

impl Callable {
    fn new(names: &NamesById) -> Self {
        let mut by_name: HashMap<String, Called> =
            names.iter().map(|(user, name)| (compared(name), Called::User(*user))).collect();
        by_name.retain(|name, _| name.chars().count() <= LONGEST_NAME);
        by_name.entry(ALL.to_owned()).or_insert(Called::All);
        let lengths: BTreeSet<usize> = by_name.keys().map(String::len).collect();
        Self { by_name, lengths: lengths.into_iter().rev().collect() }
    }

    /// Who is called by the longest name that a text begins with and that ends there.
    fn first_in(&self, text: &str) -> Option<Called> {
        self.lengths.iter().find_map(|length| {
            let called = self.by_name.get(text.get(..*length)?)?;
            let ends = !text[*length..].chars().next().is_some_and(is_of_a_word);
            ends.then_some(*called)
        })
    }
}

fn is_of_a_word(letter: char) -> bool {
    use GeneralCategoryGroup::{Letter, Mark, Number};
    matches!(letter.general_category_group(), Letter | Mark | Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(text: &str, names: &[&str], may_call_all: bool) -> (Vec<String>, bool) {
        let names: NamesById = names.iter().map(|name| (UserId::new(), (*name).into())).collect();
        let mentions = found_in(text, &names, may_call_all);
        (mentions.users.iter().map(|user| names[user].to_string()).collect(), mentions.all)
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
        assert_eq!(users("@ΝΊΚΟΣ.Α @νίκος @E\u{301}ve", &["Νίκος", "éve"]), ["Νίκος", "éve"]);
    }

    #[test]
    fn everybody_is_called_by_who_may() {
        assert_eq!(calls("@ALL hello", &["ann"], true), (vec![], true));
        assert_eq!(calls("@all hello @ann", &["ann"], false), (vec!["ann".to_owned()], false));
        assert_eq!(calls("@allegro @all.", &["ann"], true), (vec![], true));
    }
}
