//! The gate of a cell: while it is open, an asker takes the actor's turn without the cell's lock.
//!
//! An ask of a plain handler on an idle actor takes two short locks: one to see that it is idle, one to say so again. Nearly always
//! nobody else comes meanwhile. So the lock leaves the gate open where the actor is idle and nothing waits, and an asker
//! goes in and out by one exchange each. Whoever takes the lock shuts the gate first.
//!
//! Rules:
//!
//! 1. `word` is `SHUT` while the lock is held. It is `OPEN` only from the release of a lock that left the phase `Idle` and the
//!    mailbox at rest, until an asker goes in or the lock is taken.
//! 2. An asker is in from the exchange of `OPEN` for `INSIDE` on, and has the turn then: as if the phase were `Running`. It is out
//!    by the exchange of `INSIDE` for `OPEN`.
//! 3. Whoever takes the lock and finds somebody inside shuts the gate and sets the phase to `Running` in the asker's
//!    place: from then on all is as if it had come by the lock. The asker finds the gate shut and goes out by the lock.
//! 4. `inside` is written by the holder of the turn alone.
//! 5. A sender goes in as an asker does, by `PARCEL`, and stays there with its message: see `parcel`. Whoever takes the lock meanwhile
//!    counts the message in the sender's place, and sets `carried`: until that is taken back, one message more takes room.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::actor::Actor;
use crate::lock::{Lock, MutexGuard};
use crate::sync::{AtomicBool, AtomicU8, AtomicU16};

use super::state::{Phase, State};

const SHUT: u8 = 0;
const OPEN: u8 = 1;
const INSIDE: u8 = 2;
const PARCEL: u8 = 3;

/// How fast a handler was when it was timed last.
mod speed {
    /// Not timed yet, too.
    pub(super) const LEISURELY: u8 = 0;
    pub(super) const BRISK: u8 = 1;
    pub(super) const SWIFT: u8 = 2;
}

/// The state of a cell, behind its lock and its gate.
pub(super) struct Gated<A: Actor>(Lock<State<A>, Gate>);

pub(super) struct Gate {
    word: AtomicU8,
    /// How much longer than [`LONG`] its handlers took, of late.
    slow: AtomicU8,
    /// What its handler took when it last was timed.
    speed: AtomicU8,
    /// How many messages were handled inside the gate and not counted yet.
    inside: AtomicU16,
    /// Whether the message of a parcel was counted and is not begun. Written under the lock.
    carried: AtomicBool,
}

/// A plain handler that takes longer has its actor asked the long way, so that who asks several at once has them run beside each other.
/// One that tells a thousand others does not take as long. No clock has a say in a model.
pub(super) const LONG: Duration = if cfg!(airssys_loom) { Duration::MAX } else { Duration::from_micros(100) };
/// Several actors whose handlers take less than this each run one after the other sooner than another worker is awake.
const SWIFT: Duration = Duration::from_micros(2);
/// What takes less than this is short beside what Tokio counts as one step of a task.
const BRISK: Duration = Duration::from_micros(5);
/// So many times as long, in one run or in several, make an actor slow.
const PATIENCE: u8 = 2;
/// No more are noted of one run, and of all: so many quick runs later, what was slow is so no more. With fewer, an actor that takes
/// both kinds of messages, as most do, would be told by its last.
const MOST_OF_ONE: u8 = 16;
const MEMORY: u8 = 64;
/// The first of an actor's asks go by the lock and are timed, and one in so many after them.
const FIRST: u32 = 2;
const SAMPLE: u32 = 128;
/// So many are counted before they are passed on.
const MOST: u32 = u16::MAX as u32 / 2;

impl Gate {
    #[inline]
    fn is_slow(&self) -> bool {
        self.slow.load(Ordering::Relaxed) >= PATIENCE
    }
}

impl<A: Actor> Gated<A> {
    pub(super) fn new(state: State<A>) -> Self {
        let gate = Gate {
            word: AtomicU8::new(SHUT),
            slow: AtomicU8::new(0),
            speed: AtomicU8::new(speed::LEISURELY),
            inside: AtomicU16::new(0),
            carried: AtomicBool::new(false),
        };
        Self(Lock::with(state, gate))
    }

    #[inline]
    fn gate(&self) -> &Gate {
        self.0.beside()
    }

    /// Whether its handlers were seen to take long: then asks go the long way, and the gate stays shut.
    #[inline]
    pub(super) fn is_slow(&self) -> bool {
        self.gate().is_slow()
    }

    /// Whether its messages take less than to wake another worker, as far as is known.
    #[inline]
    pub(super) fn is_swift(&self) -> bool {
        self.gate().speed.load(Ordering::Relaxed) >= speed::SWIFT
    }

    /// Whether its messages take less than what Tokio counts as one step, as far as is known.
    #[inline]
    pub(super) fn is_brisk(&self) -> bool {
        self.gate().speed.load(Ordering::Relaxed) >= speed::BRISK
    }

    /// Notes how long a plain handler took.
    pub(super) fn note_speed(&self, took: Duration) {
        self.note_length(took, MOST_OF_ONE);
        self.note_pace(took);
    }

