//! How long to wait before a restart: doubling, bounded, with jitter, and forgetting after a quiet time.

use std::time::Duration;

use tokio::time::Instant;

/// Delays between the restarts of one child.
///
/// The first restart waits `first`, each further one twice as long up to `max`; after the child was up for
/// `reset_after`, it begins again at `first`. Each delay varies by the share `jitter` up and down, so that
/// many children do not come back at one moment. Akka's `BackoffSupervisor` does the same. While a child
/// waits, its mailbox keeps what is sent to it. Each try still counts against the supervisor's budget of restarts.
///
/// ```
/// # use airssys_rt::prelude::*;
/// # #[actor] #[derive(Default)] struct Link;
/// # #[handlers] impl Link { #[handler] fn lose(&mut self) -> ActorResult { Err(ActorError::msg("lost")) } #[handler] fn ping(&self) {} }
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(60))
///     .jitter(0.0)
///     .reset_after(Duration::from_secs(300));
/// let link = ChildSpec::new("link", || async { Ok(Link) });
/// let supervisor = system.start(Supervisor::builder().backoff(backoff).child(link)).await?;
/// let link: ActorRef<Link> = supervisor.child("link").await.expect("it runs");
///
/// let began = tokio::time::Instant::now();
/// assert!(link.lose().await.is_err());
/// link.ping().await?; // it waits in the mailbox
/// assert_eq!(began.elapsed().as_secs(), 1);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backoff {
    first: Duration,
    max: Duration,
    jitter: f64,
    reset_after: Duration,
}

impl Backoff {
    /// From `first`, doubling up to `max`; jitter 0.2, reset after one minute. A `max` below `first` counts as `first`.
    #[must_use]
    pub fn new(first: Duration, max: Duration) -> Self {
        Self { first, max: max.max(first), jitter: 0.2, reset_after: Duration::from_secs(60) }
    }

    /// The share by which each delay varies, from 0 to 1; what lies outside is taken as the nearer of the two, and what is no
    /// number as 0. 0.2 without this.
    #[must_use]
    pub fn jitter(mut self, share: f64) -> Self {
        self.jitter = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
        self
    }

    /// How long a child has to be up for its delays to begin again. One minute without this.
    #[must_use]
    pub fn reset_after(mut self, up: Duration) -> Self {
        self.reset_after = up;
        self
    }

    /// The delay before restart number `attempt` (from 0), with `chance` from 0 to 1.
    pub(crate) fn delay(&self, attempt: u32, chance: f64) -> Duration {
        let doubled = self.first.saturating_mul(1_u32.checked_shl(attempt.min(31)).unwrap_or(u32::MAX));
        let base = doubled.min(self.max);
        base.mul_f64(1.0 + self.jitter * (2.0 * chance - 1.0))
    }

    /// Which attempt a failure at `now` is, after `attempts` before it and a start at `up_since`.
    pub(crate) fn attempt(&self, attempts: u32, up_since: Option<Instant>, now: Instant) -> u32 {
        match up_since {
            Some(up) if now.saturating_duration_since(up) >= self.reset_after => 0,
            _ => attempts,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c040_delays_double_up_to_the_limit_and_begin_again_after_a_quiet_time() {
        let backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(1)).jitter(0.0);
        let delays: Vec<_> = (0..6).map(|n| backoff.delay(n, 0.5).as_millis()).collect();
        assert_eq!(delays, [100, 200, 400, 800, 1_000, 1_000]);
        assert_eq!(backoff.delay(u32::MAX, 0.5), Duration::from_secs(1));
        let up = Instant::now();
        assert_eq!(backoff.attempt(4, Some(up), up + Duration::from_secs(59)), 4);
        assert_eq!(backoff.attempt(4, Some(up), up + Duration::from_secs(60)), 0);
    }

    #[test]
    fn c040_jitter_keeps_within_its_share() {
        let backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(1)).jitter(0.2);
        assert_eq!(backoff.delay(0, 0.0), Duration::from_millis(800));
        assert_eq!(backoff.delay(0, 1.0), Duration::from_millis(1_200));
    }
}
