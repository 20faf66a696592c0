//! Who came to a room and who went, between two lists of its participants.

use std::collections::HashSet;

use crate::model::UserId;

/// What changed of the participants of a room.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Changed {
    /// Who takes part no more.
    pub gone: HashSet<UserId>,
    /// Who takes part now.
    pub come: HashSet<UserId>,
}

impl Changed {
    /// What changed from the one list to the other. What both begin with is passed over: who comes is added at the
    /// end, and there may be ten thousand before.
    pub(crate) fn between(old: &[UserId], new: &[UserId]) -> Self {
        let same = old.iter().zip(new).take_while(|(one, other)| one == other).count();
        let [were, are]: [HashSet<UserId>; 2] = [old, new].map(|list| list[same..].iter().copied().collect());
        Self { gone: were.difference(&are).copied().collect(), come: are.difference(&were).copied().collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_in_one_list_alone_has_come_or_gone() {
        let [ann, bob, cy] = [(); 3].map(|()| UserId::new());
        let changed = |old: &[UserId], new: &[UserId]| {
            let Changed { gone, come } = Changed::between(old, new);
            let sorted = |users: HashSet<UserId>| {
                let mut users: Vec<UserId> = users.into_iter().collect();
                users.sort();
                users
            };
            (sorted(gone), sorted(come))
        };
        assert_eq!(changed(&[], &[ann, bob]), (vec![], vec![ann, bob]));
        assert_eq!(changed(&[ann, bob], &[ann, bob, cy]), (vec![], vec![cy]));
        assert_eq!(changed(&[ann, bob, cy], &[ann, cy]), (vec![bob], vec![]));
        assert_eq!(changed(&[ann, bob], &[cy, bob]), (vec![ann], vec![cy]));
        assert_eq!(changed(&[ann, bob, cy], &[]), (vec![ann, bob, cy], vec![]));
        assert_eq!(changed(&[ann, bob], &[bob, ann]), (vec![], vec![]));
    }
}
