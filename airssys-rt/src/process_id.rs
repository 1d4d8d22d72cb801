//! A process id names one logical actor for as long as its system lives; it is never used again.

use std::fmt;
use std::num::NonZeroU64;

/// The identity of an actor within its [`System`](crate::System).
///
/// Ids are given out in order from 1 and never reused, so a stale id finds nothing rather than
/// somebody else. A restart keeps the id; only the incarnation number changes.
/// Ids of two systems are not related.
///
/// ```
/// # use airssys_rt::prelude::*;
/// # #[actor] #[derive(Default)] struct Counter(i64);
/// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let counter = system.spawn(Counter(0));
/// let pid: ProcessId = counter.pid();
/// assert_eq!((pid.as_u64(), pid.to_string().as_str()), (1, "<1>"));
/// assert_eq!(system.actor_ref::<Counter>(pid), Some(counter.clone()));
/// counter.stop().await?;
/// assert_eq!(system.actor_ref::<Counter>(pid), None);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcessId(NonZeroU64);

impl ProcessId {
    pub(crate) fn new(number: u64) -> Self {
        Self(NonZeroU64::new(number).unwrap_or(NonZeroU64::MIN))
    }

    /// The number behind the id, counted from 1 in order of spawning.
    #[must_use]
    pub fn as_u64(self) -> u64 {
        self.0.get()
    }
}

impl fmt::Display for ProcessId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.0)
    }
}

impl fmt::Debug for ProcessId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
