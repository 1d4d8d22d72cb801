//! Actors declared with `#[actor(blocking)]`: where their code runs, what may be done there, and how they end.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::ThreadId;

use airssys_rt::prelude::*;
use airssys_rt::testing::Simulation;
use tests::actors::{Gate, Log, Oops, Worker, WorkerApi, at_rest, eventually, nothing_left, within};
use tests::latch::Latch;
use tokio::runtime::{Builder, Handle, Runtime};

/// Where an actor's code blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Nowhere,
    Expression,
    Start,
    Plain,
    Async,
    Event,
    Timer,
    Error,
    Stop,
    Drop,
}

#[derive(Clone, Debug)]
struct Poke;

/// Blocks at one place of its life, and writes down what it does.
#[actor(blocking)]
struct Blocker {
    place: Place,
    latch: Latch,
    log: Log,
    /// How many incarnations there are now.
    alive: Arc<AtomicU32>,
}

impl Blocker {
    fn new(place: Place, latch: &Latch, log: &Log) -> Self {
        Self::among(place, latch, log, Arc::default())
    }

    /// One incarnation of several.
    fn among(place: Place, latch: &Latch, log: &Log, alive: Arc<AtomicU32>) -> Self {
        assert_eq!(alive.fetch_add(1, Ordering::SeqCst), 0, "two incarnations at a time");
        let blocker = Self { place, latch: latch.clone(), log: log.clone(), alive };
        blocker.at(Place::Expression);
        blocker
    }

    fn at(&self, place: Place) {
        if self.place == place {
            self.log.add(format!("{place:?}"));
            self.latch.pass();
        }
    }
}

impl Drop for Blocker {
    fn drop(&mut self) {
        self.at(Place::Drop);
        self.log.add("gone");
        self.alive.fetch_sub(1, Ordering::SeqCst);
    }
}

#[handlers]
impl Blocker {
    #[handler(start)]
    fn rise(&mut self) {
        self.at(Place::Start);
    }

    #[handler]
    fn plain(&mut self) -> ThreadId {
        self.at(Place::Plain);
        std::thread::current().id()
    }

    #[handler]
    async fn later(&mut self) -> ThreadId {
        tokio::task::yield_now().await;
        self.at(Place::Async);
        std::thread::current().id()
    }

    #[handler]
    async fn hold(&mut self, gate: Gate) {
        gate.pass().await;
        self.log.add("held");
    }

    #[handler]
    fn fail(&mut self) -> ActorResult<()> {
        Err(Oops("on purpose"))?
    }

    #[handler(event)]
    fn poked(&mut self, _poke: Poke) {
        self.at(Place::Event);
    }

    #[handler(after = "1ms")]
    fn due(&mut self) {
        self.at(Place::Timer);
    }

    #[handler(error)]
    fn failed(&mut self, _error: &ActorError) -> ErrorAction {
        self.at(Place::Error);
        ErrorAction::Resume
    }

    #[handler(stop)]
    fn fall(&mut self) {
        self.at(Place::Stop);
    }
}

/// A supervisor of one blocker.
async fn supervise(system: &System, place: Place, latch: &Latch, log: &Log) -> Supervised<()> {
    let (latch, log, alive) = (latch.clone(), log.clone(), Arc::new(AtomicU32::new(0)));
    let spec = ChildSpec::new("blocker", move || {
        let (latch, log, alive) = (latch.clone(), log.clone(), alive.clone());
        async move { Ok(Blocker::among(place, &latch, &log, alive)) }
    });
    let spec = spec.shutdown(Shutdown::Wait);
    system.start(Supervisor::builder().child(spec)).await.unwrap()
}

