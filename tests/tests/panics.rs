//! A panic may happen wherever foreign code runs: it stays there, and everybody is told what they have to know.

use std::future::{Future, IntoFuture};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context as TaskContext, Poll, Wake, Waker};

use airssys_rt::prelude::*;
use futures_core::Stream;
use tests::actors::{
    Gate, Log, Oops, Peer, Watcher, WatcherApi, Worker, WorkerApi, at_rest, eventually, nothing_left,
    poll_once, settle, within,
};

/// Its destructor panics.
#[derive(Debug)]
struct Bomb(&'static str);

impl Drop for Bomb {
    fn drop(&mut self) {
        // A second panic while the first is on its way is an abort: that one is Rust's.
        if !std::thread::panicking() {
            panic!("{}", self.0);
        }
    }
}

/// An error that cannot be printed.
#[derive(Debug)]
struct Unprintable;

impl std::fmt::Display for Unprintable {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        panic!("display");
    }
}

impl std::error::Error for Unprintable {}

/// An error that neither form can print, nor be dropped.
struct Terrible(Bomb);

impl std::fmt::Debug for Terrible {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        panic!("debug of {:?}", self.0);
    }
}

impl std::fmt::Display for Terrible {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        panic!("display");
    }
}

impl std::error::Error for Terrible {}

/// A value whose clone panics after so many.
#[derive(Debug)]
struct Unclonable(Arc<AtomicU32>);

impl Unclonable {
    fn after(clones: u32) -> Self {
        Self(Arc::new(AtomicU32::new(clones)))
    }
}

impl Clone for Unclonable {
    fn clone(&self) -> Self {
        assert!(self.0.fetch_sub(1, Ordering::SeqCst) > 0, "clone");
        Self(self.0.clone())
    }
}

fn panicked(message: &str) -> ExitReason {
    ExitReason::Panicked { message: message.into() }
}

fn crashed(message: &str) -> AskError {
    AskError::Crashed { reason: panicked(message) }
}

#[derive(Clone)]
struct Ping;

/// A system in which a panic happens, and those that have nothing to do with it.
struct Town {
    system: System,
    bystander: ActorRef<Worker>,
    heard: Log,
    watcher: ActorRef<Watcher>,
    seen: Log,
}

impl Town {
    fn new() -> Self {
        Self::of(System::new("town"))
    }

    fn of(system: System) -> Self {
        let (heard, seen) = (Log::new(), Log::new());
        let bystander = system.spawn(Worker::new(&heard));
        let watcher = system.spawn(Watcher::new(&seen));
        Self { system, bystander, heard, watcher, seen }
    }

    async fn watch(&self, process: ProcessInfo) {
        self.watcher.watch(Peer(process)).await.unwrap();
    }

    /// Whether the watcher was told of the end of an actor, once.
    async fn is_told(&self, pid: ProcessId, reason: &ExitReason) {
        let line = format!("down {pid:?}");
        let told =
            || self.seen.lines().iter().filter(|one| one.starts_with(&line)).cloned().collect::<Vec<_>>();
        eventually("the watcher is told", || !told().is_empty()).await;
        settle().await;
        let told = told();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].ends_with(&reason.to_string()), "{told:?}, not {reason}");
    }

    /// Everybody else goes on, timers fire, nothing is left behind, and the counts add up.
    async fn goes_on(self) -> airssys_rt::Counters {
        let before = self.heard.len();
        let (bystander, heard) = (&self.bystander, &self.heard);
        assert_eq!(bystander.note(1).await, Ok(1));
        assert_eq!(bystander.note_later(2).await, Ok(2));
        let timer = bystander.note(3).tell_after(Duration::from_millis(5));
        tokio::time::sleep(Duration::from_millis(10)).await;
        eventually("timers fire", || heard.len() == before + 3).await;
        timer.cancel();
        assert_eq!(self.system.events().subscribers::<Ping>(), 0);
        at_rest(&self.system).await;
        nothing_left(&self.system).await
    }
}

/// Where a [`Fragile`] panics, in its first incarnation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Making,
    Start,
    StartLater,
    Plain,
    PlainQueued,
    BeforeAwait,
    AfterAwait,
    SharedPlain,
    Shared,
    FollowUp,
    ErrorHandler,
    Down,
    Exit,
    Event,
    Every,
    After,
    Stop,
    Drop,
}

/// What all incarnations of one share.
#[derive(Clone)]
struct Plan {
    at: At,
    made: Arc<AtomicU32>,
}

impl Plan {
    fn new(at: At) -> Self {
        Self { at, made: Arc::new(AtomicU32::new(0)) }
    }

    fn make(&self) -> Fragile {
        let first = self.made.fetch_add(1, Ordering::SeqCst) == 0;
        if first && self.at == At::Making {
            panic!("Making");
        }
        Fragile { at: first.then_some(self.at) }
    }
}

/// Panics at one place.
#[actor]
struct Fragile {
    at: Option<At>,
}

impl Fragile {
    fn at(&self, at: At) {
        if self.at == Some(at) {
            panic!("{at:?}");
        }
    }
}

impl Drop for Fragile {
    fn drop(&mut self) {
        self.at(At::Drop);
    }
}

struct Plain;
struct Later;
struct FollowUp;

#[handlers]
impl Fragile {
    #[handler(start)]
    async fn start(&mut self) {
        self.at(At::Start);
        tokio::task::yield_now().await;
        self.at(At::StartLater);
    }

    #[handler]
    fn plain(&mut self) -> u32 {
        self.at(At::Plain);
        self.at(At::PlainQueued);
        1
    }

    #[handler]
    async fn later(&mut self) -> u32 {
        self.at(At::BeforeAwait);
        tokio::task::yield_now().await;
        self.at(At::AfterAwait);
        1
    }

    #[handler]
    async fn hold(&mut self, gate: Gate) {
        gate.pass().await;
    }

    #[handler(message)]
    fn shared_plain(&mut self, _: Plain) -> u32 {
        self.at(At::SharedPlain);
        1
    }

    #[handler(message)]
    async fn shared(&mut self, _: Later) -> u32 {
        tokio::task::yield_now().await;
        self.at(At::Shared);
        1
    }

