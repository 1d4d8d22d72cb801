//! How long a task goes on before others get their turn: by messages, and by the clock where they take no time.

use std::time::{Duration, Instant};

/// How many messages are handled before other tasks get their turn.
pub(super) const BUDGET: u32 = 256;
/// How many where all of them together take no longer than [`SHORT`]: to give way may wake another worker, which costs more.
const LONGEST: u32 = 2_048;
/// How long the messages after the first part may take and still go on.
const SHORT: Duration = Duration::from_micros(50);
/// How many messages are handled between two looks at the clock.
pub(super) const PART: u32 = 128;

/// How far a turn, or a chain of hand-overs, has got before its next pause.
#[derive(Clone, Copy)]
pub(super) enum Pace {
    /// It pauses when its budget is used up.
    Short,
    /// It goes on by the clock once it has handled so many.
    Fresh(u32),
    /// It looked first then, and may have handled so many by its next look.
    Timed(Instant, u32),
}

impl Pace {
    /// How many messages more may be handled before the pause that is due. No clock has a say in a simulation.
    #[cold]
    pub(super) fn more(&mut self, simulated: bool) -> Option<u32> {
        let (began, handled) = match *self {
            Self::Short => return None,
            Self::Fresh(handled) if simulated => {
                *self = Self::Short;
                return BUDGET.checked_sub(handled).filter(|more| *more > 0);
            }
            Self::Fresh(handled) => (Instant::now(), handled),
            Self::Timed(began, handled) if began.elapsed() < SHORT => (began, handled),
            Self::Timed(..) => return None,
        };
        let more = PART.min(LONGEST.saturating_sub(handled));
        *self = Self::Timed(began, handled + more);
        (more > 0).then_some(more)
    }
}

#[cfg(test)]
mod tests {
    use super::{BUDGET, LONGEST, PART, Pace};
    use std::time::Instant;

    /// How many are handled before the pause, where the first `handled` are.
    fn all(mut pace: Pace, handled: u32, simulated: bool) -> u32 {
        handled + std::iter::from_fn(|| pace.more(simulated)).sum::<u32>()
    }

    #[test]
    fn c125_nobody_handles_more_than_the_longest_turn_before_a_pause() {
        for first in [8, PART, BUDGET] {
            let by_the_clock = all(Pace::Fresh(first), first, false);
            assert!((first..=LONGEST).contains(&by_the_clock), "{by_the_clock} from {first}");
            let from_the_start = all(Pace::Timed(Instant::now(), first), first, false);
            assert!((first..=LONGEST).contains(&from_the_start), "{from_the_start} from {first}");
            assert_eq!(all(Pace::Short, first, false), first);
        }
    }

    #[test]
    fn c125_in_a_simulation_a_turn_and_a_chain_are_as_long_whatever_the_clock_says() {
        assert_eq!(all(Pace::Fresh(PART), PART, true), BUDGET);
        assert_eq!(all(Pace::Fresh(BUDGET), BUDGET, true), BUDGET);
    }
}
