//! Why an actor ended: one small enum that supervisors, monitors and callers all read the same way.

use std::fmt;
use std::sync::Arc;

use crate::process_id::ProcessId;

/// Why an actor, or one incarnation of it, ended.
///
/// The first three are orderly ends; a transient child stays down after them. The others are
/// failures. The distinction is Erlang's (`normal`, `shutdown`, `{shutdown, Term}`, anything else).
///
/// ```
/// # use airssys_rt::prelude::*;
/// # #[actor] #[derive(Default)] struct Counter(i64);
/// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let counter = system.spawn(Counter(0));
/// assert_eq!(counter.stop().await?, ExitReason::Shutdown);
/// assert!(!ExitReason::Shutdown.is_abnormal());
/// assert!(ExitReason::Killed.is_abnormal());
/// assert_eq!(ExitReason::Failed { message: "no space".into() }.to_string(), "failed: no space");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExitReason {
    /// It was done: it stopped itself, was drained, or nobody held a reference any more.
    Normal,
    /// It was told to stop: by [`stop`](crate::ActorRef::stop), by its supervisor or by the system.
    Shutdown,
    /// An orderly end with a word about why.
    ShutdownWith {
        /// What [`Context::shutdown_with`](crate::Context::shutdown_with) was given.
        detail: Arc<str>,
    },
    /// A handler failed: it returned an error as [`ActorResult`](crate::ActorResult) or called
    /// [`Context::fail`](crate::Context::fail).
    Failed {
        /// The error and its sources, as text.
        message: Arc<str>,
    },
    /// A handler, hook or destructor panicked.
    Panicked {
        /// The text of the panic.
        message: Arc<str>,
    },
    /// It was killed, or its runtime went away.
    Killed,
    /// There was no such process when the monitor was set.
    NoProcess,
}

impl ExitReason {
    /// Whether this end is a failure: a transient child is restarted after it, and links fire.
    #[must_use]
    pub fn is_abnormal(&self) -> bool {
        !matches!(self, Self::Normal | Self::Shutdown | Self::ShutdownWith { .. })
    }
}

impl fmt::Display for ExitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Normal => f.write_str("normal"),
            Self::Shutdown => f.write_str("shutdown"),
            Self::ShutdownWith { detail } => write!(f, "shutdown: {detail}"),
            Self::Failed { message } => write!(f, "failed: {message}"),
            Self::Panicked { message } => write!(f, "panicked: {message}"),
            Self::Killed => f.write_str("killed"),
            Self::NoProcess => f.write_str("no such process"),
        }
    }
}

/// The notice that a monitored actor has ended for good.
///
/// It is given to a `#[handler(down)]`, and by awaiting a [`Monitor`](crate::Monitor). By then the actor's state is dropped
/// and its name is free. Erlang's `'DOWN'` message.
///
/// ```
/// # use airssys_rt::prelude::*;
/// # #[actor] #[derive(Default)] struct Counter(i64);
/// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let counter = system.spawn(Counter(0));
/// let monitor = counter.monitor();
/// counter.stop().await?;
/// let down: Down = monitor.await;
/// assert_eq!((down.pid, down.reason), (counter.pid(), ExitReason::Shutdown));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Down {
    /// Which monitor this answers.
    pub monitor: MonitorId,
    /// Who ended.
    pub pid: ProcessId,
    /// Why, or [`ExitReason::NoProcess`] when it had ended before the monitor was set.
    pub reason: ExitReason,
}

/// The notice that a linked actor has failed, or has ended for good in an orderly way.
///
/// It is given to actors with a `#[handler(exit)]`. The others end with a failed one, and go on after an orderly end.
/// Erlang's `'EXIT'` message to a process that traps exits.
///
/// ```
/// # use airssys_rt::prelude::*;
/// # #[actor] #[derive(Default)] struct Counter(i64);
/// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
/// #[actor]
/// #[derive(Default)]
/// struct Guardian {
///     lost: Vec<ProcessId>,
/// }
///
/// #[handlers]
/// impl Guardian {
///     #[handler]
///     fn guard(&mut self, ward: ActorRef<Counter>, ctx: &mut Context<Self>) {
///         ctx.link(&ward);
///     }
///
///     #[handler(exit)]
///     fn lost_one(&mut self, exit: Exit) {
///         self.lost.push(exit.pid);
///     }
///
///     #[handler]
///     fn lost(&self) -> Vec<ProcessId> {
///         self.lost.clone()
///     }
/// }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let (guardian, ward) = (system.spawn(Guardian::default()), system.spawn(Counter(0)));
/// guardian.guard(ward.clone()).await?;
/// ward.kill().await?;
/// assert_eq!(guardian.lost().await?, [ward.pid()]);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exit {
    /// Who ended or failed.
    pub pid: ProcessId,
    /// Why.
    pub reason: ExitReason,
}

/// Names one monitor: two monitors of one target are told apart by it.
///
/// [`Context::monitor`](crate::Context::monitor) returns
/// it, the [`Down`] has it, and [`Context::demonitor`](crate::Context::demonitor) takes it.
///
/// ```
/// use airssys_rt::MonitorId;
/// # use airssys_rt::prelude::*;
/// # #[actor] #[derive(Default)] struct Counter(i64);
/// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let counter = system.spawn(Counter(0));
/// let (one, other) = (counter.monitor(), counter.monitor());
/// let id: MonitorId = one.id();
/// assert_ne!(id, other.id());
/// counter.stop().await?;
/// assert_eq!(one.await.monitor, id);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct MonitorId(pub(crate) u64);
