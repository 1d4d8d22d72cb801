//! A mailbox outlives the incarnations that read it: a queue, its bound, and the senders that wait for room.
//!
//! Knows no actor. Everything here runs under the lock of the cell that owns the mailbox; no foreign
//! code (a waker, a destructor) is run by these methods: they hand such things back to their caller.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::config::{BackpressureStrategy, MailboxConfig};
use crate::error::discard;
use crate::lock::Lock;

/// Something that can lie in a mailbox.
pub(crate) trait Item {
    /// Whether it takes room; notices of the runtime do not.
    fn takes_room(&self) -> bool;
}

/// How many waiting tickets may be stale before they are swept.
const SWEEP: usize = 64;

/// How many places an emptied buffer may have to be worth keeping.
const SMALL: usize = 4;

/// Gives back the room of a burst, beyond so many bytes, where nothing lies in it.
pub(crate) fn shrink_emptied<T>(buffer: &mut VecDeque<T>, keep: usize) {
    if buffer.capacity() * size_of::<T>() > keep && buffer.is_empty() {
        *buffer = VecDeque::new();
    }
}

pub(crate) struct Mailbox<T> {
    queue: VecDeque<T>,
    /// How many of `queue` take room.
    load: u32,
    waiting: Option<Box<Waiting<T>>>,
}

struct Waiting<T> {
    tickets: VecDeque<Arc<Ticket<T>>>,
    sweep_at: usize,
}

/// What became of an offered item.
pub(crate) enum Offer<T> {
    Taken,
    /// Taken, at the price of the oldest one.
    Evicted(T),
    Refused(T),
    /// There is no room and the sender said it would wait.
    Waits(Arc<Ticket<T>>),
}

impl<T: Item> Mailbox<T> {
    pub(crate) fn new() -> Self {
        Self { queue: VecDeque::new(), load: 0, waiting: None }
    }

    /// Offers an item; `ahead` is how many the reader has taken out and not yet begun.
    #[inline]
    pub(crate) fn offer(&mut self, item: T, config: MailboxConfig, ahead: u32, wait: bool) -> Offer<T> {
        if self.has_room(config, ahead) {
            self.push(item);
            return Offer::Taken;
        }
        self.offer_slow(item, config, ahead, wait)
    }

    #[cold]
    fn offer_slow(&mut self, item: T, config: MailboxConfig, ahead: u32, wait: bool) -> Offer<T> {
        self.forget_stale_front();
        if self.has_room(config, ahead) {
            self.push(item);
            return Offer::Taken;
        }
        match config.backpressure {
            BackpressureStrategy::Drop => Offer::Refused(item),
            BackpressureStrategy::DropOldest => {
                match self.queue.iter().position(Item::takes_room) {
                    Some(oldest) => {
                        let evicted = self.queue.remove(oldest);
                        self.queue.push_back(item);
                        evicted.map_or(Offer::Taken, Offer::Evicted)
                    }
                    // With room for one: the reader holds that one and is about to begin it. The newest stays.
                    None => {
                        self.push(item);
                        Offer::Taken
                    }
                }
            }
            BackpressureStrategy::Block if !wait => Offer::Refused(item),
            BackpressureStrategy::Block => {
                let ticket = Arc::new(Ticket(Lock::new(Place::Waiting { item, waker: None })));
                let waiting = self
                    .waiting
                    .get_or_insert_with(|| Box::new(Waiting { tickets: VecDeque::new(), sweep_at: SWEEP }));
                if waiting.tickets.len() >= waiting.sweep_at {
                    waiting.tickets.retain(|ticket| !ticket.is_stale());
                    waiting.sweep_at = SWEEP.max(waiting.tickets.len() * 2);
                }
                waiting.tickets.push_back(ticket.clone());
                Offer::Waits(ticket)
            }
        }
    }

    /// Whether an item that takes room would be taken, and that at once.
    #[inline]
    pub(crate) fn has_room(&self, config: MailboxConfig, ahead: u32) -> bool {
        self.waiting.is_none() && self.load.saturating_add(ahead) < config.capacity
    }

    /// Puts an item in that takes room, which there is.
    #[inline]
    pub(crate) fn push_counted(&mut self, item: T) {
        debug_assert!(item.takes_room());
        self.load += 1;
        // Without a call on this way, the item goes straight to its place.
        if self.queue.len() < self.queue.capacity() {
            self.queue.push_back(item);
        } else {
            self.push_growing(item);
        }
    }

    #[cold]
    #[inline(never)]
    fn push_growing(&mut self, item: T) {
        self.queue.push_back(item);
    }

    /// Puts an item in without asking for room.
    #[inline]
    pub(crate) fn push(&mut self, item: T) {
        self.load += u32::from(item.takes_room());
        self.queue.push_back(item);
    }

    /// Puts an item before all others without asking for room.
    pub(crate) fn push_front(&mut self, item: T) {
        self.load += u32::from(item.takes_room());
        self.queue.push_front(item);
    }

    /// Lets waiting senders in while there is room. Returns how many, and the wakers to wake.
    pub(crate) fn admit(&mut self, config: MailboxConfig, ahead: u32, wakers: &mut Vec<Waker>) -> u32 {
        let mut admitted = 0;
        while self.load.saturating_add(ahead) < config.capacity {
            let Some(waiting) = &mut self.waiting else { break };
            let Some(ticket) = waiting.tickets.pop_front() else {
                self.waiting = None;
                break;
            };
            if let Some((item, waker)) = ticket.accept() {
                self.push(item);
                admitted += 1;
                wakers.extend(waker);
            }
        }
        self.forget_stale_front();
        admitted
    }

