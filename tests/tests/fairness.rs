//! A flood of one actor starves nobody: counted in what the flooded one handles meanwhile, not in time.
//!
//! On one thread those counts are exact bounds: whoever is ready gets its turn after so many messages. With more workers
//! they say that everybody goes on.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;

use airssys_rt::prelude::*;
use airssys_rt::testing::Simulation;
use tokio::runtime::{Builder, Runtime};

const PRODUCERS: usize = 8;

/// What may be handled between two turns of somebody else on one thread: a mailbox and a turn of each producer and of
/// the actor, and as much again for what was under way.
const BETWEEN: u64 = 2 * (1_024 + 2_048 + PRODUCERS as u64 * 2_048);

#[actor]
#[derive(Default)]
struct Counter {
    seen: Arc<AtomicU64>,
}

#[handlers]
impl Counter {
    #[handler]
    fn add(&mut self) -> u64 {
        self.seen.fetch_add(1, Ordering::Relaxed) + 1
    }

    #[handler(event)]
    fn tick(&mut self, _tick: Tick) {
        self.seen.fetch_add(1, Ordering::Relaxed);
    }
}

#[derive(Clone)]
struct Tick;

/// One that no event reaches.
#[actor]
#[derive(Default)]
struct Idle(u64);

#[handlers]
impl Idle {
    #[handler]
    fn add(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }

    #[handler]
    async fn add_later(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }
}

