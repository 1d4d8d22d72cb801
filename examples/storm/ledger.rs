//! What is written down while it happens, by the workers themselves: who lives, what was handled, when a wound healed.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::faults::Kind;
use crate::producers::PRODUCERS;
use crate::tree::PLACES;

/// How many messages one source may send: the producers, and the storm itself.
pub const IDS: u64 = 1 << 24;
const SOURCES: usize = PRODUCERS + 1;
/// The source of the storm's own messages.
pub const STORM: usize = PRODUCERS;

/// How one of the next starts of a place goes wrong.
#[derive(Clone, Copy, Debug)]
pub enum BadStart {
    /// The start expression returns an error.
    Error,
    Panic,
    /// The start handler returns an error.
    Handler,
    /// It succeeds, after a while.
    Slow,
}

/// A fault that was dealt to a place, until its worker handles a message again.
struct Wound {
    kind: Kind,
    at: Instant,
    /// The state that healed it is younger than this one.
    older: u64,
}

#[derive(Default)]
struct Place {
    /// How many states there are: one at most.
    states: AtomicUsize,
    /// Whether a handler runs: one at a time.
    busy: AtomicBool,
    /// The number of the latest state.
    generation: AtomicU64,
    wounded: AtomicBool,
    /// How many wounds there were.
    wounds: AtomicU64,
    wound: Mutex<Option<Wound>>,
    bad_starts: Mutex<VecDeque<BadStart>>,
}

/// The book of one storm.
pub struct Ledger {
    places: Vec<Place>,
    /// One bit for each message that was handled.
    handled: Vec<Box<[AtomicU64]>>,
    next_id: AtomicU64,
    samples: Mutex<Vec<(Kind, Duration)>>,
    completed: AtomicU64,
    twice: AtomicU64,
    overlaps: AtomicU64,
    healed: AtomicU64,
}

/// What the book says at the end.
#[derive(Debug)]
pub struct Figures {
    /// Handlers of messages that came to their end.
    pub completed: u64,
    pub twice: u64,
    pub overlaps: u64,
    /// States that were never dropped.
    pub states: usize,
    /// Faults whose worker handled a message afterwards.
    pub healed: u64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Ledger {
    pub fn new() -> Self {
        let bits = || (0..IDS / 64).map(|_| AtomicU64::new(0)).collect();
        Self {
            places: (0..PLACES).map(|_| Place::default()).collect(),
            handled: (0..SOURCES).map(|_| bits()).collect(),
            next_id: AtomicU64::new(0),
            samples: Mutex::default(),
            completed: AtomicU64::new(0),
            twice: AtomicU64::new(0),
            overlaps: AtomicU64::new(0),
            healed: AtomicU64::new(0),
        }
    }

    /// The id of a source's message.
    pub fn id(source: usize, number: u64) -> u64 {
        source as u64 * IDS + number
    }

    /// An id for a message of the storm itself.
    pub fn storm_id(&self) -> u64 {
        Self::id(STORM, self.next_id.fetch_add(1, Ordering::Relaxed) % IDS)
    }

    fn bit(&self, id: u64) -> (&AtomicU64, u64) {
        let number = id % IDS;
        (&self.handled[(id / IDS) as usize][(number / 64) as usize], 1 << (number % 64))
    }

    /// Whether a message was handled.
    pub fn was_handled(&self, id: u64) -> bool {
        let (word, bit) = self.bit(id);
        word.load(Ordering::Acquire) & bit != 0
    }

    /// A message with an id was handled, and its worker is well again.
    pub fn handle(&self, life: &Life, id: u64) {
        let (word, bit) = self.bit(id);
        if word.fetch_or(bit, Ordering::AcqRel) & bit != 0 {
            self.twice.fetch_add(1, Ordering::Relaxed);
        }
        let place = &self.places[life.place];
        if place.wounded.load(Ordering::Acquire) {
            let mut wound = lock(&place.wound);
            if wound.as_ref().is_some_and(|wound| life.generation > wound.older)
                && let Some(wound) = wound.take()
            {
                place.wounded.store(false, Ordering::Release);
                self.healed.fetch_add(1, Ordering::Relaxed);
                lock(&self.samples).push((wound.kind, wound.at.elapsed()));
            }
        }
    }

    /// A fault strikes now. With `restarts`, only a new incarnation can heal it.
    pub fn wound(&self, place: usize, kind: Kind, restarts: bool) {
        let place = &self.places[place];
        let generation = place.generation.load(Ordering::Acquire);
        let older = if restarts { generation } else { generation.saturating_sub(1) };
        *lock(&place.wound) = Some(Wound { kind, at: Instant::now(), older });
        place.wounded.store(true, Ordering::Release);
        place.wounds.fetch_add(1, Ordering::AcqRel);
    }

    /// How many faults have struck a place.
    pub fn wounds(&self, place: usize) -> u64 {
        self.places[place].wounds.load(Ordering::Acquire)
    }

    pub fn is_wounded(&self, place: usize) -> bool {
        self.places[place].wounded.load(Ordering::Acquire)
    }

    /// Has the next starts of a place go wrong.
    pub fn spoil_starts(&self, place: usize, starts: impl IntoIterator<Item = BadStart>) {
        lock(&self.places[place].bad_starts).extend(starts);
    }

    pub fn next_start(&self, place: usize) -> Option<BadStart> {
        lock(&self.places[place].bad_starts).pop_front()
    }

    pub fn samples(&self) -> Vec<(Kind, Duration)> {
        lock(&self.samples).clone()
    }

    pub fn figures(&self) -> Figures {
        let read = |counter: &AtomicU64| counter.load(Ordering::Acquire);
        Figures {
            completed: read(&self.completed),
            twice: read(&self.twice),
            overlaps: read(&self.overlaps),
            states: self.places.iter().map(|place| place.states.load(Ordering::Acquire)).sum(),
            healed: read(&self.healed),
        }
    }
}

/// One incarnation of one place, noted from its making until its destructor.
pub struct Life {
    pub ledger: Arc<Ledger>,
    pub place: usize,
    generation: u64,
}

impl Life {
    pub fn begin(ledger: &Arc<Ledger>, place: usize) -> Self {
        let noted = &ledger.places[place];
        if noted.states.fetch_add(1, Ordering::AcqRel) > 0 {
            ledger.overlaps.fetch_add(1, Ordering::Relaxed);
        }
        let generation = noted.generation.fetch_add(1, Ordering::AcqRel) + 1;
        Self { ledger: ledger.clone(), place, generation }
    }

    /// A handler runs until what this gives is dropped, and has come to its end with [`Turn::complete`].
    pub fn turn(&self) -> Turn {
        let (ledger, place) = (self.ledger.clone(), self.place);
        if ledger.places[place].busy.swap(true, Ordering::AcqRel) {
            ledger.overlaps.fetch_add(1, Ordering::Relaxed);
        }
        Turn { ledger, place }
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        self.ledger.places[self.place].states.fetch_sub(1, Ordering::AcqRel);
    }
}

/// A handler that runs.
#[must_use]
pub struct Turn {
    ledger: Arc<Ledger>,
    place: usize,
}

impl Turn {
    pub fn complete(self) {
        self.ledger.completed.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.ledger.places[self.place].busy.store(false, Ordering::Release);
    }
}
