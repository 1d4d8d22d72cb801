//! What a thing costs when there are more of it: the cost an item must not grow with the number of items.
//!
//! In processor time of the whole process, so that a busy machine does not look like growth; producers also by the
//! clock on the wall, since waiting for each other costs no processor.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use airssys_rt::TimerHandle;
use airssys_rt::prelude::*;
use rustix::time::{ClockId, clock_gettime};
use tokio::sync::Notify;

use crate::report::number;
use crate::runner::{self, Figure};
use crate::systems::airssys::{Airssys, Counter};
use crate::systems::{Framework, Name, Threads};

/// One thing of which there are more and more; one process measures one number of it, for all its figures.
struct Row {
    key: &'static str,
    sizes: &'static [u64],
    /// Figure, what it is the cost of, and how much dearer it may get.
    figures: &'static [(&'static str, &'static str, f64)],
}

const TENS: [u64; 7] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000];

const ROWS: [Row; 7] = [
    Row {
        key: "actors",
        sizes: &[10_000, 100_000, 1_000_000],
        figures: &[
            ("actors-spawn", "spawn, an actor of N", 1.5),
            ("actors-message", "one message each, a message of N", 1.5),
        ],
    },
    Row {
        key: "producers",
        sizes: &[1, 2, 4, 8, 16, 32, 64],
        figures: &[
            ("producers", "tell, a message of N producers", 1.5),
            ("producers-wall", "the same by the clock on the wall", 1.5),
        ],
    },
    Row {
        key: "children",
        sizes: &[10, 100, 1_000, 10_000, 100_000],
        figures: &[
            ("children-start", "start, a child of N", 1.5),
            ("children-crash", "one crash and restart, N siblings alive", 3.0),
            ("children-exit", "mass exit, a child of N", 1.5),
        ],
    },
    Row {
        key: "monitors",
        sizes: TENS.split_at(6).0,
        figures: &[
            ("monitors-set", "monitor one target, a monitor of N", 1.5),
            ("monitors-fire", "its end, a monitor of N", 1.5),
        ],
    },
    Row {
        key: "subscribers",
        sizes: TENS.split_at(5).0,
        figures: &[("subscribers", "publish, a delivery to N subscribers", 1.5)],
    },
    Row {
        key: "timers",
        sizes: &TENS,
        figures: &[
            ("timers-set", "set and cancel a timer, N standing", 1.5),
            ("timers-fire", "fall due together, a timer of N", 1.5),
        ],
    },
    Row {
        key: "names",
        sizes: &TENS,
        figures: &[
            ("names-start", "start and stop with a name, N standing", 1.5),
            ("names-lookup", "look up one of 100 names, N standing", 1.5),
        ],
    },
];

/// Enough operations for a figure, however few items there are.
const ENOUGH: u64 = 50_000;
const RUNS: usize = 3;

/// Measures one row at one size, in this process.
pub fn measure(key: &str, size: u64) -> Result<Vec<Figure>, String> {
    let key = ROWS.iter().find(|row| row.key == key).ok_or_else(|| format!("no such row: {key}"))?.key;
    Ok(Airssys::run(Threads::Workers(2), async move {
        let system = Airssys::new().0;
        match key {
            "actors" => actors(&system, size).await,
            "producers" => producers(&system, size).await,
            "children" => children(&system, size).await,
            "monitors" => monitors(&system, size).await,
            "subscribers" => subscribers(&system, size).await,
            "timers" => timers(&system, size).await,
            _ => names(&system, size).await,
        }
    }))
}

/// What all threads of this process have run.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}

/// Nanoseconds of processor time an item.
async fn per(items: u64, work: impl Future<Output = ()>) -> f64 {
    let began = processor_time();
    work.await;
    (processor_time() - began).as_nanos() as f64 / items as f64
}

async fn actors(system: &System, size: u64) -> Vec<Figure> {
    let handled = Arc::new(Handled::default());
    let mut all = Vec::with_capacity(size as usize);
    let spawn = per(size, async {
        all.extend((0..size).map(|_| system.spawn(Reporter { handled: handled.clone() })));
    })
    .await;
    let message = per(size, async {
        handled.expect(size);
        for actor in &all {
            actor.report().tell().await.expect("the actor lives");
        }
        handled.wait().await;
    })
    .await;
    vec![Figure::new("actors-spawn", spawn), Figure::new("actors-message", message)]
}

