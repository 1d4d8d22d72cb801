//! Every ask ends, whatever dies while the request is wherever it is: at once, and with the error that says why.

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;
use std::time::Instant as RealInstant;

use airssys_rt::prelude::*;
use tests::actors::{Gate, Log, Oops, Peer, adds_up, at_rest, nothing_left, poll_once, settle, within_time};
use tokio::runtime::Runtime;
use tokio::time::Instant;

/// Far beyond everything here: an ask that ends by its time limit has hung.
const LIMIT: Duration = Duration::from_secs(60 * 60);
/// How long an ask may take on the real clock; the paused one must not move at all.
const PATIENCE: Duration = Duration::from_secs(10);

type AnyAsk = Pin<Box<dyn Future<Output = Result<u32, AskError>> + Send>>;

/// What a handler does at its end.
#[derive(Clone, Default)]
enum Deed {
    #[default]
    Nothing,
    Panic,
    Error,
    Call(Arc<dyn Fn() + Send + Sync>),
}

impl Deed {
    fn run(self) -> ActorResult<u32> {
        match self {
            Self::Nothing => {}
            Self::Panic => panic!("boom"),
            Self::Error => return Err(Oops("on purpose"))?,
            Self::Call(call) => call(),
        }
        Ok(1)
    }
}

/// The right to answer, on its way to another actor.
struct Forwarded {
    reply: ReplyTo<u32>,
    gate: Gate,
    deed: Deed,
}

/// The right to answer, on its way back from a piped future.
struct Late(ReplyTo<u32>);

struct Friend(ActorRef<Target>);

/// How a target starts: from the given start on, it waits at the gate.
#[derive(Clone, Default)]
struct Beginning {
    starts: Arc<AtomicU32>,
    slow_from: Option<u32>,
    gate: Gate,
    deed: Deed,
}

/// Who is asked.
#[actor]
#[derive(Default)]
struct Target {
    beginning: Beginning,
    kept: Vec<ReplyTo<u32>>,
}

#[handlers]
impl Target {
    #[handler(start)]
    async fn started(&mut self) -> ActorResult<()> {
        let start = self.beginning.starts.fetch_add(1, Ordering::SeqCst) + 1;
        if self.beginning.slow_from.is_some_and(|from| start >= from) {
            self.beginning.gate.pass().await;
            self.beginning.deed.clone().run()?;
        }
        Ok(())
    }

    #[handler]
    fn act(&mut self, deed: Deed) -> ActorResult<u32> {
        deed.run()
    }

    #[handler]
    async fn act_later(&mut self, gate: Gate, deed: Deed) -> ActorResult<u32> {
        gate.pass().await;
        deed.run()
    }

    #[handler]
    fn keep(&mut self, reply: ReplyTo<u32>) {
        self.kept.push(reply);
    }

    #[handler]
    fn drop_kept(&mut self) {
        self.kept.clear();
    }

    #[handler]
    fn drop_reply(&mut self, reply: ReplyTo<u32>) {
        drop(reply);
    }

    #[handler]
    async fn hold_reply(&mut self, gate: Gate, reply: ReplyTo<u32>) {
        gate.pass().await;
        drop(reply);
    }

    #[handler]
    fn give_to_a_task(&mut self, gate: Gate, reply: ReplyTo<u32>, ctx: &mut Context<Self>) {
        ctx.spawn(async move {
            gate.pass().await;
            drop(reply);
        });
    }

    #[handler]
    fn give_to_a_pipe(&mut self, gate: Gate, reply: ReplyTo<u32>, ctx: &mut Context<Self>) {
        ctx.pipe(async move { gate.pass().await }, move |()| Late(reply));
    }

    #[handler(message)]
    fn late(&mut self, late: Late) {
        drop(late.0);
    }

    #[handler]
    fn forward(&mut self, friend: Friend, gate: Gate, deed: Deed, reply: ReplyTo<u32>) {
        let _ = friend.0.try_tell(Forwarded { reply, gate, deed });
    }

    #[handler(message)]
    async fn forwarded(&mut self, forwarded: Forwarded) -> ActorResult<()> {
        let _reply = forwarded.reply;
        forwarded.gate.pass().await;
        forwarded.deed.run()?;
        Ok(())
    }

    #[handler]
    fn link_to(&mut self, other: Peer, ctx: &mut Context<Self>) {
        ctx.link(&other.0);
    }
}

/// Where the request is when it happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Queued, and the target is in its start handler.
    Starting,
    /// Queued, and the supervisor waits before it starts the target again.
    Backoff,
    /// Not even queued: it waits for room.
    Room,
    Queued,
    /// In hand of a plain handler, in the target's own task.
    Plain,
    /// In hand of an async handler, at an await.
    Await,
    /// The right to answer is kept in the state.
    Kept,
    /// The right to answer went to a task of the actor.
    Task,
    /// The right to answer is to come back with a piped result.
    Pipe,
    /// It is on its way back: queued.
    Piped,
    /// The right to answer lies in another actor's queue, and that one dies.
    FwdQueue,
    /// It is in another actor's hand, and that one dies.
    FwdHand,
    /// In hand of a plain handler, on the asker's turn.
    ZeroHop,
}

const PLACES: [Place; 13] = {
    use Place::*;
    [Starting, Backoff, Room, Queued, Plain, Await, Kept, Task, Pipe, Piped, FwdQueue, FwdHand, ZeroHop]
};

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Death {
    Panic,
    Error,
    Kill,
    Stop,
    Drain,
    /// A panic of a supervised one.
    Restart,
    /// A panic of a supervised one that is one too many.
    Budget,
    SupKilled,
    SupStopped,
    Terminated,
    Shutdown,
    /// The Tokio runtime of the target goes away.
    Runtime,
    /// A linked actor panics.
    Link,
    /// Nobody dies: the right to answer is dropped.
    Dropped,
    Evicted,
    Refused,
}

