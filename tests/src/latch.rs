//! A latch that blocks its thread, for handlers that do not yield.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Longer than any test waits for a thread; then the one who waits panics.
const PATIENCE: Duration = Duration::from_secs(30);

/// Closed until it is opened; it counts who has come to it and who has gone through.
#[derive(Clone, Debug, Default)]
pub struct Latch(Arc<(Mutex<Inside>, Condvar)>);

#[derive(Debug, Default)]
struct Inside {
    open: bool,
    came: usize,
    went: usize,
}

impl Latch {
    /// A closed latch.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Comes to the latch and blocks the thread until it is open.
    ///
    /// # Panics
    /// When nobody opens it.
    pub fn pass(&self) {
        let (inside, changed) = &*self.0;
        let mut guard = inside.lock().unwrap_or_else(PoisonError::into_inner);
        guard.came += 1;
        changed.notify_all();
        let (mut guard, waited) = changed
            .wait_timeout_while(guard, PATIENCE, |inside| !inside.open)
            .unwrap_or_else(PoisonError::into_inner);
        assert!(!waited.timed_out(), "nobody opens the latch");
        guard.went += 1;
        changed.notify_all();
    }

    /// Lets everybody through, until it is closed.
    pub fn open(&self) {
        let (inside, changed) = &*self.0;
        inside.lock().unwrap_or_else(PoisonError::into_inner).open = true;
        changed.notify_all();
    }

    /// Closes it again.
    pub fn close(&self) {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).open = false;
    }

    /// How many have come to it.
    #[must_use]
    pub fn came(&self) -> usize {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).came
    }

    /// How many have gone through.
    #[must_use]
    pub fn went(&self) -> usize {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).went
    }

    /// Waits, on a plain thread, until somebody stands at it or has gone through.
    ///
    /// # Panics
    /// When nobody comes.
    pub fn reached(&self) {
        let (inside, changed) = &*self.0;
        let guard = inside.lock().unwrap_or_else(PoisonError::into_inner);
        let (_guard, waited) = changed
            .wait_timeout_while(guard, PATIENCE, |inside| inside.came == 0)
            .unwrap_or_else(PoisonError::into_inner);
        assert!(!waited.timed_out(), "nobody comes to the latch");
    }
}

impl PartialEq for Latch {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