    #[handler]
    fn step(&mut self, ctx: &mut Context<Self>) {
        ctx.continue_with(FollowUp);
    }

    #[handler(message)]
    fn follow_up(&mut self, _: FollowUp) {
        self.at(At::FollowUp);
    }

    #[handler]
    fn fail(&mut self) -> ActorResult<u32> {
        Err(Oops("on purpose"))?
    }

    #[handler]
    fn watch(&mut self, other: Peer, ctx: &mut Context<Self>) {
        ctx.monitor(&other.0);
    }

    #[handler]
    fn link(&mut self, other: Peer, ctx: &mut Context<Self>) {
        ctx.link(&other.0);
    }

    #[handler(error)]
    fn failed(&mut self, _error: &ActorError) -> ErrorAction {
        self.at(At::ErrorHandler);
        ErrorAction::Restart
    }

    #[handler(down)]
    fn down(&mut self, _down: Down) {
        self.at(At::Down);
    }

    #[handler(exit)]
    async fn exit(&mut self, _exit: Exit) {
        self.at(At::Exit);
    }

    #[handler(event)]
    fn event(&mut self, _: Ping) {
        self.at(At::Event);
    }

    #[handler(every = "10ms")]
    fn tick(&mut self) {
        self.at(At::Every);
    }

    #[handler(after = "5ms")]
    fn once(&mut self) {
        self.at(At::After);
    }

    #[handler(stop)]
    async fn stop_handler(&mut self) {
        self.at(At::Stop);
    }
}

/// Has the panic happen; says what the asker, where there is one, has to be told.
async fn strike(town: &Town, fragile: &ActorRef<Fragile>, at: At) {
    let text = format!("{at:?}");
    let crash = crashed(&text);
    match at {
        At::Making | At::Start | At::StartLater => {}
        At::Plain => assert_eq!(fragile.plain().await, Err(crash)),
        At::PlainQueued => {
            let gate = Gate::new();
            fragile.hold(gate.clone()).try_tell().unwrap();
            let mut asks = [(); 2].map(|()| Box::pin(fragile.plain().into_future()));
            for ask in &mut asks {
                assert!(poll_once(ask).await.is_pending());
            }
            gate.open();
            let [first, second] = asks;
            assert_eq!(first.await, Err(crash.clone()));
            // Queued behind it: the next incarnation's, where there is one.
            let second = second.await;
            assert!(second == Ok(1) || second == Err(crash), "{second:?}");
        }
        At::BeforeAwait | At::AfterAwait => assert_eq!(fragile.later().await, Err(crash)),
        At::SharedPlain => assert_eq!(fragile.ask(Plain).await, Err(crash)),
        At::Shared => assert_eq!(fragile.ask(Later).await, Err(crash)),
        At::FollowUp => assert_eq!(fragile.step().await, Ok(())),
        At::ErrorHandler => {
            assert_eq!(fragile.fail().await, Err(AskError::Failed { message: "on purpose".into() }));
        }
        At::Down | At::Exit => {
            let other = town.system.spawn(Worker::default());
            match at {
                At::Down => fragile.watch(Peer(other.process())).await.unwrap(),
                _ => fragile.link(Peer(other.process())).await.unwrap(),
            }
            assert_eq!(other.boom("other".into()).await, Err(crashed("other")));
        }
        At::Event => {
            assert_eq!(fragile.later().await, Ok(1), "it has started");
            assert_eq!(town.system.events().publish(Ping), 1);
        }
        At::Every | At::After => tokio::time::sleep(Duration::from_millis(30)).await,
        At::Stop | At::Drop => drop(fragile.stop()),
    }
}

const EVERYWHERE: [At; 18] = {
    use At::*;
    [
        Making,
        Start,
        StartLater,
        Plain,
        PlainQueued,
        BeforeAwait,
        AfterAwait,
        SharedPlain,
        Shared,
        FollowUp,
        ErrorHandler,
        Down,
        Exit,
        Event,
        Every,
        After,
        Stop,
        Drop,
    ]
};