async fn blocks_nobody(place: Place) {
    let system = System::new("test");
    let other = system.spawn(Worker::default());
    let (latch, log) = (Latch::new(), Log::new());
    let starting = tokio::spawn({
        let (system, latch, log) = (system.clone(), latch.clone(), log.clone());
        async move { supervise(&system, place, &latch, &log).await }
    });
    let mut ending = None;
    if !matches!(place, Place::Expression | Place::Start) {
        eventually("it has started", || starting.is_finished()).await;
    }
    let supervisor = if starting.is_finished() { Ok(starting.await.unwrap()) } else { Err(starting) };
    if let Ok(supervisor) = &supervisor {
        let blocker = supervisor.child::<Blocker>("blocker").await.unwrap();
        match place {
            Place::Plain => drop(blocker.plain().try_tell()),
            Place::Async => drop(blocker.later().try_tell()),
            Place::Event => assert_eq!(system.events().publish(Poke), 1),
            Place::Error => drop(blocker.fail().try_tell()),
            Place::Stop | Place::Drop => ending = Some(supervisor.stop()),
            _ => {}
        }
    }
    eventually("it blocks", || latch.came() == 1).await;
    for number in 0..10 {
        assert_eq!(other.note(number).await, Ok(number), "{place:?}");
        assert_eq!(other.note_later(number).await, Ok(number), "{place:?}");
    }
    assert_eq!((latch.came(), latch.went()), (1, 0), "{place:?}: still there");
    latch.open();
    let supervisor = match supervisor {
        Ok(supervisor) => supervisor,
        Err(starting) => starting.await.unwrap(),
    };
    match ending {
        Some(ending) => drop(ending.await.unwrap()),
        None => {
            let blocker = supervisor.child::<Blocker>("blocker").await.unwrap();
            blocker.plain().await.unwrap();
            assert_eq!(blocker.process().incarnation(), 1);
        }
    }
    let counters = nothing_left(&system).await;
    assert_eq!(counters.leaked, 0);
    assert_eq!(log.lines().last().unwrap(), "gone");
}

const PLACES: [Place; 9] = [
    Place::Expression,
    Place::Start,
    Place::Plain,
    Place::Async,
    Place::Event,
    Place::Timer,
    Place::Error,
    Place::Stop,
    Place::Drop,
];

