//! How many restarts in how long: a sliding window in which each restart ages out by itself.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// The restart budget of one supervisor.
#[derive(Clone, Debug)]
pub(crate) struct Intensity {
    max: u32,
    within: Duration,
    /// The restarts in the window, oldest first; never more than `max`.
    restarts: VecDeque<Instant>,
}

impl Intensity {
    pub(crate) fn new(max: u32, within: Duration) -> Self {
        Self { max, within, restarts: VecDeque::new() }
    }

    /// Counts a restart at `now`. False when it is one too many, and must not be made.
    pub(crate) fn allows(&mut self, now: Instant) -> bool {
        self.forget(now);
        if self.restarts.len() >= self.max as usize {
            return false;
        }
        self.restarts.push_back(now);
        true
    }

    /// How many restarts lie in the window.
    pub(crate) fn used(&mut self, now: Instant) -> u32 {
        self.forget(now);
        u32::try_from(self.restarts.len()).unwrap_or(u32::MAX)
    }

    /// A restart exactly as old as the window still counts.
    fn forget(&mut self, now: Instant) {
        while self.restarts.front().is_some_and(|at| now.saturating_duration_since(*at) > self.within) {
            self.restarts.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const P: Duration = Duration::from_secs(5);

    #[test]
    fn c031_the_restart_after_the_last_allowed_one_is_refused() {
        let start = Instant::now();
        let mut intensity = Intensity::new(3, P);
        assert!((0..3).all(|n| intensity.allows(start + Duration::from_secs(n))));
        assert!(!intensity.allows(start + Duration::from_secs(4)));
    }

    #[test]
    fn c032_failures_further_apart_than_the_window_never_trip_it() {
        let start = Instant::now();
        let mut intensity = Intensity::new(1, P);
        let apart = P + Duration::from_nanos(1);
        assert!((0..100).all(|n| intensity.allows(start + apart * n)));
    }

    #[test]
    fn c032_each_restart_ages_out_by_itself() {
        let start = Instant::now();
        let mut intensity = Intensity::new(2, P);
        assert!(intensity.allows(start));
        assert!(intensity.allows(start + Duration::from_secs(4)));
        assert!(intensity.allows(start + Duration::from_millis(5_001)));
        assert!(!intensity.allows(start + Duration::from_secs(6)));
    }

    #[test]
    fn c031_what_is_used_of_the_budget_is_what_lies_in_the_window() {
        let start = Instant::now();
        let mut intensity = Intensity::new(3, P);
        assert_eq!(intensity.used(start), 0);
        assert!(intensity.allows(start) && intensity.allows(start + P / 2));
        assert_eq!(intensity.used(start + P), 2);
        assert_eq!(intensity.used(start + P + P / 4), 1);
    }

    #[test]
    fn c033_a_limit_of_zero_allows_none() {
        assert!(!Intensity::new(0, P).allows(Instant::now()));
    }

    #[test]
    fn c039_a_restart_exactly_as_old_as_the_window_still_counts() {
        let start = Instant::now();
        let mut intensity = Intensity::new(1, P);
        assert!(intensity.allows(start));
        assert!(!intensity.allows(start + P));
        assert!(intensity.allows(start + P + Duration::from_nanos(1)));
    }
}
