//! A seat holds an actor's state; whoever has the turn may touch it, and there is one turn.
//!
//! One of the two modules with `unsafe` code (the other is `lock`). Its rules:
//!
//! 1. `taken` is true exactly while a [`Turn`] of this seat exists.
//! 2. Only [`Seat::try_take`] makes a `Turn`, and only by changing `taken` from false to true (acquire).
//! 3. Only dropping the `Turn` sets `taken` to false (release), so what one turn wrote the next one sees.
//! 4. `value` is touched through a `Turn` alone, or through `&mut Seat`.
//! 5. A `Turn` is as `Send` and `Sync` as a `&mut Option<T>`: the marker says so, since the seat
//!    itself is `Sync` for every `T: Send`.

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::Ordering;

use crate::sync::{AtomicBool, UnsafeCell};

pub(crate) struct Seat<T> {
    taken: AtomicBool,
    value: UnsafeCell<Option<T>>,
}

// SAFETY: the value moves between threads (T: Send) but, by rules 1 and 2, is reached by one turn at a time.
unsafe impl<T: Send> Sync for Seat<T> {}

impl<T> Seat<T> {
    pub(crate) fn new(value: Option<T>) -> Self {
        Self { taken: AtomicBool::new(false), value: UnsafeCell::new(value) }
    }

    /// The turn, unless somebody has it.
    #[inline]
    pub(crate) fn try_take(&self) -> Option<Turn<'_, T>> {
        self.taken
            .compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed)
            .ok()
            .map(|_| Turn { seat: self, marker: PhantomData })
    }
}

/// The right to touch what sits in a [`Seat`]; given back when dropped.
pub(crate) struct Turn<'a, T> {
    seat: &'a Seat<T>,
    marker: PhantomData<&'a mut Option<T>>,
}

impl<T> Drop for Turn<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.seat.taken.store(false, Ordering::Release);
    }
}

#[cfg(not(airssys_loom))]
impl<T> Deref for Turn<'_, T> {
    type Target = Option<T>;

    #[inline]
    fn deref(&self) -> &Option<T> {
        // SAFETY: rule 4: this turn is the only one (rules 1 and 2), and it is borrowed shared here.
        unsafe { &*self.seat.value.get() }
    }
}

#[cfg(not(airssys_loom))]
impl<T> DerefMut for Turn<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut Option<T> {
        // SAFETY: rule 4: this turn is the only one (rules 1 and 2), and it is borrowed mutably here.
        unsafe { &mut *self.seat.value.get() }
    }
}

#[cfg(airssys_loom)]
impl<T> Deref for Turn<'_, T> {
    type Target = Option<T>;

    fn deref(&self) -> &Option<T> {
        // SAFETY: as above; loom checks that no mutable access overlaps.
        self.seat.value.with(|value| unsafe { &*value })
    }
}

#[cfg(airssys_loom)]
impl<T> DerefMut for Turn<'_, T> {
    fn deref_mut(&mut self) -> &mut Option<T> {
        // SAFETY: as above; loom checks that no other access overlaps.
        self.seat.value.with_mut(|value| unsafe { &mut *value })
    }
}
