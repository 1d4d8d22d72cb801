//! A system is a town of actors: it starts them, finds them by id and name, and ends them in order.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::actor::{Actor, Handles};
use crate::actor_ref::ActorRef;
use crate::address::DEFAULT_ASK_TIMEOUT;
use crate::cell::{Cell, Failure, Launch, Make, end_in_time};
use crate::config::{ActorConfig, MailboxConfig};
use crate::crowd::Crowd;
use crate::dead_letter::{DeadLetter, DeadLetters};
use crate::deadline::Deadlines;
use crate::delivery::PublishAndWait;
use crate::error::{StartError, SystemError};
use crate::event_bus::Bus;
use crate::exit::ExitReason;
use crate::groups::Groups;
use crate::instrument;
use crate::kernel::{Kernel, Totals, Witness};
use crate::linger::Linger;
use crate::papers::{Care, Sheet};
use crate::process::{AnyCell, Ending, ProcessInfo, ProcessRole, Until, short_name};
use crate::process_id::ProcessId;
use crate::registry::{Registry, Roll};
use crate::table::Table;
use crate::testing::schedule::Schedule;
use crate::timer::Timers;
use crate::tree::Tree;
#[cfg(unix)]
use crate::yields::either;

/// How long a whole shutdown may take when nobody said otherwise.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(30);
/// How long one actor that nobody supervises may take to stop.
const WORKER_LIMIT: Duration = Duration::from_secs(5);

/// A system of actors on one Tokio runtime: it starts them, finds them, watches them and ends them.
///
/// There is no global state: many systems can live in a process, and each ends alone. Cloning gives another handle of the same system. Dropping the handles ends nothing: [`shutdown`](Self::shutdown) does.
///
/// ```
/// # use airssys_rt::prelude::*;
/// # #[actor] #[derive(Default)] struct Counter(i64);
/// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let system = System::new("shop");
/// assert_eq!(system.name(), "shop");
///
/// let unnamed = system.spawn(Counter(0));
/// let named = system.start(Counter(0)).named("till").await?;
/// assert_eq!(system.lookup("till"), Some(named.clone()));
/// assert_eq!(system.actor_ref(unnamed.pid()), Some(unnamed.clone()));
/// assert_eq!(system.process(named.pid()).unwrap().name().as_deref(), Some("till"));
/// assert_eq!(system.processes().len(), 2);
///
/// assert_eq!(named.add(7).await?, 7);
/// assert_eq!(system.counters().handled, 1);
/// assert_eq!(system.dead_letters().count(), 0);
/// assert_eq!(system.events().lost(), 0);
/// assert!(system.groups().names().is_empty());
/// assert!(system.shutdown().await.is_clean());
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct System {
    kernel: Arc<Kernel>,
}

/// Settings of a [`System`]: what [`System::builder`] makes.
///
/// ```
/// use airssys_rt::SystemBuilder;
/// # use airssys_rt::prelude::*;
/// # #[actor] #[derive(Default)] struct Counter(i64);
/// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
/// let runtime = tokio::runtime::Runtime::new().unwrap();
/// let settings: SystemBuilder = System::builder()
///     .name("shop")
///     .runtime(runtime.handle().clone()) // else the runtime around
///     .ask_timeout(Duration::from_secs(1))
///     .mailbox(ActorConfig::DEFAULT.capacity(64)) // of actors that say nothing
///     .on_dead_letter(|letter| eprintln!("{letter:?}"));
/// let system = settings.build().unwrap();
/// assert_eq!(system.name(), "shop");
/// assert_eq!(system.spawn(Counter(0)).add(7).blocking_ask(), Ok(7));
/// ```
#[must_use]
pub struct SystemBuilder {
    name: Arc<str>,
    runtime: Option<Handle>,
    ask_timeout: Duration,
    mailbox: ActorConfig,
    dead_letters: DeadLetters,
    schedule: Option<Arc<Schedule>>,
}