    fn forget_stale_front(&mut self) {
        if let Some(waiting) = &mut self.waiting {
            while waiting.tickets.front().is_some_and(|ticket| ticket.is_stale()) {
                waiting.tickets.pop_front();
            }
            if waiting.tickets.is_empty() {
                self.waiting = None;
            }
        }
    }

    pub(crate) fn has_waiting(&self) -> bool {
        self.waiting.is_some()
    }

    /// How many messages wait to be read, without the senders that wait for room.
    pub(crate) fn load(&self) -> u32 {
        self.load
    }

    /// Whether there is nothing to read and nobody waits to send.
    #[inline]
    pub(crate) fn is_at_rest(&self) -> bool {
        self.queue.is_empty() && self.waiting.is_none()
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.queue.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.queue.iter()
    }

    /// Exchanges the queue with an empty one. Returns how many of the taken items take room.
    #[inline]
    pub(crate) fn swap(&mut self, empty: &mut VecDeque<T>) -> u32 {
        debug_assert!(empty.is_empty());
        std::mem::swap(&mut self.queue, empty);
        std::mem::take(&mut self.load)
    }

    /// Takes the first item alone.
    pub(crate) fn pop(&mut self) -> Option<T> {
        let item = self.queue.pop_front()?;
        self.load -= u32::from(item.takes_room());
        Some(item)
    }

    /// Puts items that were taken out and not begun back before all others.
    pub(crate) fn restore(&mut self, items: &mut VecDeque<T>) {
        while let Some(item) = items.pop_back() {
            self.push_front(item);
        }
    }

    /// Puts an emptied buffer in the place of none, so that the next message finds room made.
    #[inline]
    pub(crate) fn reuse(&mut self, buffer: VecDeque<T>) {
        if self.queue.capacity() == 0 && buffer.capacity() <= SMALL {
            debug_assert!(buffer.is_empty());
            self.queue = buffer;
        }
    }

    /// Gives back the room of a burst, beyond so many bytes.
    pub(crate) fn shrink(&mut self, keep: usize) {
        shrink_emptied(&mut self.queue, keep);
    }

    /// Takes out the senders that wait for room.
    pub(crate) fn turn_away(&mut self) -> VecDeque<Arc<Ticket<T>>> {
        self.waiting.take().map_or_else(VecDeque::new, |waiting| waiting.tickets)
    }

    /// Empties the mailbox: what lay in it, and the senders that waited.
    pub(crate) fn clear(&mut self) -> (VecDeque<T>, VecDeque<Arc<Ticket<T>>>) {
        self.load = 0;
        (std::mem::take(&mut self.queue), self.turn_away())
    }
}

/// A sender's place in the line for room. The item lies in it until it is let in or withdrawn.
pub(crate) struct Ticket<T>(Lock<Place<T>>);

enum Place<T> {
    Waiting { item: T, waker: Option<Waker> },
    Accepted,
    Returned(T),
    Withdrawn,
}

impl<T> Ticket<T> {
    fn accept(&self) -> Option<(T, Option<Waker>)> {
        let mut place = self.0.lock();
        match std::mem::replace(&mut *place, Place::Accepted) {
            Place::Waiting { item, waker } => Some((item, waker)),
            other => {
                *place = other;
                None
            }
        }
    }

    /// Gives the item back to its sender, since the actor has ended.
    pub(crate) fn refuse(&self) -> Option<Waker> {
        let mut place = self.0.lock();
        match std::mem::replace(&mut *place, Place::Withdrawn) {
            Place::Waiting { item, waker } => {
                *place = Place::Returned(item);
                waker
            }
            other => {
                *place = other;
                None
            }
        }
    }

    fn is_stale(&self) -> bool {
        !matches!(*self.0.lock(), Place::Waiting { .. })
    }
}

/// Waits for the ticket's turn; dropped, it withdraws the item: it is not sent and nobody loses a place.
pub(crate) struct Room<T> {
    pub(crate) ticket: Arc<Ticket<T>>,
}

impl<T> Future for Room<T> {
    /// The item comes back when the actor ended first.
    type Output = Result<(), T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut place = self.ticket.0.lock();
        match &mut *place {
            Place::Waiting { waker, .. } => {
                if !waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
                    *waker = Some(cx.waker().clone());
                }
                Poll::Pending
            }
            Place::Accepted | Place::Withdrawn => Poll::Ready(Ok(())),
            Place::Returned(_) => match std::mem::replace(&mut *place, Place::Withdrawn) {
                Place::Returned(item) => Poll::Ready(Err(item)),
                _ => Poll::Ready(Ok(())),
            },
        }
    }
}

impl<T> Drop for Room<T> {
    fn drop(&mut self) {
        let old = std::mem::replace(&mut *self.ticket.0.lock(), Place::Withdrawn);
        // It may be dropped by an asker that has its answer to give: a destructor that panics is not its panic.
        let _ = discard(old);
    }
}

#[cfg(test)]
mod tests {
    use super::{Item, Mailbox, Offer};
    use crate::config::{BackpressureStrategy, MailboxConfig};

    struct Letter;

    impl Item for Letter {
        fn takes_room(&self) -> bool {
            true
        }
    }

    #[test]
    fn c085_a_newcomer_waits_behind_those_who_wait_for_the_room_that_is_there() {
        let config = MailboxConfig { capacity: 1, backpressure: BackpressureStrategy::Block };
        let mut mailbox = Mailbox::new();
        assert!(matches!(mailbox.offer(Letter, config, 0, true), Offer::Taken));
        let Offer::Waits(_first) = mailbox.offer(Letter, config, 0, true) else { panic!("it is full") };
        assert!(mailbox.pop().is_some());
        assert!(matches!(mailbox.offer(Letter, config, 0, false), Offer::Refused(_)));
        assert!(matches!(mailbox.offer(Letter, config, 0, true), Offer::Waits(_)));
    }
}
