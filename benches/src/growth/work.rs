//! The work of each row of the growth table, at one size, in this process.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use airssys_rt::TimerHandle;
use airssys_rt::prelude::*;
use rustix::time::{ClockId, clock_gettime};
use tokio::sync::{Notify, mpsc};

use super::ROWS;
use crate::callgrind;
use crate::runner::Figure;
use crate::systems::airssys::{Airssys, Counter};
use crate::systems::{BOUND, Framework, Threads};

/// Enough operations for a figure, however few items there are.
const ENOUGH: u64 = 50_000;

/// Measures one row at one size, in this process: the time of all its figures, or what callgrind counts of one.
pub fn measure(key: &str, size: u64, counted: Option<String>) -> Result<Vec<Figure>, String> {
    let key = ROWS.iter().find(|row| row.key == key).ok_or_else(|| format!("no such row: {key}"))?.key;
    let threads = if counted.is_some() { Threads::Current } else { Threads::Workers(2) };
    Ok(Airssys::run(threads, async move {
        let system = Airssys::new().0;
        let mut meter = Meter { counted, spent: Vec::new(), wall: None };
        match key {
            "actors" => actors(&system, size, &mut meter).await,
            "producers" => producers(&system, size, &mut meter).await,
            "children" => children(&system, size, &mut meter).await,
            "monitors" => monitors(&system, size, &mut meter).await,
            "subscribers" => subscribers(&system, size, &mut meter).await,
            "timers" => timers(&system, size, &mut meter).await,
            _ => names(&system, size, &mut meter).await,
        }
        meter.figures()
    }))
}

/// What all threads of this process have run.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}

/// Takes the time of pieces of work, or has callgrind count them.
struct Meter {
    /// The figure that is counted; none, where time is taken.
    counted: Option<String>,
    /// By figure: how many items were worked on, and for how long.
    spent: Vec<(String, u64, Duration)>,
    wall: Option<Figure>,
}

impl Meter {
    /// Work on so many items, in processor time. More work for the same figure is added to it.
    async fn per(&mut self, key: &str, items: u64, work: impl Future<Output = ()>) {
        if self.counted.as_ref().is_some_and(|counted| counted != key) {
            return work.await;
        }
        // Under callgrind, the clock of the processor cannot be read.
        let took = if self.counted.is_some() {
            callgrind::toggle();
            work.await;
            callgrind::toggle();
            Duration::ZERO
        } else {
            let began = processor_time();
            work.await;
            processor_time() - began
        };
        match self.spent.iter_mut().find(|(known, ..)| known == key) {
            Some((_, before, spent)) => {
                *before += items;
                *spent += took;
            }
            None => self.spent.push((key.to_owned(), items, took)),
        }
    }

    /// Nanoseconds an item; where they are counted, how many items there were.
    fn figures(self) -> Vec<Figure> {
        let of = |(key, items, spent): (String, u64, Duration)| match &self.counted {
            None => Figure::new(key, spent.as_nanos() as f64 / items as f64),
            Some(_) => Figure::new(key, items as f64),
        };
        self.spent.into_iter().map(of).chain(self.wall).collect()
    }
}

async fn actors(system: &System, size: u64, meter: &mut Meter) {
    let handled = Arc::new(Handled::default());
    let mut all = Vec::with_capacity(size as usize);
    meter
        .per("actors-spawn", size, async {
            all.extend((0..size).map(|_| system.spawn(Reporter { handled: handled.clone() })));
        })
        .await;
    meter
        .per("actors-message", size, async {
            handled.expect(size);
            for actor in &all {
                actor.report().tell().await.expect("the actor lives");
            }
            handled.wait().await;
        })
        .await;
}