/// One row for each death, one column for each of `PLACES`. `Crashed` is that with the reason of the death.
const TABLE: &str = "
             Starting Backoff Room    Queued  Plain   Await   Kept    Task    Pipe    Piped   FwdQueue FwdHand ZeroHop
  Panic      Crashed  -       Stopped Crashed Crashed Crashed NoReply NoReply NoReply NoReply NoReply  Crashed Crashed
  Error      Crashed  -       Stopped Crashed Failed  Failed  NoReply NoReply NoReply NoReply NoReply  NoReply Failed
  Kill       Crashed  -       Stopped Crashed Ok      Crashed NoReply NoReply NoReply NoReply NoReply  NoReply Ok
  Stop       Stopped  -       Stopped Stopped Ok      Ok      NoReply NoReply NoReply NoReply NoReply  NoReply Ok
  Drain      Ok       -       Stopped Ok      Ok      Ok      NoReply NoReply NoReply NoReply NoReply  NoReply Ok
  Restart    Ok       -       Ok      Ok      Crashed Crashed NoReply NoReply NoReply NoReply NoReply  Crashed Crashed
  Budget     Crashed  -       Stopped Crashed Crashed Crashed NoReply NoReply NoReply NoReply NoReply  Crashed Crashed
  SupKilled  Crashed  Crashed Stopped Crashed Ok      Crashed NoReply NoReply NoReply NoReply NoReply  NoReply Ok
  SupStopped Ok       Crashed Stopped Stopped Ok      Ok      NoReply NoReply NoReply NoReply NoReply  NoReply Ok
  Terminated Ok       Crashed Stopped Stopped -       Ok      NoReply NoReply NoReply NoReply NoReply  NoReply -
  Shutdown   Stopped  Crashed Stopped Stopped -       Ok      NoReply NoReply NoReply NoReply NoReply  NoReply -
  Runtime    Crashed  -       Stopped Crashed -       Crashed NoReply NoReply NoReply NoReply NoReply  NoReply -
  Link       Crashed  -       Stopped Crashed -       Crashed NoReply NoReply NoReply NoReply NoReply  NoReply -
  Dropped    -        -       -       -       NoReply NoReply NoReply NoReply NoReply NoReply NoReply  NoReply NoReply
  Evicted    -        -       -       Evicted -       -       -       -       -       -       NoReply  -       -
  Refused    -        -       Full    -       -       -       -       -       -       -       NoReply  -       -
";

const DEATHS: [Death; 16] = {
    use Death::*;
    [
        Panic, Error, Kill, Stop, Drain, Restart, Budget, SupKilled, SupStopped, Terminated, Shutdown,
        Runtime, Link, Dropped, Evicted, Refused,
    ]
};

impl Death {
    fn is_supervised(self, place: Place) -> bool {
        matches!(self, Self::Restart | Self::Budget | Self::SupKilled | Self::SupStopped | Self::Terminated)
            || place == Place::Backoff
    }

    /// What the handler does that brings it about.
    fn deed(self) -> Deed {
        match self {
            Self::Panic | Self::Restart | Self::Budget => Deed::Panic,
            Self::Error => Deed::Error,
            _ => Deed::Nothing,
        }
    }

    fn reason(self, place: Place) -> ExitReason {
        match self {
            // It crashed before, and that is how it ended.
            _ if place == Place::Backoff => ExitReason::Panicked { message: "boom".into() },
            Self::Panic | Self::Restart | Self::Budget | Self::Link => {
                ExitReason::Panicked { message: "boom".into() }
            }
            Self::Error => ExitReason::Failed { message: "on purpose".into() },
            _ => ExitReason::Killed,
        }
    }

    fn expected(self, place: Place, word: &str) -> Result<u32, AskError> {
        Err(match word {
            "Ok" => return Ok(1),
            "Stopped" => AskError::Stopped,
            "NoReply" => AskError::NoReply,
            "Full" => AskError::Full,
            "Evicted" => AskError::Evicted,
            "Failed" => AskError::Failed { message: "on purpose".into() },
            "Crashed" => AskError::Crashed { reason: self.reason(place) },
            word => panic!("the table has an unknown word: {word}"),
        })
    }
}

/// Polls an ask, and lets everything else run, without the paused clock moving. `None` when it hangs.
async fn prompt<T>(mut ask: Pin<Box<dyn Future<Output = T> + Send>>) -> Option<T> {
    let began = RealInstant::now();
    loop {
        if let Poll::Ready(answer) = poll_once(&mut ask).await {
            return Some(answer);
        }
        if began.elapsed() > PATIENCE {
            return None;
        }
        tokio::task::yield_now().await;
    }
}

async fn until(what: &str, condition: impl Fn() -> bool) {
    let began = RealInstant::now();
    while !condition() {
        assert!(began.elapsed() < PATIENCE, "never: {what}");
        tokio::task::yield_now().await;
    }
}

/// One combination: who dies, and how the test gets at it.
struct Scene {
    place: Place,
    death: Death,
    system: System,
    supervisor: Option<Arc<Supervised<()>>>,
    runtime: Option<Runtime>,
    /// The one that dies.
    doomed: ActorRef<Target>,
    /// One in a system that goes on.
    survivor: ActorRef<Target>,
    peer: ActorRef<Target>,
    gate: Gate,
}

