//! All timers of a system in one ordered map, served by one task that exists while there are any.
//!
//! Most timers are limits, and are cancelled soon. So a new one lies in a short row first, where it is put and taken out without
//! a search; the row goes to the map when it is full, and when the task looks.
//!
//! Equal deadlines fire in order of creation. A timer is never early; it is late by Tokio's
//! millisecond and by the time its actor takes.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;
use tokio::time::{Duration, Instant};

use crate::error::{discard, panic_text};
use crate::instrument;
use crate::kernel::Kernel;
use crate::lock::Lock;
use crate::yields::{either, yield_now};

/// How many due timers are fired before other tasks, and who sets or cancels one, get their turn.
const TURN: usize = 512;
/// How many new timers lie in the row.
const FRESH: usize = 64;

/// Names one timer of a system: when it is due, in nanoseconds from the system's start, and its number. Two words
/// that are compared as one, since a million timers take some forty comparisons each.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct TimerKey(u128);

impl TimerKey {
    fn of(at: i64, number: u64) -> Self {
        // With the sign turned, the negative ones come first.
        let at = at.cast_unsigned() ^ (1 << 63);
        Self(u128::from(at) << 64 | u128::from(number))
    }

    fn at(self) -> i64 {
        ((self.0 >> 64) as u64 ^ (1 << 63)).cast_signed()
    }

    fn number(self) -> u64 {
        self.0 as u64
    }
}

/// What a due timer does. It must be quick; it says when to fire again. A panic (a message is cloned, or dropped) ends it.
pub(crate) type Fire = Box<dyn FnMut(Instant) -> Option<Instant> + Send>;

/// Whether the work of a timer is still wanted; shared with the message that it sent.
#[derive(Clone)]
pub(crate) struct Wanted(Arc<Wish>);

struct Wish {
    live: AtomicBool,
    /// Whether what the last firing sent is still on its way.
    on_its_way: AtomicBool,
    /// Whether it will not fire again.
    finished: AtomicBool,
    key: Lock<Option<TimerKey>>,
}

impl Wanted {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Wish {
            live: AtomicBool::new(true),
            on_its_way: AtomicBool::new(false),
            finished: AtomicBool::new(false),
            key: Lock::new(None),
        }))
    }

    pub(crate) fn is_wanted(&self) -> bool {
        self.0.live.load(Ordering::Acquire)
    }

    /// Whether the timer still is to fire.
    pub(crate) fn is_set(&self) -> bool {
        self.is_wanted() && !self.0.finished.load(Ordering::Acquire)
    }

    /// True when nothing was on its way before: a period whose last message still waits is skipped.
    pub(crate) fn send_off(&self) -> bool {
        !self.0.on_its_way.swap(true, Ordering::AcqRel)
    }

    pub(crate) fn arrived(&self) {
        self.0.on_its_way.store(false, Ordering::Release);
    }
}

pub(crate) struct Timers {
    /// From where the keys count.
    start: Instant,
    state: Lock<State>,
    changed: Notify,
}

struct State {
    /// The system has shut down: no timer is taken any more.
    closed: bool,
    due: BTreeMap<TimerKey, Entry>,
    /// The newest, by their numbers. The last place is taken, so with nobody in it, it is empty.
    fresh: Vec<Option<(TimerKey, Entry)>>,
    /// The number of the first place of the row.
    first: u64,
    /// What the task waits for, in nanoseconds from the start: it is woken for what is due before.
    awaited: i64,
    served: bool,
}

impl State {
    fn new() -> Self {
        Self {
            closed: false,
            due: BTreeMap::new(),
            fresh: Vec::new(),
            first: 0,
            awaited: i64::MAX,
            served: false,
        }
    }

    fn len(&self) -> usize {
        self.due.len() + self.fresh.iter().flatten().count()
    }

    fn is_empty(&self) -> bool {
        self.due.is_empty() && self.fresh.is_empty()
    }

    /// The number of the next timer.
    fn next(&self) -> u64 {
        self.first + self.fresh.len() as u64
    }

    /// Puts a timer into the row. It is named before anybody can cancel it.
    fn put(&mut self, at: i64, entry: Entry) {
        if self.fresh.len() == FRESH {
            self.settle();
        }
        let key = TimerKey::of(at, self.next());
        *entry.wanted.0.key.lock() = Some(key);
        self.fresh.push(Some((key, entry)));
    }

