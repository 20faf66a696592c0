//! Numbers of a room that have no message, and rightly so: damage that took them was accepted, or a store that was
//! copied had none under them. They are not given again, a page steps over them, and a check does not miss them.

use std::sync::Arc;

/// Ranges of numbers, rising and apart. Nearly always none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lost(Option<Arc<[(u64, u64)]>>);

impl Lost {
    /// From ranges (first and last of each) in any order.
    pub(crate) fn new(mut ranges: Vec<(u64, u64)>) -> Self {
        ranges.retain(|(first, last)| first <= last);
        ranges.sort_unstable();
        ranges.dedup_by(|next, before| {
            let touches = next.0 <= before.1.saturating_add(1);
            if touches {
                before.1 = before.1.max(next.1);
            }
            touches
        });
        Self((!ranges.is_empty()).then(|| ranges.into()))
    }

    /// The ranges, rising.
    pub(crate) fn ranges(&self) -> &[(u64, u64)] {
        self.0.as_deref().unwrap_or_default()
    }

    /// The first number from `seq` up that is not lost.
    pub(crate) fn up(&self, seq: u64) -> u64 {
        self.around(seq).map_or(seq, |(_, last)| last.saturating_add(1))
    }

    /// The first number from `seq` down that is not lost; 0 where there is none.
    pub(crate) fn down(&self, seq: u64) -> u64 {
        self.around(seq).map_or(seq, |(first, _)| first.saturating_sub(1))
    }

    /// How many numbers from `first` to `last` are lost.
    pub(crate) fn count_between(&self, first: u64, last: u64) -> u64 {
        let inside = self.ranges().iter().filter(|(from, to)| *from <= last && *to >= first);
        inside.map(|(from, to)| (to.min(&last) - from.max(&first)) + 1).sum()
    }

    /// The range that a number lies in. No two ranges touch, so what is next to one is not lost.
    fn around(&self, seq: u64) -> Option<(u64, u64)> {
        let ranges = self.ranges();
        let range = ranges.get(ranges.partition_point(|(_, last)| *last < seq))?;
        (range.0 <= seq).then_some(*range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lost_numbers_are_stepped_over_both_ways() {
        let lost = Lost::new(vec![(9, 10), (1, 2), (5, 6), (7, 7), (4, 3)]);
        assert_eq!(lost.ranges(), [(1, 2), (5, 7), (9, 10)]);
        let up: Vec<_> = (0..=11).map(|seq| lost.up(seq)).collect();
        assert_eq!(up, [0, 3, 3, 3, 4, 8, 8, 8, 8, 11, 11, 11]);
        let down: Vec<_> = (0..=11).map(|seq| lost.down(seq)).collect();
        assert_eq!(down, [0, 0, 0, 3, 4, 4, 4, 4, 8, 8, 8, 11]);
        assert_eq!(Lost::default().up(5), 5);
        let counts = [(1, 11), (2, 5), (3, 4), (6, 6), (8, 20)].map(|(first, last)| lost.count_between(first, last));
        assert_eq!(counts, [7, 2, 0, 1, 2]);
    }
}
