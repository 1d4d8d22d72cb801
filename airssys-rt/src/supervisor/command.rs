//! What a supervisor is told: the ends of its children, and what its handles ask of it.

use std::sync::Arc;

use tokio::sync::oneshot::{Receiver, Sender};

use crate::actor::Actor;
use crate::cell::Failure;
use crate::context::Context;
use crate::error::{ChildError, StartError};
use crate::exit::ExitReason;
use crate::mail::{Doing, Errand};
use crate::process::{AnyCell, ProcessRole};
use crate::process_id::ProcessId;

use super::Supervisor;
use super::policy::{RestartPolicy, Shutdown};
use super::runner::Place;
use super::slot::{Child, Slot};

/// The message type of supervisors: sent by their children and handles, not made by hand.
pub struct Command(pub(crate) Order);

impl Command {
    /// What a supervisor is seen to handle.
    pub(crate) const TYPE: &'static str = "supervisor command";
}

/// A notice to the supervisor: it takes no room, is never refused, and is no message that anybody counts.
impl Errand<Supervisor> for Command {
    fn message_type(&self) -> &'static str {
        Self::TYPE
    }

    fn run<'a>(
        self: Box<Self>,
        supervisor: &'a mut Supervisor,
        ctx: &'a mut Context<Supervisor>,
    ) -> Doing<'a> {
        Box::pin(supervisor.handle(*self, ctx))
    }
}

impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Command")
    }
}

/// The end of an incarnation of a child.
pub(crate) struct Ended {
    pub(crate) pid: ProcessId,
    pub(crate) incarnation: u32,
    pub(crate) reason: ExitReason,
    /// What becomes of the child is decided with this supervisor, by the one above.
    pub(crate) escalate: bool,
}

/// What a command says.
pub(crate) enum Order {
    Ended(Ended),
    Retry {
        pid: ProcessId,
        ticket: u64,
    },
    /// To itself: a restart that was decided on the spot.
    Again {
        place: Place,
        group: bool,
    },
    /// To itself: a restart that was begun on the spot.
    Begun {
        place: Place,
        outcome: Receiver<Result<(), Failure>>,
    },
    Start {
        id: Arc<str>,
        slot: Slot,
        tell: Sender<Result<(), StartError>>,
    },
    StartMember {
        group: Arc<str>,
        child: Child,
        tell: Sender<Result<(), StartError>>,
    },
    TerminateMember {
        group: Arc<str>,
        pid: ProcessId,
        tell: Sender<Result<(), ChildError>>,
    },
    Members {
        group: Arc<str>,
        tell: Sender<Vec<Arc<dyn AnyCell>>>,
    },
    Terminate {
        id: Arc<str>,
        tell: Sender<Result<(), ChildError>>,
    },
    Restart {
        id: Arc<str>,
        tell: Sender<Result<(), ChildError>>,
    },
    Delete {
        id: Arc<str>,
        tell: Sender<Result<(), ChildError>>,
    },
    Find {
        id: Arc<str>,
        tell: Sender<Option<Arc<dyn AnyCell>>>,
    },
    Which {
        tell: Sender<Vec<ChildInfo>>,
    },
    Health {
        tell: Sender<Health>,
    },
}

/// Where a child of a supervisor stands.
///
/// ```
/// # use airssys_rt::prelude::*;
/// # #[actor] #[derive(Default)] struct Counter(i64);
/// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
/// # #[supervisor] struct App { #[child] counter: ActorRef<Counter> }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let app = system.start(App::spec()).await?;
/// assert_eq!(app.children().await?[0].status, ChildStatus::Running);
/// app.terminate_child("counter").await?;
/// assert_eq!(app.children().await?[0].status, ChildStatus::Stopped);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChildStatus {
    /// It runs.
    Running,
    /// It ended, or was terminated, and is kept.
    Stopped,
    /// It waits for its next start: its own, or its group's.
    Restarting,
}

/// One row of [`Supervised::children`](crate::Supervised::children).
///
/// ```
/// # use airssys_rt::prelude::*;
/// # #[actor] #[derive(Default)] struct Counter(i64);
/// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
/// #[supervisor]
/// struct App {
///     #[child]
///     first: ActorRef<Counter>,
///     #[child(restart = "transient", shutdown = "1s")]
///     second: ActorRef<Counter>,
/// }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let app = system.start(App::spec()).await?;
/// let children: Vec<ChildInfo> = app.children().await?;
/// assert_eq!(children.iter().map(|child| &*child.id).collect::<Vec<_>>(), ["first", "second"]);
/// assert_eq!(children[1].restart, RestartPolicy::Transient);
/// assert_eq!(children[1].shutdown, Shutdown::After(Duration::from_secs(1)));
/// assert_eq!(children[1].pid, app.second.pid());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChildInfo {
    /// The id in its spec; a member of a pool or of started children has its group's.
    pub id: Arc<str>,
    /// Its process.
    pub pid: ProcessId,
    /// Where it stands.
    pub status: ChildStatus,
    /// Worker or supervisor.
    pub role: ProcessRole,
    /// When it is restarted.
    pub restart: RestartPolicy,
    /// How it is ended.
    pub shutdown: Shutdown,
    /// The number of its incarnation.
    pub incarnation: u32,
}

/// How many children a supervisor has: what [`Supervised::count`](crate::Supervised::count) gives.
///
/// Erlang's `count_children/1`.
///
/// ```
/// use airssys_rt::ChildCount;
/// # use airssys_rt::prelude::*;
/// # #[actor] #[derive(Default)] struct Counter(i64);
/// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
/// # #[supervisor] struct App { #[child(count = 4)] counters: Pool<Counter>, #[child] one: ActorRef<Counter> }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let app = system.start(App::spec()).await?;
/// app.terminate_child("one").await?;
/// let count: ChildCount = app.count().await?;
/// assert_eq!((count.specs, count.active, count.workers, count.supervisors), (5, 4, 5, 0));
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChildCount {
    /// All that it knows, running or not.
    pub specs: usize,
    /// Those that run.
    pub active: usize,
    /// Those that are supervisors.
    pub supervisors: usize,
    /// Those that are not.
    pub workers: usize,
}

/// How a supervisor fares: what [`Supervised::health`](crate::Supervised::health) gives, for a health check.
///
/// ```
/// use airssys_rt::Health;
/// # use airssys_rt::prelude::*;
/// # #[actor] #[derive(Default)] struct Clerk;
/// # #[handlers] impl Clerk { #[handler] fn faint(&mut self) -> ActorResult { Err(ActorError::msg("the heat")) } #[handler] fn wave(&self) {} }
/// # #[supervisor] struct App { #[child] clerk: ActorRef<Clerk> }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let app = system.start(App::spec()).await?;
/// assert!(app.clerk.faint().await.is_err());
/// app.clerk.wave().await?; // the next incarnation does
/// let health: Health = app.health().await?;
/// assert!(health.is_healthy());
/// assert_eq!((health.running, health.recent_restarts, health.max_restarts), (1, 1, 3));
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// Children that run.
    pub running: usize,
    /// Children that wait for their next start.
    pub restarting: usize,
    /// Children that are kept stopped.
    pub stopped: usize,
    /// Restarts in the present window.
    pub recent_restarts: u32,
    /// How many of them are allowed.
    pub max_restarts: u32,
}

impl Health {
    /// Whether no child waits for its next start. A child that is kept stopped does not count: it was stopped on purpose, or was
    /// done.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.restarting == 0
    }
}