/// An actor that is told as much as it takes, and what it has handled.
struct Flood {
    seen: Arc<AtomicU64>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Flood {
    fn of(system: &System) -> Self {
        let seen = Arc::new(AtomicU64::new(0));
        let flooded = system.spawn(Counter { seen: seen.clone() });
        let tasks = (0..PRODUCERS).map(|_| {
            let flooded = flooded.clone();
            tokio::spawn(async move { while flooded.add().tell().await.is_ok() {} })
        });
        Self { seen, tasks: tasks.collect() }
    }

    fn handled(&self) -> u64 {
        self.seen.load(Ordering::Relaxed)
    }

    /// Does something again and again, and says how much was handled meanwhile, at the most.
    async fn worst<F: Future>(&self, mut once: impl FnMut() -> F) -> u64 {
        let mut worst = 0;
        // The producers and the actor have their first turns.
        yield_now().await;
        for _ in 0..100 {
            let before = self.handled();
            once().await;
            worst = worst.max(self.handled() - before);
        }
        worst
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        self.tasks.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

/// Lets every task that is ready now have its turn. Tokio's own `yield_now` waits for the clock and the sockets, too: on one
/// thread, for up to 61 turns.
async fn yield_now() {
    let mut yielded = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

fn workers(count: usize) -> Runtime {
    Builder::new_multi_thread().worker_threads(count).enable_all().build().unwrap()
}

/// A runtime of one thread polls what is blocked on once in 61 polls, and a task when it is its turn.
fn one_thread(work: impl Future<Output = ()> + Send + 'static) {
    run(&Builder::new_current_thread().enable_all().build().unwrap(), work);
}

fn one_thread_with_paused_time(work: impl Future<Output = ()> + Send + 'static) {
    run(&Builder::new_current_thread().enable_all().start_paused(true).build().unwrap(), work);
}

/// As a task of the runtime, as an actor's would be.
fn run<T: Send + 'static>(runtime: &Runtime, work: impl Future<Output = T> + Send + 'static) -> T {
    runtime.block_on(async { tokio::spawn(work).await.unwrap() })
}

#[test]
fn an_idle_actor_answers_while_another_is_flooded() {
    one_thread(async {
        let system = System::new("flood");
        let flood = Flood::of(&system);
        let idle = system.spawn(Idle::default());
        let plain = flood.worst(|| async { idle.add().await.unwrap() }).await;
        let across = flood.worst(|| async { idle.add_later().await.unwrap() }).await;
        assert!(flood.handled() > 0, "it is flooded");
        assert_eq!(plain, 0, "an idle actor's plain handler runs on its asker's turn");
        assert!(across <= BETWEEN, "{across} messages of another actor before an answer");
    });
}

#[test]
fn a_plain_task_gets_its_turns_while_an_actor_is_flooded() {
    one_thread(async {
        let system = System::new("flood");
        let flood = Flood::of(&system);
        let worst = flood.worst(yield_now).await;
        assert!(worst > 0, "it is flooded");
        assert!(worst <= BETWEEN, "{worst} messages between two turns of a task");
    });
}

#[test]
fn a_plain_timer_fires_while_an_actor_is_flooded() {
    one_thread_with_paused_time(async {
        let system = System::new("flood");
        let flood = Flood::of(&system);
        let worst = flood
            .worst(|| async {
                let timer = tokio::spawn(tokio::time::sleep(Duration::from_millis(1)));
                yield_now().await;
                // By hand: with a flood the clock has no idle moment in which it would go on by itself.
                tokio::time::advance(Duration::from_millis(2)).await;
                timer.await.unwrap();
            })
            .await;
        // Several turns: of the task, of this one, and of the clock, at which Tokio looks every 61 polls.
        assert!(worst <= 8 * BETWEEN, "{worst} messages before a timer that was due");
    });
}

#[actor]
struct Pair {
    other: Option<ActorRef<Pair>>,
    passed: Arc<AtomicU64>,
}

#[handlers]
impl Pair {
    #[handler]
    fn meet(&mut self, other: ActorRef<Pair>) {
        self.other = Some(other);
    }

    #[handler]
    fn pass(&mut self) {
        self.passed.fetch_add(1, Ordering::Relaxed);
        if let Some(other) = &self.other {
            let _ = other.pass().try_tell();
        }
    }
}

#[test]
fn two_actors_that_talk_for_ever_starve_nobody() {
    one_thread(async {
        let system = System::new("talk");
        let passed = Arc::new(AtomicU64::new(0));
        let spawn = || system.spawn(Pair { other: None, passed: passed.clone() });
        let (one, two) = (spawn(), spawn());
        one.meet(two.clone()).await.unwrap();
        two.meet(one.clone()).await.unwrap();
        one.pass().tell().await.unwrap();
        let idle = system.spawn(Idle::default());
        let mut worst = 0;
        for turn in 0..100 {
            let before = passed.load(Ordering::Relaxed);
            yield_now().await;
            assert_eq!(idle.add_later().await.unwrap(), turn + 1);
            worst = worst.max(passed.load(Ordering::Relaxed) - before);
        }
        assert!(worst > 0, "they talk");
        assert!(worst <= 4 * 256, "{worst} messages of theirs before an answer");
        let _ = (one.kill().await, two.kill().await);
    });
}

#[test]
fn an_actor_that_publishes_for_ever_starves_nobody() {
    one_thread(async {
        let system = System::new("publish");
        let seen = Arc::new(AtomicU64::new(0));
        let mut all = Vec::new();
        for _ in 0..100 {
            all.push(system.start(Counter { seen: seen.clone() }).await.unwrap());
        }
        let bus = system.events();
        let publisher = tokio::spawn(async move {
            loop {
                bus.publish(Tick);
                yield_now().await;
            }
        });
        let idle = system.spawn(Idle::default());
        for turn in 0..100 {
            let before = seen.load(Ordering::Relaxed);
            yield_now().await;
            assert_eq!(idle.add_later().await.unwrap(), turn + 1);
            let meanwhile = seen.load(Ordering::Relaxed) - before;
            assert!(meanwhile <= 1_000, "{meanwhile} events before an answer");
        }
        assert!(seen.load(Ordering::Relaxed) >= 100, "they are published to");
        publisher.abort();
    });
}

#[test]
fn a_subscriber_that_is_one_of_many_is_handled_in_turns_of_a_few_hundred() {
    one_thread(async {
        let system = System::new("many");
        let seen = Arc::new(AtomicU64::new(0));
        let mut all = Vec::new();
        for _ in 0..5_000 {
            all.push(system.start(Counter { seen: seen.clone() }).await.unwrap());
        }
        assert_eq!(system.events().publish(Tick), 5_000);
        let mut worst = 0;
        while seen.load(Ordering::Relaxed) < 5_000 {
            let before = seen.load(Ordering::Relaxed);
            yield_now().await;
            worst = worst.max(seen.load(Ordering::Relaxed) - before);
        }
        assert!(worst <= 1_000, "{worst} events between two turns of a task");
    });
}

#[test]
fn c125_ten_thousand_timers_that_fall_due_together_let_others_run_in_between() {
    one_thread_with_paused_time(async {
        let system = System::new("due");
        let seen = Arc::new(AtomicU64::new(0));
        let actor = system.spawn(Counter { seen: seen.clone() });
        let mut timers: Vec<_> =
            (0..10_000).map(|_| actor.add().tell_after(Duration::from_secs(1))).collect();
        // The task that serves them falls asleep until they are due.
        yield_now().await;
        tokio::time::advance(Duration::from_secs(2)).await;
        let (mut turns, mut between, mut cancelled) = (0, 0, false);
        while seen.load(Ordering::Relaxed) < 9_000 {
            yield_now().await;
            turns += 1;
            let left = system.counters().timers;
            between += u64::from(0 < left && left < 10_000);
            if !cancelled && left < 10_000 {
                // Due, but not fired yet: what is cancelled now is not handled any more.
                drop(timers.split_off(9_000));
                cancelled = true;
            }
            assert!(turns < 100_000, "the timers stopped after {}", seen.load(Ordering::Relaxed));
        }
        assert!(between >= 8, "only {between} turns of another task while they were fired");
        for _ in 0..1_000 {
            yield_now().await;
        }
        assert_eq!(seen.load(Ordering::Relaxed), 9_000);
    });
}

#[test]
fn a_mass_exit_lets_others_run_in_between() {
    one_thread(async {
        let system = System::new("exit");
        let supervisor = system.start(Supervisor::builder()).await.unwrap();
        let mut children = Vec::new();
        for number in 0..2_000 {
            let spec = ChildSpec::new(number.to_string(), || async { Ok(Idle::default()) });
            children.push(supervisor.start_child(spec).await.unwrap());
        }
        let stopping = tokio::spawn(async move { supervisor.stop().await });
        let mut turns = 0;
        while !stopping.is_finished() {
            yield_now().await;
            turns += 1;
        }
        stopping.await.unwrap().unwrap();
        assert!(turns >= 20, "only {turns} turns of another task while two thousand children ended");
        assert_eq!(system.counters().processes, 0);
    });
}

#[test]
fn a_flood_stops_nobody_with_1_to_64_workers() {
    for count in [1, 2, 4, 16, 64] {
        let runtime = workers(count);
        run(&runtime, async move {
            let system = System::new("flood");
            let flood = Flood::of(&system);
            let idle = system.spawn(Idle::default());
            while flood.handled() == 0 {
                yield_now().await;
            }
            for turn in 0..50 {
                tokio::time::sleep(Duration::from_micros(1)).await;
                assert_eq!(idle.add().await.unwrap(), turn * 2 + 1);
                assert_eq!(idle.add_later().await.unwrap(), turn * 2 + 2);
            }
            // The flood goes on as well: it is no fairness to stop it.
            let before = flood.handled();
            while flood.handled() < before + 10_000 {
                yield_now().await;
            }
        });
    }
}

#[test]
fn a_flooded_runtime_stops_no_other_one_of_the_process() {
    let (flooded, quiet) = (workers(1), Builder::new_current_thread().enable_all().build().unwrap());
    let system =
        |name: &str, on: &Runtime| System::builder().name(name).runtime(on.handle().clone()).build().unwrap();
    let (there, here) = (system("flooded", &flooded), system("quiet", &quiet));
    let flood = {
        let _inside = flooded.enter();
        Flood::of(&there)
    };
    let (idle_here, idle_there) = (here.spawn(Idle::default()), there.spawn(Idle::default()));
    run(&quiet, async move {
        for turn in 0..50 {
            assert_eq!(idle_here.add().await.unwrap(), turn + 1);
            // In the other runtime, so never on this thread.
            assert_eq!(idle_there.add().await.unwrap(), turn + 1);
        }
    });
    drop(flood);
}

#[test]
fn a_flood_stops_nobody_whatever_the_order_of_the_simulation() {
    for seed in 0..20 {
        let answered = Simulation::run(seed, async |simulation| {
            let system = simulation.system();
            let flooded = system.spawn(Counter::default());
            let producers: Vec<_> = (0..2)
                .map(|_| {
                    let flooded = flooded.clone();
                    tokio::spawn(async move { while flooded.add().tell().await.is_ok() {} })
                })
                .collect();
            let idle = system.spawn(Idle::default());
            let mut answered = 0;
            for _ in 0..20 {
                answered = idle.add_later().await.unwrap();
            }
            assert!(flooded.add().await.unwrap() > 0);
            producers.iter().for_each(tokio::task::JoinHandle::abort);
            answered
        });
        assert_eq!(answered, 20, "seed {seed}");
    }
}