impl SystemBuilder {
    /// Names the system: in its tree and its traces. `"system"` without this; two systems may have the same name.
    pub fn name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.name = name.into();
        self
    }

    /// Runs the system on this Tokio runtime instead of the one around. The runtime has to outlive the system: when it goes, the
    /// actors are killed.
    pub fn runtime(mut self, runtime: Handle) -> Self {
        self.runtime = Some(runtime);
        self
    }

    /// How long an ask waits when it has no limit of its own. 5 s without this.
    pub fn ask_timeout(mut self, limit: Duration) -> Self {
        self.ask_timeout = limit;
        self
    }

    /// The capacity and backpressure of mailboxes whose actors say nothing. 1,024 and
    /// [`Block`](crate::BackpressureStrategy::Block) without this. The other settings of the config have no effect here.
    pub fn mailbox(mut self, config: ActorConfig) -> Self {
        self.mailbox = config;
        self
    }

    /// Calls `hook` for every dead letter: see [`DeadLetters::on_each`].
    pub fn on_dead_letter(self, hook: impl Fn(&DeadLetter) + Send + Sync + 'static) -> Self {
        self.dead_letters.on_each(hook);
        self
    }

    pub(crate) fn schedule(mut self, schedule: Arc<Schedule>) -> Self {
        self.schedule = Some(schedule);
        self
    }

    /// Makes the system.
    ///
    /// # Errors
    /// [`SystemError`] without a Tokio runtime, or with one that has no timer.
    pub fn build(self) -> Result<System, SystemError> {
        let runtime = match self.runtime {
            Some(runtime) => runtime,
            None => Handle::try_current().map_err(|_| SystemError::NoRuntime)?,
        };
        let timer = {
            let _here = runtime.enter();
            // Tokio tells of a missing timer by a panic alone.
            std::panic::catch_unwind(|| drop(tokio::time::sleep(Duration::ZERO)))
        };
        if timer.is_err() {
            return Err(SystemError::NoTimer);
        }
        instrument::watch_panics();
        let (witness, gone) = oneshot::channel();
        let kernel = Arc::new(Kernel {
            name: self.name,
            runtime_id: runtime.id(),
            quiet_id: self.schedule.is_none().then(|| runtime.id()),
            crowd: Crowd::new(runtime.metrics().num_workers()),
            runtime,
            ask_timeout: self.ask_timeout,
            mailbox: self.mailbox.mailbox(MailboxConfig::DEFAULT),
            table: Table::new(),
            registry: Registry::new(),
            roll: Roll::new(),
            timers: Timers::new(),
            deadlines: Deadlines::new(),
            bus: Bus::new(),
            dead_letters: self.dead_letters,
            linger: Linger::new(),
            totals: Totals::default(),
            closing: AtomicBool::new(false),
            schedule: self.schedule,
            _witness: witness,
        });
        if kernel.schedule.is_none() {
            Witness::post(&kernel, gone);
        }
        Ok(System { kernel })
    }
}