impl Scene {
    async fn new(place: Place, death: Death) -> Self {
        let runtime = (death == Death::Runtime).then(|| {
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
        });
        let mailbox = ActorConfig::DEFAULT.capacity(1).backpressure(match death {
            Death::Evicted => BackpressureStrategy::DropOldest,
            Death::Refused => BackpressureStrategy::Drop,
            _ => BackpressureStrategy::Block,
        });
        let mut builder = System::builder().name("doomed").mailbox(mailbox);
        if let Some(runtime) = &runtime {
            builder = builder.runtime(runtime.handle().clone());
        }
        let system = builder.build().unwrap();
        let gate = Gate::new();
        let supervised = death.is_supervised(place);
        let beginning = Beginning {
            slow_from: (place == Place::Starting).then_some(if supervised { 2 } else { 1 }),
            gate: gate.clone(),
            // The start after the failed one is fine, or there would be no end of it.
            deed: if death == Death::Restart { Deed::Nothing } else { death.deed() },
            ..Beginning::default()
        };
        let make = move || Target { beginning: beginning.clone(), kept: Vec::new() };
        let (doomed, supervisor) = if supervised {
            let spec = ChildSpec::new("doomed", move || {
                let target = make();
                async move { Ok(target) }
            });
            let mut builder = Supervisor::builder().child(spec).max_restarts(match death {
                // In its start handler it was restarted once already.
                Death::Budget => u32::from(place == Place::Starting),
                _ => 5,
            });
            if place == Place::Backoff {
                builder = builder.backoff(Backoff::new(LIMIT, LIMIT));
            }
            let supervisor = Arc::new(system.start(builder).await.unwrap());
            (supervisor.child("doomed").await.unwrap(), Some(supervisor))
        } else {
            (system.spawn(make()), None)
        };
        let survivor = System::new("survivor").spawn(Target::default());
        let peer = system.spawn(Target::default());
        peer.detach();
        Self { place, death, system, supervisor, runtime, doomed, survivor, peer, gate }
    }

    /// Keeps a message in the hand of the doomed one until the gate opens; then it does the deed.
    async fn occupy(&self, deed: Deed) {
        let before = self.gate.visits();
        self.doomed.act_later(self.gate.clone(), deed).try_tell().unwrap();
        until("it is in hand", || self.gate.visits() > before).await;
    }

