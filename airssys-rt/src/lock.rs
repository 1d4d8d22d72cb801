//! A mutex of one byte for critical sections of a few nanoseconds: no poison, no call where nobody else is.
//!
//! What it guards is kept whole by sections that run no foreign code, so a panic in one leaves nothing half done.
//! A thread that finds it taken tries for a while, and then again and again after a sleep: whoever holds it for that long has
//! lost its processor. So nobody has to be woken, and to free the lock is a plain store, half the price of an exchange.
//!
//! Rules:
//!
//! 1. `taken` is true exactly while somebody holds the lock.
//! 2. The lock is taken by changing `taken` from false to true (acquire), and by nothing else.
//! 3. Only whoever holds it sets `taken` to false (release), by dropping the [`MutexGuard`].
//! 4. `value` is touched through a `MutexGuard` alone, of which by rules 1 and 2 there is one.
//! 5. The value of an [`Exclusive`] is touched through `&mut` alone.

use std::cell::UnsafeCell;
#[cfg(airssys_loom)]
use std::sync::PoisonError;

#[cfg(not(airssys_loom))]
pub(crate) use own::{Guard as MutexGuard, Lock};

/// What lies beside the value is of no interest to loom's guard.
#[cfg(airssys_loom)]
pub(crate) type MutexGuard<'a, T, B = ()> = <B as Beside>::Guard<'a, T>;

#[cfg(airssys_loom)]
pub(crate) trait Beside {
    type Guard<'a, T: 'a>;
}

#[cfg(airssys_loom)]
impl<B> Beside for B {
    type Guard<'a, T: 'a> = loom::sync::MutexGuard<'a, T>;
}

/// In a model, loom's own mutex stands for it, and the lock itself has a model of its own.
#[cfg(airssys_loom)]
pub(crate) struct Lock<T, B = ()>(loom::sync::Mutex<T>, B);

#[cfg(airssys_loom)]
impl<T> Lock<T> {
    pub(crate) fn new(value: T) -> Self {
        Self::with(value, ())
    }
}

#[cfg(airssys_loom)]
impl<T, B> Lock<T, B> {
    pub(crate) fn with(value: T, beside: B) -> Self {
        Self(loom::sync::Mutex::new(value), beside)
    }

    pub(crate) fn beside(&self) -> &B {
        &self.1
    }