#[tokio::test(start_paused = true)]
async fn c075_a_panic_in_any_handler_ends_that_actor_alone_and_everybody_is_told_why() {
    within(async {
        for at in EVERYWHERE.into_iter().filter(|at| *at != At::Making) {
            let town = Town::new();
            let fragile = town.system.spawn(Plan::new(at).make());
            let process = fragile.process();
            town.watch(process.clone()).await;
            strike(&town, &fragile, at).await;
            let reason = match at {
                At::Stop | At::Drop => ExitReason::Shutdown,
                _ => panicked(&format!("{at:?}")),
            };
            assert_eq!(process.wait().await, reason, "{at:?}");
            town.is_told(process.pid(), &reason).await;
            assert_eq!(fragile.plain().await, Err(AskError::Stopped), "{at:?}");
            town.goes_on().await;
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c075_a_panic_in_any_handler_of_a_child_is_its_supervisors_to_deal_with() {
    within(async {
        for at in EVERYWHERE.into_iter().filter(|at| !matches!(at, At::Making | At::Start | At::StartLater)) {
            let town = Town::new();
            let plan = Plan::new(at);
            let spec = ChildSpec::new("fragile", move || {
                let plan = plan.clone();
                async move { Ok(plan.make()) }
            });
            let spec = spec.named("it");
            let supervisor = town.system.start(Supervisor::builder().child(spec)).await.unwrap();
            let fragile: ActorRef<Fragile> = supervisor.child("fragile").await.unwrap();
            strike(&town, &fragile, at).await;
            let process = fragile.process();
            eventually("it is restarted", || process.incarnation() == 2).await;
            assert_eq!(fragile.plain().await, Ok(1), "{at:?}");
            assert_eq!(town.system.lookup("it").as_ref(), Some(&fragile));
            assert_eq!((process.restarts(), town.system.counters().restarts), (1, 1), "{at:?}");
            assert_eq!(town.system.events().subscribers::<Ping>(), 1, "{at:?}");
            // Its own two timers, of this incarnation alone.
            assert!(town.system.counters().timers <= 2, "{at:?}");
            supervisor.stop().await.unwrap();
            town.goes_on().await;
        }
    })
    .await;
}

/// Panics when it is made by default.
#[actor]
struct Unmade;

impl Default for Unmade {
    fn default() -> Self {
        panic!("default");
    }
}

#[handlers]
impl Unmade {
    #[handler]
    fn one(&mut self) -> u32 {
        1
    }
}

#[supervisor]
struct WithDefault {
    #[child]
    sibling: ActorRef<Worker>,
    #[child]
    unmade: ActorRef<Unmade>,
}

#[supervisor(max_restarts = 2)]
struct WithStart {
    plan: Plan,
    #[child]
    sibling: ActorRef<Worker>,
    #[child(start = plan.make())]
    fragile: ActorRef<Fragile>,
    #[child(start = |plan: Plan| plan.make(), restart = "temporary")]
    many: Children<Fragile, Plan>,
}

#[tokio::test(start_paused = true)]
async fn c003_a_panic_while_a_child_is_made_is_a_failed_start_with_its_text() {
    within(async {
        let town = Town::new();
        let failed = town.system.start(WithDefault::spec()).await.map(drop).unwrap_err();
        assert!(
            matches!(&failed, StartError::Panicked { message, .. } if &**message == "default"),
            "{failed}"
        );
        for at in [At::Making, At::Start, At::StartLater] {
            let failed = town.system.start(WithStart::spec(Plan::new(at))).await.map(drop).unwrap_err();
            let StartError::Panicked { message, .. } = &failed else { panic!("{failed}") };
            assert_eq!(**message, format!("{at:?}"));
            let plan = Plan::new(At::Plain);
            let tree = town.system.start(WithStart::spec(plan)).await.unwrap();
            let failed = tree.many.start(Plan::new(at)).await.unwrap_err();
            assert!(matches!(&failed, StartError::Panicked { .. }), "{failed}");
            assert_eq!(tree.sibling.note(1).await, Ok(1));
            assert_eq!(tree.many.start(Plan::new(At::Plain)).await.unwrap().later().await, Ok(1));
            tree.stop().await.unwrap();
        }
        for at in [At::Start, At::StartLater] {
            let failed = town.system.start(Plan::new(at).make()).named("it").await.unwrap_err();
            let StartError::Panicked { message, .. } = &failed else { panic!("{failed}") };
            assert_eq!(**message, format!("{at:?}"));
        }
        town.goes_on().await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c034_a_panic_while_a_child_is_made_again_counts_as_a_restart_until_there_is_none_left() {
    within(async {
        let town = Town::new();
        let made = Arc::new(AtomicU32::new(0));
        let count = made.clone();
        let spec = ChildSpec::new("fragile", move || {
            assert_eq!(count.fetch_add(1, Ordering::SeqCst), 0, "again");
            async { Ok(Plan::new(At::Plain).make()) }
        });
        let supervisor = town.system.start(Supervisor::builder().max_restarts(3).child(spec)).await.unwrap();
        let fragile: ActorRef<Fragile> = supervisor.child("fragile").await.unwrap();
        let process = supervisor.process();
        assert_eq!(fragile.plain().await, Err(crashed("Plain")));
        assert_eq!(process.wait().await, ExitReason::Shutdown);
        assert_eq!(made.load(Ordering::SeqCst), 4);
        assert!(!fragile.process().is_alive());
        town.goes_on().await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c078_a_state_whose_destructor_panics_ends_for_the_reason_it_ends_for() {
    within(async {
        for way in 0..4 {
            let town = Town::new();
            let plan = Plan::new(At::Drop);
            let fragile = town.system.spawn(plan.make());
            let process = fragile.process();
            town.watch(process.clone()).await;
            let reason = match way {
                0 => fragile.kill().await.unwrap(),
                1 => fragile.drain().await.unwrap(),
                2 => {
                    let failed = fragile.fail().await;
                    assert_eq!(failed, Err(AskError::Failed { message: "on purpose".into() }));
                    process.wait().await
                }
                _ => {
                    drop(fragile);
                    process.wait().await
                }
            };
            let wanted = [
                ExitReason::Killed,
                ExitReason::Normal,
                ExitReason::Failed { message: "on purpose".into() },
                ExitReason::Normal,
            ];
            assert_eq!(reason, wanted[way]);
            town.is_told(process.pid(), &reason).await;
            town.goes_on().await;
        }
    })
    .await;
}

/// Takes and gives things that explode.
#[actor(mailbox(capacity = 1))]
#[derive(Default)]
struct Handler {
    kept: Vec<ReplyTo<Bomb>>,
}

#[handlers]
impl Handler {
    #[handler]
    fn take(&mut self, bomb: Bomb) -> u32 {
        std::mem::forget(bomb);
        1
    }

    #[handler]
    fn drop_it(&mut self, bomb: Bomb) -> u32 {
        drop(bomb);
        1
    }

    #[handler]
    async fn hold(&mut self, gate: Gate) {
        gate.pass().await;
    }

    /// Leaves a bomb for later and panics.
    #[handler]
    fn continue_and_panic(&mut self, ctx: &mut Context<Self>) {
        ctx.continue_with(Step(Bomb("follow-up")));
        panic!("continued");
    }

    #[handler]
    async fn continue_and_panic_later(&mut self, ctx: &mut Context<Self>) {
        ctx.continue_with(Step(Bomb("follow-up")));
        panic!("continued");
    }

    #[handler(message)]
    fn step(&mut self, step: Step) {
        std::mem::forget(step);
    }

    #[handler]
    fn give(&mut self) -> Bomb {
        Bomb("reply")
    }

    #[handler]
    async fn give_later(&mut self) -> Bomb {
        tokio::task::yield_now().await;
        Bomb("reply")
    }

    #[handler]
    fn give_by_reply(&mut self, reply: ReplyTo<Bomb>) {
        reply.send(Bomb("reply"));
    }

    #[handler]
    fn keep(&mut self, reply: ReplyTo<Bomb>) {
        self.kept.push(reply);
    }

    #[handler]
    fn give_all(&mut self) {
        for reply in self.kept.drain(..) {
            reply.send(Bomb("reply"));
        }
    }

    #[handler]
    fn panic_with_a_bomb(&mut self) -> u32 {
        panic_any(Bomb("payload"));
    }

    #[handler]
    async fn panic_with_a_bomb_later(&mut self) -> u32 {
        tokio::task::yield_now().await;
        panic_any(Bomb("payload"));
    }

    #[handler]
    fn unprintable(&mut self) -> ActorResult<u32> {
        Err(Unprintable)?
    }

    #[handler]
    async fn terrible(&mut self) -> ActorResult<u32> {
        tokio::task::yield_now().await;
        Err(Terrible(Bomb("error")))?
    }

    /// Fails twice over.
    #[handler]
    fn fail_twice(&mut self, ctx: &mut Context<Self>) -> ActorResult<u32> {
        ctx.fail(Terrible(Bomb("error")));
        Err(Oops("on purpose"))?
    }

    #[handler]
    fn own_error(&mut self) -> Result<u32, Terrible> {
        Err(Terrible(Bomb("error")))
    }

    #[handler]
    fn one(&mut self) -> u32 {
        1
    }
}

struct Step(#[expect(dead_code, reason = "it is there to be dropped")] Bomb);

#[tokio::test(start_paused = true)]
async fn c093_a_message_whose_destructor_panics_harms_nobody_wherever_it_is_dropped() {
    within(async {
        // Queued and waiting for room at the end.
        for ending in 0..3 {
            let town = Town::new();
            let handler = town.system.spawn(Handler::default());
            let gate = Gate::new();
            handler.hold(gate.clone()).try_tell().unwrap();
            gate.reached().await;
            handler.take(Bomb("queued")).try_tell().unwrap();
            let mut waits = Box::pin(handler.take(Bomb("waiting")).into_future());
            assert!(poll_once(&mut waits).await.is_pending());
            let mut leaves = Box::pin(handler.take(Bomb("leaving")).into_future());
            assert!(poll_once(&mut leaves).await.is_pending());
            assert!(catch_unwind(AssertUnwindSafe(|| drop(leaves))).is_ok(), "its asker leaves the line");
            let limit = Duration::from_millis(3);
            let late = handler.take(Bomb("late")).timeout(limit).await;
            assert_eq!(late, Err(AskError::Timeout { limit }));
            match ending {
                0 => drop(handler.kill()),
                1 => drop(handler.stop()),
                _ => drop(handler.drain()),
            }
            gate.open();
            assert_eq!(waits.await, Err(AskError::Stopped));
            let reason = handler.process().wait().await;
            assert!(!matches!(reason, ExitReason::Panicked { .. }), "{reason}");
            // Whoever sends to an ended one gets an answer, not a panic.
            assert_eq!(handler.take(Bomb("stopped")).await, Err(AskError::Stopped));
            town.goes_on().await;
        }
        // Evicted, and refused.
        for backpressure in [BackpressureStrategy::DropOldest, BackpressureStrategy::Drop] {
            let full = ActorConfig::DEFAULT.capacity(1).backpressure(backpressure);
            let town = Town::of(System::builder().mailbox(full).build().unwrap());
            let fragile = town.system.spawn(Hoarder);
            let gate = Gate::new();
            fragile.hold(gate.clone()).try_tell().unwrap();
            gate.reached().await;
            fragile.take(Bomb("first")).try_tell().unwrap();
            let second = fragile.take(Bomb("second"));
            if backpressure == BackpressureStrategy::DropOldest {
                second.try_tell().unwrap();
                assert_eq!(town.system.counters().evicted, 1);
            } else {
                assert_eq!(second.await, Err(AskError::Full));
                assert_eq!(town.system.counters().refused, 1);
            }
            gate.open();
            settle().await;
            assert_eq!(fragile.one().await, Ok(1));
            drop(fragile);
            town.goes_on().await;
        }
        // Dropped by the handler: that is the handler's panic.
        let town = Town::new();
        let handler = town.system.spawn(Handler::default());
        assert_eq!(handler.drop_it(Bomb("in hand")).await, Err(crashed("in hand")));
        assert_eq!(handler.process().wait().await, panicked("in hand"));
        town.goes_on().await;
        // Left for later by a handler that panics.
        for later in [false, true] {
            for told in [false, true] {
                let town = Town::new();
                let handler = town.system.spawn(Handler::default());
                let request = |handler: &ActorRef<Handler>| match later {
                    false => handler.continue_and_panic().owned().into_message(),
                    true => handler.continue_and_panic_later().owned().into_message(),
                };
                if told {
                    handler.try_tell(request(&handler)).unwrap();
                } else {
                    let asked = Request::<_, HandlerMessage, ()>::new(&handler, request(&handler)).await;
                    assert_eq!(asked, Err(crashed("continued")));
                }
                assert_eq!(handler.process().wait().await, panicked("continued"), "{later} {told}");
                town.goes_on().await;
            }
        }
    })
    .await;
}

/// Its mailbox is the system's.
#[actor]
struct Hoarder;

#[handlers]
impl Hoarder {
    #[handler]
    fn take(&mut self, bomb: Bomb) -> u32 {
        std::mem::forget(bomb);
        1
    }
    #[handler]
    async fn hold(&mut self, gate: Gate) {
        gate.pass().await;
    }
    #[handler]
    fn one(&mut self) -> u32 {
        1
    }
}

#[tokio::test(start_paused = true)]
async fn c097_a_reply_whose_destructor_panics_harms_nobody_wherever_it_is_dropped() {
    within(async {
        let town = Town::new();
        let handler = town.system.spawn(Handler::default());
        // Told: nobody takes the value.
        handler.give().tell().await.unwrap();
        handler.give_later().tell().await.unwrap();
        handler.give_by_reply().tell().await.unwrap();
        assert_eq!(handler.one().await, Ok(1), "told");
        // Asked for something else, on the asker's turn and the long way.
        let wrong = Request::<_, HandlerMessage, String>::new(&handler, HandlerMessage::Give).await;
        assert_eq!(wrong, Err(AskError::NoReply));
        let wrong = Request::<_, HandlerMessage, String>::new(&handler, HandlerMessage::GiveLater).await;
        assert_eq!(wrong, Err(AskError::NoReply));
        let wrong = Request::<_, HandlerMessage, String>::new(&handler, HandlerMessage::GiveByReply).await;
        assert_eq!(wrong, Err(AskError::NoReply));
        let gate = Gate::new();
        handler.hold(gate.clone()).try_tell().unwrap();
        gate.reached().await;
        let wrong = Request::<_, HandlerMessage, String>::new(&handler, HandlerMessage::Give);
        let mut wrong = Box::pin(wrong.into_future());
        assert!(poll_once(&mut wrong).await.is_pending());
        gate.open();
        assert_eq!(wrong.await, Err(AskError::NoReply));
        assert_eq!(handler.one().await, Ok(1), "a wrong type");
        // The asker is gone: before the answer, and with the answer unseen.
        for _ in 0..2 {
            let mut ask = Box::pin(handler.give_later().into_future());
            assert!(poll_once(&mut ask).await.is_pending());
            drop(ask);
        }
        let mut ask = Box::pin(handler.keep().into_future());
        assert!(poll_once(&mut ask).await.is_pending());
        drop(ask);
        handler.give_all().await.unwrap();
        let mut ask = Box::pin(handler.give_later().into_future());
        assert!(poll_once(&mut ask).await.is_pending());
        settle().await;
        assert!(catch_unwind(AssertUnwindSafe(|| drop(ask))).is_ok());
        assert_eq!(handler.one().await, Ok(1), "the asker is gone");
        assert_eq!(handler.process().incarnation(), 1);
        drop(handler);
        let counters = town.goes_on().await;
        assert_eq!(counters.failures, 0);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c075_a_panic_payload_that_panics_when_it_is_dropped_is_a_panic_without_text() {
    within(async {
        for later in [false, true] {
            let town = Town::new();
            let handler = town.system.spawn(Handler::default());
            let process = handler.process();
            town.watch(process.clone()).await;
            let asked = match later {
                false => handler.panic_with_a_bomb().await,
                true => handler.panic_with_a_bomb_later().await,
            };
            assert_eq!(asked, Err(crashed("a panic without text")));
            assert_eq!(process.wait().await, panicked("a panic without text"));
            town.is_told(process.pid(), &panicked("a panic without text")).await;
            town.goes_on().await;
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c076_an_error_that_cannot_be_printed_is_a_failure_like_others() {
    within(async {
        for case in 0..3 {
            let town = Town::new();
            let handler = town.system.spawn(Handler::default());
            let process = handler.process();
            town.watch(process.clone()).await;
            let text = "an error whose Display panicked: display";
            let (asked, text) = match case {
                0 => (handler.unprintable().await, text),
                1 => (handler.terrible().await, text),
                _ => (handler.fail_twice().await, "on purpose"),
            };
            assert_eq!(asked, Err(AskError::Failed { message: text.into() }));
            let reason = ExitReason::Failed { message: text.into() };
            assert_eq!(process.wait().await, reason);
            town.is_told(process.pid(), &reason).await;
            town.goes_on().await;
        }
        // An own error that is told is traced, counted and dropped.
        let town = Town::new();
        let handler = town.system.spawn(Handler::default());
        handler.own_error().tell().await.unwrap();
        assert_eq!(handler.one().await, Ok(1));
        std::mem::forget(handler.own_error().await.unwrap().unwrap_err());
        drop(handler);
        let counters = town.goes_on().await;
        assert_eq!((counters.told_errors, counters.failures), (1, 0));
    })
    .await;
}

/// Hears of events.
#[actor(mailbox(capacity = 1, backpressure = "drop"))]
struct Listener {
    heard: Log,
}

#[handlers]
impl Listener {
    #[handler(event)]
    fn cloned(&mut self, _: Unclonable) {
        self.heard.add("heard");
    }
    #[handler(event)]
    fn loud(&mut self, bang: Bang) {
        std::mem::forget(bang);
        self.heard.add("bang");
    }
    #[handler]
    async fn hold(&mut self, gate: Gate) {
        gate.pass().await;
    }
    #[handler]
    fn note(&mut self) {}
    /// Publishes what cannot be cloned.
    #[handler]
    fn publish(&mut self, event: Unclonable, ctx: &mut Context<Self>) {
        ctx.publish(event);
    }
}

/// An event whose destructor panics.
struct Bang(#[expect(dead_code, reason = "it is there to be dropped")] Bomb);

impl Clone for Bang {
    fn clone(&self) -> Self {
        Self(Bomb("event"))
    }
}

#[tokio::test(start_paused = true)]
async fn c127_an_event_whose_clone_panics_is_its_publishers_panic() {
    within(async {
        let town = Town::new();
        let log = Log::new();
        let listeners = [(); 3].map(|()| town.system.spawn(Listener { heard: log.clone() }));
        let events = town.system.events();
        let published = catch_unwind(AssertUnwindSafe(|| events.publish(Unclonable::after(1))));
        assert!(published.is_err());
        settle().await;
        assert_eq!(log.len(), 1, "the first has it");
        assert_eq!(events.publish(Unclonable::after(2)), 3, "the bus works on");
        settle().await;
        assert_eq!(log.len(), 4);
        // Published by an actor, it is the actor's.
        let publisher = town.system.spawn(Listener { heard: Log::new() });
        let process = publisher.process();
        assert_eq!(publisher.publish(Unclonable::after(0)).await, Err(crashed("clone")));
        assert_eq!(process.wait().await, panicked("clone"));
        assert_eq!(events.subscribers::<Unclonable>(), 3);
        drop(listeners);
        settle().await;
        assert_eq!(events.subscribers::<Unclonable>(), 0);
        town.goes_on().await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c128_an_event_that_a_full_subscriber_loses_is_dropped_without_harm() {
    within(async {
        let town = Town::new();
        let log = Log::new();
        let full = town.system.spawn(Listener { heard: Log::new() });
        let other = town.system.spawn(Listener { heard: log.clone() });
        let gate = Gate::new();
        full.hold(gate.clone()).try_tell().unwrap();
        gate.reached().await;
        full.note().try_tell().unwrap();
        let events = town.system.events();
        let reached = catch_unwind(AssertUnwindSafe(|| events.publish(Bang(Bomb("event")))));
        assert_eq!(reached.ok(), Some(1));
        settle().await;
        assert_eq!((log.lines(), events.lost()), (vec!["bang".to_owned()], 1));
        gate.open();
        settle().await;
        drop((full, other));
        town.goes_on().await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c129_a_dead_letter_hook_that_panics_stops_neither_the_count_nor_the_next_hook() {
    within(async {
        let log = Log::new();
        let seen = log.clone();
        let builder = System::builder()
            .on_dead_letter(|_| panic_any(Bomb("hook")))
            .on_dead_letter(move |letter| seen.add(letter.to));
        let town = Town::of(builder.build().unwrap());
        let handler = town.system.spawn(Handler::default());
        let gate = Gate::new();
        handler.hold(gate.clone()).try_tell().unwrap();
        gate.reached().await;
        handler.take(Bomb("queued")).try_tell().unwrap();
        let pid = handler.pid();
        assert_eq!(handler.kill().await, Ok(ExitReason::Killed));
        assert_eq!(log.lines(), [pid.to_string()]);
        let counters = town.goes_on().await;
        assert_eq!((counters.dead_lettered, counters.lost_in_hand), (1, 1));
    })
    .await;
}

/// A stream of one number that panics where it is told to.
struct Numbers {
    sent: bool,
    poll: bool,
    bomb: Option<Bomb>,
}

impl Stream for Numbers {
    type Item = u32;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut TaskContext<'_>) -> Poll<Option<u32>> {
        assert!(!self.poll, "stream");
        match std::mem::replace(&mut self.sent, true) {
            false => Poll::Ready(Some(7)),
            true => {
                std::mem::forget(self.bomb.take());
                Poll::Ready(None)
            }
        }
    }
}

struct Item(u32);

/// Runs things beside itself.
#[actor]
struct Busy {
    log: Log,
}

#[handlers]
impl Busy {
    #[handler]
    fn run(&mut self, case: u32, gate: Gate, ctx: &mut Context<Self>, reply: ReplyTo<u32>) {
        let wait = async move { gate.pass().await };
        match case {
            0 => ctx.attach(Numbers { sent: false, poll: true, bomb: None }, Item),
            1 => {
                ctx.attach(Numbers { sent: false, poll: false, bomb: None }, move |_| -> Item {
                    let _reply = &reply;
                    panic!("to_message")
                });
            }
            2 => ctx.pipe(wait, move |()| -> Item {
                let _reply = reply;
                panic!("to_message")
            }),
            3 => ctx.pipe(
                async move {
                    let _reply = reply;
                    wait.await;
                    panic!("future")
                },
                |()| Item(0),
            ),
            4 => ctx.spawn(async move {
                let _reply = reply;
                wait.await;
                panic!("task")
            }),
            5 => ctx.spawn(async move {
                let _reply = reply;
                wait.await;
                panic_any(Bomb("payload"))
            }),
            6 => ctx.spawn(async move {
                let _reply = reply;
                let _bomb = Bomb("local");
                wait.await;
            }),
            // Dropped at the end of the incarnation, not by a panic of their own.
            7 => ctx.spawn(async move {
                let _bomb = Bomb("local");
                std::future::pending::<()>().await;
            }),
            _ => {
                ctx.attach(Endless(Bomb("stream")), Item);
            }
        }
    }

    #[handler(message)]
    fn item(&mut self, item: Item) {
        self.log.add(item.0);
    }

    #[handler]
    fn one(&mut self) -> u32 {
        1
    }
}

struct Endless(#[expect(dead_code, reason = "it is there to be dropped")] Bomb);

impl Stream for Endless {
    type Item = u32;

    fn poll_next(self: Pin<&mut Self>, _: &mut TaskContext<'_>) -> Poll<Option<u32>> {
        Poll::Pending
    }
}

#[tokio::test(start_paused = true)]
async fn c081_a_panic_in_a_task_a_pipe_or_a_stream_is_its_own() {
    within(async {
        for case in 0..9 {
            let town = Town::new();
            let log = Log::new();
            let busy = town.system.spawn(Busy { log: log.clone() });
            let gate = Gate::new();
            let mut asked = Box::pin(busy.run(case, gate.clone()).into_future());
            let _ = poll_once(&mut asked).await;
            settle().await;
            gate.open();
            // Who was to be answered from there hears of it at once.
            assert_eq!(asked.await, Err(AskError::NoReply), "{case}");
            settle().await;
            assert_eq!(busy.one().await, Ok(1), "{case}");
            assert_eq!(busy.process().incarnation(), 1);
            assert!(log.is_empty());
            assert_eq!(busy.stop().await, Ok(ExitReason::Shutdown), "{case}");
            settle().await;
            let counters = town.goes_on().await;
            assert_eq!(counters.failures, 0, "{case}");
        }
    })
    .await;
}

/// A message whose clone or destructor panics, sent by timers.
#[actor]
struct Timed {
    log: Log,
}

#[derive(Debug)]
struct Fuse {
    clones: Unclonable,
    #[expect(dead_code, reason = "it is there to be dropped")]
    bomb: Option<Bomb>,
}

impl Clone for Fuse {
    fn clone(&self) -> Self {
        Self { clones: self.clones.clone(), bomb: None }
    }
}

#[handlers]
impl Timed {
    #[handler(message)]
    fn tick(&mut self, fuse: Fuse) {
        std::mem::forget(fuse);
        self.log.add("tick");
    }

    #[handler]
    fn set(&mut self, fuse: Fuse, ctx: &mut Context<Self>) {
        ctx.every(Duration::from_millis(1), fuse);
    }

    #[handler]
    fn set_once(&mut self, fuse: Fuse, ctx: &mut Context<Self>) {
        ctx.after(Duration::from_millis(1), fuse);
    }

    #[handler]
    fn one(&mut self) -> u32 {
        1
    }
}

#[tokio::test(start_paused = true)]
async fn c123_a_timer_whose_message_panics_ends_alone() {
    let ms = Duration::from_millis;
    within(async {
        // The clone panics at the third tick.
        for inside in [false, true] {
            let town = Town::new();
            let log = Log::new();
            let timed = town.system.spawn(Timed { log: log.clone() });
            let fuse = Fuse { clones: Unclonable::after(2), bomb: Some(Bomb("timer")) };
            let other = town.bystander.note(9).tell_every(ms(1));
            let handle = (!inside).then(|| timed.ask(fuse.clone_for_test()).tell_every(ms(1)));
            if inside {
                timed.set(fuse).await.unwrap();
            } else {
                std::mem::forget(fuse);
            }
            tokio::time::sleep(ms(10)).await;
            let heard = town.heard.clone();
            eventually("the other timers fire", || heard.len() >= 8).await;
            assert_eq!(log.len(), 2, "{inside}");
            assert_eq!(timed.one().await, Ok(1));
            drop(other);
            assert_eq!(town.system.counters().timers, 0);
            drop(handle);
            assert_eq!(timed.stop().await, Ok(ExitReason::Shutdown));
            settle().await;
            town.goes_on().await;
        }
        // The message's destructor panics: at a cancel, at the end of the incarnation, at a tick to nobody, and
        // when the system shuts down.
        for case in 0..5 {
            let town = Town::new();
            let timed = town.system.spawn(Timed { log: Log::new() });
            let fuse = Fuse { clones: Unclonable::after(100), bomb: Some(Bomb("timer")) };
            match case {
                0 => {
                    let timer = timed.ask(fuse).tell_after(ms(50));
                    assert!(catch_unwind(AssertUnwindSafe(|| timer.cancel())).is_ok());
                }
                1 => timed.set_once(fuse).await.unwrap(),
                2 => timed.set(fuse).await.unwrap(),
                3 => timed.ask(fuse).tell_after(ms(50)).detach(),
                _ => timed.ask(fuse).tell_every(ms(50)).detach(),
            }
            assert_eq!(timed.stop().await, Ok(ExitReason::Shutdown), "{case}");
            tokio::time::sleep(ms(100)).await;
            settle().await;
            assert_eq!(town.system.counters().timers, 0, "{case}");
            town.goes_on().await;
        }
        let town = Town::new();
        let timed = town.system.spawn(Timed { log: Log::new() });
        let fuse = Fuse { clones: Unclonable::after(100), bomb: Some(Bomb("timer")) };
        timed.ask(fuse).tell_after(ms(50)).detach();
        nothing_left(&town.system).await;
    })
    .await;
}

impl Fuse {
    /// With the same clones left.
    fn clone_for_test(&self) -> Self {
        Self { clones: Unclonable(self.clones.0.clone()), bomb: Some(Bomb("timer")) }
    }
}

#[supervisor]
struct Team {
    #[child(count = 3)]
    members: Pool<Worker>,
}

/// Becomes a text, or panics.
struct NoText;

impl From<NoText> for String {
    fn from(_: NoText) -> Self {
        panic!("conversion");
    }
}

#[tokio::test(start_paused = true)]
async fn c075_a_panic_in_the_callers_own_code_is_the_callers() {
    #[actor]
    struct Greeter;
    #[handlers]
    impl Greeter {
        #[handler]
        fn greet(&mut self, name: impl Into<String>) -> String {
            name.into()
        }
    }
    within(async {
        let town = Town::new();
        let team = town.system.start(Team::spec()).await.unwrap();
        let count = Arc::new(AtomicU32::new(0));
        let (all, counted) = (team.clone(), count.clone());
        let joined = tokio::spawn(async move {
            all.members
                .all(move |member| {
                    assert!(counted.fetch_add(1, Ordering::SeqCst) < 2, "closure");
                    member.note(1)
                })
                .await
        });
        assert!(joined.await.unwrap_err().is_panic());
        assert_eq!(team.members.all(|member| member.note(2)).await, [Ok(2), Ok(2), Ok(2)]);
        team.stop().await.unwrap();
        let greeter = town.system.spawn(Greeter);
        assert!(catch_unwind(AssertUnwindSafe(|| drop(greeter.greet(NoText)))).is_err());
        assert_eq!(greeter.greet("you").await.as_deref(), Ok("you"));
        let recipient = greeter.recipient::<GreeterMessage>();
        assert!(catch_unwind(AssertUnwindSafe(|| drop(recipient.greet(NoText)))).is_err());
        drop((greeter, recipient));
        town.goes_on().await;
    })
    .await;
}

/// A waker that panics.
struct Alarm(AtomicU32);

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
        panic!("waker");
    }
}

/// Polls a future once with a waker that panics.
fn poll_with<F: Future>(alarm: &Arc<Alarm>, future: Pin<&mut F>) -> Poll<F::Output> {
    let waker = Waker::from(alarm.clone());
    future.poll(&mut TaskContext::from_waker(&waker))
}

#[tokio::test(start_paused = true)]
async fn c075_a_waker_that_panics_harms_neither_the_actor_nor_those_that_wait_with_it() {
    within(async {
        let town = Town::new();
        let alarm = Arc::new(Alarm(AtomicU32::new(0)));
        let handler = town.system.spawn(Handler::default());
        let gate = Gate::new();
        // An answer, of an async handler and of a plain one behind it.
        let mut held = pin!(handler.hold(gate.clone()).into_future());
        assert!(poll_with(&alarm, held.as_mut()).is_pending());
        gate.reached().await;
        let mut queued = pin!(handler.one().into_future());
        assert!(poll_with(&alarm, queued.as_mut()).is_pending());
        // Room.
        let mut waits = pin!(handler.one().tell());
        assert!(poll_with(&alarm, waits.as_mut()).is_pending());
        let mut waits_well = Box::pin(handler.one().into_future());
        assert!(poll_once(&mut waits_well).await.is_pending());
        gate.open();
        assert_eq!(waits_well.await, Ok(1));
        assert!(poll_with(&alarm, waits.as_mut()).is_ready());
        assert!(poll_with(&alarm, held.as_mut()) == Poll::Ready(Ok(())));
        assert!(poll_with(&alarm, queued.as_mut()) == Poll::Ready(Ok(1)));
        assert_eq!(alarm.0.load(Ordering::SeqCst), 3, "the wakers were called");
        assert_eq!(handler.process().incarnation(), 1);
        assert!(handler.process().is_alive());
        // The end: a monitor, a wait, a stop; somebody that waits for room then.
        let gate = Gate::new();
        handler.hold(gate.clone()).try_tell().unwrap();
        gate.reached().await;
        handler.one().try_tell().unwrap();
        let mut room = pin!(handler.one().into_future());
        assert!(poll_with(&alarm, room.as_mut()).is_pending());
        let mut monitor = pin!(handler.monitor());
        assert!(poll_with(&alarm, monitor.as_mut()).is_pending());
        let good = handler.monitor();
        let process = handler.process();
        town.watch(process.clone()).await;
        let mut waited = pin!(process.wait());
        assert!(poll_with(&alarm, waited.as_mut()).is_pending());
        let mut stopped = pin!(handler.stop());
        assert!(poll_with(&alarm, stopped.as_mut()).is_pending());
        gate.open();
        assert_eq!(good.await.reason, ExitReason::Shutdown);
        town.is_told(process.pid(), &ExitReason::Shutdown).await;
        assert_eq!(process.wait().await, ExitReason::Shutdown);
        assert_eq!(poll_with(&alarm, room.as_mut()), Poll::Ready(Err(AskError::Stopped)));
        assert!(poll_with(&alarm, monitor.as_mut()).is_ready());
        assert!(poll_with(&alarm, waited.as_mut()).is_ready());
        assert!(poll_with(&alarm, stopped.as_mut()).is_ready());
        assert_eq!(alarm.0.load(Ordering::SeqCst), 7);
        // A request to a supervisor.
        let team = town.system.start(Team::spec()).await.unwrap();
        let mut asked = pin!(team.health());
        assert!(poll_with(&alarm, asked.as_mut()).is_pending());
        settle().await;
        assert!(poll_with(&alarm, asked.as_mut()).is_ready());
        assert_eq!(team.process().incarnation(), 1);
        assert_eq!(team.members.note(1).await, Ok(1));
        team.stop().await.unwrap();
        town.goes_on().await;
    })
    .await;
}

/// An actor by hand, that panics before it gives its future.
struct ByHand(&'static str);

impl Actor for ByHand {
    type Message = u32;

    fn handle(
        &mut self,
        number: u32,
        ctx: &mut Context<Self>,
    ) -> impl Future<Output = ActorResult<()>> + Send {
        assert!(self.0 != "handle", "handle");
        async move {
            if number == 0 {
                return Err(Oops("on purpose"))?;
            }
            ctx.answer().send(number);
            Ok(())
        }
    }

    fn on_start(&mut self, _: &mut Context<Self>) -> impl Future<Output = ActorResult<()>> + Send {
        assert!(self.0 != "start", "start");
        async { Ok(()) }
    }

    fn on_stop(
        &mut self,
        _: ExitReason,
        _: &mut Context<Self>,
    ) -> impl Future<Output = ActorResult<()>> + Send {
        assert!(self.0 != "stop", "stop");
        async { Ok(()) }
    }

    fn on_error(
        &mut self,
        _: &ActorError,
        _: &mut Context<Self>,
    ) -> impl Future<Output = ErrorAction> + Send {
        assert!(self.0 != "error", "error");
        async { ErrorAction::Restart }
    }
}

#[tokio::test(start_paused = true)]
async fn c075_a_panic_before_a_handler_by_hand_gives_its_future_is_one_of_the_handler() {
    within(async {
        for place in ["start", "handle", "error", "stop"] {
            let town = Town::new();
            let actor = town.system.spawn(ByHand(place));
            let process = actor.process();
            town.watch(process.clone()).await;
            let ask = |number| Request::<_, u32, u32>::new(&actor, number);
            let reason = match place {
                "stop" => {
                    drop(actor.stop());
                    ExitReason::Shutdown
                }
                place => panicked(place),
            };
            match place {
                "handle" => assert_eq!(ask(1).await, Err(crashed("handle"))),
                "error" => {
                    assert_eq!(ask(0).await, Err(AskError::Failed { message: "on purpose".into() }));
                }
                _ => {}
            }
            assert_eq!(process.wait().await, reason, "{place}");
            town.is_told(process.pid(), &reason).await;
            let counters = town.goes_on().await;
            assert_eq!(counters.lost_in_hand, u64::from(place == "handle" || place == "error"), "{place}");
        }
    })
    .await;
}

/// An actor by hand with a plain handler that answers and then goes wrong.
struct Hasty;

impl Actor for Hasty {
    type Message = u32;
    const STARTS: bool = false;

    async fn handle(&mut self, _: u32, _: &mut Context<Self>) -> ActorResult<()> {
        Ok(())
    }

    fn is_plain(_: &u32) -> bool {
        true
    }

    fn handle_plain(
        &mut self,
        case: u32,
        ctx: &mut Context<Self>,
        answer: &mut airssys_rt::Answer<'_>,
    ) -> airssys_rt::Plain<u32> {
        answer.send(Bomb("reply"));
        match case {
            0 => panic!("hasty"),
            1 => ctx.fail(Terrible(Bomb("error"))),
            _ => {}
        }
        airssys_rt::Plain::Done(if case == 1 { Err(ActorError::msg("twice")) } else { Ok(()) })
    }
}

#[tokio::test(start_paused = true)]
async fn c100_an_answer_given_before_a_panic_is_an_answer_whichever_way_was_taken() {
    within(async {
        for queued in [false, true] {
            for case in 0..3 {
                let town = Town::new();
                let hasty = town.system.spawn(Hasty);
                if queued {
                    // Behind another one: more than an asker helps with.
                    for _ in 0..20 {
                        hasty.try_tell(7).unwrap();
                    }
                }
                let answer = Request::<_, u32, Bomb>::new(&hasty, case).await;
                std::mem::forget(answer.expect("it was answered"));
                let process = hasty.process();
                match case {
                    0 => assert_eq!(process.wait().await, panicked("hasty")),
                    1 => assert_eq!(process.wait().await, ExitReason::Failed { message: "twice".into() }),
                    _ => assert_eq!(hasty.stop().await, Ok(ExitReason::Shutdown)),
                }
                drop(hasty);
                town.goes_on().await;
            }
        }
    })
    .await;
}
