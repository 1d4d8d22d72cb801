//! Actors for Rust: annotate structs, get typed messages and Erlang-grade supervision on Tokio.
//!
//! An **actor** is a state that handles one message at a time. Nobody else touches the state, so it needs no lock; others hold
//! a **reference** and send **messages**, which wait in the actor's **mailbox**. A **supervisor** starts actors, and starts
//! them again when they crash, with a fresh state and under the reference that everybody has. The ideas are those of
//! Erlang/OTP and Akka; the types are Rust's.
//!
//! ```toml
//! [dependencies]
//! airssys-rt = "0.1"
//! tokio = { version = "1", features = ["rt-multi-thread", "macros"] }
//! ```
//!
//! # A first actor
//!
//! [`macro@actor`] on a struct makes it an actor, [`macro@handlers`] on its impl block collects what it handles. Each
//! [`macro@handler`] becomes a method of every reference to it.
//!
//! ```
//! use airssys_rt::prelude::*;
//!
//! /// Counts, and never below zero.
//! #[actor]
//! #[derive(Default)]
//! struct Counter {
//!     value: u64,
//! }
//!
//! #[handlers]
//! impl Counter {
//!     /// Adds `by` and answers the new value.
//!     #[handler]
//!     fn add(&mut self, by: u64) -> u64 {
//!         self.value += by;
//!         self.value
//!     }
//!
//!     /// Takes `by` away, where that much is there.
//!     #[handler]
//!     fn take(&mut self, by: u64) -> Result<u64, TooMuch> {
//!         self.value = self.value.checked_sub(by).ok_or(TooMuch)?;
//!         Ok(self.value)
//!     }
//! }
//!
//! #[derive(Debug, PartialEq)]
//! struct TooMuch;
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let system = System::new("first");
//!     let counter: ActorRef<Counter> = system.spawn(Counter::default());
//!
//!     assert_eq!(counter.add(2).await?, 2); // ask: send, and wait for the answer
//!     counter.add(1).tell().await?; // tell: send, and wait for room in the mailbox only
//!     assert_eq!(counter.take(1).await?, Ok(2));
//!     assert_eq!(counter.take(9).await?, Err(TooMuch)); // the handler's own error is an answer
//!
//!     assert!(system.shutdown().await.is_clean());
//!     Ok(())
//! }
//! ```
//!
//! # Asking and telling
//!
//! The call of a handler on a reference is a [`Request`]: nothing happens until it is awaited (an **ask**) or told.
//!
//! * `.await` waits for the answer, for five seconds unless [`.timeout(d)`](Request::timeout) says otherwise.
//! * [`.tell()`](Request::tell) waits for room only; [`.try_tell()`](Request::try_tell) for nothing at all.
//! * [`.tell_after(d)`](Request::tell_after) and [`.tell_every(d)`](Request::tell_every) are timers,
//!   [`.blocking_ask()`](Request::blocking_ask) is for plain threads.
//!
//! What happens at a full mailbox, the actor says: `#[actor(mailbox(capacity = 256, backpressure = "drop"))]`, see
//! [`BackpressureStrategy`]. A handler may be an `async fn`; while it waits, its actor handles nothing else. One that answers
//! later takes a [`ReplyTo`]; one that needs more than its message, a [`Context`].
//!
//! Requests are made on every [`Address`] of the actor's messages: an [`ActorRef`], a [`WeakRef`], a [`Recipient`], a [`Pool`],
//! a [`Probe`](testing::Probe). A message of many actors is a struct of its own: `#[handler(message)]`, [`Handles`]. A value for
//! whoever is interested is an event: `#[handler(event)]`, [`EventBus`]. Messages that belong together, for whichever actor
//! handles them, are a [`macro@protocol`]. Many actors under one name are a group: [`Groups`].
//!
//! # Errors
//!
//! | what happened | what the asker gets | what becomes of the actor |
//! | --- | --- | --- |
//! | the handler returned a `Result` of its own | the `Result`, as the answer | it goes on |
//! | it returned an `Err` of an [`ActorResult`], or called [`Context::fail`] | [`AskError::Failed`] | the failure is its error handler's, then its supervisor's |
//! | it panicked | [`AskError::Crashed`] | as above, and the state is never used again |
//! | the actor has ended, is full, is too slow, … | the [`AskError`] that says so | |
//!
//! A tell that could not be sent gives its message back: [`SendError`], [`TrySendError`]. A message that was accepted and will
//! not be handled is a [`DeadLetter`]. `#[handler(error)]` decides about a failure first: [`ErrorAction`].
//!
//! # A tree
//!
//! [`macro@supervisor`] on a struct makes its fields children. Their order is the start order, and its reverse the stop order; a
//! start expression may name the children above it. It is evaluated anew for every incarnation.
//!
//! ```
//! use airssys_rt::prelude::*;
//!
//! #[actor]
//! #[derive(Default)]
//! struct Ledger {
//!     total: u64,
//! }
//!
//! #[handlers]
//! impl Ledger {
//!     #[handler]
//!     fn deposit(&mut self, amount: u64) -> u64 {
//!         assert!(amount > 0, "nothing was deposited");
//!         self.total += amount;
//!         self.total
//!     }
//! }
//!
//! #[actor]
//! struct Teller {
//!     ledger: ActorRef<Ledger>,
//! }
//!
//! #[handlers]
//! impl Teller {
//!     #[handler]
//!     async fn pay_in(&mut self, amount: u64) -> Result<u64, AskError> {
//!         self.ledger.deposit(amount).await
//!     }
//! }
//!
//! #[supervisor(strategy = "rest_for_one", max_restarts = 3, within = "5s")]
//! struct Bank {
//!     #[child]
//!     ledger: ActorRef<Ledger>,
//!
//!     #[child(start = Teller { ledger }, count = 4)]
//!     tellers: Pool<Teller>,
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let system = System::new("bank");
//!     let bank: Supervised<Bank> = system.start(Bank::spec()).await?;
//!     assert_eq!(bank.tellers.pay_in(7).await?, Ok(7));
//!     println!("{}", system.tree());
//!
//!     // A bug takes the ledger down; its asker hears of it, and everybody else goes on.
//!     assert!(matches!(bank.ledger.deposit(0).await, Err(AskError::Crashed { .. })));
//!     assert_eq!(bank.ledger.deposit(1).await?, 1, "a new ledger, under the same reference");
//!
//!     assert!(system.shutdown().await.is_clean());
//!     Ok(())
//! }
//! ```
//!
//! [`RestartStrategy`] says who is restarted with whom, [`RestartPolicy`] after which [`ExitReason`], [`Backoff`] how soon,
//! [`Shutdown`] how a child is ended. Children that come at run time are [`Children`]; a supervisor below another is a
//! [`Supervised`] field. An actor that is to know of another's end without owning it sets a [monitor](Context::monitor) or a
//! [link](Context::link).
//!
//! # Testing
//!
//! A [`Probe`](testing::Probe) is an address that records and answers, a mock of any actor. A
//! [`Simulation`](testing::Simulation) runs a whole system on one thread with paused time, in an order that a seed decides, and
//! makes actors crash:
//!
//! ```
//! use airssys_rt::prelude::*;
//! use airssys_rt::testing::Simulation;
//!
//! # #[actor]
//! # #[derive(Default)]
//! # struct Counter {
//! #     value: u64,
//! # }
//! # #[handlers]
//! # impl Counter {
//! #     #[handler]
//! #     fn add(&mut self, by: u64) -> u64 {
//! #         self.value += by;
//! #         self.value
//! #     }
//! # }
//! #[supervisor(max_restarts = 100)]
//! struct App {
//!     #[child]
//!     counter: ActorRef<Counter>, // the one of above
//! }
//!
//! // As a `#[test]`: a hundred runs, each with an order and crashes of its own. A failing seed is printed.
//! Simulation::check(0..100, |sim| async move {
//!     let app = sim.system().start(App::spec()).await.unwrap();
//!     sim.crash_randomly(0.2);
//!     for _ in 0..20 {
//!         // Every ask ends, and none is answered by an old state.
//!         match app.counter.add(1).await {
//!             Ok(value) => assert!(value <= 20),
//!             Err(error) => assert!(matches!(error, AskError::Crashed { .. })),
//!         }
//!     }
//! });
//! ```
//!
//! # Where to go next
//!
//! * The macros, with every option: [`macro@actor`], [`macro@handlers`], [`macro@handler`], [`macro@protocol`],
//!   [`macro@supervisor`], [`macro@child`].
//! * The town: [`System`] spawns, starts, finds, watches and shuts down. [`System::builder`] has its settings;
//!   [`System::tree`], [`System::counters`], [`System::dead_letters`] and [`ProcessInfo`] show what goes on; failures,
//!   restarts and dead letters are events of `tracing`, each in the span of its actor.
//! * The care: [`Supervised`] is a running supervisor, and what can be done to its children.
//! * By hand, without the macros: [`Actor`], [`Handles`], [`Supervisor::builder`], [`ChildSpec`]; the macros write nothing else.
//! * Programs to learn from, from twenty lines to a server that speaks the Redis protocol: the `examples` directory of the
//!   repository. `ARCHITECTURE.md` there says how it works inside.
//!
//! Everything, by what it is about:
//!
//! | about | names |
//! | --- | --- |
//! | references | [`ActorRef`], [`WeakRef`], [`Recipient`], [`Pool`], [`Children`], [`Supervised`]; what they have in common: [`Address`], [`ProtocolAddress`], [`HasProcess`], [`ProcessId`] |
//! | messages | [`Request`], its futures [`Ask`] and [`Tell`], its [`TimerHandle`]; [`ReplyTo`] |
//! | events and groups | [`EventBus`], [`PublishAndWait`], [`Delivering`], [`Delivery`]; [`Groups`] |
//! | ends | [`Ended`], [`Monitor`], [`MonitorId`], [`Down`], [`Exit`], [`ExitReason`]; [`DeadLetter`], [`DeadLetters`] |
//! | errors | [`AskError`], [`SendError`], [`TrySendError`], [`StartError`], [`ChildError`], [`NotRunning`], [`SystemError`]; of an actor itself: [`ActorError`], [`ActorResult`], [`ErrorAction`] |
//! | the system | [`System`], [`SystemBuilder`], [`Start`], [`Startable`], [`ShutdownReport`], [`Counters`], [`Tree`], [`Node`], [`ProcessInfo`], [`ProcessRole`], [`ProcessStatus`] |
//! | supervision | [`Supervisor`], [`SupervisorBuilder`], [`SupervisorSpec`], [`Starting`], [`RestartStrategy`], [`Backoff`], [`AutoShutdown`], [`Health`] |
//! | children | [`ChildSpec`], [`PoolSpec`], [`DynamicSpec`], [`SupervisorChild`], [`IntoChild`], [`RestartPolicy`], [`Shutdown`], [`ChildInfo`], [`ChildStatus`], [`ChildCount`] |
//! | actors by hand | [`Actor`], [`Handles`], [`Plain`], [`Answer`], [`Context`], [`ActorConfig`], [`BackpressureStrategy`] |
//! | tests | [`testing`] |
//!
//! # Feature flags
//!
//! | feature | default | what it adds |
//! | --- | --- | --- |
//! | `macros` | yes | the attribute macros; without them actors are [written by hand](Actor) |
//!
//! A feature adds, and never changes the meaning of what is there without it.
//!
//! # What is promised
//!
//! 1. One handler at a time per actor; order kept per sender and receiver; at most once.
//! 2. Every ask ends: with the answer, or with an [`AskError`] that says why.
//! 3. A panic stays in its actor; nothing restarts into old state; two incarnations never overlap.
//! 4. Whatever a dead supervisor owned is dead too; a name is free before the [`Down`] is seen.
//! 5. Every accepted message is handled, dead-lettered, or was in hand at a crash: [`System::counters`] add up.
//! 6. Dropping any future of the API at any point loses nothing and leaks nothing.
//! 7. No `unsafe` outside two small modules, the seat of a state and the lock, each with its rules, checked under loom.
//! 8. With `panic = "abort"` a system refuses to start a supervisor and says why.
//!
//! # Code that blocks
//!
//! Handlers run on Tokio's workers, and a plain one that is asked may run on its asker's turn, one that is told on that of
//! a sender that would have to wait for room. A handler that blocks its thread (`std::thread::sleep`, a lock, a blocking
//! file or socket, `recv` of a thread's channel, a long computation)
//! keeps that worker from everybody: on a runtime of one thread from the whole program; else from the tasks that were
//! woken there last, and, while the other workers sleep, from the runtime's timers.
//!
//! * An actor that blocks as a matter of course says so: `#[actor(blocking)]`, see [`ActorConfig::blocking`]. A plain `fn`
//!   may then block as it likes.
//! * A handler that blocks now and then awaits [`tokio::task::spawn_blocking`].
//! * What can be awaited is better awaited: [`tokio::time::sleep`], Tokio's files, sockets, channels and locks.
//!
//! No kill reaches an actor that does not yield. Its supervisor waits for its shutdown limit and a second more, then
//! leaves it behind: it is reported by an error event of `tracing`, in [`Counters::leaked`] and in [`ShutdownReport::leaked`], and the others
//! are ended. Its next incarnation is not started before it yields: each try is an error and counts as a restart, so give
//! its supervisor a backoff that outlasts it. Once it yields it ends, its name is free, and it is counted no more. Blocking
//! in a start expression, a start, stop or error handler or a destructor is no different. Dropping the runtime waits for
//! it; `Runtime::shutdown_timeout` does not.
//!
//! # Panics
//!
//! A panic in anything that the framework calls (a handler, a start expression, a destructor, a `Clone`, a `Display`, a
//! hook, a waker) stays where it happened. In a handler it ends the incarnation with [`ExitReason::Panicked`], and the
//! asker gets [`AskError::Crashed`]. In a task, a pipe or a stream of an actor it ends that alone; in the clone of a timer's
//! message, that timer. In a destructor of what the framework drops (a state, a message, an answer, an error) it changes
//! nothing. What the caller does itself is the caller's: converting an argument, cloning an event that it publishes, the
//! closure of [`Pool::all`].
//!
//! What Rust itself makes an abort stays one, and takes the process: a panic in a destructor that runs because of a panic,
//! or in a panic hook; a stack overflow; running out of memory; any panic in a program built with `panic = "abort"`.
#![deny(missing_docs)]
#![warn(missing_debug_implementations)]

