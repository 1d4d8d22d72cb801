//! What goes wrong: planned by the seed, dealt in order, each measured until its worker handles a message again.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use airssys_rt::prelude::*;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::ledger::BadStart;
use crate::producers::LIMIT;
use crate::random::Random;
use crate::tree::{PLACES, Town};
use crate::worker::{Weather, WorkerApi};

/// How many faults are open at one time.
const OPEN: usize = 6;
/// Every so many faults the weather is told to all workers.
const WEATHER: usize = 10;

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Panic,
    PanicLater,
    Error,
    Escalation,
    Kill,
    Stop,
    Delay,
    BadStop,
    BadDrop,
    BadStarts,
    LinkedExit,
    SupervisorKilled,
    AskerAborted,
}

impl Kind {
    pub const ALL: [Self; 13] = [
        Self::Panic,
        Self::PanicLater,
        Self::Error,
        Self::Escalation,
        Self::Kill,
        Self::Stop,
        Self::Delay,
        Self::BadStop,
        Self::BadDrop,
        Self::BadStarts,
        Self::LinkedExit,
        Self::SupervisorKilled,
        Self::AskerAborted,
    ];

    pub fn text(self) -> &'static str {
        match self {
            Self::Panic => "panic",
            Self::PanicLater => "panic after an await",
            Self::Error => "error",
            Self::Escalation => "escalated error",
            Self::Kill => "kill",
            Self::Stop => "stop from outside",
            Self::Delay => "slow handler",
            Self::BadStop => "panic in the stop handler",
            Self::BadDrop => "panic in the destructor",
            Self::BadStarts => "panic, then failing starts",
            Self::LinkedExit => "exit of a linked actor",
            Self::SupervisorKilled => "supervisor killed",
            Self::AskerAborted => "asker's task aborted",
        }
    }

    /// Whether a new incarnation has to come.
    pub fn restarts(self) -> bool {
        !matches!(self, Self::Delay | Self::AskerAborted)
    }
}

/// One fault of the plan.
#[derive(Clone, Debug, Hash)]
struct Fault {
    kind: Kind,
    place: usize,
    /// Of a delay, in milliseconds; else, how the next starts go wrong.
    amount: u64,
}

impl Fault {
    fn delay(&self) -> Duration {
        Duration::from_millis(1 + self.amount % 4)
    }

    fn bad_starts(&self) -> Vec<BadStart> {
        let mut random = Random::new(self.amount, 0);
        let starts = [BadStart::Error, BadStart::Panic, BadStart::Handler, BadStart::Slow];
        (0..1 + random.below(3)).map(|_| random.pick(&starts)).collect()
    }
}

/// All that is going to happen.
pub struct Storm {
    faults: Vec<Fault>,
}

impl Storm {
    pub fn plan(seed: u64, count: usize) -> Self {
        let mut random = Random::new(seed, 0);
        let fault = |_| Fault {
            kind: random.pick(&Kind::ALL),
            place: random.below(PLACES),
            amount: random.next() % 1_000,
        };
        Self { faults: (0..count).map(fault).collect() }
    }

    /// A number of the plan: the same seed, the same number.
    pub fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.faults.hash(&mut hasher);
        hasher.finish()
    }

    /// Deals the faults in order, and says how many struck. It returns when every worker is well again.
    pub async fn rage(&self, system: &System, town: &Arc<Town>) -> usize {
        let open = Arc::new(Semaphore::new(OPEN));
        let mut healing = JoinSet::new();
        for (number, fault) in self.faults.iter().enumerate() {
            // A worker that is still being healed has its next fault later, and so have all after it: the order stays.
            while town.ledger.is_wounded(fault.place) {
                tokio::time::sleep(Duration::from_micros(100)).await;
            }
            let Ok(permit) = open.clone().acquire_owned().await else { break };
            if number.is_multiple_of(WEATHER) {
                system.events().publish(Weather);
            }
            strike(town, fault).await;
            let (town, kind, place) = (town.clone(), fault.kind, fault.place);
            healing.spawn(async move {
                heal(&town, place).await;
                if matches!(kind, Kind::SupervisorKilled | Kind::Escalation) {
                    town.replace_crowd(place).await;
                }
                drop(permit);
            });
        }
        healing.join_all().await;
        for place in 0..PLACES {
            heal(town, place).await;
        }
        self.faults.len()
    }
}

/// Deals one fault, again and again until it has struck: the worker may be down because of the one before.
async fn strike(town: &Town, fault: &Fault) {
    let (place, ledger) = (fault.place, &town.ledger);
    let before = ledger.wounds(place);
    while ledger.wounds(place) == before {
        town.replace(place).await;
        let worker = town.worker(place);
        let limit = LIMIT;
        match fault.kind {
            Kind::Panic => drop(worker.panic().timeout(limit).await),
            Kind::PanicLater => drop(worker.panic_later().timeout(limit).await),
            Kind::Error => drop(worker.fail().timeout(limit).await),
            Kind::Escalation => drop(worker.escalate().timeout(limit).await),
            Kind::Delay => drop(worker.delay(fault.delay()).timeout(limit).await),
            Kind::BadStop => drop(worker.stop_badly().timeout(limit).await),
            Kind::BadDrop => drop(worker.drop_badly().timeout(limit).await),
            Kind::BadStarts => drop(worker.start_badly(fault.bad_starts()).timeout(limit).await),
            Kind::LinkedExit => drop(worker.link_badly().timeout(limit).await),
            Kind::AskerAborted => {
                let asker = tokio::spawn(worker.delay_nobody(fault.delay()).timeout(limit).owned().ask());
                while ledger.wounds(place) == before && !asker.is_finished() {
                    tokio::task::yield_now().await;
                }
                asker.abort();
            }
            // These are not messages: the time counts from the order on.
            Kind::Kill => {
                ledger.wound(place, fault.kind, true);
                let _ = worker.kill().await;
            }
            Kind::Stop => {
                ledger.wound(place, fault.kind, true);
                let _ = worker.stop().await;
            }
            Kind::SupervisorKilled => {
                ledger.wound(place, fault.kind, true);
                town.kill_supervisor(place).await;
            }
        }
        tokio::task::yield_now().await;
    }
}

/// Asks until the worker has handled a message again.
async fn heal(town: &Town, place: usize) {
    let mut tries = 0;
    while town.ledger.is_wounded(place) {
        town.replace(place).await;
        let asked = town.worker(place).work(town.ledger.storm_id()).timeout(LIMIT).await;
        if asked.is_err() {
            tries += 1;
            if tries % 64 == 0 {
                // The supervisor above may be at a restart of its own.
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            tokio::task::yield_now().await;
        }
    }
}