    /// Notes how long an async handler took with its first poll. Each counts for one: what comes after it is not timed like this,
    /// and could not take back more.
    pub(super) fn note_visit(&self, took: Duration) {
        self.note_length(took, 1);
        self.note_pace(took);
    }

    fn note_length(&self, took: Duration, most: u8) {
        let known = self.gate().slow.load(Ordering::Relaxed);
        let times = (took.as_nanos() / LONG.as_nanos()).min(most.into()) as u8;
        let slow = if times == 0 { known.saturating_sub(1) } else { (known + times).min(MEMORY) };
        self.gate().slow.store(slow, Ordering::Relaxed);
    }

    /// Notes how long a handler took that may have waited: that says nothing about being slow.
    pub(super) fn note_pace(&self, took: Duration) {
        let speed = match took {
            _ if took < SWIFT => speed::SWIFT,
            _ if took < BRISK => speed::BRISK,
            _ => speed::LEISURELY,
        };
        self.gate().speed.store(speed, Ordering::Relaxed);
    }

    #[inline]
    pub(super) fn lock(&self) -> Locked<'_, A> {
        let mut state = self.0.lock();
        if A::CONFIG.allows_inline() && self.gate().word.load(Ordering::Relaxed) != SHUT {
            // Rules 3 and 5.
            match self.gate().word.swap(SHUT, Ordering::AcqRel) {
                INSIDE => state.phase = Phase::Running,
                PARCEL => {
                    state.phase = Phase::Running;
                    state.accepted += 1;
                    self.gate().carried.store(true, Ordering::Relaxed);
                }
                _ => {}
            }
        }
        Locked { state, gate: self.gate() }
    }

    /// Goes in, if the gate is open and this ask is none of those that are timed.
    #[inline]
    pub(super) fn enter(&self) -> bool {
        !is_sampled(self.counted())
            && self.gate().word.compare_exchange(OPEN, INSIDE, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// Whether it seems idle, seen without a lock.
    pub(super) fn looks_open(&self) -> bool {
        self.gate().word.load(Ordering::Relaxed) == OPEN
    }

    /// Goes in with a told message, if the gate is open.
    #[inline]
    pub(super) fn enter_with_parcel(&self) -> bool {
        !self.is_full()
            && self.gate().word.compare_exchange(OPEN, PARCEL, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// The message of a parcel is begun. False where the lock was taken meanwhile: then it is counted, and `carried`.
    #[inline]
    pub(super) fn unpack(&self) -> bool {
        self.gate().word.compare_exchange(PARCEL, INSIDE, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// Whether a counted message waits in a parcel; looked at under the lock.
    #[inline]
    pub(super) fn is_carried(&self) -> bool {
        self.gate().carried.load(Ordering::Relaxed)
    }

    /// The counted message of a parcel is begun, or goes another way; under the lock.
    pub(super) fn put_down(&self) {
        self.gate().carried.store(false, Ordering::Relaxed);
    }

    /// One message more was handled by a holder of the turn that has not gone through the counts of the state.
    #[inline]
    pub(super) fn count(&self) {
        // Rule 4.
        self.gate()
            .inside
            .store(self.gate().inside.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
    }

    /// Goes out. False where the lock was taken meanwhile: then the phase says that the actor runs.
    #[inline]
    pub(super) fn leave(&self) -> bool {
        self.gate().word.compare_exchange(INSIDE, OPEN, Ordering::Release, Ordering::Relaxed).is_ok()
    }

    /// How many messages were handled inside, and not passed on.
    pub(super) fn counted(&self) -> u32 {
        u32::from(self.gate().inside.load(Ordering::Relaxed))
    }

    /// Whether so many were handled inside that they are better passed on.
    pub(super) fn is_full(&self) -> bool {
        self.counted() > MOST
    }

    /// Takes the count, for good or to pass it on; by the holder of the turn.
    pub(super) fn take_counted(&self) -> u32 {
        let counted = self.counted();
        self.gate().inside.store(0, Ordering::Relaxed);
        counted
    }
}

/// The lock of a cell is held; released, the gate is open where the actor is idle and nothing waits.
pub(super) struct Locked<'a, A: Actor> {
    state: MutexGuard<'a, State<A>, Gate>,
    gate: &'a Gate,
}

impl<A: Actor> Drop for Locked<'_, A> {
    #[inline]
    fn drop(&mut self) {
        if A::CONFIG.allows_inline()
            && self.state.phase == Phase::Idle
            && self.state.mailbox.is_at_rest()
            && !self.gate.is_slow()
        {
            // Rule 1: the lock is released right after this.
            self.gate.word.store(OPEN, Ordering::Release);
        }
    }
}

impl<A: Actor> Deref for Locked<'_, A> {
    type Target = State<A>;

    #[inline]
    fn deref(&self) -> &State<A> {
        &self.state
    }
}

impl<A: Actor> DerefMut for Locked<'_, A> {
    #[inline]
    fn deref_mut(&mut self) -> &mut State<A> {
        &mut self.state
    }
}

/// Whether this run of a handler is timed. Scattered: where different messages come in turn, each of them is timed now and then.
#[inline]
pub(super) fn is_sampled(handled: u32) -> bool {
    handled < FIRST || handled.wrapping_mul(0x9E37_79B1) < u32::MAX / SAMPLE
}
