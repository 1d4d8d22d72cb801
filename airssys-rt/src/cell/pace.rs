//! How long a task goes on before others get their turn: by messages, and by the clock where they take no time.

use std::time::{Duration, Instant};

use crate::kernel::Kernel;

/// How many messages are handled before other tasks get their turn.
pub(super) const BUDGET: u32 = 256;
/// How many where all of them together take no longer than [`SHORT`]: to give way may wake another worker, which costs more.
const LONGEST: u32 = 2_048;
/// How long the messages after the first part may take and still go on.
const SHORT: Duration = Duration::from_micros(50);
/// How many messages are handled between two looks at the clock.
pub(super) const PART: u32 = 128;

/// How far a turn, or a chain of hand-overs, has got before its next pause.
pub(super) enum Pace {
    /// It pauses when its budget is used up.
    Short,
    /// It has handled the first part.
    Fresh,
    /// It looked at the clock first then, and has handled so many.
    Timed(Instant, u32),
}

impl Pace {
    /// One that the clock has a say in from the start.
    pub(super) fn since(began: Instant) -> Self {
        Self::Timed(began, 0)
    }

    /// How many messages more may be handled before the pause that is due.
    #[cold]
    pub(super) fn more(&mut self, kernel: &Kernel) -> Option<u32> {
        let (pace, more) = match *self {
            // No clock has a say in a simulation.
            Self::Fresh if kernel.schedule.is_some() => (Self::Short, BUDGET - PART),
            Self::Fresh => (Self::Timed(Instant::now(), PART), PART),
            Self::Timed(began, handled) if handled + PART < LONGEST && began.elapsed() < SHORT => {
                (Self::Timed(began, handled + PART), PART)
            }
            Self::Timed(..) | Self::Short => return None,
        };
        *self = pace;
        Some(more)
    }
}
