//! Many actors that one publish, or somebody outside, makes runnable: they share a few tasks, and nobody can tell.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use airssys_rt::prelude::*;
use tests::actors::eventually;

/// More than get tasks of their own.
const MANY: u64 = 100;
/// Those of a publish who may have tasks of their own, and a few of the system's.
const FEW: usize = 70;

#[derive(Clone)]
struct Tick(u64);

#[actor]
#[derive(Default)]
struct Listener {
    heard: Vec<u64>,
    seen: Arc<AtomicU64>,
}

#[handlers]
impl Listener {
    #[handler(event)]
    fn tick(&mut self, tick: Tick) {
        self.heard.push(tick.0);
        self.seen.fetch_add(1, Ordering::SeqCst);
    }

    #[handler]
    fn hear(&mut self, number: u64) {
        self.tick(Tick(number));
    }

    #[handler]
    fn heard(&self) -> Vec<u64> {
        self.heard.clone()
    }
}

async fn listeners(system: &System, seen: &Arc<AtomicU64>) -> Vec<ActorRef<Listener>> {
    let mut all = Vec::new();
    for _ in 0..MANY {
        all.push(system.start(Listener { heard: Vec::new(), seen: seen.clone() }).await.unwrap());
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn c126_each_of_many_subscribers_gets_each_event_once_and_in_order() {
    let system = System::new("crowd");
    let seen = Arc::default();
    let all = listeners(&system, &seen).await;
    let bus = system.events();
    for number in 0..200 {
        assert_eq!(bus.publish(Tick(number)), all.len());
        // Asked meanwhile, an actor in the crowd answers, whoever runs it.
        let one = &all[number as usize % all.len()];
        assert_eq!(one.heard().await.unwrap().last(), Some(&number));
    }
    for one in &all {
        assert_eq!(one.heard().await.unwrap(), (0..200).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn of_many_subscribers_few_keep_a_task_however_often_something_is_published() {
    let system = System::new("crowd");
    let seen = Arc::default();
    let all = listeners(&system, &seen).await;
    let bus = system.events();
    for number in 1..=200 {
        assert_eq!(bus.publish(Tick(number)), all.len());
        eventually("all have heard", || seen.load(Ordering::SeqCst) == number * MANY).await;
    }
    let tasks = tokio::runtime::Handle::current().metrics().num_alive_tasks();
    assert!(tasks < FEW, "{tasks} tasks");
}

/// The last ten of a hundred are killed once all have been made runnable, before anybody's turn.
async fn some_end_before_their_turn(rouse: impl FnOnce(&System, &[ActorRef<Listener>])) {
    let system = System::new("crowd");
    let seen: Arc<AtomicU64> = Arc::default();
    let mut all = listeners(&system, &seen).await;
    rouse(&system, &all);
    assert_eq!(seen.load(Ordering::SeqCst), 0, "nobody has had a turn");
    let killed = all.split_off(90);
    let ended: Vec<_> = killed.iter().map(ActorRef::kill).collect();
    for one in ended {
        one.await.unwrap();
    }
    for one in &all {
        assert_eq!(one.heard().await.unwrap(), [0]);
    }
    assert_eq!(seen.load(Ordering::SeqCst), 90);
    assert_eq!(system.counters().processes, 90);
}

fn publish(system: &System, _all: &[ActorRef<Listener>]) {
    assert_eq!(system.events().publish(Tick(0)) as u64, MANY);
}

fn tell_each(_system: &System, all: &[ActorRef<Listener>]) {
    for one in all {
        one.hear(0).try_tell().unwrap();
    }
}

#[tokio::test]
async fn c127_a_subscriber_of_many_that_ends_before_its_turn_takes_nobody_with_it() {
    some_end_before_their_turn(publish).await;
}

#[tokio::test]
async fn one_of_many_told_that_is_killed_before_its_turn_takes_nobody_with_it() {
    some_end_before_their_turn(tell_each).await;
}

/// All have been made runnable, and nobody has had a turn, when their runtime goes away.
fn all_end_with_their_runtime(rouse: impl FnOnce(&System, &[ActorRef<Listener>])) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let seen: Arc<AtomicU64> = Arc::default();
    let (system, all, monitors) = runtime.block_on(async {
        let system = System::new("crowd");
        let all = listeners(&system, &seen).await;
        let monitors: Vec<_> = all.iter().map(ActorRef::monitor).collect();
        rouse(&system, &all);
        (system, all, monitors)
    });
    drop(runtime);
    assert_eq!(seen.load(Ordering::SeqCst), 0, "nobody had a turn");
    let elsewhere = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    elsewhere.block_on(async {
        for monitor in monitors {
            let down = tokio::time::timeout(Duration::from_secs(60), monitor).await.unwrap();
            assert_eq!(down.reason, ExitReason::Killed);
        }
    });
    drop(all);
    assert_eq!(system.counters().processes, 0);
    assert_eq!(Arc::strong_count(&seen), 1, "their states are dropped");
}

#[test]
fn who_is_in_the_crowd_of_a_runtime_that_goes_away_ends_with_it() {
    all_end_with_their_runtime(publish);
}

#[test]
fn who_was_told_from_outside_ends_with_a_runtime_that_goes_away() {
    all_end_with_their_runtime(tell_each);
}

#[actor]
struct Blocks {
    last: Option<ActorRef<Answers>>,
    seen: Arc<AtomicU64>,
}

#[handlers]
impl Blocks {
    #[handler(event)]
    fn tick(&mut self, _tick: Tick) {
        let Some(last) = &self.last else { return };
        if tokio::task::block_in_place(|| last.answer().blocking_ask()) == Ok(1) {
            self.seen.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[handler]
    fn meet(&mut self, last: ActorRef<Answers>) {
        self.last = Some(last);
    }
}

#[actor]
#[derive(Default)]
struct Answers {
    heard: u64,
}

#[handlers]
impl Answers {
    #[handler(event)]
    fn tick(&mut self, _tick: Tick) {
        self.heard += 1;
    }

    #[handler]
    async fn answer(&mut self) -> u64 {
        self.heard
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn one_of_many_that_blocks_for_the_answer_of_a_later_one_gets_it() {
    let system = System::new("crowd");
    let seen: Arc<AtomicU64> = Arc::default();
    let mut all = listeners(&system, &seen).await;
    // In the line before the one whose answer they wait for.
    let mut blocked = Vec::new();
    for _ in 0..2 {
        blocked.push(system.start(Blocks { last: None, seen: seen.clone() }).await.unwrap());
    }
    let last = system.start(Answers::default()).await.unwrap();
    for one in &blocked {
        one.meet(last.clone()).await.unwrap();
    }
    all.extend(listeners(&system, &seen).await);
    let bus = system.events();
    let reached = tokio::spawn(async move { bus.publish(Tick(0)) }).await.unwrap();
    assert_eq!(reached, all.len() + blocked.len() + 1);
    let all_but_last = (all.len() + blocked.len()) as u64;
    eventually("all have heard", || seen.load(Ordering::SeqCst) >= all_but_last).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn c084_each_of_many_that_are_told_from_outside_handles_all_in_order() {
    let system = System::new("crowd");
    let seen = Arc::default();
    let all = listeners(&system, &seen).await;
    // Often enough that all become hot on the way.
    for number in 0..200 {
        for one in &all {
            one.hear(number).tell().await.unwrap();
        }
        let one = &all[number as usize % all.len()];
        assert_eq!(one.heard().await.unwrap().last(), Some(&number));
    }
    for one in &all {
        assert_eq!(one.heard().await.unwrap(), (0..200).collect::<Vec<_>>());
    }
}

/// Blocks its thread without a word to the framework, until the gate is opened.
#[actor]
struct Waits {
    gate: Option<std::sync::mpsc::Receiver<()>>,
}

#[handlers]
impl Waits {
    #[handler]
    fn wait(&mut self) {
        let gate = self.gate.take();
        tokio::task::block_in_place(|| gate.map(|gate| gate.recv_timeout(Duration::from_secs(60))));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_that_block_in_place_keep_nobody_from_a_first_message() {
    let system = System::new("crowd");
    let seen: Arc<AtomicU64> = Arc::default();
    let all = listeners(&system, &seen).await;
    let told = async move {
        let mut gates = Vec::new();
        let mut blocked = Vec::new();
        // More than there are workers, before and between those that do not block.
        for one in &all {
            let (open, gate) = std::sync::mpsc::channel();
            let waits = system.spawn(Waits { gate: Some(gate) });
            if gates.len() < 10 {
                waits.wait().try_tell().unwrap();
                gates.push(open);
                blocked.push(waits);
            }
            one.hear(0).try_tell().unwrap();
        }
        eventually("all have heard", || seen.load(Ordering::SeqCst) >= MANY).await;
        // Not one of them has gone on.
        for open in gates {
            open.send(()).unwrap();
        }
        for one in blocked {
            one.drain().await.unwrap();
        }
    };
    tokio::spawn(told).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whom_a_task_tells_that_then_keeps_its_worker_are_served_by_another() {
    let system = System::new("crowd");
    let seen: Arc<AtomicU64> = Arc::default();
    let all = listeners(&system, &seen).await;
    let last = system.spawn(Listener::default());
    let (open, gate) = std::sync::mpsc::channel::<()>();
    let told = tokio::spawn(async move {
        for one in &all {
            one.hear(0).try_tell().unwrap();
        }
        // The last task that a worker makes runnable is its own to run: no other one takes it.
        last.hear(0).try_tell().unwrap();
        // No word to Tokio either: what lies with this worker stays there.
        gate.recv_timeout(Duration::from_secs(60)).unwrap();
    });
    eventually("all have heard", || seen.load(Ordering::SeqCst) >= MANY).await;
    open.send(()).unwrap();
    told.await.unwrap();
}

/// How many turns another task has had, and whose turn this is.
type Turn = (u64, Option<tokio::task::Id>);

/// Keeps its thread for longer than anybody may who has others behind it.
#[actor]
struct Slow {
    turns: Arc<AtomicU64>,
    found: Arc<std::sync::Mutex<Vec<Turn>>>,
}

#[handlers]
impl Slow {
    #[handler]
    fn work(&mut self) {
        self.found.lock().unwrap().push((self.turns.load(Ordering::SeqCst), tokio::task::try_id()));
        let began = std::time::Instant::now();
        while began.elapsed() < Duration::from_millis(2) {
            std::hint::spin_loop();
        }
    }
}

/// Lets all that is ready have its turn, and counts.
async fn count_turns(turns: Arc<AtomicU64>) {
    std::future::poll_fn(|cx| {
        turns.fetch_add(1, Ordering::SeqCst);
        cx.waker().wake_by_ref();
        std::task::Poll::<()>::Pending
    })
    .await;
}

#[test]
fn slow_actors_told_for_the_first_time_hold_up_neither_other_tasks_nor_each_other() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (turns, found) = (Arc::<AtomicU64>::default(), Arc::<std::sync::Mutex<Vec<Turn>>>::default());
    runtime.block_on(async {
        let system = System::new("crowd");
        let counting = tokio::spawn(count_turns(turns.clone()));
        let slow = || Slow { turns: turns.clone(), found: found.clone() };
        let all: Vec<_> = (0..20).map(|_| system.spawn(slow())).collect();
        for one in &all {
            one.work().try_tell().unwrap();
        }
        for one in all {
            one.drain().await.unwrap();
        }
        counting.abort();
    });
    let found = found.lock().unwrap();
    assert_eq!(found.len(), 20);
    let apart = found.windows(2).all(|two| two[0] != two[1]);
    assert!(apart, "no other task had its turn between two that took long: {found:?}");
    // Those behind it left the crowd.
    assert!(found[19].0 - found[0].0 < 6, "a turn of all others before each: {found:?}");
}

/// Counts its steps. Each needs a turn of its own task.
#[actor]
#[derive(Clone)]
struct Steps {
    steps: Arc<AtomicU64>,
}

#[handlers]
impl Steps {
    #[handler]
    fn join(&mut self) {}

    #[handler]
    fn pass_on(&mut self, other: ActorRef<Steps>, then: ActorRef<Looks>) {
        other.step_late(then).try_tell().unwrap();
    }

    #[handler]
    async fn step(&mut self) {
        self.steps.fetch_add(1, Ordering::SeqCst);
    }

    /// Begun on somebody else's poll, it goes on in its own task.
    #[handler]
    async fn step_late(&mut self, then: ActorRef<Looks>) {
        then.look().try_tell().unwrap();
        tokio::task::yield_now().await;
        self.step().await;
    }

    #[handler]
    fn fail(&mut self) -> ActorResult<()> {
        Err(ActorError::msg("no"))
    }

    #[handler(stop)]
    async fn stop(&mut self) {
        self.step().await;
    }
}

/// Keeps its thread until a step was made, or for long.
#[actor]
struct Looks {
    steps: Arc<AtomicU64>,
    found: Arc<AtomicU64>,
    /// Lets another worker go on.
    gate: Option<std::sync::mpsc::Sender<()>>,
}

#[handlers]
impl Looks {
    #[handler]
    fn look(&mut self) {
        if let Some(gate) = self.gate.take() {
            gate.send(()).unwrap();
        }
        let began = std::time::Instant::now();
        while self.steps.load(Ordering::SeqCst) == 0 && began.elapsed() < Duration::from_secs(5) {
            std::thread::yield_now();
        }
        self.found.store(self.steps.load(Ordering::SeqCst), Ordering::SeqCst);
    }
}

/// What the one that looks has found, after `rouse` has made both runnable. With two workers, the other one has its hands full
/// until then.
async fn found_after<T: Send + 'static>(
    workers: usize,
    rouse: impl FnOnce(&System, Steps, &ActorRef<Looks>) -> T + Send + 'static,
) -> u64 {
    let system = System::new("crowd");
    let mut gate = None;
    if workers > 1 {
        let (open, opened) = std::sync::mpsc::channel();
        let (begun, begins) = tokio::sync::oneshot::channel();
        drop(tokio::spawn(async move {
            begun.send(()).unwrap();
            opened.recv_timeout(Duration::from_secs(60)).unwrap();
        }));
        begins.await.unwrap();
        gate = Some(open);
    }
    let (steps, found) = (Arc::<AtomicU64>::default(), Arc::new(AtomicU64::new(u64::MAX)));
    let looks = system.spawn(Looks { steps: steps.clone(), found: found.clone(), gate });
    // Nobody asks: who does so would handle the messages that wait. By a task, so that nobody has a turn meanwhile.
    let _kept = tokio::spawn(async move { rouse(&system, Steps { steps }, &looks) }).await.unwrap();
    eventually("it has looked", || found.load(Ordering::SeqCst) != u64::MAX).await;
    found.load(Ordering::SeqCst)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c053_who_leaves_the_crowd_for_its_own_task_waits_for_nobody_behind_it() {
    let found = found_after(2, |system, steps, looks| {
        let one = system.spawn(steps);
        one.join().try_tell().unwrap();
        one.step().try_tell().unwrap();
        looks.look().try_tell().unwrap();
        one
    });
    assert_eq!(found.await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c053_who_fails_in_the_crowd_waits_for_nobody_behind_it() {
    let found = found_after(2, |system, steps, looks| {
        let one = system.spawn(steps);
        one.fail().try_tell().unwrap();
        looks.look().try_tell().unwrap();
        one
    });
    assert_eq!(found.await, 1);
}

#[tokio::test]
async fn c053_who_goes_on_in_its_own_task_waits_for_none_that_it_has_told() {
    let found = found_after(1, |system, steps, looks| {
        let (one, other) = (system.spawn(steps.clone()), system.spawn(steps));
        one.pass_on(other.clone(), looks.clone()).try_tell().unwrap();
        (one, other)
    });
    assert_eq!(found.await, 1);
}
