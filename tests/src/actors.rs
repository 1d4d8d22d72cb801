//! Helpers of the tests of single actors: deadlines, conditions, a log, gates and a worker of all trades.

use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context as TaskContext, Poll};

use airssys_rt::prelude::*;
use airssys_rt::{Counters, MonitorId};
use tokio::sync::Semaphore;

/// A test's body: longer than a minute (a virtual one, where time is paused) means that it hangs.
pub async fn within<F: Future>(body: F) -> F::Output {
    within_time(Duration::from_secs(60), body).await
}

/// A test's body with a deadline of its own, for those that let hours of paused time pass.
pub async fn within_time<F: Future>(limit: Duration, body: F) -> F::Output {
    match tokio::time::timeout(limit, body).await {
        Ok(output) => output,
        Err(_) => panic!("the test hangs: it took longer than {limit:?}"),
    }
}

/// Yields until the condition holds; a condition that never does is a failure, also where time is paused.
#[track_caller]
pub fn eventually(what: &'static str, condition: impl Fn() -> bool) -> impl Future<Output = ()> {
    let place = std::panic::Location::caller();
    async move {
        let began = std::time::Instant::now();
        while !condition() {
            assert!(began.elapsed() < Duration::from_secs(20), "never: {what} ({place})");
            tokio::task::yield_now().await;
        }
    }
}

/// Lets everything run that can run without time passing.
pub async fn settle() {
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
}

/// Polls a future once and leaves it.
pub async fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    std::future::poll_fn(|cx: &mut TaskContext<'_>| Poll::Ready(std::pin::Pin::new(&mut *future).poll(cx)))
        .await
}

/// Whether every message that was accepted is accounted for.
#[must_use]
pub fn adds_up(counters: &Counters) -> bool {
    counters.accepted == counters.handled + counters.dead_lettered + counters.lost_in_hand + counters.queued
}

/// The counters of a system at rest, which have to add up.
#[track_caller]
pub fn at_rest(system: &System) -> impl Future<Output = Counters> {
    let system = system.clone();
    let place = std::panic::Location::caller();
    async move {
        let began = std::time::Instant::now();
        loop {
            let counters = system.counters();
            if adds_up(&counters) && counters.queued == 0 {
                return counters;
            }
            assert!(began.elapsed() < Duration::from_secs(5), "do not add up at {place}: {counters:?}");
            tokio::task::yield_now().await;
        }
    }
}

/// Ends the system and looks for anything that it left behind.
#[track_caller]
pub fn nothing_left(system: &System) -> impl Future<Output = Counters> {
    let system = system.clone();
    let place = std::panic::Location::caller();
    async move {
        let report = system.shutdown().await;
        assert!(report.is_clean(), "{report:?} at {place}");
        let counters = at_rest(&system).await;
        assert_eq!(counters.processes, 0, "processes at {place}: {:?}", system.processes());
        assert_eq!(counters.names, 0, "names at {place}");
        assert_eq!(counters.timers, 0, "timers at {place}");
        counters
    }
}

/// What happened, in order; shared by an actor and its test.
#[derive(Clone, Debug, Default)]
pub struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a line.
    pub fn add(&self, line: impl fmt::Display) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line.to_string());
    }

    /// All lines so far.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many lines there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether nothing has happened.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A gate that a handler waits at until the test opens it, and that tells how many have come to it.
#[derive(Clone, Debug)]
pub struct Gate(Arc<(Semaphore, AtomicU32)>);

impl Default for Gate {
    fn default() -> Self {
        Self::new()
    }
}

impl Gate {
    /// A closed gate.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new((Semaphore::new(0), AtomicU32::new(0))))
    }

    /// Comes to the gate and waits there.
    pub async fn pass(&self) {
        self.0.1.fetch_add(1, Ordering::SeqCst);
        if let Ok(permit) = self.0.0.acquire().await {
            permit.forget();
        }
    }

    /// Lets one through.
    pub fn open(&self) {
        self.0.0.add_permits(1);
    }

    /// How many have come to the gate.
    #[must_use]
    pub fn visits(&self) -> u32 {
        self.0.1.load(Ordering::SeqCst)
    }

    /// Waits until somebody stands at the gate, or has passed it.
    pub async fn reached(&self) {
        let gate = self.clone();
        eventually("somebody comes to the gate", move || gate.visits() > 0).await;
    }
}

/// An error of a handler's own, or of the actor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oops(pub &'static str);

