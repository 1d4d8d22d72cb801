//! One thread, paused time, and a seed that decides who runs next.
//!
//! Everything that the framework runs goes through a [`Schedule`]; whatever is ready waits in a
//! list, and a seeded generator picks from it. The same seed gives the same run.

use std::collections::BTreeMap;
use std::future::Future;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Wake, Waker};

use crate::error::discard;
use crate::lock::Lock;
use crate::system::System;

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The seeded order of everything that is ready.
pub(crate) struct Schedule {
    state: Lock<State>,
}

struct State {
    random: Random,
    tasks: BTreeMap<u64, Task>,
    ready: Vec<u64>,
    next: u64,
    driver: Option<Waker>,
    crash_probability: f64,
    crashes: u64,
}

/// SplitMix64: small, seeded, and good enough to order things.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }

    #[expect(clippy::cast_precision_loss, reason = "53 bits are kept, which is what a double holds")]
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

struct Wakeup {
    task: u64,
    schedule: Weak<Schedule>,
}

impl Wake for Wakeup {
    fn wake(self: Arc<Self>) {
        if let Some(schedule) = self.schedule.upgrade() {
            schedule.make_ready(self.task);
        }
    }
}

impl Schedule {
    fn new(seed: u64) -> Arc<Self> {
        Arc::new(Self {
            state: Lock::new(State {
                random: Random(seed),
                tasks: BTreeMap::new(),
                ready: Vec::new(),
                next: 0,
                driver: None,
                crash_probability: 0.0,
                crashes: 0,
            }),
        })
    }

    pub(crate) fn spawn(&self, task: Task) {
        let mut state = self.state.lock();
        let number = state.next;
        state.next += 1;
        state.tasks.insert(number, task);
        state.ready.push(number);
        let driver = state.driver.take();
        drop(state);
        if let Some(driver) = driver {
            driver.wake();
        }
    }

    fn make_ready(&self, task: u64) {
        let mut state = self.state.lock();
        if !state.ready.contains(&task) {
            state.ready.push(task);
        }
        let driver = state.driver.take();
        drop(state);
        if let Some(driver) = driver {
            driver.wake();
        }
    }

    /// A seeded coin: whether an ask that could be handled at once takes the long way.
    pub(crate) fn coin(&self) -> bool {
        self.state.lock().random.next() & 1 == 1
    }

    /// A seeded number from 0 to 1.
    pub(crate) fn chance(&self) -> f64 {
        self.state.lock().random.unit()
    }

    /// Whether the message that is about to be handled crashes its actor.
    pub(crate) fn crashes(&self) -> bool {
        let mut state = self.state.lock();
        if state.crash_probability <= 0.0 {
            return false;
        }
        let crash = state.random.unit() < state.crash_probability;
        state.crashes += u64::from(crash);
        crash
    }

    /// Runs one ready task. False when none is ready.
    fn step(self: &Arc<Self>, cx: &mut Context<'_>) -> bool {
        let (number, task) = {
            let mut state = self.state.lock();
            if state.ready.is_empty() {
                state.driver = Some(cx.waker().clone());
                return false;
            }
            let bound = state.ready.len();
            let place = state.random.below(bound);
            let number = state.ready.swap_remove(place);
            (number, state.tasks.remove(&number))
        };
        let Some(mut task) = task else { return true };
        let waker = Waker::from(Arc::new(Wakeup { task: number, schedule: Arc::downgrade(self) }));
        let mut inner = Context::from_waker(&waker);
        match catch_unwind(AssertUnwindSafe(|| task.as_mut().poll(&mut inner))) {
            Ok(Poll::Pending) => {
                self.state.lock().tasks.insert(number, task);
            }
            Ok(Poll::Ready(())) => drop(task),
            Err(payload) => {
                // As a task of Tokio: its panic is its own.
                let _ = discard(payload);
                let _ = discard(task);
            }
        }
        true
    }
}

/// A system on one thread with paused time and a seeded order of everything that is ready.
///
/// The same seed gives the same run; another seed another schedule. Tasks that a test spawns on Tokio
/// itself run in Tokio's own order, which is the same each time.
pub struct Simulation {
    seed: u64,
    system: System,
    schedule: Arc<Schedule>,
}

impl Simulation {
    /// Runs `test` once for every seed. A panic names its seed on standard error.
    ///
    /// # Panics
    /// With the panic of the first failing seed.
    pub fn check<F, Fut>(seeds: Range<u64>, test: F)
    where
        F: Fn(Simulation) -> Fut,
        Fut: Future<Output = ()> + Send + 'static,
    {
        for seed in seeds {
            let run = catch_unwind(AssertUnwindSafe(|| Self::run(seed, &test)));
            if let Err(payload) = run {
                eprintln!(
                    "Simulation::check failed with seed {seed}: run it again with `{seed}..{}`",
                    seed + 1
                );
                resume_unwind(payload);
            }
        }
    }

    /// Runs `test` with one seed and returns what it returns.
    ///
    /// # Panics
    /// With the panic of `test`, when nothing is left that could run, or when no runtime can be made.
    pub fn run<F, Fut>(seed: u64, test: F) -> Fut::Output
    where
        F: FnOnce(Simulation) -> Fut,
        Fut: Future + Send + 'static,
        Fut::Output: Send + 'static,
    {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let runtime = match runtime {
            Ok(runtime) => runtime,
            Err(error) => panic!("a simulation needs a Tokio runtime: {error}"),
        };
        runtime.block_on(async {
            tokio::time::pause();
            let schedule = Schedule::new(seed);
            let system = System::builder().name("simulation").schedule(schedule.clone()).build();
            let system = match system {
                Ok(system) => system,
                Err(error) => panic!("{error}"),
            };
            let (tell, mut told) = tokio::sync::oneshot::channel();
            let simulation = Simulation { seed, system: system.clone(), schedule: schedule.clone() };
            let test = test(simulation);
            schedule.spawn(Box::pin(async move {
                let outcome = Caught(Box::pin(test)).await;
                let _ = tell.send(outcome);
            }));
            let outcome = std::future::poll_fn(|cx| {
                // A bounded number of steps, so that Tokio's own tasks have their turn.
                for _ in 0..64 {
                    if let Poll::Ready(outcome) = Pin::new(&mut told).poll(cx) {
                        return Poll::Ready(outcome);
                    }
                    if !schedule.step(cx) {
                        return Poll::Pending;
                    }
                }
                cx.waker().wake_by_ref();
                Poll::Pending
            })
            .await;
            match outcome {
                Ok(Ok(output)) => output,
                Ok(Err(payload)) => resume_unwind(payload),
                Err(_) => panic!("the simulated test was dropped before its end"),
            }
        })
    }

    /// The simulated system.
    #[must_use]
    pub fn system(&self) -> &System {
        &self.system
    }

    /// The seed of this run.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// From now on, each message crashes its actor with this probability instead of being handled.
    pub fn crash_randomly(&self, probability: f64) {
        self.schedule.state.lock().crash_probability = probability;
    }

    /// How many crashes there were.
    #[must_use]
    pub fn crashes(&self) -> u64 {
        self.schedule.state.lock().crashes
    }
}

struct Caught<F>(Pin<Box<F>>);

impl<F: Future> Future for Caught<F> {
    type Output = std::thread::Result<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(cx))) {
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Ok(Poll::Pending) => Poll::Pending,
            Err(payload) => Poll::Ready(Err(payload)),
        }
    }
}

crate::opaque::opaque_debug! {
    Simulation;
}