    pub(crate) fn lock(&self) -> loom::sync::MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn get_mut(&mut self) -> &mut T {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) mod own {
    use std::ops::{Deref, DerefMut};
    use std::sync::atomic::Ordering;

    use crate::sync::{AtomicBool, UnsafeCell};

    /// How often a taken lock is tried before the thread gives way.
    #[cfg(not(airssys_loom))]
    const TRIES: u32 = 6;
    /// How long it pauses before the first try; each further pause is twice as long, up to a limit.
    #[cfg(not(airssys_loom))]
    const PAUSE: u32 = 4;
    #[cfg(not(airssys_loom))]
    const LONGEST: u32 = 64;
    /// How long it sleeps then, and again.
    #[cfg(not(airssys_loom))]
    const SLEEP: std::time::Duration = std::time::Duration::from_micros(50);

    /// With `beside`, something small lies in the room that the word leaves before the value: it is not locked.
    pub(crate) struct Lock<T, B = ()> {
        taken: AtomicBool,
        #[cfg_attr(airssys_loom, expect(dead_code, reason = "in a model, the other lock's is used"))]
        beside: B,
        value: UnsafeCell<T>,
    }

    // SAFETY: the value moves between threads (T: Send) but, by rule 4, is reached by one guard at a time. What lies beside it
    // is shared as it is (B: Sync).
    unsafe impl<T: Send, B: Sync> Sync for Lock<T, B> {}

    impl<T> Lock<T> {
        pub(crate) fn new(value: T) -> Self {
            Self::with(value, ())
        }
    }

    impl<T, B> Lock<T, B> {
        pub(crate) fn with(value: T, beside: B) -> Self {
            Self { taken: AtomicBool::new(false), beside, value: UnsafeCell::new(value) }
        }

        /// What lies beside the value; the lock does not guard it.
        #[cfg(not(airssys_loom))]
        #[inline]
        pub(crate) fn beside(&self) -> &B {
            &self.beside
        }

        /// Without locking: `&mut` says that nobody else is there.
        #[cfg(not(airssys_loom))]
        #[inline]
        pub(crate) fn get_mut(&mut self) -> &mut T {
            self.value.get_mut()
        }

        #[cfg(not(airssys_loom))]
        #[inline]
        pub(crate) fn lock(&self) -> Guard<'_, T, B> {
            if !take(&self.taken) {
                take_slowly(&self.taken);
            }
            Guard { lock: self }
        }

        /// The models try once: who tries until it succeeds makes no end of interleavings.
        #[cfg(airssys_loom)]
        pub(crate) fn try_lock(&self) -> Option<Guard<'_, T, B>> {
            take(&self.taken).then(|| Guard { lock: self })
        }
    }

    #[inline]
    fn take(taken: &AtomicBool) -> bool {
        // Rule 2.
        taken.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    #[cfg(not(airssys_loom))]
    #[cold]
    fn take_slowly(taken: &AtomicBool) {
        let mut pause = PAUSE;
        for _ in 0..TRIES {
            for _ in 0..pause {
                std::hint::spin_loop();
            }
            // While it pauses longer and longer, whoever is near the lock may take it several times in a row.
            pause = LONGEST.min(pause * 2);
            if !taken.load(Ordering::Relaxed) && take(taken) {
                return;
            }
        }
        std::thread::yield_now();
        while !take(taken) {
            std::thread::sleep(SLEEP);
        }
    }

    /// The lock is held; freed when dropped.
    pub(crate) struct Guard<'a, T, B = ()> {
        lock: &'a Lock<T, B>,
    }

    impl<T, B> Drop for Guard<'_, T, B> {
        #[inline]
        fn drop(&mut self) {
            // Rule 3.
            self.lock.taken.store(false, Ordering::Release);
        }
    }

    #[cfg(not(airssys_loom))]
    impl<T, B> Deref for Guard<'_, T, B> {
        type Target = T;

        #[inline]
        fn deref(&self) -> &T {
            // SAFETY: rule 4: this guard is the only one, and it is borrowed shared here.
            unsafe { &*self.lock.value.get() }
        }
    }

    #[cfg(not(airssys_loom))]
    impl<T, B> DerefMut for Guard<'_, T, B> {
        #[inline]
        fn deref_mut(&mut self) -> &mut T {
            // SAFETY: rule 4: this guard is the only one, and it is borrowed mutably here.
            unsafe { &mut *self.lock.value.get() }
        }
    }

    #[cfg(airssys_loom)]
    impl<T, B> Deref for Guard<'_, T, B> {
        type Target = T;

        fn deref(&self) -> &T {
            // SAFETY: as above; loom checks that no mutable access overlaps.
            self.lock.value.with(|value| unsafe { &*value })
        }
    }

    #[cfg(airssys_loom)]
    impl<T, B> DerefMut for Guard<'_, T, B> {
        fn deref_mut(&mut self) -> &mut T {
            // SAFETY: as above; loom checks that no other access overlaps.
            self.lock.value.with_mut(|value| unsafe { &mut *value })
        }
    }
}

/// A value that is reached through `&mut` alone, so that it may be shared whatever it is.
pub(crate) struct Exclusive<T>(UnsafeCell<T>);

// SAFETY: rule 5: a shared `Exclusive` gives no access at all.
unsafe impl<T: Send> Sync for Exclusive<T> {}

impl<T> Exclusive<T> {
    #[inline]
    pub(crate) fn new(value: T) -> Self {
        Self(UnsafeCell::new(value))
    }

    /// Without locking: `&mut` says that nobody else is there.
    #[inline]
    pub(crate) fn get(&mut self) -> &mut T {
        self.0.get_mut()
    }
}
