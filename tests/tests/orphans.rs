//! A supervisor that goes away at any moment of whatever it does leaves nothing behind.
//!
//! For every step of its task during a start, a group restart and a stop, three things are done to it: it is killed, its task
//! is dropped, and the whole runtime is dropped. Afterwards there is no descendant, name, timer, subscription, monitor, link,
//! state or spawned task, and every monitor has fired once.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context as TaskContext, Poll, Waker};

use airssys_rt::prelude::*;
use airssys_rt::testing::{Fault, Simulation};
use airssys_rt::{MonitorId, ProcessRole};

/// How long a supervisor's end may take until everything it owned has ended: in virtual time.
const BOUND: Duration = Duration::from_secs(2);

/// Counts what lives.
#[derive(Clone, Default)]
struct Tally {
    inside: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    /// States and start expressions under way.
    live: AtomicI64,
    /// Tasks that workers have spawned beside themselves.
    tasks: AtomicI64,
    /// Start handlers that came to their end.
    ups: AtomicUsize,
    /// How many states a worker has by its id: one at most.
    states: Mutex<BTreeMap<&'static str, u32>>,
    overlaps: AtomicUsize,
}

impl Tally {
    fn held(&self) -> Held {
        Held::new(&self.inside, |counts| &counts.live)
    }

    fn held_by_task(&self) -> Held {
        Held::new(&self.inside, |counts| &counts.tasks)
    }

    fn ups(&self) -> usize {
        self.inside.ups.load(Ordering::Relaxed)
    }
}

/// Counts until it is dropped.
struct Held {
    counts: Arc<Counts>,
    which: fn(&Counts) -> &AtomicI64,
}

impl Held {
    fn new(counts: &Arc<Counts>, which: fn(&Counts) -> &AtomicI64) -> Self {
        which(counts).fetch_add(1, Ordering::Relaxed);
        Self { counts: counts.clone(), which }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        (self.which)(&self.counts).fetch_sub(1, Ordering::Relaxed);
    }
}

/// The one state that a worker may have at a time.
struct Only {
    id: &'static str,
    held: Held,
}

impl Only {
    fn new(tally: &Tally, id: &'static str) -> Self {
        let mut states = tally.inside.states.lock().unwrap();
        let count = states.entry(id).or_default();
        *count += 1;
        if *count > 1 {
            tally.inside.overlaps.fetch_add(1, Ordering::Relaxed);
        }
        Self { id, held: tally.held() }
    }
}

impl Drop for Only {
    fn drop(&mut self) {
        *self.held.counts.states.lock().unwrap().get_mut(self.id).unwrap() -= 1;
    }
}

#[derive(Clone)]
struct News;

/// Stays through it all: workers monitor it and are linked to it, and it monitors them.
#[actor]
#[derive(Default)]
struct Lighthouse {
    watched: Vec<MonitorId>,
    downs: BTreeMap<MonitorId, usize>,
}

#[handlers]
impl Lighthouse {
    #[handler]
    fn watch(&mut self, processes: Vec<ProcessInfo>, ctx: &mut Context<Self>) {
        self.watched.extend(processes.iter().map(|process| ctx.monitor(process)));
    }

    #[handler(down)]
    fn noticed(&mut self, down: Down) {
        *self.downs.entry(down.monitor).or_default() += 1;
    }

    /// Traps the ends of linked workers.
    #[handler(exit)]
    fn linked(&mut self, _exit: Exit) {}

    /// Whether each monitor has fired once.
    #[handler]
    fn is_even(&self) -> bool {
        self.downs.len() == self.watched.len() && self.downs.values().all(|count| *count == 1)
    }
}

/// Owned by a worker.
#[actor]
struct Apprentice {
    _held: Held,
}

#[handlers]
impl Apprentice {
    #[handler(every = "7ms")]
    fn tick(&mut self) {}
}

/// Has one of everything that could be left.
#[actor]
struct Worker {
    _only: Only,
    slow: bool,
    world: World,
}