impl System {
    /// A system of this name with default settings, on the Tokio runtime around.
    ///
    /// # Panics
    /// Outside a Tokio runtime, or in one without a timer; [`System::builder`] gives an error value instead.
    #[track_caller]
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        match Self::builder().name(name).build() {
            Ok(system) => system,
            Err(error) => panic!("{error}"),
        }
    }

    /// A system with settings: see [`SystemBuilder`] for all of them.
    ///
    /// ```
    /// use airssys_rt::System;
    ///
    /// let error = System::builder().name("nowhere").build().unwrap_err();
    /// assert!(error.to_string().starts_with("a system runs on a Tokio runtime and there is none here"));
    /// ```
    pub fn builder() -> SystemBuilder {
        SystemBuilder {
            name: "system".into(),
            runtime: None,
            ask_timeout: DEFAULT_ASK_TIMEOUT,
            mailbox: ActorConfig::DEFAULT,
            dead_letters: DeadLetters::new(),
            schedule: None,
        }
    }

    pub(crate) fn of(kernel: Arc<Kernel>) -> Self {
        Self { kernel }
    }

    pub(crate) fn kernel(&self) -> &Arc<Kernel> {
        &self.kernel
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.kernel.name
    }

    /// Spawns an actor at once, without waiting for anything. Its start handler runs before its first message; if that fails, the
    /// actor ends, and messages sent meanwhile become dead letters.
    ///
    /// Nobody supervises it: a failure ends it for good, and so does the loss of its last reference (see [`ActorRef`]).
    /// After [`shutdown`](Self::shutdown) has begun the actor ends unstarted.
    pub fn spawn<A: Actor>(&self, actor: A) -> ActorRef<A> {
        let pid = self.kernel.table.next_pid();
        let actor = ActorRef { cell: Cell::referenced(self.kernel.clone(), pid, actor) };
        if self.kernel.is_closing() {
            actor.cell.clone().bury(ExitReason::Shutdown);
            return actor;
        }
        self.kernel.table.insert(pid, actor.cell.clone());
        actor.cell.begin();
        if self.kernel.is_closing() {
            // The shutdown may have looked before the actor was in the table.
            drop(actor.stop());
        }
        actor
    }

    /// Starts an actor or a supervisor: await it for the reference, once its start handler has run. See [`Start`] for a name and
    /// a time limit.
    ///
    /// # Errors
    /// [`StartError`], when the start fails or the name is taken; nothing is left behind then.
    pub fn start<S: Startable>(&self, what: S) -> Start<S> {
        Start { system: self.clone(), what, name: None, limit: None }
    }

    /// The live actor of this name and type. None also when the actor of this name is of another type.
    #[must_use]
    pub fn lookup<A: Actor>(&self, name: &str) -> Option<ActorRef<A>> {
        ActorRef::of(self.kernel.registry.find(name)?)
    }

    /// The live actor of this id and type.
    #[must_use]
    pub fn actor_ref<A: Actor>(&self, pid: ProcessId) -> Option<ActorRef<A>> {
        ActorRef::of(self.kernel.table.get(pid)?)
    }

    /// The live process of this id, of any type.
    #[must_use]
    pub fn process(&self, pid: ProcessId) -> Option<ProcessInfo> {
        self.kernel.table.get(pid).map(ProcessInfo)
    }

    /// The groups: names that many actors share. See [`Groups`].
    #[must_use]
    pub fn groups(&self) -> Groups {
        Groups::of(self.kernel.clone())
    }

    /// All live processes, in order of their ids.
    #[must_use]
    pub fn processes(&self) -> Vec<ProcessInfo> {
        self.kernel.table.all().into_iter().map(ProcessInfo).collect()
    }

    /// A picture of who owns whom, at this moment: see [`Tree`]. `println!("{}", system.tree())` draws it.
    ///
    /// ```
    /// # use airssys_rt::prelude::*;
    /// # #[actor] #[derive(Default)] struct Counter(i64);
    /// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = System::new("doc");
    /// let _counter = system.start(Counter(0)).named("till").await?;
    /// assert_eq!(system.tree().to_string(), "doc\n└─ till <1> waiting (Counter)\n");
    /// # Ok(()) }
    /// ```
    pub fn tree(&self) -> Tree {
        Tree::of(&self.kernel)
    }

    /// The event bus: see [`EventBus`].
    #[must_use]
    pub fn events(&self) -> EventBus {
        EventBus { kernel: self.kernel.clone() }
    }

    /// The letters that reached nobody: see [`DeadLetters`].
    #[must_use]
    pub fn dead_letters(&self) -> &DeadLetters {
        &self.kernel.dead_letters
    }

    /// What happened so far, added up over all actors: see [`Counters`]. Exact once the system is at rest. It looks at every live
    /// actor, so it is not for a hot path.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let totals = &self.kernel.totals;
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let mut counters = Counters {
            accepted: read(&totals.accepted),
            handled: read(&totals.handled),
            queued: 0,
            dead_lettered: self.kernel.dead_letters.count(),
            lost_in_hand: read(&totals.lost_in_hand),
            refused: read(&totals.refused),
            evicted: read(&totals.evicted),
            failures: read(&totals.failures),
            restarts: read(&totals.restarts),
            told_errors: read(&totals.told_errors),
            events_lost: self.kernel.bus.lost(),
            leaked: read(&totals.leaked),
            processes: self.kernel.table.len(),
            names: self.kernel.registry.len(),
            timers: self.kernel.timers.len(),
            monitors: 0,
            links: 0,
        };
        for cell in self.kernel.table.all() {
            let tally = cell.tally();
            counters.accepted += tally.accepted;
            counters.handled += tally.handled;
            counters.queued += tally.queued;
            counters.monitors += tally.monitors;
            counters.links += tally.links;
        }
        counters
    }

    /// Ends every actor, the last started first, each with what it owns, and waits until they have ended.
    ///
    /// Bounded: supervisors and their children by their own shutdown limits and by 30 s in all, actors that
    /// nobody supervises by 5 s each. Who does not end in time is killed; who does not even yield is
    /// reported. Nothing can be started any more. A second call waits for the same end.
    ///
    /// # Cancel safety
    /// Dropped, the shutdown goes on no further than it has come; call it again.
    ///
    /// ```
    /// # use airssys_rt::prelude::*;
    /// # #[actor] #[derive(Default)] struct Counter(i64);
    /// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = System::new("doc");
    /// let counter = system.spawn(Counter(0));
    /// let report = system.shutdown().await;
    /// assert!(report.is_clean(), "killed: {:?}, leaked: {:?}", report.killed, report.leaked);
    /// assert_eq!(report.ended, 1);
    /// assert_eq!(counter.add(1).await, Err(AskError::Stopped));
    /// assert!(system.start(Counter(0)).await.is_err());
    /// # Ok(()) }
    /// ```
    pub async fn shutdown(&self) -> ShutdownReport {
        self.kernel.closing.store(true, Ordering::Release);
        let until = Instant::now() + SHUTDOWN_LIMIT;
        let mut report = ShutdownReport { ended: 0, killed: Vec::new(), leaked: Vec::new() };
        for cell in self.kernel.top_level().into_iter().rev() {
            let mut ended = cell.wait(Until::Ended);
            if cell.is_leaked() {
                continue;
            }
            // One that is about to be gone is waited for, too.
            let stops = usize::from(cell.clone().request(Ending::Stop, true));
            let limit = match cell.role() {
                ProcessRole::Supervisor => until,
                ProcessRole::Worker => until.min(Instant::now() + WORKER_LIMIT),
            };
            if let Ok(reason) = ended.try_recv() {
                drop(reason);
                report.ended += stops;
                continue;
            }
            self.kernel.keep_time();
            if tokio::time::timeout_at(limit, &mut ended).await.is_ok() {
                report.ended += stops;
                continue;
            }
            let info = ProcessInfo(cell.clone());
            cell.clone().request(Ending::Kill, true);
            if end_in_time(&cell).await {
                report.killed.push(info);
            }
        }
        // Also those whose supervisor has ended and left them behind.
        let leaked = self.kernel.table.all().into_iter().filter(|cell| cell.is_leaked());
        report.leaked.extend(leaked.map(ProcessInfo));
        // Detached timers have nobody left to serve.
        self.kernel.timers.close();
        report
    }

    /// Waits for SIGINT or SIGTERM (Ctrl-C on Windows), then shuts down: the last line of a server's `main`.
    ///
    /// # Errors
    /// When the signal handler cannot be installed; nothing was shut down then.
    ///
    /// # Cancel safety
    /// Dropped before the signal, nothing happens; later it is a dropped [`shutdown`](Self::shutdown).
    ///
    /// ```
    /// # use airssys_rt::prelude::*;
    /// # #[actor] #[derive(Default)] struct Counter(i64);
    /// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = System::new("doc");
    /// let _counter = system.start(Counter(0)).named("till").await?;
    /// # #[cfg(unix)] {
    /// # let system_of_the_signal = system.clone();
    /// # tokio::spawn(async move {
    /// #     while system_of_the_signal.lookup::<Counter>("till").is_some() {
    /// #         tokio::task::yield_now().await; // until the handler is installed
    /// #         std::process::Command::new("kill").arg(std::process::id().to_string()).status().unwrap();
    /// #     }
    /// # });
    /// let report = system.run_until_signal().await?; // until somebody says `kill`
    /// assert!(report.is_clean());
    /// # }
    /// # Ok(()) }
    /// ```
    pub async fn run_until_signal(&self) -> std::io::Result<ShutdownReport> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let mut terminate = signal(SignalKind::terminate())?;
            let mut interrupt = signal(SignalKind::interrupt())?;
            either(terminate.recv(), interrupt.recv()).await;
        }
        #[cfg(not(unix))]
        tokio::signal::ctrl_c().await?;
        Ok(self.shutdown().await)
    }
}