async fn producers(system: &System, size: u64) -> Vec<Figure> {
    const MESSAGES: u64 = 1_000_000;
    let counter = system.spawn(Counter::default());
    let each = MESSAGES / size;
    let began = Instant::now();
    let figure = per(each * size, async {
        let tasks: Vec<_> = (0..size)
            .map(|_| {
                let counter = counter.clone();
                tokio::spawn(async move {
                    for _ in 0..each {
                        Airssys::tell(&counter, 1).await;
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("it does not fail");
        }
        assert_eq!(Airssys::ask(&counter, 0).await, each * size);
    })
    .await;
    let wall = began.elapsed().as_nanos() as f64 / (each * size) as f64;
    vec![Figure::new("producers", figure), Figure::new("producers-wall", wall)]
}

async fn children(system: &System, size: u64) -> Vec<Figure> {
    const CRASHES: u64 = 1_000;
    let mut supervisors = Vec::new();
    for _ in 0..(ENOUGH / size).max(1) {
        let spec = Supervisor::builder().max_restarts(u32::MAX);
        supervisors.push(system.start(spec).await.expect("the supervisor starts"));
    }
    let items = size * supervisors.len() as u64;
    let mut last = None;
    let start = per(items, async {
        for supervisor in &supervisors {
            for number in 0..size {
                let spec = ChildSpec::new(number.to_string(), || async { Ok(Counter::default()) });
                last = Some(supervisor.start_child(spec).await.expect("the child starts"));
            }
        }
    })
    .await;
    let mut child = last.expect("there is one at least");
    let crash = per(CRASHES, async {
        for _ in 0..CRASHES {
            assert_eq!(Airssys::crash(&mut child).await, 1);
        }
    })
    .await;
    let exit = per(items, async {
        for supervisor in &supervisors {
            supervisor.stop().await.expect("it has not ended before");
        }
    })
    .await;
    vec![
        Figure::new("children-start", start),
        Figure::new("children-crash", crash),
        Figure::new("children-exit", exit),
    ]
}

async fn monitors(system: &System, size: u64) -> Vec<Figure> {
    let targets: Vec<_> = (0..(ENOUGH / size).max(1)).map(|_| system.spawn(Counter::default())).collect();
    let items = size * targets.len() as u64;
    let mut all = Vec::with_capacity(items as usize);
    let set = per(items, async {
        for target in &targets {
            all.extend((0..size).map(|_| target.monitor()));
        }
    })
    .await;
    let fire = per(items, async {
        for target in &targets {
            target.stop().await.expect("it has not ended before");
        }
        for monitor in all {
            monitor.await;
        }
    })
    .await;
    vec![Figure::new("monitors-set", set), Figure::new("monitors-fire", fire)]
}

async fn subscribers(system: &System, size: u64) -> Vec<Figure> {
    let handled = Arc::new(Handled::default());
    let mut all = Vec::with_capacity(size as usize);
    for _ in 0..size {
        all.push(system.start(Reporter { handled: handled.clone() }).await.expect("the subscriber starts"));
    }
    let bus = system.events();
    let rounds = (ENOUGH / size).max(1);
    let publish = per(size * rounds, async {
        for _ in 0..rounds {
            handled.expect(size);
            assert_eq!(bus.publish(Tick) as u64, size);
            handled.wait().await;
        }
    })
    .await;
    vec![Figure::new("subscribers", publish)]
}

async fn timers(system: &System, size: u64) -> Vec<Figure> {
    const OPERATIONS: u64 = 100_000;
    let hour = Duration::from_secs(3_600);
    let handled = Arc::new(Handled::default());
    let actor = system.spawn(Reporter { handled: handled.clone() });
    let standing: Vec<TimerHandle> = (0..size).map(|_| actor.report().tell_after(hour)).collect();
    let set = per(OPERATIONS, async {
        for _ in 0..OPERATIONS {
            actor.report().tell_after(hour).cancel();
        }
    })
    .await;
    drop(standing);
    let mut figures = vec![Figure::new("timers-set", set)];
    // Fewer are all latency: Tokio's timers are a millisecond coarse.
    if size >= 10_000 {
        handled.expect(size);
        let due = Instant::now() + Duration::from_millis(10 + size / 200);
        let all: Vec<_> = (0..size)
            .map(|_| actor.report().tell_after(due.saturating_duration_since(Instant::now())))
            .collect();
        // Those that were set after the time are due at once.
        tokio::time::sleep_until(due.into()).await;
        let fire = per(size, handled.wait()).await;
        drop(all);
        figures.push(Figure::new("timers-fire", fire));
    }
    figures
}

async fn names(system: &System, size: u64) -> Vec<Figure> {
    let start =
        async |name: String| system.start(Counter::default()).named(name).await.expect("the name is free");
    let mut standing = Vec::with_capacity(size as usize);
    for number in 0..size {
        standing.push(start(format!("name-{number}")).await);
    }
    // Named beforehand: what is measured is neither.
    let more: Vec<String> = (0..ENOUGH).map(|number| format!("more-{number}")).collect();
    let begin = per(ENOUGH, async {
        for name in more {
            let actor = start(name).await;
            actor.stop().await.expect("it has not ended before");
        }
    })
    .await;
    // A few from everywhere: what is measured is the table, not how much of it the processor's caches hold.
    let names: Vec<String> =
        (0..size.min(100)).map(|number| format!("name-{}", number * 7_919 % size)).collect();
    let lookup = per(ENOUGH * 10, async {
        for name in names.iter().cycle().take(ENOUGH as usize * 10) {
            assert!(system.lookup::<Counter>(name).is_some());
        }
    })
    .await;
    drop(standing);
    vec![Figure::new("names-start", begin), Figure::new("names-lookup", lookup)]
}

#[derive(Clone)]
struct Tick;

/// Says that it has handled something.
#[actor]
struct Reporter {
    handled: Arc<Handled>,
}

#[handlers]
impl Reporter {
    #[handler]
    fn report(&mut self) {
        self.handled.one();
    }

    #[handler(event)]
    fn tick(&mut self, _tick: Tick) {
        self.handled.one();
    }
}

/// How many have yet to be handled.
#[derive(Default)]
struct Handled {
    left: AtomicU64,
    done: Notify,
}

impl Handled {
    fn expect(&self, messages: u64) {
        self.left.store(messages, Ordering::SeqCst);
    }

    fn one(&self) {
        if self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.done.notify_one();
        }
    }

    async fn wait(&self) {
        self.done.notified().await;
    }
}

/// Prints the table: a row a figure, a column a size.
pub fn run(only: &[String]) -> Result<(), String> {
    if let Some(unknown) = only.iter().find(|key| !ROWS.iter().any(|row| row.key == **key)) {
        let keys: Vec<_> = ROWS.iter().map(|row| row.key).collect();
        return Err(format!("no such row: {unknown}; there are {}", keys.join(", ")));
    }
    println!(
        "Nanoseconds of processor time an item as N grows; in brackets how many times the cheapest smaller N.\n"
    );
    let mut dearer = Vec::new();
    for row in ROWS.iter().filter(|row| only.is_empty() || only.iter().any(|key| key == row.key)) {
        let mut measured: Vec<(u64, Vec<Vec<Figure>>)> = Vec::new();
        for &size in row.sizes {
            eprintln!("{} {size}", row.key);
            let arguments = [row.key.to_owned(), size.to_string()];
            let runs = (0..RUNS).map(|_| runner::one("growth", Name::Airssys, &arguments));
            measured.push((size, runs.collect::<Result<_, _>>()?));
        }
        print!("| N |");
        row.sizes.iter().for_each(|size| print!(" {size} |"));
        println!(" at most | |\n| --- |{}", " --- |".repeat(row.sizes.len() + 2));
        for (key, title, limit) in row.figures {
            print!("| {title} |");
            let (mut least, mut worst) = (f64::INFINITY, 0.0_f64);
            for (_, runs) in &measured {
                let figures: Vec<f64> = runs
                    .iter()
                    .filter_map(|run| Some(run.iter().find(|figure| figure.key == *key)?.value))
                    .collect();
                if figures.is_empty() {
                    print!(" - |");
                    continue;
                }
                // Nothing but the work itself is in the least of them.
                let figure = figures.into_iter().fold(f64::INFINITY, f64::min);
                if least.is_finite() {
                    worst = worst.max(figure / least);
                    print!(" {} ({:.2}) |", number(figure), figure / least);
                } else {
                    print!(" {} |", number(figure));
                }
                least = least.min(figure);
            }
            let verdict = if worst > *limit { "**grows**" } else { "flat" };
            if worst > *limit {
                dearer.push(format!("{title}: {worst:.2} times, {limit} are allowed"));
            }
            println!(" {limit} x | {verdict} |");
        }
        println!();
    }
    if dearer.is_empty() {
        println!("Nothing grows.");
    } else {
        println!("Grows:\n{}", dearer.join("\n"));
    }
    Ok(())
}
