//! The order of the directory of users, and places in it.

use super::{NameKey, UserId};

/// A place in the order of users by the key of the name, then by id: right behind such a user, who need not exist (any
/// more).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UserPlace {
    /// The key of the user's name.
    pub key: NameKey,
    /// The user's id.
    pub id: UserId,
}

/// A place in the directory, also where those come first who are online.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryPlace {
    /// Among those who are online; only where these come first does it mean anything.
    pub online: bool,
    /// The place among them, or among the others.
    pub user: UserPlace,
}

impl DirectoryPlace {
    /// As it stands in a link: one digit for `online`, the id, the key of the name.
    pub fn parse(text: &str) -> Option<Self> {
        let online = match text.chars().next()? {
            '0' => false,
            '1' => true,
            _ => return None,
        };
        let id = UserId::parse(text.get(1..25)?)?;
        Some(Self { online, user: UserPlace { key: NameKey::of(text.get(25..)?), id } })
    }
}

impl std::fmt::Display for DirectoryPlace {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}{}{}", u8::from(self.online), self.user.id, self.user.key.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written_and_nothing_else_is_one() {
        for (online, name) in [(true, "Zoë.K"), (false, "")] {
            let place = DirectoryPlace { online, user: UserPlace { key: NameKey::of(name), id: UserId::new() } };
            assert_eq!(DirectoryPlace::parse(&place.to_string()), Some(place));
        }
        let id = UserId::new();
        for bad in [
            "",
            "1",
            &format!("2{id}ann"),
            &format!("0{id}")[..24],
            &format!("é{id}"),
            &format!("0{}é", &id.to_string()[..23]),
        ] {
            assert_eq!(DirectoryPlace::parse(bad), None, "{bad}");
        }
    }
}
