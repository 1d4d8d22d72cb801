//! One thread, paused time, and a seed that decides who runs next.

use std::future::Future;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::process_id::ProcessId;
use crate::sorted::Sorted;
use crate::system::System;

use super::fault::{Fault, Faults};
use super::log::Entry;
use super::schedule::Schedule;

/// A system on one thread with paused time and a seeded order of everything that is ready.
///
/// Everything that the framework runs goes through one list of what is ready, and a seeded generator picks from it;
/// whether an ask that needs no hop takes none is decided by it, too, and so is each fault. The same seed gives the same run
/// and the same [`log`](Self::log), byte for byte; another seed another schedule. Tasks that a test spawns on Tokio itself
/// run in Tokio's own order, which is the same each time.
///
/// ```
/// use airssys_rt::prelude::*;
/// use airssys_rt::testing::Simulation;
///
/// #[actor]
/// #[derive(Default)]
/// struct Counter {
///     value: u64,
/// }
///
/// #[handlers]
/// impl Counter {
///     #[handler]
///     fn increment(&mut self) -> u64 {
///         self.value += 1;
///         self.value
///     }
/// }
///
/// let play = |sim: Simulation| async move {
///     let counter = sim.system().spawn(Counter::default());
///     sim.crash_randomly(0.3);
///     while counter.increment().await.is_ok() {}
///     sim.note("it has crashed");
///     assert_eq!((sim.crashes(), sim.faults()), (1, 1));
///     assert!(sim.steps(counter.pid()) >= 1);
///     let lines: Vec<String> = sim.log().iter().map(ToString::to_string).collect();
///     lines
/// };
/// assert_eq!(Simulation::run(7, play), Simulation::run(7, play));
/// ```
pub struct Simulation {
    seed: u64,
    system: System,
    schedule: Arc<Schedule>,
}

impl Simulation {
    /// Runs `test` once for every seed, each in a system of its own. A panic names its seed on standard error: `seed..seed + 1`
    /// plays that run again.
    ///
    /// # Panics
    /// With the panic of the first failing seed.
    ///
    /// ```
    /// use airssys_rt::prelude::*;
    /// use airssys_rt::testing::Simulation;
    ///
    /// # #[actor] #[derive(Default)] struct Counter(i64);
    /// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
    /// Simulation::check(0..100, |sim| async move {
    ///     let counter = sim.system().spawn(Counter(0));
    ///     let (one, other) = (counter.clone(), counter.clone());
    ///     let tasks = [tokio::spawn(async move { one.add(1).await }), tokio::spawn(async move { other.add(2).await })];
    ///     for task in tasks {
    ///         task.await.unwrap().unwrap();
    ///     }
    ///     assert_eq!(counter.add(0).await, Ok(3)); // whoever was first
    /// });
    /// ```
    pub fn check<F, Fut>(seeds: Range<u64>, test: F)
    where
        F: Fn(Simulation) -> Fut,
        Fut: Future<Output = ()> + Send + 'static,
    {
        for seed in seeds {
            Self::run_named(seed, &test);
        }
    }

    /// Runs `test` with one seed; a panic names it.
    fn run_named<F, Fut>(seed: u64, test: F) -> Fut::Output
    where
        F: FnOnce(Simulation) -> Fut,
        Fut: Future + Send + 'static,
        Fut::Output: Send + 'static,
    {
        match catch_unwind(AssertUnwindSafe(|| Self::run(seed, test))) {
            Ok(output) => output,
            Err(payload) => {
                eprintln!("simulation failed with seed {seed}: run it again with `{seed}..{}`", seed + 1);
                resume_unwind(payload);
            }
        }
    }

