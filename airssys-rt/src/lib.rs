//! Actors for Rust: annotate structs, get typed messages and Erlang-grade supervision on Tokio.
//!
//! ```
//! use airssys_rt::prelude::*;
//!
//! #[actor]
//! #[derive(Default)]
//! struct Counter {
//!     value: i64,
//! }
//!
//! #[handlers]
//! impl Counter {
//!     /// Adds `by` and answers the new value.
//!     #[handler]
//!     fn increment(&mut self, by: i64) -> i64 {
//!         self.value += by;
//!         self.value
//!     }
//! }
//!
//! #[supervisor]
//! struct App {
//!     #[child]
//!     counter: ActorRef<Counter>,
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let system = System::new("quickstart");
//!     let app = system.start(App::spec()).await?;
//!     assert_eq!(app.counter.increment(2).await?, 2); // ask
//!     app.counter.increment(2).tell().await?; // tell
//!     assert_eq!(app.counter.increment(0).await?, 4);
//!     println!("{}", system.tree());
//!     system.shutdown().await;
//!     Ok(())
//! }
//! ```
//!
//! # Where to begin
//!
//! * An actor: [`macro@actor`] on its struct, [`macro@handlers`] on its impl block. A handler's call is a [`Request`]: await it to
//!   ask, `.tell()` it, time it.
//! * A tree: [`macro@supervisor`] on a struct whose fields are its children, [`System::start`], [`Supervised`].
//! * A system: [`System`]: spawn, look up, watch, shut down.
//! * By hand: [`Actor`], [`Handles`], [`Supervisor::builder`], [`ChildSpec`]; the macros write nothing else.
//! * Tests: [`testing::Probe`] and [`testing::Simulation`].
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
//! Handlers run on Tokio's workers, and a plain one that is asked may run on its asker's turn. A handler that blocks its
//! thread (`std::thread::sleep`, a lock, a blocking file or socket, `recv` of a thread's channel, a long computation)
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
#![warn(missing_docs, missing_debug_implementations)]

mod actor;
mod actor_ref;
mod address;
mod blocking;
mod cell;
mod config;
mod context;
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
mod recipient;
mod registry;
mod reply;
mod request;
mod seat;
mod supervisor;
mod sync;
mod system;
mod table;
pub mod testing;
mod timer;
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
pub use airssys_rt_macros::{actor, child, handler, handlers, supervisor};

/// Every name of the framework that its documentation uses.
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
    pub use crate::{actor, child, handler, handlers, supervisor};
}
