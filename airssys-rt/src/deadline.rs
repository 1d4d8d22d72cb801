//! Until when asks wait: noted cheaply, since almost all of them are answered long before.
//!
//! A timer of its own for every ask costs as much as the ask. Here an ask writes its deadline into a slot and wipes it out
//! when it is answered. One task of the system sleeps until the earliest deadline that it has seen, then looks at
//! all slots that were written since; those that it meets a second time go into an ordered map. So a short ask costs
//! two short locks, a long one a place in the map, and a passed deadline is seen in its millisecond.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::kernel::Kernel;
use crate::lock::Lock;
use crate::reply::Port;
use crate::sorted::Sorted;
use crate::yields::either;

/// So many askers can write at the same time.
const SHARDS: usize = 8;

pub(crate) struct Deadlines {
    shards: [Lock<Shard>; SHARDS],
    /// When the watch wakes; never, without one.
    watch: Lock<Watch>,
    earlier: Notify,
    /// Whether the runtime has gone.
    dead: AtomicBool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Watch {
    Off,
    Until(Instant),
}

#[derive(Default)]
struct Shard {
    slots: Vec<Slot>,
    free: Option<u32>,
    /// The earliest deadline written since the watch looked.
    earliest: Option<Instant>,
    /// Asks that the watch has met before.
    old: Sorted<(Instant, u32), Arc<dyn Port>>,
}

enum Slot {
    /// The next free one.
    Free(Option<u32>),
    Young {
        until: Instant,
        seen: bool,
        port: Arc<dyn Port>,
    },
    /// In the map, under this deadline.
    Old(Instant),
}

impl Noted {
    /// Whether somebody looks at it.
    pub(crate) fn is_watched(&self) -> bool {
        !self.kernel.deadlines.dead.load(Ordering::Acquire)
    }
}

/// The place of one ask. Dropped, the ask has no deadline any more.
pub(crate) struct Noted {
    kernel: Arc<Kernel>,
    shard: u32,
    slot: u32,
}

impl Drop for Noted {
    fn drop(&mut self) {
        let wiped = self.kernel.deadlines.shards[self.shard as usize].lock().wipe(self.slot);
        // What it held is dropped after the lock.
        drop(wiped);
    }
}

impl Shard {
    fn write(&mut self, until: Instant, port: Arc<dyn Port>) -> u32 {
        let young = Slot::Young { until, seen: false, port };
        match self.free {
            Some(place) => {
                let old = std::mem::replace(&mut self.slots[place as usize], young);
                self.free = match old {
                    Slot::Free(next) => next,
                    Slot::Young { .. } | Slot::Old(_) => None,
                };
                place
            }
            None => {
                self.slots.push(young);
                u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
            }
        }
    }

    fn wipe(&mut self, place: u32) -> Option<Arc<dyn Port>> {
        let slot = self.slots.get_mut(place as usize)?;
        let old = std::mem::replace(slot, Slot::Free(self.free));
        self.free = Some(place);
        match old {
            Slot::Young { port, .. } => Some(port),
            Slot::Old(until) => self.old.remove(&(until, place)),
            Slot::Free(_) => None,
        }
    }

    /// Takes out whose deadline has passed. Says when the next one does.
    fn look(&mut self, now: Instant, passed: &mut Vec<Arc<dyn Port>>) -> Option<Instant> {
        let mut next: Option<Instant> = None;
        for (place, slot) in (0_u32..).zip(&mut self.slots) {
            let Slot::Young { until, seen, .. } = slot else { continue };
            let until = *until;
            if until > now && !std::mem::replace(seen, true) {
                next = Some(next.map_or(until, |next| next.min(until)));
                continue;
            }
            // Met a second time, or passed: its slot is the asker's to wipe out.
            if let Slot::Young { port, .. } = std::mem::replace(slot, Slot::Old(until)) {
                if until > now {
                    self.old.insert((until, place), port);
                } else {
                    passed.push(port);
                }
            }
        }
        while let Some(&((until, _), _)) = self.old.first() {
            if until > now {
                next = Some(next.map_or(until, |next| next.min(until)));
                break;
            }
            passed.extend(self.old.pop_first().map(|(_, port)| port));
        }
        if self.slots.len() > KEPT && self.slots.iter().all(|slot| matches!(slot, Slot::Free(_))) {
            (self.slots, self.free) = (Vec::new(), None);
        }
        self.earliest = None;
        next
    }
}

impl Shard {
    fn clear(&mut self) -> Vec<Arc<dyn Port>> {
        let mut left: Vec<_> = std::mem::take(&mut self.old).into_values().collect();
        for slot in &mut self.slots {
            if let Slot::Young { until, .. } = slot {
                let until = *until;
                if let Slot::Young { port, .. } = std::mem::replace(slot, Slot::Old(until)) {
                    left.push(port);
                }
            }
        }
        left
    }
}

/// How many empty slots are kept.
const KEPT: usize = 1_024;

impl Deadlines {
    pub(crate) fn new() -> Self {
        Self {
            shards: std::array::from_fn(|_| Lock::new(Shard::default())),
            watch: Lock::new(Watch::Off),
            earlier: Notify::new(),
            dead: AtomicBool::new(false),
        }
    }

