//! A mutex of one byte for critical sections of a few nanoseconds: no poison, no call where nobody else is.
//!
//! What it guards is kept whole by sections that run no foreign code, so a panic in one leaves nothing half done.
//! A thread that finds it taken tries for a while and then sleeps in a room that several locks share.
//!
//! Rules:
//!
//! 1. `word` is `FREE` while nobody holds the lock, `TAKEN` or `CONTENDED` while somebody does.
//! 2. The lock is taken by changing `word` from `FREE` to one of the others (acquire), and by nothing else.
//! 3. Whoever is about to sleep sets `CONTENDED` with the room's mutex held, and gives that mutex up by sleeping alone.
//! 4. Whoever frees the lock (release) and finds `CONTENDED` takes the room's mutex before waking all who sleep there: by
//!    rule 3 they sleep by then, or have not looked yet.
//! 5. `value` is touched through a [`MutexGuard`] alone, of which by rules 1 and 2 there is one.
//! 6. The value of an [`Exclusive`] is touched through `&mut` alone.

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
    use std::sync::PoisonError;

    #[cfg(airssys_loom)]
    use loom::{
        cell::UnsafeCell,
        sync::atomic::{AtomicU8, Ordering},
        sync::{Condvar, Mutex},
    };
    #[cfg(not(airssys_loom))]
    use std::{
        cell::UnsafeCell,
        sync::atomic::{AtomicU8, Ordering},
        sync::{Condvar, Mutex},
    };

    const FREE: u8 = 0;
    const TAKEN: u8 = 1;
    const CONTENDED: u8 = 2;

    /// How often a taken lock is tried before the thread sleeps.
    const TRIES: u32 = if cfg!(airssys_loom) { 1 } else { 6 };
    /// How long it pauses before the first try; each further pause is twice as long.
    const PAUSE: u32 = 4;

    /// With `beside`, something small lies in the room that the word leaves before the value: it is not locked.
    pub(crate) struct Lock<T, B = ()> {
        word: AtomicU8,
        #[cfg_attr(airssys_loom, expect(dead_code, reason = "in a model, the other lock's is used"))]
        beside: B,
        value: UnsafeCell<T>,
    }

    // SAFETY: the value moves between threads (T: Send) but, by rule 5, is reached by one guard at a time. What lies beside it
    // is shared as it is (B: Sync).
    unsafe impl<T: Send, B: Sync> Sync for Lock<T, B> {}

    /// Where threads sleep that found a lock taken.
    pub(crate) struct Room {
        door: Mutex<()>,
        call: Condvar,
    }

    impl Room {
        #[cfg(not(airssys_loom))]
        const fn new() -> Self {
            Self { door: Mutex::new(()), call: Condvar::new() }
        }

        #[cfg(airssys_loom)]
        pub(crate) fn new() -> Self {
            Self { door: Mutex::new(()), call: Condvar::new() }
        }
    }

    /// The room of a lock, by its address.
    #[cfg(not(airssys_loom))]
    fn room<T, B>(lock: &Lock<T, B>) -> &'static Room {
        static ROOMS: [Room; 64] = [const { Room::new() }; 64];
        &ROOMS[(std::ptr::from_ref(lock).addr() >> 4) % ROOMS.len()]
    }

    impl<T> Lock<T> {
        pub(crate) fn new(value: T) -> Self {
            Self::with(value, ())
        }
    }

    impl<T, B> Lock<T, B> {
        pub(crate) fn with(value: T, beside: B) -> Self {
            Self { word: AtomicU8::new(FREE), beside, value: UnsafeCell::new(value) }
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
            if !self.try_take() {
                self.take_slowly(room(self));
            }
            Guard { lock: self, room: () }
        }

        #[cfg(airssys_loom)]
        pub(crate) fn lock<'a>(&'a self, room: &'a Room) -> Guard<'a, T, B> {
            if !self.try_take() {
                self.take_slowly(room);
            }
            Guard { lock: self, room }
        }

        #[inline]
        fn try_take(&self) -> bool {
            // Rule 2.
            self.word.compare_exchange(FREE, TAKEN, Ordering::Acquire, Ordering::Relaxed).is_ok()
        }

        #[cold]
        fn take_slowly(&self, room: &Room) {
            for tries in 0..TRIES {
                for _ in 0..PAUSE << tries.min(4) {
                    std::hint::spin_loop();
                }
                if self.word.load(Ordering::Relaxed) == FREE && self.try_take() {
                    return;
                }
            }
            let mut door = room.door.lock().unwrap_or_else(PoisonError::into_inner);
            // Rules 2 and 3. Taken this way it may look contended when nobody sleeps: its release then wakes nobody.
            while self.word.swap(CONTENDED, Ordering::Acquire) != FREE {
                door = room.call.wait(door).unwrap_or_else(PoisonError::into_inner);
            }
        }

        /// Rule 4, after the lock was freed.
        #[cold]
        fn wake(room: &Room) {
            drop(room.door.lock().unwrap_or_else(PoisonError::into_inner));
            room.call.notify_all();
        }
    }

    /// The lock is held; freed when dropped.
    pub(crate) struct Guard<'a, T, B = ()> {
        lock: &'a Lock<T, B>,
        #[cfg(not(airssys_loom))]
        room: (),
        #[cfg(airssys_loom)]
        room: &'a Room,
    }

    impl<T, B> Drop for Guard<'_, T, B> {
        #[inline]
        fn drop(&mut self) {
            if self.lock.word.swap(FREE, Ordering::Release) == CONTENDED {
                #[cfg(not(airssys_loom))]
                let () = self.room;
                #[cfg(not(airssys_loom))]
                Lock::<T, B>::wake(room(self.lock));
                #[cfg(airssys_loom)]
                Lock::<T, B>::wake(self.room);
            }
        }
    }

    #[cfg(not(airssys_loom))]
    impl<T, B> Deref for Guard<'_, T, B> {
        type Target = T;

        #[inline]
        fn deref(&self) -> &T {
            // SAFETY: rule 5: this guard is the only one, and it is borrowed shared here.
            unsafe { &*self.lock.value.get() }
        }
    }

    #[cfg(not(airssys_loom))]
    impl<T, B> DerefMut for Guard<'_, T, B> {
        #[inline]
        fn deref_mut(&mut self) -> &mut T {
            // SAFETY: rule 5: this guard is the only one, and it is borrowed mutably here.
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

// SAFETY: rule 6: a shared `Exclusive` gives no access at all.
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
