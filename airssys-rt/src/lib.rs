//! Actors for Rust: annotate structs, get typed messages and Erlang-grade supervision on Tokio.
#![warn(missing_docs, missing_debug_implementations)]

mod actor;
mod actor_ref;
mod address;
mod cell;
mod config;
mod context;
mod dead_letter;
mod error;
mod event_bus;
mod exit;
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
pub use error::{
    ActorError, ActorResult, AskError, ChildError, ErrorAction, NotRunning, SendError, StartError,
    SystemError, TrySendError,
};
pub use exit::{Down, Exit, ExitReason, MonitorId};
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
        ErrorAction, EventBus, Exit, ExitReason, Handles, HasProcess, Pool, ProcessId, ProcessInfo,
        ProcessStatus, Recipient, ReplyTo, Request, RestartPolicy, RestartStrategy, SendError, Shutdown,
        StartError, Supervised, Supervisor, SupervisorSpec, System, TrySendError, WeakRef,
    };

    #[cfg(feature = "macros")]
    pub use crate::{actor, child, handler, handlers, supervisor};
}
