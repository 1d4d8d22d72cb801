//! How long an ask takes when there is little to do.

use std::time::{Duration, Instant};

use tokio::time::MissedTickBehavior;

use crate::runner::Figure;
use crate::systems::Framework;

use super::Effort;

const WARM_UP: usize = 100;

/// An ask a millisecond: p50 and p99 in microseconds.
pub async fn paced<F: Framework>(system: &F, effort: Effort) -> Vec<Figure> {
    let counter = system.counter().await;
    let asks = WARM_UP + effort.0.as_millis() as usize * 7;
    let mut took = Vec::with_capacity(asks);
    let mut pace = tokio::time::interval(Duration::from_millis(1));
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for _ in 0..asks {
        pace.tick().await;
        let began = Instant::now();
        F::ask(&counter, 1).await;
        took.push(began.elapsed());
    }
    let took = &mut took[WARM_UP..];
    took.sort();
    let at = |share: f64| took[(took.len() as f64 * share) as usize].as_nanos() as f64 / 1e3;
    vec![Figure::new("ask-1000-p50", at(0.5)), Figure::new("ask-1000-p99", at(0.99))]
}