mod actor;
mod actor_ref;
mod address;
mod blocking;
mod cell;
mod config;
mod context;
mod crowd;
mod dead_letter;
mod deadline;
mod delivery;
mod error;
mod event_bus;
mod exit;
mod groups;
mod index;
mod instrument;
mod kernel;
mod letter;
mod linger;
mod lock;
#[cfg(all(test, airssys_loom))]
mod loom_tests;
mod mail;
mod mailbox;
mod opaque;
mod papers;
#[doc(hidden)]
pub mod private;
mod process;
mod process_id;
mod protocol;
mod recipient;
mod registry;
mod reply;
mod request;
mod seat;
mod sorted;
mod supervisor;
mod sync;
mod system;
mod table;
pub mod testing;
mod timer;
mod travel;
mod tree;
mod yields;

pub use actor::{Actor, Handles, Plain};
pub use actor_ref::{ActorRef, Ended, Monitor, WeakRef};
pub use address::{Address, HasProcess};
pub use config::{ActorConfig, BackpressureStrategy};
pub use context::Context;
pub use dead_letter::{DeadLetter, DeadLetters};
pub use delivery::{Delivering, Delivery, PublishAndWait};
pub use error::{
    ActorError, ActorResult, AskError, ChildError, ErrorAction, NotRunning, SendError, StartError,
    SystemError, TrySendError,
};
pub use exit::{Down, Exit, ExitReason, MonitorId};
pub use groups::Groups;
pub use process::{ProcessInfo, ProcessRole, ProcessStatus};
pub use process_id::ProcessId;
pub use protocol::ProtocolAddress;
pub use recipient::Recipient;
pub use reply::{Answer, ReplyTo};
pub use request::{Ask, Request, Tell, TimerHandle};
pub use supervisor::{
    AutoShutdown, Backoff, ChildCount, ChildInfo, ChildSpec, ChildStatus, Children, DynamicSpec, Health,
    IntoChild, Pool, PoolSpec, RestartPolicy, RestartStrategy, Shutdown, Starting, Supervised, Supervisor,
    SupervisorBuilder, SupervisorChild, SupervisorSpec,
};
pub use system::{Counters, EventBus, ShutdownReport, Start, Startable, System, SystemBuilder};
pub use tree::{Node, Tree};