async fn producers(system: &System, size: u64, meter: &mut Meter) {
    const MESSAGES: u64 = 1_000_000;
    let counter = system.spawn(Counter::default());
    let each = MESSAGES / size;
    let began = Instant::now();
    meter
        .per("producers", each * size, async {
            let told = (0..size).map(|_| {
                let counter = counter.clone();
                tokio::spawn(async move {
                    for _ in 0..each {
                        Airssys::tell(&counter, 1).await;
                    }
                })
            });
            for task in told.collect::<Vec<_>>() {
                task.await.expect("it does not fail");
            }
            assert_eq!(Airssys::ask(&counter, 0).await, each * size);
        })
        .await;
    if meter.counted.is_none() {
        let wall = began.elapsed().as_nanos() as f64 / (each * size) as f64;
        meter.wall = Some(Figure::new("producers-wall", wall));
    }
    meter
        .per("producers-plain", each * size, async {
            let (sender, mut receiver) = mpsc::channel::<u64>(BOUND);
            let counting = tokio::spawn(async move {
                let mut sum = 0;
                while let Some(by) = receiver.recv().await {
                    sum += by;
                }
                sum
            });
            for _ in 0..size {
                let sender = sender.clone();
                drop(tokio::spawn(async move {
                    for _ in 0..each {
                        sender.send(1).await.expect("it is received");
                    }
                }));
            }
            drop(sender);
            assert_eq!(counting.await.expect("it does not fail"), each * size);
        })
        .await;
}

async fn children(system: &System, size: u64, meter: &mut Meter) {
    const CRASHES: u64 = 1_000;
    let mut supervisors = Vec::new();
    for _ in 0..(ENOUGH / size).max(1) {
        let spec = Supervisor::builder().max_restarts(u32::MAX);
        supervisors.push(system.start(spec).await.expect("the supervisor starts"));
    }
    let items = size * supervisors.len() as u64;
    let mut last = None;
    meter
        .per("children-start", items, async {
            for supervisor in &supervisors {
                for number in 0..size {
                    let spec = ChildSpec::new(number.to_string(), || async { Ok(Counter::default()) });
                    last = Some(supervisor.start_child(spec).await.expect("the child starts"));
                }
            }
        })
        .await;
    let mut child = last.expect("there is one at least");
    meter
        .per("children-crash", CRASHES, async {
            for _ in 0..CRASHES {
                assert_eq!(Airssys::crash(&mut child).await, 1);
            }
        })
        .await;
    meter
        .per("children-exit", items, async {
            for supervisor in &supervisors {
                supervisor.stop().await.expect("it has not ended before");
            }
        })
        .await;
}

async fn monitors(system: &System, size: u64, meter: &mut Meter) {
    let targets: Vec<_> = (0..(ENOUGH / size).max(1)).map(|_| system.spawn(Counter::default())).collect();
    let items = size * targets.len() as u64;
    let mut all = Vec::with_capacity(items as usize);
    meter
        .per("monitors-set", items, async {
            for target in &targets {
                all.extend((0..size).map(|_| target.monitor()));
            }
        })
        .await;
    meter
        .per("monitors-fire", items, async {
            for target in &targets {
                target.stop().await.expect("it has not ended before");
            }
            for monitor in all {
                monitor.await;
            }
        })
        .await;
}

async fn subscribers(system: &System, size: u64, meter: &mut Meter) {
    let handled = Arc::new(Handled::default());
    let mut all = Vec::with_capacity(size as usize);
    for _ in 0..size {
        all.push(system.start(Reporter { handled: handled.clone() }).await.expect("the subscriber starts"));
    }
    let bus = system.events();
    let rounds = (ENOUGH / size).max(1);
    meter
        .per("subscribers", size * rounds, async {
            for _ in 0..rounds {
                handled.expect(size);
                assert_eq!(bus.publish(Tick) as u64, size);
                handled.wait().await;
            }
        })
        .await;
    let other = system.spawn(Reporter { handled: handled.clone() });
    meter
        .per("subscribers-join", ENOUGH, async {
            for _ in 0..ENOUGH {
                bus.unsubscribe::<Tick>(&other);
                assert!(bus.subscribe::<Tick>(&other));
            }
        })
        .await;
    let mut tasks = Vec::with_capacity(size as usize);
    for _ in 0..size {
        let (sender, mut receiver) = mpsc::channel::<Tick>(BOUND);
        let handled = handled.clone();
        drop(tokio::spawn(async move {
            while receiver.recv().await.is_some() {
                handled.one();
            }
        }));
        tasks.push(sender);
    }
    meter
        .per("subscribers-plain", size * rounds, async {
            for _ in 0..rounds {
                handled.expect(size);
                for task in &tasks {
                    task.try_send(Tick).expect("there is room");
                }
                handled.wait().await;
            }
        })
        .await;
}