    /// Sends the request and brings it to its place.
    async fn place(&self) -> AnyAsk {
        if self.death == Death::Link {
            self.peer.link_to(Peer(self.doomed.process())).await.unwrap();
        }
        let (doomed, gate) = (&self.doomed, self.gate.clone());
        let deed = match self.death {
            // A plain handler cannot be interrupted: what is to happen happens in it.
            _ if matches!(self.place, Place::Plain | Place::ZeroHop) => self.deed_inside(),
            death => death.deed(),
        };
        let own = |ask: Request<'_, ActorRef<Target>, TargetMessage, u32>| -> AnyAsk {
            Box::pin(ask.timeout(LIMIT).owned().into_future())
        };
        let mut ask = match self.place {
            Place::Starting => {
                if self.supervisor.is_some() {
                    let _ = doomed.act(Deed::Panic).await;
                }
                let gate = self.gate.clone();
                until("it is in its start handler", || gate.visits() > 0).await;
                own(doomed.act(Deed::Nothing))
            }
            Place::Backoff => {
                let crashed = doomed.act(Deed::Panic).await;
                assert!(matches!(crashed, Err(AskError::Crashed { .. })));
                settle().await;
                own(doomed.act(Deed::Nothing))
            }
            Place::Room => {
                self.occupy(deed).await;
                doomed.act(Deed::Nothing).try_tell().unwrap();
                own(doomed.act(Deed::Nothing))
            }
            Place::Queued => {
                self.occupy(deed).await;
                own(doomed.act(Deed::Nothing))
            }
            Place::Plain => {
                self.occupy(Deed::Nothing).await;
                match self.death {
                    Death::Dropped => own(doomed.drop_reply()),
                    _ => own(doomed.act(deed)),
                }
            }
            Place::ZeroHop => {
                // The start handler has run: idle.
                doomed.drop_kept().await.unwrap();
                match self.death {
                    Death::Dropped => own(doomed.drop_reply()),
                    _ => own(doomed.act(deed)),
                }
            }
            Place::Await => match self.death {
                Death::Dropped => own(doomed.hold_reply(gate)),
                _ => own(doomed.act_later(gate, deed)),
            },
            Place::Kept => own(doomed.keep()),
            Place::Task => own(doomed.give_to_a_task(gate)),
            Place::Pipe => own(doomed.give_to_a_pipe(gate)),
            Place::Piped => {
                let pipe = Gate::new();
                let mut ask = own(doomed.give_to_a_pipe(pipe.clone()));
                assert!(poll_once(&mut ask).await.is_pending());
                until("the future runs", || pipe.visits() > 0).await;
                self.occupy(deed).await;
                pipe.open();
                ask
            }
            Place::FwdQueue => {
                self.occupy(deed).await;
                if self.death == Death::Refused {
                    doomed.act(Deed::Nothing).try_tell().unwrap();
                }
                own(self.survivor.forward(Friend(doomed.clone()), gate, Deed::Nothing))
            }
            Place::FwdHand => own(self.survivor.forward(Friend(doomed.clone()), gate, deed)),
        };
        if self.place == Place::ZeroHop {
            // Whatever it does, it is done by the end of the first poll.
            let answer = poll_once(&mut ask).await;
            let Poll::Ready(answer) = answer else { panic!("{:?} took a hop", self.death) };
            return Box::pin(std::future::ready(answer));
        }
        // What is refused is so at once.
        if self.death == Death::Refused {
            return ask;
        }
        assert!(poll_once(&mut ask).await.is_pending(), "{:?} {:?}", self.death, self.place);
        let gate = self.gate.clone();
        match self.place {
            Place::Await | Place::Task | Place::Pipe | Place::FwdHand => {
                until("it is at the gate", || gate.visits() > 0).await;
            }
            Place::FwdQueue => {
                let doomed = self.doomed.process();
                until("it is queued", || doomed.mailbox_len() > 0).await;
            }
            _ => {}
        }
        settle().await;
        ask
    }

    /// What a plain handler does to its own actor.
    fn deed_inside(&self) -> Deed {
        let doomed = self.doomed.clone();
        match self.death {
            Death::Kill => Deed::Call(Arc::new(move || drop(doomed.kill()))),
            Death::Stop => Deed::Call(Arc::new(move || drop(doomed.stop()))),
            Death::Drain => Deed::Call(Arc::new(move || drop(doomed.drain()))),
            Death::SupKilled | Death::SupStopped => {
                let supervisor = self.supervisor.clone().unwrap();
                let kills = self.death == Death::SupKilled;
                Deed::Call(Arc::new(move || drop(if kills { supervisor.kill() } else { supervisor.stop() })))
            }
            death => death.deed(),
        }
    }

    /// Lets it happen.
    async fn strike(&mut self) {
        if self.place == Place::ZeroHop {
            return;
        }
        if self.place == Place::Plain {
            self.gate.open();
            return;
        }
        match self.death {
            Death::Panic | Death::Error | Death::Restart | Death::Budget => match self.place {
                Place::Kept | Place::Task | Place::Pipe => {
                    self.doomed.act(self.death.deed()).try_tell().unwrap();
                }
                _ => self.open_twice(),
            },
            Death::Kill => drop(self.doomed.kill()),
            Death::Stop => {
                drop(self.doomed.stop());
                self.gate.open();
            }
            Death::Drain => {
                drop(self.doomed.drain());
                self.open_twice();
            }
            Death::SupKilled => drop(self.supervisor.as_ref().unwrap().kill()),
            Death::SupStopped => {
                drop(self.supervisor.as_ref().unwrap().stop());
                settle().await;
                self.gate.open();
            }
            Death::Terminated => {
                let supervisor = self.supervisor.clone().unwrap();
                tokio::spawn(async move { supervisor.terminate_child("doomed").await });
                settle().await;
                self.gate.open();
            }
            Death::Shutdown => {
                let system = self.system.clone();
                tokio::spawn(async move { system.shutdown().await });
                settle().await;
                self.gate.open();
            }
            Death::Runtime => self.runtime.take().unwrap().shutdown_background(),
            Death::Link => self.peer.act(Deed::Panic).try_tell().unwrap(),
            Death::Dropped if self.place == Place::Kept => self.doomed.drop_kept().try_tell().unwrap(),
            Death::Dropped => self.open_twice(),
            Death::Evicted => self.doomed.act(Deed::Nothing).try_tell().unwrap(),
            Death::Refused => {}
        }
    }

    /// For the message in hand, and for the one behind it where that waits at the gate, too.
    fn open_twice(&self) {
        self.gate.open();
        self.gate.open();
    }

    /// Nothing is left of it, and every message is accounted for.
    async fn clean_up(self) {
        for _ in 0..8 {
            self.gate.open();
        }
        if self.death != Death::Runtime {
            let report = self.system.shutdown().await;
            assert!(report.is_clean(), "{report:?}");
            at_rest(&self.system).await;
        } else {
            let system = self.system.clone();
            until("the counters add up", || adds_up(&system.counters())).await;
        }
        drop(self.survivor.stop());
    }
}

/// One combination: what came of the ask, and how much of the paused time went by.
async fn play(place: Place, death: Death) -> (Option<Result<u32, AskError>>, Duration) {
    let mut scene = Scene::new(place, death).await;
    let began = Instant::now();
    let ask = scene.place().await;
    scene.strike().await;
    let answer = prompt(ask).await;
    let took = began.elapsed();
    scene.clean_up().await;
    (answer, took)
}

#[tokio::test(start_paused = true)]
async fn c099_every_ask_ends_at_once_whoever_dies_how_and_wherever_the_request_is() {
    within_time(Duration::from_secs(48 * 60 * 60), async {
        let mut rows = TABLE.lines().filter(|line| !line.trim().is_empty());
        let head: Vec<_> = rows.next().unwrap().split_whitespace().map(str::to_owned).collect();
        assert_eq!(head, PLACES.map(|place| format!("{place:?}")));
        let (mut combinations, mut hung, mut wrong) = (0, 0, Vec::new());
        for (row, death) in rows.by_ref().zip(DEATHS) {
            let mut words = row.split_whitespace();
            assert_eq!(words.next(), Some(&*format!("{death:?}")));
            let words: Vec<_> = words.collect();
            assert_eq!(words.len(), PLACES.len(), "{death:?}");
            for (word, place) in words.into_iter().zip(PLACES) {
                if word == "-" {
                    continue;
                }
                combinations += 1;
                let (answer, took) = play(place, death).await;
                if answer.is_none() {
                    hung += 1;
                }
                let expected = Some(death.expected(place, word));
                if answer != expected || took != Duration::ZERO {
                    wrong.push(format!("{death:?} while {place:?}: {answer:?} after {took:?}, not {word}"));
                }
            }
        }
        assert!(rows.next().is_none(), "a death is missing");
        println!("{combinations} combinations, {hung} hung");
        assert!(wrong.is_empty(), "{wrong:#?}");
    })
    .await;
}