impl Worker {
    async fn open(world: World, id: &'static str, slow: bool) -> ActorResult<Self> {
        let _making = world.tally.held();
        if slow {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(Self { _only: Only::new(&world.tally, id), slow, world })
    }
}

#[handlers]
impl Worker {
    #[handler(start)]
    async fn started(&mut self, ctx: &mut Context<Self>) {
        let held = self.world.tally.held_by_task();
        ctx.spawn(async move {
            let _held = held;
            std::future::pending::<()>().await;
        });
        ctx.monitor(&self.world.lighthouse);
        ctx.link(&self.world.lighthouse);
        ctx.spawn_child(Apprentice { _held: self.world.tally.held() }).detach();
        if self.slow {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.world.tally.inside.ups.fetch_add(1, Ordering::Relaxed);
    }

    #[handler(stop)]
    async fn stopping(&mut self) {
        if self.slow {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    #[handler(every = "3ms")]
    fn tick(&mut self) {}

    #[handler(event)]
    fn noticed(&mut self, _news: News) {}

    #[handler]
    fn crash(&mut self) -> ActorResult<()> {
        Err(ActorError::msg("crash"))
    }
}

/// Everything around the supervisor.
#[derive(Clone)]
struct World {
    system: System,
    tally: Tally,
    lighthouse: ActorRef<Lighthouse>,
}

/// What is there now, all that must not grow.
#[derive(Debug, Default, PartialEq, Eq)]
struct Inventory {
    processes: Vec<ProcessId>,
    names: usize,
    timers: usize,
    queued: u64,
    subscribers: usize,
    monitors: usize,
    links: usize,
    live: i64,
    tasks: i64,
}

impl World {
    fn new(system: &System) -> Self {
        let lighthouse = system.spawn(Lighthouse::default());
        Self { system: system.clone(), tally: Tally::default(), lighthouse }
    }

    fn inventory(&self) -> Inventory {
        let counters = self.system.counters();
        let processes: Vec<_> = self.system.processes().iter().map(ProcessInfo::pid).collect();
        assert_eq!(processes.len(), counters.processes);
        Inventory {
            processes,
            names: counters.names,
            timers: counters.timers,
            queued: counters.queued,
            subscribers: self.system.events().subscribers::<News>(),
            monitors: counters.monitors,
            links: counters.links,
            live: self.tally.inside.live.load(Ordering::Relaxed),
            tasks: self.tally.inside.tasks.load(Ordering::Relaxed),
        }
    }

    /// Has everybody else watched.
    async fn watch_all(&self) {
        let mut all = self.system.processes();
        all.retain(|process| process.pid() != self.lighthouse.pid());
        self.lighthouse.watch(all).await.unwrap();
    }

    /// Nothing is left beside the lighthouse, at once or within the bound. A task that a worker spawned is dropped when
    /// it is its turn.
    async fn expect_nothing(&self, within: Duration, moment: &str) {
        let began = tokio::time::Instant::now();
        loop {
            let left = self.inventory();
            let tasks = if began.elapsed() < BOUND { left.tasks } else { 0 };
            let nothing = Inventory { processes: vec![self.lighthouse.pid()], tasks, ..Inventory::default() };
            if left == nothing && left.tasks == 0 {
                break;
            }
            let late = began.elapsed() >= within && left != nothing || began.elapsed() > BOUND;
            assert!(!late, "{moment} left {left:?}\n{}", self.system.tree());
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert!(self.lighthouse.is_even().await.unwrap(), "{moment}: a monitor did not fire, or fired twice");
        assert_eq!(self.tally.inside.overlaps.load(Ordering::Relaxed), 0, "{moment}: two states at a time");
        let counters = self.system.counters();
        let accounted = counters.handled + counters.dead_lettered + counters.lost_in_hand;
        assert_eq!(counters.accepted, accounted, "{moment}: {counters:?}");
        assert_eq!(counters.leaked, 0, "{moment}");
    }
}

struct Tree {
    below: Supervised,
    second: ActorRef<Worker>,
    crowd: Children<Worker, bool>,
}

fn worker(world: &World, id: &'static str, slow: bool) -> ChildSpec<Worker> {
    let world = world.clone();
    ChildSpec::new(id, move || Worker::open(world.clone(), id, slow)).named(id)
}

/// Two plain workers, a supervisor with two slow ones, workers started at run time, and a slow one at the end.
fn tree(world: &World, strategy: RestartStrategy) -> SupervisorSpec<Tree> {
    let below = Supervisor::builder().strategy(strategy).child(worker(world, "inner", true)).child(worker(
        world,
        "other inner",
        false,
    ));
    let below = ChildSpec::supervisor("below", async move { Ok(below.plan(|_| async { Ok(()) })) });
    let first = worker(world, "first", false);
    let second = worker(world, "second", false);
    let last = worker(world, "last", true);
    let of_crowd = world.clone();
    let crowd = ChildSpec::dynamic("crowd", move |slow| {
        let id = if slow { "slow of crowd" } else { "of crowd" };
        Worker::open(of_crowd.clone(), id, slow)
    });
    Supervisor::builder().strategy(strategy).plan(|mut children| async move {
        children.start(first).await?;
        let second = children.start(second).await?;
        let below = children.start(below).await?;
        let crowd = children.start(crowd).await?;
        children.start(last).await?;
        Ok(Tree { below, second, crowd })
    })
}

/// How many workers start with the tree.
const DECLARED: usize = 5;
/// And how many are started afterwards.
const ADDED: usize = 3;

/// Starts what is started at run time.
async fn add(world: &World, top: &Supervised<Tree>) -> Result<(), StartError> {
    top.crowd.start(false).await?;
    top.crowd.start(true).await?;
    top.start_child(worker(world, "added", true)).await?;
    Ok(())
}

/// Waits until so many have started, or there is nobody who could start them.
async fn until_up(world: &World, top: &Supervised<Tree>, ups: usize) {
    while world.tally.ups() < ups && top.process().is_alive() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Start,
    Restart,
    Stop,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whom {
    Top,
    Below,
}

#[derive(Clone, Copy, Debug)]
struct Plan {
    seed: u64,
    strategy: RestartStrategy,
    phase: Phase,
    whom: Whom,
}

const GROUPS: [RestartStrategy; 2] = [RestartStrategy::OneForAll, RestartStrategy::RestForOne];

/// One run; with `at`, a fault strikes the supervisor at that step of the phase. Says who is struck, at how many steps
/// it could be, and how many faults there were.
fn run(plan: Plan, target: Option<ProcessId>, at: Option<(u64, Fault)>) -> (ProcessId, u64, u64) {
    let moment = format!("{plan:?} {at:?}");
    Simulation::run(plan.seed, move |sim| async move {
        let world = World::new(sim.system());
        let pid = |top: &Supervised<Tree>| match plan.whom {
            Whom::Top => top.pid(),
            Whom::Below => top.below.pid(),
        };
        if plan.phase == Phase::Start
            && let (Some(target), Some((step, fault))) = (target, at)
        {
            // Its id is known from the run without a fault: the seed is the same.
            sim.strike(target, step, fault);
        }
        let started = sim.system().start(tree(&world, plan.strategy)).await;
        let Ok(top) = started else {
            // Whoever is told of the failed start finds nothing left. A task that is dropped cannot wait for that.
            let within =
                if at.is_some_and(|(_, fault)| fault == Fault::Kill) { Duration::ZERO } else { BOUND };
            world.expect_nothing(within, &moment).await;
            return (target.unwrap(), 0, sim.faults());
        };
        let target = pid(&top);
        let steps_of_start = sim.steps(target);
        // A supervisor that is struck below this one is started again with its group.
        let mut ups = DECLARED + ADDED;
        let added = add(&world, &top).await;
        world.watch_all().await;
        let mut down = pin!(top.monitor());
        let before = sim.steps(target);
        if plan.phase != Phase::Start
            && let Some((step, fault)) = at
        {
            sim.strike(target, step, fault);
        }
        match plan.phase {
            Phase::Start => {}
            Phase::Restart => {
                let _ = top.second.crash().await;
                // With the second go those after it: the inner two and the last, the crowd and the added one.
                ups += match plan.strategy {
                    RestartStrategy::OneForAll => DECLARED + ADDED,
                    _ => DECLARED + ADDED - 1,
                };
                until_up(&world, &top, ups).await;
            }
            Phase::Stop => drop(top.stop().await),
        }
        if at.is_none() {
            added.unwrap();
            assert_eq!(world.tally.ups(), ups);
        }
        if plan.phase != Phase::Stop && top.process().is_alive() {
            // The fault was survived: whoever was struck was started again.
            tokio::time::sleep(BOUND / 20).await;
            let _ = top.stop().await;
        }
        (&mut down).await;
        let steps = match plan.phase {
            Phase::Start => steps_of_start,
            _ => sim.steps(target) - before,
        };
        // Whoever is told of its end finds nothing left. A task that is dropped cannot wait for that.
        let within = match at {
            Some((_, Fault::Abort)) => BOUND,
            _ => Duration::ZERO,
        };
        world.expect_nothing(within, &moment).await;
        (target, steps, sim.faults())
    })
}

/// Every step of a phase, for both of those who can be struck, both strategies, some orders, a kill and an abort.
fn every_step(phase: Phase) {
    let (mut points, mut most) = (0, 0);
    for whom in [Whom::Top, Whom::Below] {
        for strategy in GROUPS {
            for seed in 0..seeds() {
                let plan = Plan { seed, strategy, phase, whom };
                let (target, steps, _) = run(plan, None, None);
                assert!(steps > 2, "{plan:?}: {steps} steps");
                most = most.max(steps);
                for step in 1..=steps {
                    for fault in [Fault::Kill, Fault::Abort] {
                        let (_, _, faults) = run(plan, Some(target), Some((step, fault)));
                        assert_eq!(faults, 1, "{plan:?}: {fault} does not strike at step {step} of {steps}");
                        points += 1;
                    }
                }
            }
        }
    }
    println!("{phase:?}: {points} abort points (up to {most} steps of one supervisor), 0 orphans");
}

/// More orders: `AIRSSYS_SEEDS=100`.
fn seeds() -> u64 {
    std::env::var("AIRSSYS_SEEDS").ok().and_then(|number| number.parse().ok()).unwrap_or(3)
}

#[test]
fn c049_a_supervisor_lost_at_any_step_of_its_start_leaves_no_orphan() {
    every_step(Phase::Start);
}

#[test]
fn c049_a_supervisor_lost_at_any_step_of_a_group_restart_leaves_no_orphan() {
    every_step(Phase::Restart);
}

#[test]
fn c049_a_supervisor_lost_at_any_step_of_its_stop_leaves_no_orphan() {
    every_step(Phase::Stop);
}

/// A whole life: start, group restart, stop.
async fn life(world: World, strategy: RestartStrategy) {
    let Ok(top) = world.system.start(tree(&world, strategy)).await else { return };
    let added = add(&world, &top).await;
    world.watch_all().await;
    let ups = world.tally.ups();
    let _ = top.second.crash().await;
    if added.is_ok() {
        until_up(&world, &top, ups + DECLARED + ADDED - 1).await;
    }
    let _ = top.stop().await;
}

/// Runs a life on a runtime of its own until a step, then does something. Says whether the life was over by then.
///
/// A step is one run of any task: the runtime looks at its root between any two of them. The clock goes on by a
/// millisecond every few steps, so that the same step is the same moment each time.
fn until_step(
    step: u64,
    strategy: RestartStrategy,
    then: impl FnOnce(tokio::runtime::Runtime, World),
) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .event_interval(1)
        .build()
        .unwrap();
    let system = System::builder().name("cut").runtime(runtime.handle().clone()).build().unwrap();
    let world = World::new(&system);
    let mut over = false;
    {
        let _here = runtime.enter();
        let mut life = runtime.spawn(life(world.clone(), strategy));
        let mut looks = 0;
        runtime.block_on(std::future::poll_fn(|cx| {
            over = std::pin::Pin::new(&mut life).poll(cx).is_ready();
            if over || looks == step {
                return Poll::Ready(());
            }
            looks += 1;
            if looks % 8 == 0 {
                // It advances at its first look, and only yields after that.
                let mut cx = TaskContext::from_waker(Waker::noop());
                let _ = pin!(tokio::time::advance(Duration::from_millis(1))).poll(&mut cx);
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        }));
        if !over {
            life.abort();
        }
    }
    then(runtime, world);
    over
}

#[test]
fn c049_a_runtime_dropped_at_any_step_leaves_no_orphan() {
    let mut points = 0;
    for strategy in GROUPS {
        for step in 0.. {
            let over = until_step(step, strategy, |runtime, world| {
                let monitors: Vec<_> =
                    world.system.processes().into_iter().map(|process| process.wait_at()).collect();
                drop(runtime);
                let left = world.inventory();
                // The lighthouse may have had no task, since it had nothing to do: then nobody told it.
                let lone = left.processes.iter().all(|pid| *pid == world.lighthouse.pid());
                let rest = (
                    left.names,
                    left.timers,
                    left.subscribers,
                    left.monitors,
                    left.links,
                    left.live,
                    left.tasks,
                );
                assert!(
                    lone && rest == (0, 0, 0, 0, 0, 0, 0),
                    "dropped at step {step} of {strategy:?}: {left:?}"
                );
                for (pid, ended) in monitors {
                    let told = pid == world.lighthouse.pid() || ended();
                    assert!(
                        told,
                        "dropped at step {step} of {strategy:?}: nobody was told of the end of {pid}"
                    );
                }
            });
            if over {
                break;
            }
            points += 1;
        }
    }
    assert!(points > 100, "{points} points");
    println!("runtime dropped: {points} abort points, 0 orphans");
}

#[test]
fn c049_a_supervisor_killed_between_any_two_steps_of_anybody_leaves_no_orphan() {
    let mut points = 0;
    for strategy in GROUPS {
        for step in 0.. {
            let over = until_step(step, strategy, |runtime, world| {
                runtime.block_on(async {
                    let root = world.system.processes().into_iter().find(|process| {
                        process.role() == ProcessRole::Supervisor && process.supervisor().is_none()
                    });
                    if let Some(root) = root.and_then(|root| world.system.actor_ref::<Supervisor>(root.pid()))
                    {
                        let _ = root.kill().await;
                    }
                    world.expect_nothing(BOUND, &format!("a kill at step {step} of {strategy:?}")).await;
                });
            });
            if over {
                break;
            }
            points += 1;
        }
    }
    assert!(points > 100, "{points} points");
    println!("killed between any two steps: {points} abort points, 0 orphans");
}

/// Whether an end was told, to be looked at without a runtime.
trait WaitAt {
    fn wait_at(self) -> (ProcessId, Box<dyn FnOnce() -> bool>);
}

impl WaitAt for ProcessInfo {
    fn wait_at(self) -> (ProcessId, Box<dyn FnOnce() -> bool>) {
        let pid = self.pid();
        let mut told = Box::pin(async move { self.wait().await });
        let mut look = move || {
            let mut cx = TaskContext::from_waker(Waker::noop());
            told.as_mut().poll(&mut cx).is_ready()
        };
        // It waits from now on.
        let _ = look();
        (pid, Box::new(look))
    }
}