#[tokio::test]
async fn c053_a_blocking_actor_holds_nobody_up_on_a_runtime_of_one_thread() {
    within(async {
        for place in PLACES {
            blocks_nobody(place).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c053_a_blocking_actor_holds_no_worker_up() {
    within(async {
        for place in PLACES {
            blocks_nobody(place).await;
        }
    })
    .await;
}

#[tokio::test]
async fn c096_no_handler_of_a_blocking_actor_runs_on_the_asker() {
    within(async {
        let system = System::new("test");
        let blocker = system.spawn(Blocker::new(Place::Nowhere, &Latch::new(), &Log::new()));
        let here = std::thread::current().id();
        for _ in 0..50 {
            assert_ne!(blocker.plain().await.unwrap(), here);
            assert_ne!(blocker.later().await.unwrap(), here);
        }
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test]
async fn c050_the_last_reference_does_not_drop_a_blocking_state_where_it_is_dropped() {
    #[actor(blocking)]
    struct Heavy(Arc<Mutex<Option<ThreadId>>>);
    #[handlers]
    impl Heavy {}
    impl Drop for Heavy {
        fn drop(&mut self) {
            *self.0.lock().unwrap() = Some(std::thread::current().id());
        }
    }
    within(async {
        let system = System::new("test");
        for how in ["dropped", "stopped", "killed", "shut down"] {
            let place = Arc::new(Mutex::new(None));
            let heavy = system.spawn(Heavy(place.clone()));
            let process = heavy.process();
            match how {
                "dropped" => drop(heavy),
                "stopped" => drop(heavy.stop().await),
                "killed" => drop(heavy.kill().await),
                _ => drop(system.shutdown().await),
            }
            process.wait().await;
            let place = place.lock().unwrap().unwrap();
            assert_ne!(place, std::thread::current().id(), "{how}");
        }
    })
    .await;
}

/// Asks a worker by blocking, from everywhere.
#[actor(blocking)]
struct Caller {
    worker: ActorRef<Worker>,
    log: Log,
}

impl Caller {
    fn call(&self, place: &str) -> u32 {
        // Plain and async handlers of the other, and any future.
        let plain = self.worker.note(1).blocking_ask().unwrap();
        let later = self.worker.note_later(2).blocking_ask().unwrap();
        self.worker.note(3).blocking_tell().unwrap();
        let nested = Handle::current().block_on(async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            self.worker.note_later(4).await.unwrap()
        });
        self.log.add(place);
        plain + later + nested
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        self.call("drop");
    }
}

#[handlers]
impl Caller {
    #[handler(start)]
    fn rise(&mut self) {
        self.call("start");
    }

    #[handler]
    fn plain(&mut self) -> u32 {
        self.call("plain")
    }

    #[handler]
    async fn later(&mut self) -> u32 {
        tokio::task::yield_now().await;
        let sum = self.call("later");
        tokio::task::yield_now().await;
        sum
    }

    #[handler]
    fn fail(&mut self) -> ActorResult<()> {
        Err(Oops("on purpose"))?
    }

    #[handler(error)]
    fn failed(&mut self, _error: &ActorError) -> ErrorAction {
        self.call("error");
        ErrorAction::Resume
    }

    #[handler(stop)]
    fn fall(&mut self) {
        self.call("stop");
    }
}

async fn blocking_calls_work() {
    let system = System::new("test");
    let log = Log::new();
    let worker = system.spawn(Worker::default());
    let caller = system.spawn(Caller { worker, log: log.clone() });
    assert_eq!(caller.plain().await, Ok(7));
    assert_eq!(caller.later().await, Ok(7));
    assert!(matches!(caller.fail().await, Err(AskError::Failed { .. })));
    assert_eq!(caller.stop().await, Ok(ExitReason::Shutdown));
    assert_eq!(log.lines(), ["start", "plain", "later", "error", "stop", "drop"]);
    nothing_left(&system).await;
}

#[tokio::test]
async fn c096_blocking_calls_work_in_every_handler_of_a_blocking_actor() {
    within(blocking_calls_work()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn c096_blocking_calls_work_in_a_blocking_actor_beside_one_worker() {
    within(async { tokio::spawn(blocking_calls_work()).await.unwrap() }).await;
}

/// One of a ring of blocking actors, each asking the next.
#[actor(blocking)]
struct Ring {
    next: Option<ActorRef<Ring>>,
}

#[handlers]
impl Ring {
    #[handler]
    fn join(&mut self, next: ActorRef<Ring>) {
        self.next = Some(next);
    }

    #[handler]
    fn leave(&mut self) {
        self.next = None;
    }

    #[handler]
    fn around(&mut self) -> Result<u32, AskError> {
        match &self.next {
            None => Ok(0),
            Some(next) => Ok(next.around().blocking_ask()?? + 1),
        }
    }

    #[handler]
    async fn around_later(&mut self) -> Result<u32, AskError> {
        match &self.next {
            None => Ok(0),
            Some(next) => Ok(next.around_later().await?? + 1),
        }
    }
}

#[tokio::test]
async fn c102_a_ring_of_blocking_asks_is_seen_at_once() {
    within(async {
        for length in 1..4 {
            let system = System::new("test");
            let ring: Vec<_> = (0..length).map(|_| system.spawn(Ring { next: None })).collect();
            for (place, one) in ring.iter().enumerate() {
                one.join(ring[(place + 1) % length].clone()).await.unwrap();
            }
            for later in [false, true] {
                let first = &ring[0];
                let asked = if later { first.around_later().await } else { first.around().await };
                let Ok(Err(AskError::Deadlock { path })) = asked else { panic!("{length}: {asked:?}") };
                assert_eq!(path.len(), length + 1, "{path:?}");
            }
            for one in &ring {
                one.leave().await.unwrap();
            }
            nothing_left(&system).await;
        }
    })
    .await;
}

fn narrow(threads: usize) -> Runtime {
    Builder::new_multi_thread().worker_threads(1).max_blocking_threads(threads).enable_all().build().unwrap()
}

#[test]
fn c096_more_blocking_actors_than_threads_get_on() {
    let runtime = narrow(2);
    runtime.block_on(within(async {
        let system = System::new("test");
        // Each waits for the next at an await: none of them holds a thread meanwhile.
        let mut chain = vec![system.spawn(Ring { next: None })];
        for _ in 0..300 {
            let next = chain.last().cloned();
            chain.push(system.spawn(Ring { next }));
        }
        assert_eq!(chain[300].around_later().await, Ok(Ok(300)));
        // All at once, over and over.
        for _ in 0..3 {
            let mut asks = tokio::task::JoinSet::new();
            for one in &chain {
                asks.spawn(one.leave().owned().into_future());
            }
            while let Some(asked) = asks.join_next().await {
                asked.unwrap().unwrap();
            }
        }
        nothing_left(&system).await;
    }));
}

#[test]
fn c096_an_idle_or_waiting_blocking_actor_holds_no_thread() {
    let runtime = narrow(1);
    runtime.block_on(within(async {
        let system = System::new("test");
        let (latch, log) = (Latch::new(), Log::new());
        let waiting = system.spawn(Blocker::new(Place::Nowhere, &latch, &log));
        let gate = Gate::new();
        waiting.hold(gate.clone()).try_tell().unwrap();
        gate.reached().await;
        let idle = system.spawn(Blocker::new(Place::Nowhere, &latch, &log));
        for _ in 0..20 {
            idle.plain().await.unwrap();
            idle.later().await.unwrap();
        }
        // The pool is the user's, too.
        assert_eq!(tokio::task::spawn_blocking(|| 5).await.unwrap(), 5);
        gate.open();
        waiting.plain().await.unwrap();
        assert_eq!(log.lines(), ["held"]);
        nothing_left(&system).await;
    }));
}

#[test]
fn c096_a_busy_blocking_actor_gives_the_only_thread_to_others_in_between() {
    let runtime = narrow(1);
    runtime.block_on(within(async {
        #[actor(blocking, mailbox(capacity = "unbounded"))]
        struct Busy {
            other: ActorRef<Blocker>,
            left: u64,
            answered: Arc<AtomicU32>,
        }
        #[handlers]
        impl Busy {
            /// Keeps itself busy until the other one has answered.
            #[handler]
            fn go(&mut self, ctx: &mut Context<Self>) {
                if self.left == 1_000_000 {
                    let (other, answered) = (self.other.clone(), self.answered.clone());
                    ctx.spawn(async move {
                        other.plain().await.unwrap();
                        answered.fetch_add(1, Ordering::SeqCst);
                    });
                }
                self.left -= 1;
                if self.left > 0 && self.answered.load(Ordering::SeqCst) == 0 {
                    ctx.this().go().try_tell().unwrap();
                } else {
                    ctx.stop();
                }
            }
        }
        let system = System::new("test");
        let other = system.spawn(Blocker::new(Place::Nowhere, &Latch::new(), &Log::new()));
        let answered = Arc::new(AtomicU32::new(0));
        let busy = system.spawn(Busy { other, left: 1_000_000, answered: answered.clone() });
        busy.go().await.unwrap();
        busy.process().wait().await;
        assert_eq!(answered.load(Ordering::SeqCst), 1, "it went on alone");
        nothing_left(&system).await;
    }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c082_blocking_handlers_do_not_overlap_and_nothing_is_lost_through_restarts() {
    #[actor(blocking, mailbox(capacity = 8))]
    struct Careful {
        inside: Arc<AtomicU32>,
        sum: Arc<AtomicU32>,
    }
    #[handlers]
    impl Careful {
        #[handler]
        fn add(&mut self, crash: bool) {
            assert_eq!(self.inside.fetch_add(1, Ordering::SeqCst), 0, "two at a time");
            self.sum.fetch_add(1, Ordering::SeqCst);
            std::thread::yield_now();
            self.inside.fetch_sub(1, Ordering::SeqCst);
            assert!(!crash, "as told");
        }
        #[handler]
        async fn add_later(&mut self) {
            assert_eq!(self.inside.fetch_add(1, Ordering::SeqCst), 0, "two at a time");
            self.sum.fetch_add(1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            self.inside.fetch_sub(1, Ordering::SeqCst);
        }
    }
    within(async {
        let system = System::new("test");
        let (inside, sum) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
        let shared = (inside.clone(), sum.clone());
        let spec = ChildSpec::new("careful", move || {
            let (inside, sum) = shared.clone();
            async move { Ok(Careful { inside, sum }) }
        });
        let builder = Supervisor::builder().max_restarts(1_000).child(spec);
        let supervisor = system.start(builder).await.unwrap();
        let careful = supervisor.child::<Careful>("careful").await.unwrap();
        let mut senders = tokio::task::JoinSet::new();
        for sender in 0..4_u32 {
            let careful = careful.clone();
            senders.spawn(async move {
                for number in 0..250 {
                    match (sender + number) % 4 {
                        0 => careful.add(number % 50 == 0).tell().await.unwrap(),
                        1 => careful.add_later().tell().await.unwrap(),
                        2 => drop(careful.add(number % 50 == 0).await),
                        _ => careful.add_later().await.unwrap(),
                    }
                }
            });
        }
        while let Some(sent) = senders.join_next().await {
            sent.unwrap();
        }
        let counters = at_rest(&system).await;
        assert_eq!(sum.load(Ordering::SeqCst), 1_000);
        assert!(counters.restarts > 0);
        assert_eq!(u64::from(careful.process().restarts()), counters.restarts);
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test]
async fn c044_a_kill_reaches_a_blocking_actor_at_an_await() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let blocker = system.spawn(Blocker::new(Place::Nowhere, &Latch::new(), &log));
        let gate = Gate::new();
        blocker.hold(gate.clone()).try_tell().unwrap();
        gate.reached().await;
        assert_eq!(blocker.kill().await, Ok(ExitReason::Killed));
        assert_eq!(log.lines(), ["gone"]);
        assert_eq!(nothing_left(&system).await.leaked, 0);
    })
    .await;
}

#[tokio::test]
async fn c053_a_blocked_blocking_actor_is_left_behind_as_any_other() {
    within(async {
        let system = System::new("test");
        let (latch, log) = (Latch::new(), Log::new());
        let supervisor = supervise(&system, Place::Plain, &latch, &log).await;
        let blocker = supervisor.child::<Blocker>("blocker").await.unwrap();
        let down = blocker.monitor();
        blocker.plain().try_tell().unwrap();
        eventually("it blocks", || latch.came() == 1).await;
        assert_eq!(supervisor.kill().await, Ok(ExitReason::Killed));
        assert_eq!(system.counters().leaked, 1);
        latch.open();
        assert_eq!(down.await.reason, ExitReason::Killed);
        assert_eq!(log.lines(), ["Plain", "gone"]);
        nothing_left(&system).await;
    })
    .await;
}

/// The three places where a runtime that goes away can find a blocking actor.
#[test]
fn c099_a_runtime_that_goes_away_leaves_no_blocking_actor_behind() {
    let elsewhere = Builder::new_current_thread().enable_all().build().unwrap();
    for flavor in ["one thread", "workers"] {
        let home = match flavor {
            "workers" => narrow(1),
            _ => Builder::new_current_thread().max_blocking_threads(1).enable_all().build().unwrap(),
        };
        let system = System::builder().runtime(home.handle().clone()).build().unwrap();
        let (latch, log) = (Latch::new(), Log::new());
        let far = Duration::from_secs(3_600);
        let gate = Gate::new();
        let blocker = |place| system.spawn(Blocker::new(place, &latch, &log));
        let (waits, runs, queued) = (blocker(Place::Nowhere), blocker(Place::Plain), blocker(Place::Nowhere));
        home.block_on(within(async {
            for one in [&waits, &runs, &queued] {
                one.later().await.unwrap();
            }
            waits.hold(gate.clone()).try_tell().unwrap();
            gate.reached().await;
            runs.plain().try_tell().unwrap();
            eventually("it blocks", || latch.came() == 1).await;
        }));
        // The only thread is taken.
        let asked = elsewhere.spawn(queued.plain().timeout(far).owned().into_future());
        elsewhere.block_on(eventually("it is queued", || queued.process().mailbox_len() == 1));
        let downs = [waits.monitor(), queued.monitor(), runs.monitor()];
        home.shutdown_timeout(Duration::from_millis(1));
        latch.open();
        elsewhere.block_on(within(async {
            // Tokio decides whether the queued one is run. None hangs, and who is idle then ends when it is needed.
            let asked = asked.await.unwrap();
            let told = matches!(asked, Ok(_) | Err(AskError::Crashed { reason: ExitReason::Killed }));
            assert!(told, "{flavor}: {asked:?}");
            for one in [&runs, &queued] {
                while one.plain().await.is_ok() {
                    tokio::task::yield_now().await;
                }
            }
            for down in downs {
                assert_eq!(down.await.reason, ExitReason::Killed, "{flavor}");
            }
            assert!(at_rest(&system).await.processes == 0);
        }));
        assert_eq!(log.lines().iter().filter(|line| *line == "gone").count(), 3, "{flavor}");
    }
}

#[test]
fn c099_a_runtime_does_not_wait_for_a_blocking_actor_that_awaits() {
    let runtime = narrow(4);
    let system = System::builder().runtime(runtime.handle().clone()).build().unwrap();
    let log = Log::new();
    let blocker = system.spawn(Blocker::new(Place::Nowhere, &Latch::new(), &log));
    let gate = Gate::new();
    runtime.block_on(within(async {
        blocker.hold(gate.clone()).try_tell().unwrap();
        gate.reached().await;
    }));
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        drop(runtime);
        tell.send(()).unwrap();
    });
    told.recv_timeout(Duration::from_secs(30)).expect("the runtime hangs");
    assert!(!blocker.process().is_alive());
    assert_eq!(log.lines(), ["gone"]);
}

#[test]
fn c099_a_runtime_that_is_not_driven_runs_blocking_actors_all_the_same() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let system = System::builder().runtime(runtime.handle().clone()).build().unwrap();
    let (latch, log) = (Latch::new(), Log::new());
    let blocker = system.spawn(Blocker::new(Place::Plain, &latch, &log));
    blocker.plain().try_tell().unwrap();
    latch.reached();
    latch.open();
    let process = blocker.process();
    drop(blocker);
    runtime.block_on(within(process.wait()));
    assert_eq!(log.lines(), ["Plain", "gone"]);
}

#[tokio::test(start_paused = true)]
async fn c121_a_blocking_actor_lives_on_a_paused_clock() {
    #[actor(blocking)]
    struct Clock(Log);
    #[handlers]
    impl Clock {
        #[handler(every = "1h")]
        fn strike(&mut self) {
            self.0.add("strike");
        }
        #[handler]
        async fn nap(&mut self) {
            tokio::time::sleep(Duration::from_secs(86_400)).await;
        }
    }
    within_days(async {
        let system = System::new("test");
        let log = Log::new();
        let clock = system.spawn(Clock(log.clone()));
        clock.nap().timeout(Duration::from_secs(100_000)).await.unwrap();
        tokio::time::sleep(Duration::from_secs(3 * 3_600 + 60)).await;
        eventually("it has struck", || log.len() >= 3).await;
        nothing_left(&system).await;
    })
    .await;
}

async fn within_days(body: impl Future<Output = ()>) {
    tests::actors::within_time(Duration::from_secs(10 * 86_400), body).await;
}

#[test]
fn c082_a_simulation_runs_blocking_actors_on_its_one_thread() {
    let run = |seed| {
        Simulation::run(seed, |sim| async move {
            let log = Log::new();
            let system = sim.system().clone();
            let blocker = system.spawn(Blocker::new(Place::Nowhere, &Latch::new(), &log));
            let caller = system.spawn(Ring { next: None });
            let here = std::thread::current().id();
            let mut asks = tokio::task::JoinSet::new();
            for number in 0..10_u32 {
                let blocker = blocker.clone();
                let log = log.clone();
                asks.spawn(async move {
                    assert_eq!(blocker.plain().await, Ok(here));
                    assert_eq!(blocker.later().await, Ok(here));
                    log.add(number);
                });
            }
            while let Some(asked) = asks.join_next().await {
                asked.unwrap();
            }
            // To block there would stop everything: it is refused as on any worker.
            caller.join(system.spawn(Ring { next: None })).await.unwrap();
            let asked = caller.around().await;
            assert!(matches!(asked, Err(AskError::Crashed { .. })), "{asked:?}");
            log.lines()
        })
    };
    assert_eq!(run(1), run(1));
}

#[tokio::test]
async fn c082_by_hand_it_is_a_part_of_the_config() {
    struct ByHand;
    impl Actor for ByHand {
        type Message = u32;
        const CONFIG: ActorConfig = ActorConfig::DEFAULT.inline(true).blocking(true);
        async fn handle(&mut self, number: u32, ctx: &mut Context<Self>) -> ActorResult<()> {
            let here = std::thread::current().id();
            assert_eq!(Handle::current().block_on(async { number }), number);
            ctx.answer().send(here);
            Ok(())
        }
    }
    within(async {
        let system = System::new("test");
        let by_hand = system.spawn(ByHand);
        let place: ThreadId = Request::new(&by_hand, 1).await.unwrap();
        assert_ne!(place, std::thread::current().id());
        nothing_left(&system).await;
    })
    .await;
}