impl fmt::Debug for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("System")
            .field("name", &self.name())
            .field("processes", &self.kernel.table.len())
            .finish()
    }
}

/// How a [shutdown](System::shutdown) went.
///
/// ```
/// use airssys_rt::ShutdownReport;
/// # use airssys_rt::prelude::*;
/// # #[actor] struct Stubborn;
/// #[handlers]
/// impl Stubborn {
///     #[handler(stop)]
///     async fn stop(&mut self) {
///         std::future::pending().await // it will not go
///     }
/// }
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let stubborn = system.start(Stubborn).await?;
/// let report: ShutdownReport = system.shutdown().await; // after five seconds
/// assert!(!report.is_clean());
/// assert_eq!(report.killed.len() + report.ended, 1);
/// assert!(!stubborn.process().is_alive());
/// # Ok(()) }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct ShutdownReport {
    /// How many actors that nobody owns ended in time.
    pub ended: usize,
    /// Who of those that nobody owns had to be killed. A child that its supervisor killed at its own limit is not among
    /// them: a monitor on it tells.
    pub killed: Vec<ProcessInfo>,
    /// Who did not yield and was left behind, and still runs: also children of supervisors that ended in time.
    pub leaked: Vec<ProcessInfo>,
}

impl ShutdownReport {
    /// Whether everybody ended in time.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.killed.is_empty() && self.leaked.is_empty()
    }
}

