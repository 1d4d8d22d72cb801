//! Which children a failure takes down with it.

use std::ops::Range;

/// How a supervisor answers the failure of one child: Erlang's three.
///
/// The children that it takes down are stopped, the last started first, and when all have ended they are started again in
/// order, under the references they always had.
///
/// ```
/// use airssys_rt::RestartStrategy;
///
/// // Of four children, the second has failed:
/// assert_eq!(RestartStrategy::OneForOne.affected(1, 4), 1..2);
/// assert_eq!(RestartStrategy::OneForAll.affected(1, 4), 0..4);
/// assert_eq!(RestartStrategy::RestForOne.affected(1, 4), 1..4);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RestartStrategy {
    /// The failed child alone is restarted.
    #[default]
    OneForOne,
    /// All children are stopped, the last started first, and started again in order.
    OneForAll,
    /// The failed child and those started after it are.
    RestForOne,
}

impl RestartStrategy {
    /// The children, in start order, that a failure of child `failed` of `count` takes down with it: their numbers from 0 on.
    #[must_use]
    pub fn affected(self, failed: usize, count: usize) -> Range<usize> {
        match self {
            Self::OneForOne => failed..failed + 1,
            Self::OneForAll => 0..count,
            Self::RestForOne => failed..count,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RestartStrategy::{OneForAll, OneForOne, RestForOne};

    #[test]
    fn c020_c021_c022_each_strategy_takes_its_share() {
        assert_eq!(OneForOne.affected(1, 4), 1..2);
        assert_eq!(OneForAll.affected(1, 4), 0..4);
        assert_eq!(RestForOne.affected(1, 4), 1..4);
    }

    #[test]
    fn c023_the_last_child_and_the_only_child_go_alone() {
        assert_eq!(RestForOne.affected(3, 4), 3..4);
        assert_eq!(OneForAll.affected(0, 1), 0..1);
    }
}
