//! Side by side with a hand-written Tokio actor (bounded mpsc + oneshot), interleaved, medians.
//!
//! `cargo run --release -p benches` prints one table. Ratios above 1 are in favour of airssys-rt.

mod ours;
mod tokio_actor;

use std::time::Duration;

/// One case: what it measures, and the same work in both systems, as nanoseconds an operation.
struct Case {
    name: &'static str,
    ours: fn() -> f64,
    theirs: fn() -> f64,
}

const ROUNDS: usize = 5;

fn main() {
    let only: Vec<String> = std::env::args().skip(1).collect();
    let cases = [
        Case { name: "tell, 1 producer", ours: || ours::tell(1), theirs: || tokio_actor::tell(1) },
        Case { name: "tell, 8 producers", ours: || ours::tell(8), theirs: || tokio_actor::tell(8) },
        Case { name: "ask, plain fn", ours: || ours::ask(false), theirs: tokio_actor::ask },
        Case { name: "ask, async fn", ours: || ours::ask(true), theirs: tokio_actor::ask },
        Case {
            name: "ask, 64 askers, plain fn",
            ours: || ours::ask_many(false),
            theirs: tokio_actor::ask_many,
        },
        Case {
            name: "ask, 64 askers, async fn",
            ours: || ours::ask_many(true),
            theirs: tokio_actor::ask_many,
        },
        Case { name: "ping-pong", ours: ours::ping_pong, theirs: tokio_actor::ping_pong },
        Case { name: "ring of 1,000", ours: ours::ring, theirs: tokio_actor::ring },
        Case { name: "spawn and stop", ours: ours::spawn, theirs: tokio_actor::spawn },
        Case { name: "crash, restart, first message", ours: ours::crash, theirs: tokio_actor::crash },
    ];
    println!("| case | airssys-rt, ns | Tokio actor, ns | ratio |\n| --- | --- | --- | --- |");
    for case in cases {
        if !only.is_empty() && !only.iter().any(|part| case.name.contains(part.as_str())) {
            continue;
        }
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            ours.push((case.ours)());
            theirs.push((case.theirs)());
        }
        let (ours, theirs) = (median(ours), median(theirs));
        println!("| {} | {ours:.0} | {theirs:.0} | {:.2} |", case.name, theirs / ours);
    }
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// Runs on a runtime with two workers, as all cases do.
fn on_two_workers<T>(work: impl Future<Output = T> + Send + 'static) -> T
where
    T: Send + 'static,
{
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let outcome = runtime.block_on(async { tokio::spawn(work).await.unwrap() });
    runtime.shutdown_timeout(Duration::from_secs(1));
    outcome
}

/// Nanoseconds an operation.
fn per(operations: u64, took: Duration) -> f64 {
    took.as_nanos() as f64 / operations as f64
}