/// What happened in a system so far: what [`System::counters`] gives.
///
/// Once it is at rest, `accepted = handled + dead_lettered + lost_in_hand + queued`.
///
/// ```
/// use airssys_rt::Counters;
/// # use airssys_rt::prelude::*;
/// # #[actor] #[derive(Default)] struct Counter(i64);
/// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let counter = system.spawn(Counter(0));
/// for by in 1..=5 {
///     counter.add(by).tell().await?;
/// }
/// assert_eq!(counter.add(0).await?, 15);
/// counter.add(1).tell().await?;
/// counter.stop().await?;
///
/// let counters: Counters = system.counters();
/// assert_eq!((counters.accepted, counters.handled, counters.dead_lettered), (7, 6, 1));
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Messages taken into mailboxes.
    pub accepted: u64,
    /// Messages handled, with or without success.
    pub handled: u64,
    /// Messages that wait now.
    pub queued: u64,
    /// Accepted messages that were not handled since their actor ended or a newer one evicted them.
    pub dead_lettered: u64,
    /// Messages in hand when their actor crashed or was killed.
    pub lost_in_hand: u64,
    /// Messages that were given back since the mailbox was full.
    pub refused: u64,
    /// Messages evicted by newer ones; they are dead letters, too.
    pub evicted: u64,
    /// Failures of handlers: panics and errors.
    pub failures: u64,
    /// Restarts by supervisors.
    pub restarts: u64,
    /// Told messages that were answered with an error nobody saw.
    pub told_errors: u64,
    /// Events lost at full mailboxes.
    pub events_lost: u64,
    /// Actors that did not yield, were left behind, and have not yielded since.
    pub leaked: u64,
    /// Live processes.
    pub processes: usize,
    /// Registered names.
    pub names: usize,
    /// Timers that are set.
    pub timers: usize,
    /// Monitors that are set on live processes, by actors and by whoever awaits an end.
    pub monitors: usize,
    /// Links, counted at each live process that has one: twice for two processes of this system.
    pub links: usize,
}