impl fmt::Display for Oops {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Oops {}

/// Writes down its own end.
#[derive(Debug)]
pub struct Tomb {
    log: Log,
    line: &'static str,
}

impl Tomb {
    /// Adds `line` to `log` when it is dropped.
    #[must_use]
    pub fn new(log: &Log, line: &'static str) -> Self {
        Self { log: log.clone(), line }
    }
}

impl Drop for Tomb {
    fn drop(&mut self) {
        self.log.add(self.line);
    }
}

/// An actor that does what a test wants of it and writes it down.
#[actor]
#[derive(Debug, Default)]
pub struct Worker {
    /// What it did.
    pub log: Log,
}

impl Worker {
    /// A worker that writes into `log`.
    #[must_use]
    pub fn new(log: &Log) -> Self {
        Self { log: log.clone() }
    }
}

#[handlers(message(derive(Debug, Clone, PartialEq)))]
impl Worker {
    /// Writes down a number and answers it.
    #[handler]
    pub fn note(&mut self, number: u32) -> u32 {
        self.log.add(number);
        number
    }

    /// The same, from an async handler.
    #[handler]
    pub async fn note_later(&mut self, number: u32) -> u32 {
        tokio::task::yield_now().await;
        self.log.add(number);
        number
    }

    /// Waits at a gate, then writes down a number and answers it.
    #[handler]
    pub async fn hold(&mut self, gate: Gate, number: u32) -> u32 {
        gate.pass().await;
        self.log.add(number);
        number
    }

    /// Waits for some time.
    #[handler]
    pub async fn sleep(&mut self, time: Duration) {
        tokio::time::sleep(time).await;
        self.log.add("slept");
    }

    /// Panics.
    #[handler]
    pub fn boom(&mut self, text: String) {
        panic!("{text}");
    }

    /// Panics after an await.
    #[handler]
    pub async fn boom_later(&mut self, text: String) {
        tokio::task::yield_now().await;
        panic!("{text}");
    }

    /// Fails with an error.
    #[handler]
    pub fn fail(&mut self) -> ActorResult<u32> {
        Err(Oops("on purpose"))?
    }

    /// Ends itself.
    #[handler]
    pub fn finish(&mut self, ctx: &mut Context<Self>) -> u32 {
        ctx.stop();
        7
    }

    /// Links itself to another one.
    #[handler]
    pub fn link_to(&mut self, other: Peer, ctx: &mut Context<Self>) {
        ctx.link(&other.0);
    }

    /// Takes the link back.
    #[handler]
    pub fn unlink_from(&mut self, other: Peer, ctx: &mut Context<Self>) {
        ctx.unlink(&other.0);
    }
}

impl PartialEq for Gate {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// A process that travels in a message.
#[derive(Clone, Debug)]
pub struct Peer(pub ProcessInfo);

impl PartialEq for Peer {
    fn eq(&self, other: &Self) -> bool {
        self.0.pid() == other.0.pid()
    }
}

/// An actor that watches others and writes down what it hears of them.
#[actor]
#[derive(Debug, Default)]
pub struct Watcher {
    /// What it heard.
    pub log: Log,
}

impl Watcher {
    /// A watcher that writes into `log`.
    #[must_use]
    pub fn new(log: &Log) -> Self {
        Self { log: log.clone() }
    }
}

#[handlers]
impl Watcher {
    /// Sets a monitor.
    #[handler]
    pub fn watch(&mut self, other: Peer, ctx: &mut Context<Self>) -> MonitorId {
        ctx.monitor(&other.0)
    }

    /// Takes monitors back.
    #[handler]
    pub fn unwatch(&mut self, monitors: Vec<MonitorId>, ctx: &mut Context<Self>) {
        for monitor in monitors {
            ctx.demonitor(monitor);
        }
    }

    /// Writes down a number and answers it.
    #[handler]
    pub fn note(&mut self, number: u32) -> u32 {
        self.log.add(number);
        number
    }

    /// Waits at a gate, then takes a monitor back.
    #[handler]
    pub async fn hold_then_unwatch(&mut self, gate: Gate, monitors: Vec<MonitorId>, ctx: &mut Context<Self>) {
        gate.pass().await;
        for monitor in monitors {
            ctx.demonitor(monitor);
        }
    }

    #[handler(down)]
    fn on_down(&mut self, down: Down) {
        self.log.add(format!("down {:?} {:?} {}", down.pid, down.monitor, down.reason));
    }
}