#[cfg(feature = "macros")]
pub use airssys_rt_macros::{actor, child, handler, handlers, protocol, supervisor};

/// Every name of the framework that a program commonly uses: `use airssys_rt::prelude::*;`.
///
/// The rest (futures by their names, specs, reports) is at the top of the crate. It has `Duration`, too, since every time
/// limit is one.
///
/// ```
/// use airssys_rt::prelude::*;
///
/// #[actor]
/// struct Echo;
///
/// #[handlers]
/// impl Echo {
///     #[handler]
///     fn say(&self, words: String) -> String {
///         words
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), AskError> {
/// let echo: ActorRef<Echo> = System::new("hills").spawn(Echo);
/// assert_eq!(echo.say("hello".to_owned()).timeout(Duration::from_secs(1)).await?, "hello");
/// # Ok(()) }
/// ```
pub mod prelude {
    pub use std::time::Duration;

    pub use crate::{
        Actor, ActorConfig, ActorError, ActorRef, ActorResult, Address, AskError, AutoShutdown, Backoff,
        BackpressureStrategy, ChildError, ChildInfo, ChildSpec, ChildStatus, Children, Context, Down,
        ErrorAction, EventBus, Exit, ExitReason, Groups, Handles, HasProcess, Pool, ProcessId, ProcessInfo,
        ProcessStatus, Recipient, ReplyTo, Request, RestartPolicy, RestartStrategy, SendError, Shutdown,
        StartError, Supervised, Supervisor, SupervisorSpec, System, TrySendError, WeakRef,
    };

    #[cfg(feature = "macros")]
    pub use crate::{actor, child, handler, handlers, protocol, supervisor};
}
