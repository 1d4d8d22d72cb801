//! All timers of a system in one ordered map, served by one task that exists while there are any.
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
use crate::yields::either;

/// Names one timer of a system.
#[derive(Clone, Copy)]
struct TimerKey {
    at: Instant,
    number: u64,
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
    state: Lock<State>,
    changed: Notify,
}

struct State {
    /// The system has shut down: no timer is taken any more.
    closed: bool,
    due: BTreeMap<(Instant, u64), Entry>,
    next: u64,
    served: bool,
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
        Self {
            state: Lock::new(State { closed: false, due: BTreeMap::new(), next: 0, served: false }),
            changed: Notify::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.state.lock().due.len()
    }

    /// Sets a timer. It fires until `fire` says no more or `wanted` is cancelled.
    pub(crate) fn add(kernel: &Arc<Kernel>, at: Instant, wanted: Wanted, fire: Fire) {
        let timers = &kernel.timers;
        let mut state = timers.state.lock();
        if state.closed {
            drop(state);
            let _ = discard(fire);
            return;
        }
        let number = state.next;
        state.next += 1;
        let first = state.due.first_key_value().is_none_or(|(key, _)| (at, number) < *key);
        *wanted.0.key.lock() = Some(TimerKey { at, number });
        state.due.insert((at, number), Entry { wanted, fire });
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
        let entry = key.and_then(|key| state.due.remove(&(key.at, key.number)));
        let idle = state.due.is_empty() && state.served;
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
            std::mem::take(&mut state.due)
        };
        for (_, entry) in dropped {
            let _ = discard(entry);
        }
        self.changed.notify_one();
    }

    async fn serve(kernel: Arc<Kernel>) {
        let mut fired = Vec::new();
        loop {
            let next = {
                let mut state = kernel.timers.state.lock();
                let now = Instant::now();
                while let Some(first) = state.due.first_entry() {
                    if first.key().0 > now {
                        break;
                    }
                    fired.push(first.remove_entry());
                }
                let next = state.due.first_key_value().map(|((at, _), _)| *at);
                if next.is_none() && fired.is_empty() {
                    state.served = false;
                    return;
                }
                next
            };
            if fired.is_empty() {
                if let Some(next) = next {
                    either(kernel.timers.changed.notified(), tokio::time::sleep_until(next)).await;
                }
                continue;
            }
            let now = Instant::now();
            for ((_, number), mut entry) in fired.drain(..) {
                *entry.wanted.0.key.lock() = None;
                if !entry.wanted.is_wanted() {
                    let _ = discard(entry);
                    continue;
                }
                let again = catch_unwind(AssertUnwindSafe(|| (entry.fire)(now))).unwrap_or_else(|payload| {
                    instrument::timer_panicked(&panic_text(payload));
                    None
                });
                if let Some(again) = again {
                    // The number stays: a periodic timer keeps its place among equal deadlines.
                    let mut state = kernel.timers.state.lock();
                    if entry.wanted.is_wanted() {
                        *entry.wanted.0.key.lock() = Some(TimerKey { at: again, number });
                        state.due.insert((again, number), entry);
                        continue;
                    }
                } else {
                    entry.wanted.0.finished.store(true, Ordering::Release);
                }
                let _ = discard(entry);
            }
        }
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