    /// The row goes to the map.
    fn settle(&mut self) {
        self.first = self.next();
        self.due.extend(self.fresh.drain(..).flatten());
    }

    fn remove(&mut self, key: TimerKey) -> Option<Entry> {
        let Some(place) = key.number().checked_sub(self.first) else { return self.due.remove(&key) };
        let (_, entry) = self.fresh.get_mut(usize::try_from(place).ok()?)?.take()?;
        // Nobody has their numbers any more.
        while self.fresh.pop_if(|last| last.is_none()).is_some() {}
        Some(entry)
    }
}

struct Entry {
    wanted: Wanted,
    fire: Fire,
}

/// The furthest that a timer may lie in the future: beyond it, it is as good as never.
const FAR: Duration = Duration::from_secs(60 * 60 * 24 * 365 * 10);

/// `delay` from now, without overflow.
pub(crate) fn after(delay: Duration) -> Instant {
    Instant::now() + delay.min(FAR)
}

impl Timers {
    pub(crate) fn new() -> Self {
        Self { start: Instant::now(), state: Lock::new(State::new()), changed: Notify::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.state.lock().len()
    }

    /// Nanoseconds from the start; before it, where the clock is paused.
    fn nanos(&self, at: Instant) -> i64 {
        let nanos = |time: Duration| i64::try_from(time.as_nanos()).unwrap_or(i64::MAX);
        match at.checked_duration_since(self.start) {
            Some(after) => nanos(after),
            None => -nanos(self.start.saturating_duration_since(at)),
        }
    }

    /// The instant of so many nanoseconds.
    fn instant(&self, nanos: i64) -> Instant {
        let time = Duration::from_nanos(nanos.unsigned_abs());
        let at = if nanos < 0 { self.start.checked_sub(time) } else { self.start.checked_add(time) };
        at.unwrap_or(self.start)
    }

    /// Sets a timer. It fires until `fire` says no more or `wanted` is cancelled.
    pub(crate) fn add(kernel: &Arc<Kernel>, at: Instant, wanted: Wanted, fire: Fire) {
        let timers = &kernel.timers;
        let at = timers.nanos(at);
        let mut state = timers.state.lock();
        if state.closed {
            drop(state);
            let _ = discard(fire);
            return;
        }
        state.put(at, Entry { wanted, fire });
        let first = at < state.awaited;
        if first {
            state.awaited = at;
        }
        let serve = !std::mem::replace(&mut state.served, true);
        drop(state);
        if serve {
            let kernel_of_task = kernel.clone();
            kernel.spawn(async move { Self::serve(kernel_of_task).await });
        } else if first {
            timers.changed.notify_one();
        }
    }

    /// Has `send` take what `next` gives: once, `delay` from now, or every `period` from then on, without bursts. It ends
    /// when there is nothing more to send, nobody takes it, or the returned wish is cancelled.
    pub(crate) fn send<M>(
        kernel: &Arc<Kernel>,
        delay: Duration,
        period: Option<Duration>,
        mut next: impl FnMut() -> Option<M> + Send + 'static,
        send: impl Fn(M, Wanted) -> bool + Send + 'static,
    ) -> Wanted {
        let wanted = Wanted::new();
        let timer = wanted.clone();
        let mut due = after(delay);
        let first = due;
        let fire = Box::new(move |now| {
            if timer.send_off() && !send(next()?, timer.clone()) {
                return None;
            }
            due = next_tick(due, period?, now);
            Some(due)
        });
        Self::add(kernel, first, wanted.clone(), fire);
        wanted
    }

    /// Takes a timer out; what it has sent and is still queued will not be handled.
    pub(crate) fn cancel(&self, wanted: &Wanted) {
        wanted.0.live.store(false, Ordering::Release);
        let mut state = self.state.lock();
        let key = wanted.0.key.lock().take();
        let entry = key.and_then(|key| state.remove(key));
        let idle = state.is_empty() && state.served;
        drop(state);
        let _ = discard(entry);
        if idle {
            self.changed.notify_one();
        }
    }

    /// Drops every timer, and each one that comes later.
    pub(crate) fn close(&self) {
        let dropped = {
            let mut state = self.state.lock();
            state.closed = true;
            state.settle();
            std::mem::take(&mut state.due)
        };
        for (_, entry) in dropped {
            let _ = discard(entry);
        }
        self.changed.notify_one();
    }

    async fn serve(kernel: Arc<Kernel>) {
        let timers = &kernel.timers;
        let mut fired = Vec::new();
        loop {
            let next = {
                let mut state = timers.state.lock();
                state.settle();
                let now = timers.nanos(Instant::now());
                while fired.len() < TURN
                    && let Some(first) = state.due.first_entry()
                    && first.key().at() <= now
                {
                    fired.push(first.remove_entry());
                }
                let next = state.due.first_key_value().map(|(key, _)| key.at());
                if next.is_none() && fired.is_empty() {
                    state.served = false;
                    return;
                }
                state.awaited = next.unwrap_or(i64::MAX);
                next
            };
            if fired.is_empty() {
                if let Some(next) = next {
                    let next = timers.instant(next);
                    either(timers.changed.notified(), tokio::time::sleep_until(next)).await;
                }
                continue;
            }
            let more = fired.len() == TURN;
            let now = Instant::now();
            for (key, entry) in fired.drain(..) {
                timers.fire(key, entry, now);
            }
            if more {
                yield_now().await;
            }
        }
    }

    fn fire(&self, key: TimerKey, mut entry: Entry, now: Instant) {
        *entry.wanted.0.key.lock() = None;
        if !entry.wanted.is_wanted() {
            let _ = discard(entry);
            return;
        }
        let again = catch_unwind(AssertUnwindSafe(|| (entry.fire)(now))).unwrap_or_else(|payload| {
            instrument::timer_panicked(&panic_text(payload));
            None
        });
        if let Some(again) = again {
            // The number stays: a periodic timer keeps its place among equal deadlines.
            let again = TimerKey::of(self.nanos(again), key.number());
            let mut state = self.state.lock();
            if entry.wanted.is_wanted() && !state.closed {
                *entry.wanted.0.key.lock() = Some(again);
                state.due.insert(again, entry);
                return;
            }
        } else {
            entry.wanted.0.finished.store(true, Ordering::Release);
        }
        let _ = discard(entry);
    }
}

/// When a periodic timer fires next: on its own grid, without a burst for the periods that were missed.
pub(crate) fn next_tick(due: Instant, period: Duration, now: Instant) -> Instant {
    let next = due + period;
    if next > now {
        return next;
    }
    let missed = (now - due).as_nanos() / period.as_nanos().max(1);
    let missed = u32::try_from(missed).unwrap_or(u32::MAX - 1);
    due + period.saturating_mul(missed + 1).min(FAR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c121_c122_the_row_and_the_map_hold_what_one_map_would() {
        let (mut state, mut model) = (State::new(), BTreeMap::new());
        let mut chance = 1_u64;
        for step in 0..20_000 {
            chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let chance = chance >> 33;
            // Long rows, short ones, and some that empty in between.
            let adds = (step / 100) % 4 + 3;
            match chance % 8 {
                0 if step % 7 == 0 => state.settle(),
                way if way < adds => {
                    let wanted = Wanted::new();
                    state.put(
                        (chance % 50) as i64,
                        Entry { wanted: wanted.clone(), fire: Box::new(|_| None) },
                    );
                    let key = wanted.0.key.lock().unwrap();
                    assert!(model.insert(key, wanted).is_none(), "a number of its own");
                }
                _ => {
                    let Some(key) = model.keys().nth(chance as usize % model.len().max(1)).copied() else {
                        continue;
                    };
                    let (removed, known) = (state.remove(key).unwrap(), model.remove(&key).unwrap());
                    assert!(Arc::ptr_eq(&removed.wanted.0, &known.0));
                    assert!(state.remove(key).is_none());
                }
            }
            assert_eq!((state.len(), state.is_empty()), (model.len(), model.is_empty()));
            assert!(state.fresh.len() <= FRESH);
        }
        assert!(model.len() > FRESH && !state.fresh.is_empty());
        state.settle();
        assert!(state.due.keys().eq(model.keys()));
    }

    #[test]
    fn c124_a_stall_of_a_hundred_periods_is_followed_by_one_tick_on_the_grid() {
        let start = Instant::now();
        let period = Duration::from_secs(1);
        assert_eq!(next_tick(start, period, start), start + period);
        let stalled = start + Duration::from_millis(100_300);
        assert_eq!(next_tick(start, period, stalled), start + Duration::from_secs(101));
        // A tick that would fall due this very moment was missed, too.
        assert_eq!(next_tick(start, period, start + period), start + period * 2);
    }
}