/// By what an ask goes.
#[derive(Clone)]
enum Way {
    Direct(ActorRef<Node>),
    Owned(ActorRef<Node>),
    Weak(ActorRef<Node>),
    Recipient(Recipient<NodeMessage>),
    Pool(Pool<Node>),
    /// From a handler that blocks its thread.
    Blocking(ActorRef<Node>),
}

impl Way {
    const NAMES: [&str; 7] = ["direct", "owned", "weak", "recipient", "pool", "pool's recipient", "blocking"];

    /// The way of this name to the only member of a pool.
    fn of(name: &str, pool: &Pool<Node>) -> Self {
        let node = pool.members()[0].clone();
        match name {
            "direct" => Self::Direct(node),
            "owned" => Self::Owned(node),
            "weak" => Self::Weak(node),
            "recipient" => Self::Recipient(node.recipient()),
            "pool" => Self::Pool(pool.clone()),
            "pool's recipient" => Self::Recipient(pool.recipient()),
            _ => Self::Blocking(node),
        }
    }
}

/// One of a ring, or of a chain.
#[actor]
#[derive(Default)]
struct Node {
    next: Option<Way>,
    kept: Vec<ReplyTo<u32>>,
    heard: Log,
}

impl Node {
    fn new(heard: &Log) -> Self {
        Self { heard: heard.clone(), ..Self::default() }
    }
}

#[handlers]
impl Node {
    #[handler]
    fn set_next(&mut self, next: Way) {
        self.next = Some(next);
    }

    /// Asks so many others, one after the other.
    #[handler]
    async fn walk(&mut self, hops: u32) -> Result<u32, AskError> {
        let Some(next) = self.next.as_ref().filter(|_| hops > 0) else { return Ok(0) };
        let hops = hops - 1;
        match next {
            Way::Direct(next) => next.walk(hops).timeout(LIMIT).await?,
            Way::Owned(next) => next.walk(hops).timeout(LIMIT).owned().await?,
            Way::Weak(next) => next.downgrade().walk(hops).timeout(LIMIT).await?,
            Way::Recipient(next) => next.walk(hops).timeout(LIMIT).await?,
            Way::Pool(next) => next.walk(hops).timeout(LIMIT).await?,
            Way::Blocking(next) => {
                tokio::task::block_in_place(|| next.walk(hops).timeout(LIMIT).blocking_ask())?
            }
        }
    }

    /// Waits, then asks the next one.
    #[handler]
    async fn wait_and_walk(&mut self, gate: Gate, hops: u32) -> Result<u32, AskError> {
        gate.pass().await;
        self.walk(hops).await
    }

    /// Asks round a ring and waits anyway.
    #[handler]
    async fn walk_anyway(&mut self, hops: u32, limit: Duration) -> Result<u32, AskError> {
        let Some(Way::Direct(next)) = &self.next else { return Ok(0) };
        match hops {
            0 => next.walk(0).timeout(limit).ignore_cycle().await?,
            hops => next.walk_anyway(hops - 1, limit).timeout(LIMIT).await?,
        }
    }

    /// Asks itself from a task and answers at once with what may come.
    #[handler]
    fn walk_in_a_task(&mut self, ctx: &mut Context<Self>, reply: ReplyTo<Result<u32, AskError>>) {
        let this = ctx.this();
        ctx.spawn(async move {
            let answer = this.walk(0).timeout(LIMIT).await;
            reply.send(answer.and_then(|answer| answer));
        });
    }

    /// Asks itself from a task and waits for that: a ring, but not of direct asks.
    #[handler]
    async fn wait_for_a_task(&mut self, limit: Duration, ctx: &mut Context<Self>) -> Result<u32, AskError> {
        let ask = ctx.this().walk(0).timeout(limit).owned().into_future();
        tokio::spawn(ask).await.expect("the task does not panic")?
    }

    #[handler]
    fn keep(&mut self, reply: ReplyTo<u32>) {
        self.kept.push(reply);
    }

    /// So many asks deep, the last one is asked for something that never comes; each ask has this limit.
    #[handler]
    async fn nest(&mut self, depth: u32, limit: Duration) -> u32 {
        let Some(Way::Direct(next)) = &self.next else { std::future::pending().await };
        let answer = match depth {
            // Taken away by a plain handler, on the asker's turn.
            0 => next.keep().timeout(limit).await,
            depth => next.nest(depth - 1, limit).timeout(limit).await,
        };
        self.heard.add(format!("{depth}: {answer:?}"));
        depth
    }

    #[handler]
    async fn hold(&mut self, gate: Gate) {
        gate.pass().await;
    }

    #[handler]
    fn note(&mut self, number: u32) -> u32 {
        self.heard.add(number);
        number
    }
}

/// A ring of so many nodes; the last one asks the first by the given way.
async fn ring_of(system: &System, length: usize, way: &str) -> Vec<ActorRef<Node>> {
    let first = ChildSpec::new("first", || async { Ok(Node::default()) }).pool(1);
    let plan = Supervisor::builder().plan(|mut children| async move { children.start(first).await });
    let pool: Pool<Node> = (*system.start(plan).await.unwrap()).clone();
    let mut nodes = pool.members().to_vec();
    nodes.extend((1..length).map(|_| system.spawn(Node::default())));
    for pair in nodes.windows(2) {
        pair[0].set_next(Way::Direct(pair[1].clone())).await.unwrap();
    }
    nodes[length - 1].set_next(Way::of(way, &pool)).await.unwrap();
    nodes
}

