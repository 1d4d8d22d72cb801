//! A mutex that ignores poison: what it guards is kept whole by short critical sections that run no foreign code.

#[cfg(airssys_loom)]
use loom::sync::Mutex;
#[cfg(airssys_loom)]
pub(crate) use loom::sync::MutexGuard;
#[cfg(not(airssys_loom))]
use std::sync::Mutex;
#[cfg(not(airssys_loom))]
pub(crate) use std::sync::MutexGuard;
use std::sync::{Mutex as Plain, PoisonError};

/// How often a taken lock is tried before the thread sleeps: critical sections here last tens of nanoseconds.
#[cfg(not(airssys_loom))]
const TRIES: u32 = 40;

pub(crate) struct Lock<T>(Mutex<T>);

impl<T> Lock<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    #[cfg(not(airssys_loom))]
    #[inline]
    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        match self.0.try_lock() {
            Ok(guard) => guard,
            Err(_) => self.lock_slow(),
        }
    }

    #[cfg(not(airssys_loom))]
    #[cold]
    fn lock_slow(&self) -> MutexGuard<'_, T> {
        for _ in 0..TRIES {
            std::hint::spin_loop();
            if let Ok(guard) = self.0.try_lock() {
                return guard;
            }
        }
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(airssys_loom)]
    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A value that is reached through `&mut` alone, so that it may be shared whatever it is.
pub(crate) struct Exclusive<T>(Plain<T>);

impl<T> Exclusive<T> {
    #[inline]
    pub(crate) fn new(value: T) -> Self {
        Self(Plain::new(value))
    }

    /// Without locking: `&mut` says that nobody else is there.
    #[inline]
    pub(crate) fn get(&mut self) -> &mut T {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner)
    }
}