/// The event bus of a system: typed publish and subscribe. An event is any `Clone` value; its type is its topic.
///
/// An actor with a `#[handler(event)]` is subscribed from its start on. Each subscriber gets its copy by its mailbox, in the
/// order of the publisher's calls.
///
/// ```
/// # use airssys_rt::prelude::*;
/// #[derive(Clone)]
/// struct Price(u32);
///
/// #[actor(mailbox(capacity = 1))]
/// #[derive(Default)]
/// struct Ticker(Vec<u32>);
///
/// #[handlers]
/// impl Ticker {
///     #[handler(message)]
///     fn price(&mut self, price: Price) {
///         self.0.push(price.0);
///     }
///
///     #[handler]
///     fn seen(&self) -> Vec<u32> {
///         self.0.clone()
///     }
/// }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let (events, ticker) = (system.events(), system.spawn(Ticker::default()));
/// assert!(events.subscribe::<Price>(&ticker)); // `#[handler(event)]` does it at the start
/// assert_eq!(events.subscribers::<Price>(), 1);
///
/// assert_eq!(events.publish(Price(1)), 1);
/// assert_eq!(events.publish(Price(2)), 0, "the mailbox is full");
/// assert_eq!((events.lost(), events.lost_by(ticker.pid())), (1, 1));
/// # tokio::task::yield_now().await;
///
/// events.unsubscribe::<Price>(&ticker);
/// assert_eq!(events.publish(Price(3)), 0);
/// assert_eq!(ticker.seen().await?, [1]);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct EventBus {
    kernel: Arc<Kernel>,
}

impl EventBus {
    /// Publishes an event to every subscriber of its type. Returns how many took it. Never waits: a full
    /// subscriber loses the event, which is counted.
    ///
    /// # Panics
    /// When cloning the event does; it is cloned for each subscriber but the last.
    pub fn publish<E: Clone + Send + 'static>(&self, event: E) -> usize {
        self.kernel.bus.publish(event)
    }

    /// Publishes an event, and waits until every subscriber has handled it or its time has passed.
    ///
    /// A subscriber that fails, ends, or has no room for the event is waited for no longer: the [`Delivery`](crate::Delivery) says how
    /// many there were of each. What was not handled in time is handled later all the same, as what is queued in
    /// front of a restart is. A subscriber that cannot handle it before the publisher goes on (the publishing actor
    /// itself, or one that waits for it) gets the event and is not waited for. Erlang knows it as `gen_event`'s
    /// `sync_notify`.
    ///
    /// Without [`timeout`](PublishAndWait::timeout) the system's limit of asks holds (5 s).
    ///
    /// # Cancel safety
    /// Dropped before it is first polled, nothing is published. Later, every subscriber has the event, and only the
    /// wait is over.
    ///
    /// # Panics
    /// When awaited, if cloning the event does.
    ///
    /// ```
    /// use airssys_rt::prelude::*;
    ///
    /// #[derive(Clone)]
    /// struct Closing;
    ///
    /// #[actor]
    /// #[derive(Default)]
    /// struct Till {
    ///     counted: bool,
    /// }
    ///
    /// #[handlers]
    /// impl Till {
    ///     #[handler(event)]
    ///     async fn closing(&mut self, _closing: Closing) {
    ///         self.counted = true;
    ///     }
    ///
    ///     #[handler]
    ///     fn counted(&self) -> bool {
    ///         self.counted
    ///     }
    /// }
    ///
    /// #[tokio::main(flavor = "current_thread")]
    /// async fn main() -> Result<(), AskError> {
    ///     let system = System::new("shop");
    ///     let tills = [system.spawn(Till::default()), system.spawn(Till::default())];
    ///     let limit = Duration::from_secs(1);
    ///     let delivery = system.events().publish_and_wait(Closing).timeout(limit).await;
    ///     assert_eq!(delivery.handled, 2);
    ///     assert!(delivery.is_complete());
    ///     for till in &tills {
    ///         assert!(till.counted().await?);
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub fn publish_and_wait<E: Clone + Send + 'static>(&self, event: E) -> PublishAndWait<E> {
        PublishAndWait::new(self.kernel.clone(), event)
    }

    /// Subscribes an actor, which may be of another system, to the events of type `E` of this one, until it ends.
    /// False when it has ended.
    pub fn subscribe<E: Clone + Send + 'static>(
        &self,
        actor: &ActorRef<impl Handles<E>>, // give it a `#[handler(event)]` with one argument of this type
    ) -> bool {
        crate::context::subscribe(&self.kernel, &actor.cell, true)
    }

    /// Takes the subscription back: nothing published afterwards reaches the actor. What is queued already is handled.
    pub fn unsubscribe<E: Send + 'static>(&self, actor: &ActorRef<impl Actor>) {
        crate::context::unsubscribe::<_, E>(&self.kernel, &actor.cell);
    }

    /// How many actors are subscribed to events of type `E`, those between two incarnations among them.
    #[must_use]
    pub fn subscribers<E: Send + 'static>(&self) -> usize {
        self.kernel.bus.subscribers::<E>()
    }

    /// How many events were lost at full mailboxes, over all subscribers.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.kernel.bus.lost()
    }

    /// How many of them this actor lost. 0 when it has ended.
    #[must_use]
    pub fn lost_by(&self, actor: ProcessId) -> u64 {
        self.kernel.bus.lost_by(actor)
    }
}

