//! The event bus: a published value goes to every subscriber of its type, and waits for nobody.

use std::any::{Any, TypeId};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use crate::crowd;
use crate::letter::Letter;
use crate::lock::Lock;
use crate::process::{AnyCell, LinkKey};
use crate::process_id::ProcessId;
use crate::sorted::Sorted;

/// What delivering one event to one subscriber gave.
#[derive(Clone, Copy)]
pub(crate) enum Delivered {
    Taken,
    /// Its mailbox is full: the event is lost for it.
    Lost,
    /// It has ended.
    Gone,
}

pub(crate) type Deliver<E> = Arc<dyn Fn(Letter<E>) -> Delivered + Send + Sync>;

pub(crate) struct Subscriber<E> {
    lost: Arc<AtomicU64>,
    cell: Weak<dyn AnyCell>,
    deliver: Deliver<E>,
}

impl<E> Subscriber<E> {
    pub(crate) fn deliver(&self, letter: Letter<E>) -> Delivered {
        (self.deliver)(letter)
    }

    pub(crate) fn cell(&self) -> Option<Arc<dyn AnyCell>> {
        self.cell.upgrade()
    }
}

impl<E> Clone for Subscriber<E> {
    fn clone(&self) -> Self {
        Self { lost: self.lost.clone(), cell: self.cell.clone(), deliver: self.deliver.clone() }
    }
}

/// Subscribers by their ids: the order in which they started, and no search when one goes.
struct Topic<E>(Lock<Arc<Sorted<LinkKey, Subscriber<E>>>>);

pub(crate) struct Bus {
    topics: Lock<Sorted<TypeId, Arc<dyn Any + Send + Sync>>>,
    lost: AtomicU64,
    lost_by: Lock<Sorted<LinkKey, Arc<AtomicU64>>>,
}

impl Bus {
    pub(crate) fn new() -> Self {
        Self { topics: Lock::new(Sorted::new()), lost: AtomicU64::new(0), lost_by: Lock::new(Sorted::new()) }
    }

    fn topic<E: Send + 'static>(&self) -> Option<Arc<Topic<E>>> {
        let topic = self.topics.lock().get(&TypeId::of::<E>()).cloned()?;
        topic.downcast().ok()
    }

    /// Adds a subscriber; a second subscription of the same actor to the same type changes nothing.
    pub(crate) fn subscribe<E: Send + 'static>(
        &self,
        pid: LinkKey,
        cell: Weak<dyn AnyCell>,
        deliver: Deliver<E>,
    ) {
        let topic = {
            let mut topics = self.topics.lock();
            let topic = topics
                .get_or_insert_with(TypeId::of::<E>(), || Arc::new(Topic::<E>(Lock::new(Arc::default()))));
            topic.clone().downcast::<Topic<E>>()
        };
        let Ok(topic) = topic else { return };
        let lost = self.lost_by.lock().entry(pid).clone();
        let mut subscribers = topic.0.lock();
        if !subscribers.contains_key(&pid) {
            Arc::make_mut(&mut subscribers).insert(pid, Subscriber { lost, cell, deliver });
        }
    }

    /// Takes a subscriber out; nothing published afterwards reaches it.
    pub(crate) fn unsubscribe<E: Send + 'static>(&self, pid: LinkKey) {
        if let Some(topic) = self.topic::<E>() {
            let mut subscribers = topic.0.lock();
            let gone = Arc::make_mut(&mut subscribers).remove(&pid);
            drop(subscribers);
            drop(gone);
        }
    }

    pub(crate) fn forget(&self, pid: LinkKey) {
        self.lost_by.lock().remove(&pid);
    }

    pub(crate) fn publish<E: Clone + Send + 'static>(&self, event: E) -> usize {
        self.publish_by(event, |event, to| to.deliver(Letter::told(event)))
    }

    /// Publishes by way of `give`, which gets a copy for each subscriber. Returns how many took theirs.
    pub(crate) fn publish_by<E: Clone + Send + 'static>(
        &self,
        event: E,
        give: impl FnMut(E, &Subscriber<E>) -> Delivered,
    ) -> usize {
        crowd::during(|| self.give_all(event, give))
    }

    fn give_all<E: Clone + Send + 'static>(
        &self,
        event: E,
        mut give: impl FnMut(E, &Subscriber<E>) -> Delivered,
    ) -> usize {
        let Some(topic) = self.topic::<E>() else { return 0 };
        let subscribers = topic.0.lock().clone();
        let mut reached = 0;
        let mut event = Some(event);
        let count = subscribers.len();
        for (place, subscriber) in subscribers.values().enumerate() {
            let last = place + 1 == count;
            let copy = if last { event.take() } else { event.clone() };
            let Some(copy) = copy else { break };
            crowd::count_one();
            match give(copy, subscriber) {
                Delivered::Taken => reached += 1,
                Delivered::Lost => {
                    self.lost.fetch_add(1, Ordering::Relaxed);
                    subscriber.lost.fetch_add(1, Ordering::Relaxed);
                }
                Delivered::Gone => {}
            }
        }
        reached
    }

    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    pub(crate) fn lost_by(&self, pid: ProcessId) -> u64 {
        let lost_by = self.lost_by.lock();
        let of_all = lost_by.from(&LinkKey::first_of(pid)).take_while(|(key, _)| key.is_of(pid));
        of_all.map(|(_, lost)| lost.load(Ordering::Relaxed)).sum()
    }

    pub(crate) fn subscribers<E: Send + 'static>(&self) -> usize {
        self.topic::<E>().map_or(0, |topic| topic.0.lock().len())
    }
}
