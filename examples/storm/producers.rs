//! Eight producers that know nothing of the storm: they tell, ask, give up, and count what they are told.

use std::future::Future;
use std::ops::AddAssign;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use airssys_rt::prelude::*;

use crate::ledger::{IDS, Ledger};
use crate::random::Random;
use crate::tree::{PLACES, Town};
use crate::worker::WorkerApi;

pub const PRODUCERS: usize = 8;
/// How long an ask may take, and how much later its end may be seen on a busy machine.
pub const LIMIT: Duration = Duration::from_secs(2);
pub const MARGIN: Duration = Duration::from_secs(3);
/// Messages between two pauses.
const BURST: u64 = 32;

/// What became of the messages of a producer.
#[derive(Debug, Default)]
pub struct Tally {
    pub told: u64,
    /// Tells that came back: the worker had ended, or had no room.
    pub returned: u64,
    pub asked: u64,
    pub answered: u64,
    /// Asks that ended with an error: the worker crashed, ended, was too slow.
    pub failed: u64,
    pub timed_out: u64,
    /// Asks whose future was dropped before its end.
    pub given_up: u64,
    /// Asks that did not end within their limit and the margin.
    pub hung: u64,
    /// Answers to another question, or to one that was never handled.
    pub wrong: u64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.told += other.told;
        self.returned += other.returned;
        self.asked += other.asked;
        self.answered += other.answered;
        self.failed += other.failed;
        self.timed_out += other.timed_out;
        self.given_up += other.given_up;
        self.hung += other.hung;
        self.wrong += other.wrong;
    }
}

/// Sends until the storm is over.
pub async fn produce(seed: u64, number: usize, town: Arc<Town>, over: Arc<AtomicBool>) -> Tally {
    let mut random = Random::new(seed, 1 + number as u64);
    let mut tally = Tally::default();
    for count in 0..IDS {
        if over.load(Ordering::Acquire) {
            break;
        }
        let worker = town.worker(random.below(PLACES));
        let id = Ledger::id(number, count);
        match random.below(8) {
            0..3 => {
                let told = worker.work(id).tell().await.is_ok();
                tally.told += u64::from(told);
                tally.returned += u64::from(!told);
            }
            3 => {
                let told = worker.work_slowly(id).try_tell().is_ok();
                tally.told += u64::from(told);
                tally.returned += u64::from(!told);
            }
            4..6 => settle(&town, &mut tally, id, worker.work(id).timeout(LIMIT).ask()).await,
            6 => settle(&town, &mut tally, id, worker.work_slowly(id).timeout(LIMIT).ask()).await,
            _ => give_up(&mut tally, worker.work_slowly(id).timeout(LIMIT).ask()).await,
        }
        if count % BURST == BURST - 1 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    tally
}

async fn settle(town: &Town, tally: &mut Tally, id: u64, ask: impl Future<Output = Result<u64, AskError>>) {
    tally.asked += 1;
    match tokio::time::timeout(LIMIT + MARGIN, ask).await {
        Err(_) => tally.hung += 1,
        Ok(Ok(answer)) => {
            tally.answered += 1;
            tally.wrong += u64::from(answer != id || !town.ledger.was_handled(id));
        }
        Ok(Err(AskError::Timeout { .. })) => tally.timed_out += 1,
        Ok(Err(_)) => tally.failed += 1,
    }
}

/// Asks, looks once for the answer, and goes.
async fn give_up(tally: &mut Tally, ask: impl Future<Output = Result<u64, AskError>>) {
    tally.asked += 1;
    let mut ask = pin!(ask);
    let first = std::future::poll_fn(|cx| Poll::Ready(ask.as_mut().poll(cx))).await;
    match first {
        Poll::Pending => tally.given_up += 1,
        Poll::Ready(Ok(_)) => tally.answered += 1,
        Poll::Ready(Err(_)) => tally.failed += 1,
    }
}