    /// Runs `test` once for every seed, as [`check`](Self::check), and says how many orders of handler runs there were: how much of
    /// what may happen the seeds have tried. [`Exploration`] has an example.
    ///
    /// # Panics
    /// With the panic of the first failing seed.
    pub fn explore<F, Fut>(seeds: Range<u64>, test: F) -> Exploration
    where
        F: Fn(Simulation) -> Fut,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let mut orders = Sorted::new();
        let mut runs = 0;
        for seed in seeds {
            runs += 1;
            let order = Self::run_named(seed, |sim| {
                let schedule = sim.schedule.clone();
                let run = test(sim);
                async move {
                    run.await;
                    schedule.order()
                }
            });
            orders.insert(order, ());
        }
        Exploration { runs, orders: orders.len() as u64 }
    }

    /// Runs `test` with one seed and returns what it returns.
    ///
    /// Call it from a plain `#[test]`, outside any runtime: it makes its own.
    ///
    /// # Panics
    /// With the panic of `test`, when nothing is left that could run, or when no runtime can be made.
    pub fn run<F, Fut>(seed: u64, test: F) -> Fut::Output
    where
        F: FnOnce(Simulation) -> Fut,
        Fut: Future + Send + 'static,
        Fut::Output: Send + 'static,
    {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        let runtime = match runtime {
            Ok(runtime) => runtime,
            Err(error) => panic!("a simulation needs a Tokio runtime: {error}"),
        };
        crate::yields::count_anew();
        runtime.block_on(async {
            let schedule = Schedule::new(seed);
            let system = System::builder().name("simulation").schedule(schedule.clone()).build();
            let system = match system {
                Ok(system) => system,
                Err(error) => panic!("{error}"),
            };
            let (tell, mut told) = tokio::sync::oneshot::channel();
            let simulation = Simulation { seed, system: system.clone(), schedule: schedule.clone() };
            let test = test(simulation);
            let test = async move {
                let outcome = Caught(Box::pin(test)).await;
                let _ = tell.send(outcome);
            };
            schedule.spawn(Box::pin(test), None);
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

    /// The simulated system. It is used as any other.
    ///
    /// ```
    /// use airssys_rt::prelude::*;
    /// use airssys_rt::testing::Simulation;
    ///
    /// let (seed, waited) = Simulation::run(7, |sim| async move {
    ///     let began = tokio::time::Instant::now();
    ///     tokio::time::sleep(Duration::from_secs(3_600)).await; // passes at once: the time is virtual
    ///     assert_eq!(sim.system().name(), "simulation");
    ///     (sim.seed(), began.elapsed())
    /// });
    /// assert_eq!((seed, waited.as_secs()), (7, 3_600));
    /// ```
    #[must_use]
    pub fn system(&self) -> &System {
        &self.system
    }

    /// The seed of this run.
    ///
    /// ```
    /// # use airssys_rt::testing::Simulation;
    /// assert_eq!(Simulation::run(42, |sim| async move { sim.seed() }), 42);
    /// ```
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// From now on, each message makes its actor panic with this probability, from 0 to 1, instead of being handled.
    ///
    /// The same as `inject(Faults::none().panic(probability))`.
    pub fn crash_randomly(&self, probability: f64) {
        self.inject(Faults::none().panic(probability));
    }

    /// From now on, these faults strike, instead of those named before.
    ///
    /// ```
    /// use airssys_rt::prelude::*;
    /// use airssys_rt::testing::{Faults, Simulation};
    ///
    /// # #[actor] #[derive(Default)] struct Counter(i64);
    /// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
    /// #[supervisor(max_restarts = 1_000)]
    /// struct App {
    ///     #[child]
    ///     counter: ActorRef<Counter>,
    /// }
    ///
    /// let faults = Simulation::run(7, |sim| async move {
    ///     let app = sim.system().start(App::spec()).await.unwrap();
    ///     sim.inject(Faults::none().panic(0.5));
    ///     for _ in 0..100 {
    ///         let _ = app.counter.add(1).await;
    ///     }
    ///     sim.inject(Faults::none());
    ///     assert!(app.counter.add(1).await.is_ok(), "it has survived them all");
    ///     assert_eq!(sim.crashes(), sim.faults(), "there were panics alone");
    ///     sim.faults()
    /// });
    /// assert!(faults > 10);
    /// ```
    pub fn inject(&self, faults: Faults) {
        self.schedule.state.lock().faults = faults;
    }

    /// One fault for one process: at its `step`-th step from now, counted from 1.
    ///
    /// A step is one run of its task: from where it was woken to its next await, or to the end of what was queued. A panic
    /// or an error strikes at the first message from that step on. With a loop over `step` a test tries every moment
    /// at which a process can be hit; [`steps`](Self::steps) tells how many there are.
    ///
    /// ```
    /// use airssys_rt::prelude::*;
    /// use airssys_rt::testing::{Fault, Simulation};
    ///
    /// # #[actor] struct Counter(i64);
    /// # #[handlers] impl Counter { #[handler] async fn add(&mut self, by: i64) -> i64 { tokio::task::yield_now().await; self.0 += by; self.0 } }
    /// let play = |step: Option<u64>| {
    ///     Simulation::run(7, move |sim| async move {
    ///         let counter = sim.system().spawn(Counter(0));
    ///         if let Some(step) = step {
    ///             sim.strike(counter.pid(), step, Fault::Kill);
    ///         }
    ///         let answer = counter.add(1).await;
    ///         assert_eq!(answer.is_err(), step.is_some());
    ///         sim.steps(counter.pid())
    ///     })
    /// };
    /// for step in 1..=play(None) {
    ///     play(Some(step)); // hit at each moment of its life, the ask ends all the same
    /// }
    /// ```
    pub fn strike(&self, pid: ProcessId, step: u64, fault: Fault) {
        let mut state = self.schedule.state.lock();
        let victim = state.victims.entry(pid);
        let at = victim.steps + step.max(1);
        victim.due.retain(|(known, _)| *known != at);
        victim.due.push((at, fault));
    }

    /// How many steps a process has made: see [`strike`](Self::strike).
    #[must_use]
    pub fn steps(&self, pid: ProcessId) -> u64 {
        self.schedule.state.lock().victims.get(&pid).map_or(0, |victim| victim.steps)
    }

    /// Drops the task of a process now, as if it had been aborted from outside. False when none waits: an idle actor has
    /// no task, and one that runs, as the caller does, cannot be dropped.
    ///
    /// ```
    /// use airssys_rt::prelude::*;
    /// use airssys_rt::testing::Simulation;
    ///
    /// # #[actor] struct Sleeper;
    /// # #[handlers] impl Sleeper { #[handler] async fn sleep(&mut self) { std::future::pending().await } }
    /// Simulation::check(0..10, |sim| async move {
    ///     let sleeper = sim.system().spawn(Sleeper);
    ///     let asked = tokio::spawn(sleeper.sleep().owned().ask());
    ///     tokio::time::sleep(Duration::from_secs(1)).await; // virtual; it sleeps by then
    ///     assert!(sim.abort(sleeper.pid()));
    ///     assert_eq!(asked.await.unwrap(), Err(AskError::Crashed { reason: ExitReason::Killed }));
    /// });
    /// ```
    pub fn abort(&self, pid: ProcessId) -> bool {
        self.schedule.abort(pid)
    }

    /// How many faults of all kinds there were so far.
    #[must_use]
    pub fn faults(&self) -> u64 {
        self.schedule.state.lock().struck
    }

    /// How many of the [`faults`](Self::faults) were panics.
    #[must_use]
    pub fn crashes(&self) -> u64 {
        self.schedule.state.lock().panics
    }

    /// Everything that happened so far, in order: starts, messages, faults, ends. The same for the same seed, byte for byte. See
    /// [`Entry`].
    #[must_use]
    pub fn log(&self) -> Vec<Entry> {
        self.schedule.state.lock().log.clone()
    }

    /// As [`log`](Self::log), and forgets it: the next log begins here.
    ///
    /// ```
    /// use airssys_rt::testing::{Event, Simulation};
    ///
    /// Simulation::check(0..10, |sim| async move {
    ///     sim.note("the calm");
    ///     assert_eq!(sim.take_log().len(), 1);
    ///     sim.note("the storm");
    ///     assert_eq!(sim.take_log()[0].what, Event::Note("the storm".into()));
    /// });
    /// ```
    #[must_use]
    pub fn take_log(&self) -> Vec<Entry> {
        std::mem::take(&mut self.schedule.state.lock().log)
    }

    /// Adds a line of the test's own to the log.
    pub fn note(&self, text: impl Into<Arc<str>>) {
        self.schedule.note_text(text.into());
    }
}

/// How much of what may happen some seeds have tried: what [`Simulation::explore`] gives.
///
/// ```
/// use airssys_rt::prelude::*;
/// use airssys_rt::testing::{Exploration, Simulation};
///
/// # #[actor] struct Counter(i64);
/// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
/// let seen: Exploration = Simulation::explore(0..100, |sim| async move {
///     let both = [sim.system().spawn(Counter(0)), sim.system().spawn(Counter(0))];
///     for counter in &both {
///         counter.add(1).tell().await.unwrap();
///     }
///     for counter in &both {
///         counter.drain().await.unwrap();
///     }
/// });
/// assert_eq!(seen.runs, 100);
/// assert!(seen.orders >= 2, "either may be the first");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exploration {
    /// How many seeds were run.
    pub runs: u64,
    /// How many distinct orders of handler runs there were among them.
    pub orders: u64,
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