async fn timers(system: &System, size: u64, meter: &mut Meter) {
    const OPERATIONS: u64 = 100_000;
    let hour = Duration::from_secs(3_600);
    let handled = Arc::new(Handled::default());
    let actor = system.spawn(Reporter { handled: handled.clone() });
    let standing: Vec<TimerHandle> = (0..size).map(|_| actor.report().tell_after(hour)).collect();
    meter
        .per("timers-set", OPERATIONS, async {
            for _ in 0..OPERATIONS {
                actor.report().tell_after(hour).cancel();
            }
        })
        .await;
    drop(standing);
    // Fewer are all latency: Tokio's timers are a millisecond coarse.
    if size >= 1_000 {
        // Longer than it takes to set them: under callgrind, too.
        let ahead = Duration::from_micros(10_000 + size * if meter.counted.is_some() { 100 } else { 5 });
        for _ in 0..(ENOUGH / size).max(1) {
            handled.expect(size);
            let due = Instant::now() + ahead;
            let all: Vec<_> = (0..size)
                .map(|_| actor.report().tell_after(due.saturating_duration_since(Instant::now())))
                .collect();
            assert!(Instant::now() < due, "the first fell due before the last was set");
            // Waiting costs no processor: what it takes to fire them is in the figure from its very start.
            meter.per("timers-fire", size, handled.wait()).await;
            drop(all);
        }
        for _ in 0..(ENOUGH / size).max(1) {
            // Once it is about to sleep, and once it has slept.
            handled.expect(size);
            let due = Instant::now() + ahead;
            for _ in 0..size {
                let handled = handled.clone();
                drop(tokio::spawn(async move {
                    handled.one();
                    tokio::time::sleep_until(due.into()).await;
                    handled.one();
                }));
            }
            handled.wait().await;
            handled.expect(size);
            assert!(Instant::now() < due, "the first fell due before the last was set");
            meter.per("timers-plain", size, handled.wait()).await;
        }
    }
}

async fn names(system: &System, size: u64, meter: &mut Meter) {
    let start =
        async |name: String| system.start(Counter::default()).named(name).await.expect("the name is free");
    let mut standing = Vec::with_capacity(size as usize);
    for number in 0..size {
        standing.push(start(name(number)).await);
    }
    // Named beforehand: what is measured is neither.
    let more: Vec<String> = (0..ENOUGH).map(|number| format!("more-{number}")).collect();
    meter
        .per("names-start", ENOUGH, async {
            for name in more {
                let actor = start(name).await;
                actor.stop().await.expect("it has not ended before");
            }
        })
        .await;
    // A few from everywhere: what is measured is the table, not how much of it the processor's caches hold.
    let few: Vec<String> = (0..size.min(100)).map(|number| name(number * 7_919 % size)).collect();
    meter
        .per("names-lookup", ENOUGH * 10, async {
            for name in few.iter().cycle().take(ENOUGH as usize * 10) {
                assert!(system.lookup::<Counter>(name).is_some());
            }
        })
        .await;
    // Read one after the other, which the processor foresees: what it cannot is the table and the actor.
    let any: Vec<String> =
        (0..ENOUGH * 10).map(|number| name(number.wrapping_mul(0x9E37_79B9_7F4A_7C15) % size)).collect();
    meter
        .per("names-random", ENOUGH * 10, async {
            for name in &any {
                assert!(system.lookup::<Counter>(name).is_some());
            }
        })
        .await;
    drop(standing);
    // As large as an actor.
    let plain: HashMap<Arc<str>, Arc<[AtomicU64; 24]>> =
        (0..size).map(|number| (name(number).into(), Arc::default())).collect();
    meter
        .per("names-plain", ENOUGH * 10, async {
            for name in &any {
                let found = plain.get(name.as_str()).cloned();
                assert!(std::hint::black_box(found).is_some());
            }
        })
        .await;
}

fn name(number: u64) -> String {
    format!("name-{number}")
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
