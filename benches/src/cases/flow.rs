//! Messages on their way: telling, asking, passing on.

use std::sync::Arc;

use crate::systems::{Finish, Framework, Shape};

use super::{Effort, Way};

/// From the first send until the last message is handled.
pub async fn tell<F: Framework, W: Way<F>>(system: &F, effort: Effort, producers: u64) -> f64 {
    const MESSAGES: u64 = 100_000;
    let counter = &system.counter().await;
    let each = MESSAGES / producers;
    effort
        .per(MESSAGES, || async move {
            let tasks: Vec<_> = (0..producers).map(|_| produce::<F, W>(counter, each)).collect();
            for task in tasks {
                task.await.expect("it does not fail");
            }
            handled::<F>(counter, MESSAGES).await;
        })
        .await
}

/// Until it has handled all that it was told, which comes in batches of `batch`. One ask, where order is kept; one
/// of the systems (xtra) has a queue that does not keep it.
async fn handled<F: Framework>(counter: &F::Counter, batch: u64) {
    while F::ask(counter, 0).await % batch != 0 {}
}

fn produce<F: Framework, W: Way<F>>(counter: &F::Counter, messages: u64) -> tokio::task::JoinHandle<()> {
    let counter = counter.clone();
    F::task(async move {
        for _ in 0..messages {
            W::tell(&counter).await;
        }
    })
}

/// One asker, one ask after the other.
pub async fn ask<F: Framework, W: Way<F>>(system: &F, effort: Effort) -> f64 {
    const ASKS: u64 = 10_000;
    let counter = &system.counter().await;
    effort
        .per(ASKS, || async move {
            for _ in 0..ASKS {
                W::ask(counter).await;
            }
        })
        .await
}

/// 64 askers of one actor, while `producers` tell it as much as it takes.
pub async fn ask_many<F: Framework, W: Way<F>>(system: &F, effort: Effort, producers: u64) -> f64 {
    const ASKERS: u64 = 64;
    const EACH: u64 = 500;
    let counter = &system.counter().await;
    for _ in 0..producers {
        // They go on until the process ends.
        drop(produce::<F, W>(counter, u64::MAX));
    }
    effort
        .per(ASKERS * EACH, || async move {
            let askers: Vec<_> = (0..ASKERS)
                .map(|_| {
                    let counter = counter.clone();
                    F::task(async move {
                        for _ in 0..EACH {
                            W::ask(&counter).await;
                        }
                    })
                })
                .collect();
            for asker in askers {
                asker.await.expect("it does not fail");
            }
        })
        .await
}

/// Tokens that go from actor to actor.
pub async fn hops<F: Framework>(system: &F, effort: Effort, actors: usize, shape: Shape, tokens: u64) -> f64 {
    const HOPS: u64 = 50_000;
    let finish = &Arc::new(Finish::default());
    let hoppers = &system.hoppers(actors, shape, finish.clone()).await;
    effort
        .per(HOPS, || async move {
            finish.expect(tokens);
            for hopper in hoppers.iter().cycle().take(tokens as usize) {
                F::hop(hopper, HOPS / tokens).await;
            }
            finish.wait().await;
        })
        .await
}

/// One actor tells 1,000, again and again, until all have handled all.
pub async fn fan_out<F: Framework>(system: &F, effort: Effort) -> f64 {
    const ACTORS: u64 = 1_000;
    // Fewer than a mailbox holds.
    const ROUNDS: u64 = 100;
    let mut counters = Vec::new();
    for _ in 0..ACTORS {
        counters.push(system.counter().await);
    }
    let counters = &counters;
    let publisher = &system.publisher(counters.clone()).await;
    effort
        .per(ACTORS * ROUNDS, || async move {
            for _ in 0..ROUNDS {
                F::publish(publisher).await;
            }
            for counter in counters {
                handled::<F>(counter, ROUNDS).await;
            }
        })
        .await
}
