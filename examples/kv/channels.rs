//! Publish and subscribe over the event bus of the system.
//!
//! A published message is one event for every connection that has subscribed to anything; each looks whether
//! the channel is one of its own. The event only points at the message. The board keeps the messages, for a
//! while and up to a bound: a subscriber so slow that a message is gone when its turn comes is cut off, and
//! however slow they are, and however many, they hold no more than the board does.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use airssys_rt::EventBus;
use hashbrown::HashMap;

use crate::blob::Blob;

/// How many bytes of messages are kept.
const KEPT_BYTES: usize = 32 << 20;
/// How long.
const KEPT_FOR: Duration = Duration::from_secs(30);

/// A message to a channel.
#[derive(Debug)]
pub struct Message {
    pub channel: Blob,
    pub payload: Blob,
}

/// The event: where the message is.
#[derive(Clone, Debug)]
pub struct Published(pub Weak<Message>);

/// Who listens to what, and what was said lately.
#[derive(Debug, Default)]
pub struct Board {
    inside: Mutex<Inside>,
}

#[derive(Debug, Default)]
struct Inside {
    listeners: HashMap<Blob, usize>,
    said: VecDeque<(Instant, Arc<Message>)>,
    bytes: usize,
}

impl Inside {
    fn forget_oldest(&mut self) {
        if let Some((_, message)) = self.said.pop_front() {
            self.bytes -= size(&message);
        }
    }
}

fn size(message: &Message) -> usize {
    message.channel.len() + message.payload.len() + 128
}

impl Board {
    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells everybody who listens; returns how many that are.
    pub fn publish(&self, events: &EventBus, channel: Blob, payload: Blob) -> usize {
        let message = Arc::new(Message { channel, payload });
        let listeners = {
            let mut inside = self.lock();
            let Some(listeners) = inside.listeners.get(&*message.channel).copied() else { return 0 };
            inside.bytes += size(&message);
            inside.said.push_back((Instant::now(), message.clone()));
            // The newest stays, whatever its size.
            while inside.bytes > KEPT_BYTES && inside.said.len() > 1 {
                inside.forget_oldest();
            }
            listeners
        };
        events.publish(Published(Arc::downgrade(&message)));
        listeners
    }

    /// Listens, until the subscription is dropped.
    pub fn subscribe(self: &Arc<Self>, channel: Blob) -> Subscription {
        *self.lock().listeners.entry(channel.clone()).or_insert(0) += 1;
        Subscription { board: self.clone(), channel }
    }

    /// How many channels have a listener.
    pub fn channels(&self) -> usize {
        self.lock().listeners.len()
    }

    /// Forgets what was said long ago.
    pub fn tidy(&self, now: Instant) {
        let mut inside = self.lock();
        while inside.said.front().is_some_and(|(at, _)| now.saturating_duration_since(*at) > KEPT_FOR) {
            inside.forget_oldest();
        }
        if inside.said.is_empty() {
            inside.said = VecDeque::new();
        }
    }
}

/// One connection listens to one channel. It goes with the connection, however that ends.
#[derive(Debug)]
pub struct Subscription {
    board: Arc<Board>,
    channel: Blob,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut inside = self.board.lock();
        if let Some(listeners) = inside.listeners.get_mut(&*self.channel) {
            *listeners -= 1;
            if *listeners == 0 {
                inside.listeners.remove(&*self.channel);
            }
        }
    }
}