/// A ring as the last one sees it, who closes it.
fn path_of(nodes: &[ActorRef<Node>]) -> Vec<ProcessId> {
    nodes.last().into_iter().chain(nodes).map(ActorRef::pid).collect()
}

async fn rings_end(ways: &[&str]) {
    for way in ways {
        for length in [1, 2, 3, 10] {
            let system = System::new("ring");
            let nodes = ring_of(&system, length, way).await;
            let began = (Instant::now(), RealInstant::now());
            let path = path_of(&nodes);
            let walked = nodes[0].walk(length as u32).timeout(LIMIT).await;
            assert_eq!(walked, Ok(Err(AskError::Deadlock { path })), "{length} by {way}");
            assert!(began.1.elapsed() < PATIENCE);
            // One hop less closes no ring, and all of them go on.
            assert_eq!(nodes[0].walk(length as u32 - 1).await, Ok(Ok(0)), "{length} by {way}");
            assert!(began.0.elapsed() < PATIENCE);
            nothing_left(&system).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn c102_a_ring_of_any_length_ends_at_once_with_its_path_by_whatever_it_goes() {
    let began = Instant::now();
    within_time(LIMIT / 2, rings_end(&Way::NAMES[..6])).await;
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c102_a_ring_that_is_closed_by_a_handler_that_blocks_ends_at_once_too() {
    within_time(PATIENCE * 10, rings_end(&["blocking"])).await;
}

/// All of a ring are in hand before the first one asks.
async fn meet(length: usize, hops: u32) -> usize {
    let system = System::new("ring");
    let nodes = ring_of(&system, length, "direct").await;
    let gate = Gate::new();
    let walks: Vec<_> = nodes
        .iter()
        .map(|node| tokio::spawn(node.wait_and_walk(gate.clone(), hops).timeout(LIMIT).owned().into_future()))
        .collect();
    until("all are in hand", || gate.visits() as usize == length).await;
    for _ in 0..length {
        gate.open();
    }
    let mut deadlocks = 0;
    for walk in walks {
        match prompt(Box::pin(async { walk.await.unwrap().unwrap() })).await.expect("no ask hangs") {
            Ok(0) => {}
            Err(AskError::Deadlock { path }) => {
                assert_eq!(path.first(), path.last());
                assert!(path.len() >= 2 && path.len() <= length + 1, "{path:?}");
                deadlocks += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    nothing_left(&system).await;
    deadlocks
}

#[tokio::test(start_paused = true)]
async fn c102_a_ring_that_is_closed_from_all_sides_at_once_ends_at_once() {
    let began = Instant::now();
    within_time(LIMIT / 2, async {
        for length in [1, 2, 3, 10] {
            assert!(meet(length, 1).await > 0, "{length}: each waits for one that is busy");
            assert!(meet(length, length as u32).await > 0, "{length}");
        }
    })
    .await;
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn c102_a_ring_that_is_closed_from_all_sides_by_several_threads_ends_too() {
    within_time(PATIENCE * 20, async {
        for round in 0..200 {
            let length = [2, 3, 5, 10][round % 4];
            assert!(meet(length, 1).await > 0, "{length}");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c102_who_ignores_a_cycle_waits_for_its_limit() {
    within_time(LIMIT / 2, async {
        for length in [1, 2, 3, 10] {
            let system = System::new("ring");
            let nodes = ring_of(&system, length, "direct").await;
            let limit = Duration::from_millis(700);
            let began = Instant::now();
            let walked = nodes[0].walk_anyway(length as u32 - 1, limit).timeout(LIMIT).await;
            assert_eq!(walked, Ok(Err(AskError::Timeout { limit })), "{length}");
            assert!(began.elapsed() >= limit && began.elapsed() < limit * 2);
            nothing_left(&system).await;
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c102_an_ask_from_a_task_is_no_part_of_a_ring() {
    within_time(LIMIT / 2, async {
        let system = System::new("ring");
        let node = system.spawn(Node::default());
        let began = Instant::now();
        assert_eq!(node.walk_in_a_task().timeout(LIMIT).await, Ok(Ok(0)));
        assert_eq!(began.elapsed(), Duration::ZERO);
        // Who waits for such a task has made a ring that nobody sees: the limit ends it.
        let limit = Duration::from_millis(700);
        let waited = node.wait_for_a_task(limit).timeout(LIMIT).await;
        assert_eq!(waited, Ok(Err(AskError::Timeout { limit })));
        assert!(began.elapsed() >= limit && began.elapsed() < limit * 2);
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c097_the_limit_of_the_first_of_nested_asks_bounds_them_all() {
    within_time(LIMIT / 2, async {
        for depth in 0..4 {
            let system = System::new("chain");
            let heard = Log::new();
            let nodes: Vec<_> = (0..5).map(|_| system.spawn(Node::new(&heard))).collect();
            for pair in nodes.windows(2) {
                pair[0].set_next(Way::Direct(pair[1].clone())).await.unwrap();
            }
            let limit = Duration::from_millis(50);
            let began = Instant::now();
            let asked = nodes[0].nest(depth, LIMIT).timeout(limit).await;
            assert_eq!(asked, Err(AskError::Timeout { limit }));
            // Every handler has given up, too.
            let idle = |node: &ActorRef<Node>| node.process().status() == ProcessStatus::Waiting;
            until("all are idle", || nodes.iter().all(idle)).await;
            let passed = began.elapsed();
            assert!(passed >= limit && passed <= limit + Duration::from_millis(2), "{passed:?}");
            assert_eq!(heard.len(), depth as usize + 1, "{:?}", heard.lines());
            let timeouts = heard.lines().iter().filter(|line| line.contains("Err(Timeout")).count();
            assert_eq!(timeouts, heard.len(), "{:?}", heard.lines());
            nothing_left(&system).await;
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c097_a_request_that_has_expired_is_skipped_also_when_its_asker_is_gone() {
    within_time(LIMIT / 2, async {
        let system = System::builder().mailbox(ActorConfig::DEFAULT.capacity(3)).build().unwrap();
        let heard = Log::new();
        let node = system.spawn(Node::new(&heard));
        let gate = Gate::new();
        node.hold(gate.clone()).try_tell().unwrap();
        gate.reached().await;
        let limit = Duration::from_millis(50);
        let own = |number: u32, limit| Box::pin(node.note(number).timeout(limit).owned().into_future());
        let mut asks = [own(1, limit), own(2, limit), own(3, LIMIT), own(4, limit), own(5, limit)];
        for ask in &mut asks {
            assert!(poll_once(ask).await.is_pending());
        }
        let [stays, leaves, leaves_in_time, waits_for_room, leaves_the_line] = asks;
        drop((leaves, leaves_in_time, leaves_the_line));
        assert_eq!(stays.await, Err(AskError::Timeout { limit }));
        assert_eq!(waits_for_room.await, Err(AskError::Timeout { limit }));
        gate.open();
        assert_eq!(node.note(6).await, Ok(6));
        assert_eq!(heard.lines(), ["3", "6"], "what was dropped within its limit is handled");
        let counters = nothing_left(&system).await;
        assert_eq!((counters.accepted, counters.handled, counters.dead_lettered), (5, 3, 2));
    })
    .await;
}

/// A small generator of numbers: the same seed, the same numbers.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 31)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        ((mixed ^ (mixed >> 29)) >> 8) % below
    }
}

/// Something to do, decided by its seed.
#[derive(Clone)]
struct Work {
    seed: u64,
    depth: u32,
}

/// Everybody in the busy program, and how its asks ended.
#[derive(Clone, Default)]
struct Crowd(Arc<CrowdInside>);

#[derive(Default)]
struct CrowdInside {
    all: std::sync::OnceLock<Vec<Recipient<Work>>>,
    plain: std::sync::OnceLock<Vec<ActorRef<Blocking>>>,
    asks: AtomicU32,
    hung: AtomicU32,
    deadlocks: AtomicU32,
}

/// In the busy program nothing waits for more than some milliseconds.
const SIMULATED_LIMIT: Duration = Duration::from_secs(120);

impl Crowd {
    /// Asks somebody, and notes how it ended.
    async fn ask(&self, dice: &mut Dice, depth: u32) -> Result<u32, AskError> {
        let seed = dice.roll(u64::MAX);
        let (all, plain) = (self.0.all.get(), self.0.plain.get());
        let (Some(all), Some(plain)) = (all, plain) else { return Ok(0) };
        self.0.asks.fetch_add(1, Ordering::SeqCst);
        let answer = if dice.roll(3) == 0 {
            let one = &plain[dice.roll(plain.len() as u64) as usize];
            match dice.roll(2) {
                0 => one.quick(seed).timeout(SIMULATED_LIMIT).await,
                _ => one.quick_kept(seed).timeout(SIMULATED_LIMIT).await,
            }
        } else {
            let one = &all[dice.roll(all.len() as u64) as usize];
            one.ask(Work { seed, depth }).timeout(SIMULATED_LIMIT).await
        };
        match &answer {
            // Whoever gives up first of several that wait for each other: that is a hang.
            Err(AskError::Timeout { .. }) => drop(self.0.hung.fetch_add(1, Ordering::SeqCst)),
            Err(AskError::Deadlock { .. }) => drop(self.0.deadlocks.fetch_add(1, Ordering::SeqCst)),
            _ => {}
        }
        answer
    }
}

macro_rules! busy {
    ($($Busy:ident, $backpressure:literal;)*) => {$(
        #[actor(mailbox(capacity = 2, backpressure = $backpressure))]
        struct $Busy {
            crowd: Crowd,
            kept: Vec<ReplyTo<u32>>,
        }

        #[handlers]
        impl $Busy {
            #[handler]
            fn quick(&mut self, seed: u64) -> u32 {
                if seed % 16 == 0 {
                    panic!("quick");
                }
                1
            }

            #[handler]
            fn quick_kept(&mut self, seed: u64, reply: ReplyTo<u32>) {
                if seed % 16 != 0 {
                    self.kept.push(reply);
                }
            }

            #[handler(message)]
            async fn work(&mut self, work: Work, ctx: &mut Context<Self>, reply: ReplyTo<u32>) {
                let mut dice = Dice(work.seed);
                match dice.roll(16) {
                    0 => panic!("work"),
                    1 => ctx.fail(Oops("work")),
                    2 => ctx.stop(),
                    3 => drop(ctx.this().kill()),
                    4 => drop(reply),
                    5 => self.kept.push(reply),
                    6 => ctx.spawn(async move {
                        tokio::task::yield_now().await;
                        reply.send(1);
                    }),
                    7 => {
                        let _ = ctx.this().quick(work.seed).timeout(SIMULATED_LIMIT).await;
                        reply.send(1);
                    }
                    8 => {
                        tokio::task::yield_now().await;
                        reply.send(1);
                    }
                    _ if work.depth > 0 => {
                        let answer = self.crowd.ask(&mut dice, work.depth - 1).await;
                        if dice.roll(4) == 0 {
                            let crowd = self.crowd.clone();
                            let (one, other) = (&mut Dice(work.seed + 1), &mut Dice(work.seed + 2));
                            let _ = tokio::join!(crowd.ask(one, 0), crowd.ask(other, work.depth - 1));
                        }
                        reply.send(answer.unwrap_or(0));
                    }
                    _ => reply.send(1),
                }
            }

            /// Nobody is kept waiting for ever.
            #[handler(every = "1ms")]
            fn answer_all(&mut self) {
                for reply in self.kept.drain(..) {
                    reply.send(1);
                }
            }
        }
    )*};
}

busy! {
    Blocking, "block";
    Refusing, "drop";
    Evicting, "drop_oldest";
}

async fn busy_program(seed: u64, system: System) -> Crowd {
    let mut dice = Dice(seed);
    let crowd = Crowd::default();
    let strategies = [RestartStrategy::OneForOne, RestartStrategy::OneForAll, RestartStrategy::RestForOne];
    let builder = Supervisor::builder()
        .strategy(strategies[dice.roll(3) as usize])
        .max_restarts(if dice.roll(4) == 0 { 10 } else { 100_000 });
    let (one, two, three) = (crowd.clone(), crowd.clone(), crowd.clone());
    let blocking = ChildSpec::new("blocking", move || {
        let crowd = one.clone();
        async move { Ok(Blocking { crowd, kept: Vec::new() }) }
    });
    let refusing = ChildSpec::new("refusing", move || {
        let crowd = two.clone();
        async move { Ok(Refusing { crowd, kept: Vec::new() }) }
    });
    let evicting = ChildSpec::new("evicting", move || {
        let crowd = three.clone();
        async move { Ok(Evicting { crowd, kept: Vec::new() }) }
    });
    let plan = builder.plan(move |mut children| async move {
        let blocking = children.start(blocking.pool(3)).await?;
        let refusing = children.start(refusing).await?;
        let evicting = children.start(evicting).await?;
        Ok((blocking, refusing, evicting))
    });
    let town = system.start(plan).await.unwrap();
    let (blocking, refusing, evicting) = &*town;
    let mut all: Vec<Recipient<Work>> = blocking.members().iter().map(ActorRef::recipient).collect();
    all.extend([refusing.recipient(), evicting.recipient(), blocking.recipient()]);
    let _ = crowd.0.all.set(all);
    let _ = crowd.0.plain.set(blocking.members().to_vec());

    let drivers: Vec<_> = (0..5)
        .map(|number| {
            let (crowd, mut dice) = (crowd.clone(), Dice(seed ^ (number << 32)));
            tokio::spawn(async move {
                for _ in 0..12 {
                    match dice.roll(8) {
                        // Gives up half-way.
                        0 => {
                            let mut one = Dice(dice.roll(u64::MAX));
                            let mut ask = Box::pin(crowd.ask(&mut one, 3));
                            for _ in 0..dice.roll(6) {
                                if poll_once(&mut ask).await.is_ready() {
                                    break;
                                }
                                tokio::task::yield_now().await;
                            }
                        }
                        _ => drop(crowd.ask(&mut dice, 3).await),
                    }
                }
            })
        })
        .collect();
    // Blows from outside.
    for _ in 0..dice.roll(12) {
        for _ in 0..dice.roll(10) {
            tokio::task::yield_now().await;
        }
        let one = &blocking.members()[dice.roll(3) as usize];
        match dice.roll(8) {
            0 => drop(one.kill()),
            1 => drop(one.stop()),
            2 => drop(evicting.kill()),
            3 => drop(refusing.drain()),
            4 => drop(town.terminate_child("evicting").await),
            5 => drop(town.restart_child("evicting").await),
            6 if dice.roll(6) == 0 => drop(town.kill()),
            7 if dice.roll(6) == 0 => drop(town.stop()),
            _ => {}
        }
    }
    for driver in drivers {
        driver.await.unwrap();
    }
    let _ = town.stop().await;
    crowd
}

#[test]
fn c099_no_ask_of_a_busy_program_hangs_in_any_order_of_events() {
    let (mut asks, mut deadlocks, mut crashes, mut hung) = (0, 0, 0, 0);
    let mut longest = Duration::ZERO;
    for seed in 0..500 {
        let outcome = airssys_rt::testing::Simulation::run(seed, |sim| async move {
            let began = Instant::now();
            sim.crash_randomly(0.01);
            let crowd = busy_program(seed, sim.system().clone()).await;
            let took = began.elapsed();
            nothing_left(sim.system()).await;
            (crowd, sim.crashes(), took)
        });
        let (crowd, crashed, took) = outcome;
        let here = crowd.0.hung.load(Ordering::SeqCst);
        if here > 0 {
            eprintln!("seed {seed}: {here} hung, {took:?}");
        }
        hung += here;
        asks += crowd.0.asks.load(Ordering::SeqCst);
        deadlocks += crowd.0.deadlocks.load(Ordering::SeqCst);
        crashes += crashed;
        longest = longest.max(took);
    }
    println!(
        "500 seeds, {asks} asks, {deadlocks} rings, {crashes} crashes by chance, {hung} hung; at most {longest:?}"
    );
    assert_eq!(hung, 0);
    assert!(longest < Duration::from_secs(1), "an ask waited until its actor was killed: {longest:?}");
    assert!(asks > 10_000 && deadlocks > 500 && crashes > 50, "the program is busy");
}