impl fmt::Debug for EventBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventBus").field("lost", &self.lost()).finish()
    }
}

/// What [`System::start`] starts: any actor, or a supervisor's spec. It is implemented by the framework alone.
///
/// ```
/// use airssys_rt::{StartError, Startable, System};
/// # use airssys_rt::prelude::*;
/// # #[actor] #[derive(Default)] struct Counter(i64);
/// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
/// async fn start_named<S: Startable>(system: &System, name: &str, what: S) -> Result<S::Handle, StartError> {
///     system.start(what).named(name).await
/// }
/// # #[supervisor] struct App { #[child] counter: ActorRef<Counter> }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let counter: ActorRef<Counter> = start_named(&system, "counter", Counter(0)).await?;
/// let app: Supervised<App> = start_named(&system, "app", App::spec()).await?;
/// assert_eq!(counter.add(1).await? + app.counter.add(1).await?, 2);
/// # Ok(()) }
/// ```
pub trait Startable: Send + 'static {
    /// What the caller gets once it has started.
    type Handle: Send;

    #[doc(hidden)]
    fn start_in(
        self,
        system: System,
        name: Option<Arc<str>>,
        limit: Option<Duration>,
    ) -> impl Future<Output = Result<Self::Handle, StartError>> + Send;
}

impl<A: Actor> Startable for A {
    type Handle = ActorRef<A>;

    async fn start_in(
        self,
        system: System,
        name: Option<Arc<str>>,
        limit: Option<Duration>,
    ) -> Result<ActorRef<A>, StartError> {
        let kernel = system.kernel();
        let cell = Cell::new(kernel.clone(), kernel.table.next_pid(), Some(self));
        if name.is_some() {
            let sheet = Arc::new(Sheet::new(None, name.as_deref(), Care::WORKER));
            cell.with_rare(|rare| rare.papers = Some(sheet));
        }
        let actor = ActorRef::new(cell);
        // Dropped half-way or refused, the start is taken back.
        let guard = Unfinished(Some(actor.cell.clone()));
        enroll(kernel, &actor.cell, name)?;
        launch(&actor.cell, None, limit, || short_name(std::any::type_name::<A>()).into()).await?;
        guard.finished();
        Ok(actor)
    }
}

/// A start under way; dropped before its end, what was started is killed.
pub(crate) struct Unfinished(pub(crate) Option<Arc<dyn AnyCell>>);

impl Unfinished {
    pub(crate) fn finished(mut self) {
        self.0 = None;
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(cell) = self.0.take() {
            cell.clone().request(Ending::Kill, true);
            cell.bury(ExitReason::Killed);
        }
    }
}

