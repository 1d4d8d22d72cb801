//! Actors that come and go.

use crate::systems::Framework;

use super::Effort;

/// `tasks` of them spawn an actor, end it, know that it has ended, and spawn the next.
pub async fn spawn<F: Framework>(system: &F, effort: Effort, tasks: u64) -> f64 {
    const ACTORS: u64 = 3_200;
    effort
        .per(ACTORS, || async move {
            let tasks: Vec<_> = (0..tasks)
                .map(|_| {
                    let system = system.clone();
                    F::task(async move {
                        for _ in 0..ACTORS / tasks {
                            system.spawn_and_stop().await;
                        }
                    })
                })
                .collect();
            for task in tasks {
                task.await.expect("it does not fail");
            }
        })
        .await
}

/// A crash by message, and an ask that the next incarnation answers.
pub async fn crash<F: Framework>(system: &F, effort: Effort) -> Option<f64> {
    const CRASHES: u64 = 500;
    let guarded = &tokio::sync::Mutex::new(system.guarded().await?);
    let figure = effort
        .per(CRASHES, || async move {
            let mut guarded = guarded.lock().await;
            for _ in 0..CRASHES {
                assert_eq!(F::crash(&mut guarded).await, 1, "nothing of the old state is left");
            }
        })
        .await;
    Some(figure)
}

/// Milliseconds from the root's first message to its answer.
pub async fn skynet<F: Framework>(system: &F, effort: Effort) -> f64 {
    const LEAVES: u64 = 100_000;
    let nanoseconds = effort
        .per(1, || async move {
            assert_eq!(system.skynet(LEAVES).await, LEAVES * (LEAVES - 1) / 2);
        })
        .await;
    nanoseconds / 1e6
}
