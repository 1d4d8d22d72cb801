//! Why an actor ended: one small enum that supervisors, monitors and callers all read the same way.

use std::fmt;
use std::sync::Arc;

use crate::process_id::ProcessId;

/// Why an actor, or one incarnation of it, ended.
///
/// The first three are orderly ends; a transient child stays down after them. The others are
/// failures. The distinction is Erlang's (`normal`, `shutdown`, `{shutdown, Term}`, anything else).
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
    /// Whether this end is a failure, after which a transient child is restarted.
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

/// The notice that a linked actor has ended, given to actors with an exit handler.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exit {
    /// Who ended or failed.
    pub pid: ProcessId,
    /// Why.
    pub reason: ExitReason,
}

/// Names one monitor: two monitors of one target are told apart by it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct MonitorId(pub(crate) u64);