/// Puts a new cell into the table and under the name that stands in its papers.
pub(crate) fn enroll<A: Actor>(
    kernel: &Arc<Kernel>,
    cell: &Arc<Cell<A>>,
    name: Option<Arc<str>>,
) -> Result<(), StartError> {
    if kernel.is_closing() {
        return Err(StartError::NoSupervisor);
    }
    if let Some(name) = name {
        kernel
            .registry
            .claim(&name, cell.clone())
            .map_err(|owner| StartError::NameTaken { name: name.clone(), owner })?;
    }
    kernel.table.insert(cell.pid(), cell.clone());
    Ok(())
}

/// Starts an incarnation and waits for it; after `limit` it is killed.
pub(crate) async fn launch<A: Actor>(
    cell: &Arc<Cell<A>>,
    make: Option<Make<A>>,
    limit: Option<Duration>,
    child: impl FnOnce() -> Arc<str>,
) -> Result<(), StartError> {
    let (started, mut outcome) = oneshot::channel();
    cell.launch(Launch { make, started: Some(started) });
    let waited = match limit {
        None => (&mut outcome).await,
        Some(limit) => {
            cell.kernel_ref().keep_time();
            match tokio::time::timeout(limit, &mut outcome).await {
                Ok(outcome) => outcome,
                Err(_) => {
                    let cell: Arc<dyn AnyCell> = cell.clone();
                    cell.clone().request(Ending::Kill, false);
                    end_in_time(&cell).await;
                    if cell.owner().is_none() {
                        cell.bury(ExitReason::Killed);
                    }
                    return Err(StartError::Timeout { child: child(), limit });
                }
            }
        }
    };
    outcome_of(waited, child)
}

/// What a launch came to.
pub(crate) fn outcome_of(
    waited: Result<Result<(), Failure>, oneshot::error::RecvError>,
    child: impl FnOnce() -> Arc<str>,
) -> Result<(), StartError> {
    match waited {
        Ok(Ok(())) => Ok(()),
        Ok(Err(failure)) => Err(start_error(failure, child())),
        Err(_) => Err(StartError::Killed { child: child() }),
    }
}

fn start_error(failure: Failure, child: Arc<str>) -> StartError {
    match failure {
        Failure::Error(error) if error.is_ignore() => StartError::Ignored { child },
        Failure::Error(error) => match error.reason() {
            ExitReason::Panicked { message } => StartError::Panicked { child, message },
            _ => match error.downcast_ref::<StartError>() {
                // A supervisor's own child: its error says more.
                Some(inner) => inner.clone(),
                None => StartError::Failed { child, message: crate::error::text_of(&error).into() },
            },
        },
        Failure::Killed => StartError::Killed { child },
        Failure::Overlap => StartError::Failed {
            child,
            message: "the incarnation before this one does not yield and still runs".into(),
        },
    }
}

/// A start that was asked for by [`System::start`]; nothing happens until it is awaited.
///
/// # Errors
/// [`StartError`]; nothing is left behind then: no process, no name.
///
/// # Cancel safety
/// Dropped half-way, what was started is killed and the name is free.
///
/// ```
/// use airssys_rt::Start;
/// # use airssys_rt::prelude::*;
/// # #[actor] #[derive(Default)] struct Counter(i64);
/// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let start: Start<Counter> = system.start(Counter(0)).named("till").timeout(Duration::from_secs(1));
/// let counter = start.await?;
/// assert_eq!(system.lookup("till"), Some(counter));
/// # Ok(()) }
/// ```
#[must_use = "nothing is started until it is awaited"]
pub struct Start<S> {
    system: System,
    what: S,
    name: Option<Arc<str>>,
    limit: Option<Duration>,
}

impl<S> Start<S> {
    /// Registers it under a name, which is free again when it has ended for good. Without this it has none. The name is a
    /// reference: it keeps the actor alive.
    pub fn named(mut self, name: impl Into<Arc<str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// How long the start may take; then it is killed and the error is [`StartError::Timeout`]. No limit without this.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self
    }
}

impl<S: Startable> IntoFuture for Start<S> {
    type Output = Result<S::Handle, StartError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.what.start_in(self.system, self.name, self.limit))
    }
}

crate::opaque::opaque_debug! {
    SystemBuilder;
    Start<S>;
}
