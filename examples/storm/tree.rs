//! The tree: five wings, each with all four ways to look after five workers; and the way to each worker.

use std::sync::{Arc, Mutex, PoisonError};

use airssys_rt::prelude::*;

use crate::ledger::Ledger;
use crate::worker::Worker;

/// Workers of one supervisor.
pub const FIVE: usize = 5;
/// Workers of one wing.
const WING: usize = 4 * FIVE;
/// Workers in all.
pub const PLACES: usize = 5 * WING;

/// A crash concerns one worker.
#[supervisor(strategy = "one_for_one", max_restarts = 1_000_000, within = "1s")]
pub struct Alone {
    ledger: Arc<Ledger>,
    first: usize,
    #[child(start = Worker::open(&ledger, first).await?)]
    pub one: ActorRef<Worker>,
    #[child(start = Worker::open(&ledger, first + 1).await?)]
    pub two: ActorRef<Worker>,
    #[child(start = Worker::open(&ledger, first + 2).await?)]
    pub three: ActorRef<Worker>,
    #[child(start = Worker::open(&ledger, first + 3).await?)]
    pub four: ActorRef<Worker>,
    #[child(start = Worker::open(&ledger, first + 4).await?)]
    pub five: ActorRef<Worker>,
}

/// A crash concerns all five.
#[supervisor(strategy = "one_for_all", max_restarts = 1_000_000, within = "1s")]
pub struct Together {
    ledger: Arc<Ledger>,
    first: usize,
    #[child(start = Worker::open(&ledger, first).await?)]
    pub one: ActorRef<Worker>,
    #[child(start = Worker::open(&ledger, first + 1).await?)]
    pub two: ActorRef<Worker>,
    #[child(start = Worker::open(&ledger, first + 2).await?)]
    pub three: ActorRef<Worker>,
    #[child(start = Worker::open(&ledger, first + 3).await?)]
    pub four: ActorRef<Worker>,
    #[child(start = Worker::open(&ledger, first + 4).await?)]
    pub five: ActorRef<Worker>,
}

/// A crash concerns those below it, too.
#[supervisor(strategy = "rest_for_one", max_restarts = 1_000_000, within = "1s")]
pub struct Chain {
    ledger: Arc<Ledger>,
    first: usize,
    #[child(start = Worker::open(&ledger, first).await?)]
    pub one: ActorRef<Worker>,
    #[child(start = Worker::open(&ledger, first + 1).await?)]
    pub two: ActorRef<Worker>,
    #[child(start = Worker::open(&ledger, first + 2).await?)]
    pub three: ActorRef<Worker>,
    #[child(start = Worker::open(&ledger, first + 3).await?)]
    pub four: ActorRef<Worker>,
    #[child(start = Worker::open(&ledger, first + 4).await?)]
    pub five: ActorRef<Worker>,
}

/// A fifth of everything.
#[supervisor(max_restarts = 1_000_000, within = "1s")]
pub struct Wing {
    ledger: Arc<Ledger>,
    first: usize,
    #[child(start = Alone::spec(ledger, first))]
    pub alone: Supervised<Alone>,
    #[child(start = Together::spec(ledger, first + FIVE))]
    pub together: Supervised<Together>,
    #[child(start = Chain::spec(ledger, first + 2 * FIVE))]
    pub chain: Supervised<Chain>,
    #[child(start = |place: usize| Worker::open(&ledger, place).await?)]
    pub crowd: Children<Worker, usize>,
}

/// The root. Its children have names, so that there are names to leave behind.
#[supervisor(max_restarts = 1_000_000, within = "1s")]
pub struct Sky {
    ledger: Arc<Ledger>,
    #[child(start = Wing::spec(ledger, 0), name = "north")]
    pub north: Supervised<Wing>,
    #[child(start = Wing::spec(ledger, WING), name = "east")]
    pub east: Supervised<Wing>,
    #[child(start = Wing::spec(ledger, 2 * WING), name = "south")]
    pub south: Supervised<Wing>,
    #[child(start = Wing::spec(ledger, 3 * WING), name = "west")]
    pub west: Supervised<Wing>,
    #[child(start = Wing::spec(ledger, 4 * WING), name = "centre")]
    pub centre: Supervised<Wing>,
}

/// One of the hundred: where its worker is found, and who looks after it.
struct Seat {
    wing: Supervised<Wing>,
    /// Stable for as long as the tree stands, but for the crowd: those end for good with their wing.
    worker: Mutex<ActorRef<Worker>>,
    /// Held while a worker of the crowd is replaced.
    replacing: tokio::sync::Mutex<()>,
}

/// The way to all workers.
pub struct Town {
    pub ledger: Arc<Ledger>,
    seats: Vec<Seat>,
    sky: Supervised<Sky>,
}

impl Town {
    /// Starts the crowds, and notes where everybody is.
    pub async fn new(sky: Supervised<Sky>, ledger: Arc<Ledger>) -> Result<Self, StartError> {
        let mut seats = Vec::with_capacity(PLACES);
        for wing in [&sky.north, &sky.east, &sky.south, &sky.west, &sky.centre] {
            let (alone, together, chain) = (&wing.alone, &wing.together, &wing.chain);
            let mut workers = [
                [&alone.one, &alone.two, &alone.three, &alone.four, &alone.five].map(Clone::clone),
                [&together.one, &together.two, &together.three, &together.four, &together.five]
                    .map(Clone::clone),
                [&chain.one, &chain.two, &chain.three, &chain.four, &chain.five].map(Clone::clone),
            ]
            .concat();
            let first = seats.len();
            for place in first + 3 * FIVE..first + WING {
                workers.push(wing.crowd.start(place).await?);
            }
            seats.extend(workers.into_iter().map(|worker| Seat {
                wing: wing.clone(),
                worker: Mutex::new(worker),
                replacing: tokio::sync::Mutex::new(()),
            }));
        }
        Ok(Self { ledger, seats, sky })
    }

    pub fn worker(&self, place: usize) -> ActorRef<Worker> {
        self.seats[place].worker.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends the tree, from its leaves to its root.
    pub async fn stop(&self) {
        // An error would say that it had ended already.
        let _ = self.sky.stop().await;
    }

    /// Kills whoever looks after a worker: its supervisor, or the wing around the crowd.
    pub async fn kill_supervisor(&self, place: usize) -> bool {
        let wing = &self.seats[place].wing;
        let killed = match place % WING / FIVE {
            0 => wing.alone.kill(),
            1 => wing.together.kill(),
            2 => wing.chain.kill(),
            _ => wing.kill(),
        };
        killed.await.is_ok()
    }

    /// Replaces whoever of the crowd has ended for good with the wing of a worker.
    pub async fn replace_crowd(&self, place: usize) {
        let wing = place / WING * WING;
        for place in wing + 3 * FIVE..wing + WING {
            self.replace(place).await;
        }
    }

    /// Starts a worker of the crowd anew if it has ended for good with its wing.
    pub async fn replace(&self, place: usize) {
        let seat = &self.seats[place];
        if place % WING < 3 * FIVE || self.worker(place).process().is_alive() {
            return;
        }
        let _only_one = seat.replacing.lock().await;
        if self.worker(place).process().is_alive() {
            return;
        }
        // It fails while the wing is down, or where the storm says so: whoever needs the worker calls again.
        if let Ok(worker) = seat.wing.crowd.start(place).await {
            *seat.worker.lock().unwrap_or_else(PoisonError::into_inner) = worker;
        }
    }
}