    /// Has `port` told when its time has run out. `None` when nobody watches any more: the runtime has gone.
    pub(crate) fn note(kernel: &Arc<Kernel>, until: Instant, port: Arc<dyn Port>) -> Option<Noted> {
        let this = &kernel.deadlines;
        let number = shard();
        let (slot, earlier) = {
            let mut shard = this.shards[number].lock();
            let slot = shard.write(until, port);
            let earlier = shard.earliest.is_none_or(|earliest| until < earliest);
            if earlier {
                shard.earliest = Some(until);
            }
            (slot, earlier)
        };
        let noted = Noted { kernel: kernel.clone(), shard: u32::try_from(number).unwrap_or(0), slot };
        if earlier {
            this.wake_at(kernel, until);
        }
        noted.is_watched().then_some(noted)
    }

    /// Makes sure that the watch wakes by then.
    #[cold]
    fn wake_at(&self, kernel: &Arc<Kernel>, until: Instant) {
        if cfg!(airssys_loom) {
            // No time passes in a model.
            return;
        }
        let mut watch = self.watch.lock();
        let before = *watch;
        match before {
            Watch::Until(at) if at <= until => return,
            Watch::Until(_) | Watch::Off => *watch = Watch::Until(until),
        }
        drop(watch);
        if before == Watch::Off {
            let guard = Guard { kernel: kernel.clone(), done: false };
            kernel.spawn(async move { guard.serve().await });
        } else {
            self.earlier.notify_one();
        }
    }

    /// Tells whose time has run out. Says when the next one's does.
    fn look(&self, now: Instant) -> Option<Instant> {
        let mut passed = Vec::new();
        let next = self.shards.iter().filter_map(|shard| shard.lock().look(now, &mut passed)).min();
        for port in passed {
            port.expire();
        }
        next
    }
}

/// The watch; dropped with its runtime, it leaves the asks that wait to look after themselves.
struct Guard {
    kernel: Arc<Kernel>,
    done: bool,
}

impl Guard {
    async fn serve(mut self) {
        let deadlines = &self.kernel.deadlines;
        loop {
            let at = match *deadlines.watch.lock() {
                Watch::Until(at) => at,
                Watch::Off => break,
            };
            if Instant::now() < at {
                either(deadlines.earlier.notified(), tokio::time::sleep_until(at)).await;
                continue;
            }
            let next = deadlines.look(Instant::now());
            // Made known first, then the slots that were written meanwhile: who relied on the time before is among them.
            *deadlines.watch.lock() = next.map_or(Watch::Off, Watch::Until);
            let missed = deadlines.shards.iter().filter_map(|shard| shard.lock().earliest).min();
            let mut watch = deadlines.watch.lock();
            match (*watch, missed) {
                (Watch::Off, None) => break,
                (Watch::Off, Some(at)) => *watch = Watch::Until(at),
                (Watch::Until(at), Some(missed)) if missed < at => *watch = Watch::Until(missed),
                _ => {}
            }
            if next.is_none() && !matches!(*watch, Watch::Until(at) if Some(at) == missed) {
                // Somebody found no watch and began one.
                drop(watch);
                deadlines.earlier.notify_one();
                break;
            }
        }
        self.done = true;
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if self.done {
            return;
        }
        let deadlines = &self.kernel.deadlines;
        deadlines.dead.store(true, Ordering::Release);
        for shard in &deadlines.shards {
            let left = shard.lock().clear();
            for port in left {
                port.nudge();
            }
        }
    }
}

/// The shard of this thread.
fn shard() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static SHARD: Cell<usize> = const { Cell::new(usize::MAX) };
    }
    let known = SHARD.get();
    if known != usize::MAX {
        return known;
    }
    let given = NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS;
    SHARD.set(given);
    given
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::instrument::Caller;
    use crate::reply::ReplyCell;

    fn port(until: Instant) -> Arc<dyn Port> {
        Arc::new(ReplyCell::<()>::new(Some(until), Caller::none()))
    }

    #[test]
    fn c097_a_slot_is_looked_at_twice_and_then_lies_in_order() {
        let (start, ms) = (Instant::now(), Duration::from_millis(1));
        let mut shard = Shard::default();
        let ports: Vec<_> = (1..=4_u32).map(|n| port(start + ms * n)).collect();
        let slots: Vec<_> =
            (1..=4).zip(&ports).map(|(n, port)| shard.write(start + ms * n, port.clone())).collect();
        let mut passed = Vec::new();
        assert_eq!(shard.look(start + ms, &mut passed), Some(start + ms * 2));
        assert_eq!((passed.len(), shard.old.len()), (1, 0));
        assert_eq!(shard.look(start + ms, &mut passed), Some(start + ms * 2));
        assert_eq!((passed.len(), shard.old.len()), (1, 3));
        assert!(shard.wipe(slots[1]).is_some(), "answered");
        assert_eq!(shard.look(start + ms * 3, &mut passed), Some(start + ms * 4));
        assert_eq!(passed.len(), 2);
        for slot in [slots[0], slots[2], slots[3]] {
            drop(shard.wipe(slot));
        }
        assert_eq!(shard.look(start + ms * 9, &mut passed), None);
        assert_eq!(passed.len(), 2);
        assert_eq!(shard.write(start, port(start)), slots[3], "slots are used again");
    }
}
