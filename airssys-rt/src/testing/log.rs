//! What happened in a simulation, in order: the same for the same seed, byte for byte.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::exit::ExitReason;
use crate::process_id::ProcessId;

use super::fault::Fault;

/// One line of [`Simulation::log`](super::Simulation::log). Displayed, it is the time in seconds, the actor and what happened.
///
/// ```
/// use airssys_rt::prelude::*;
/// use airssys_rt::testing::{Entry, Event, Simulation};
///
/// # #[actor] struct Counter(i64);
/// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
/// Simulation::check(0..10, |sim| async move {
///     let counter = sim.system().start(Counter(0)).await.unwrap();
///     let log: Vec<Entry> = sim.log();
///     assert_eq!(log[0].pid, Some(counter.pid()));
///     assert_eq!(log[0].what, Event::Started { incarnation: 1 });
///     assert_eq!(log[0].to_string(), "    0.000000 <1> Counter started, incarnation 1");
/// });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// The virtual time since the simulation began.
    pub at: Duration,
    /// Whom it concerns; `None` for a note of the test.
    pub pid: Option<ProcessId>,
    /// Its registered name, else the id in its child spec, else the short name of its type.
    pub name: Arc<str>,
    /// What happened.
    pub what: Event,
}

/// What may happen in a simulation: see [`Entry`].
///
/// ```
/// use airssys_rt::prelude::*;
/// use airssys_rt::testing::{Event, Simulation};
///
/// # #[actor] struct Counter(i64);
/// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
/// /// How many actors have ended for good.
/// fn ends(sim: &Simulation) -> usize {
///     sim.log().iter().filter(|entry| matches!(entry.what, Event::Ended { .. })).count()
/// }
///
/// Simulation::check(0..10, |sim| async move {
///     let counter = sim.system().spawn(Counter(0));
///     counter.stop().await.unwrap();
///     assert_eq!(ends(&sim), 1);
/// });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// An incarnation runs: its start handler is through.
    Started {
        /// Its number, from 1 on.
        incarnation: u32,
    },
    /// An incarnation did not come up.
    StartFailed {
        /// Why.
        reason: ExitReason,
    },
    /// A message is about to be handled.
    Handling {
        /// The name of its type.
        message: &'static str,
    },
    /// The simulation made something go wrong.
    Fault(Fault),
    /// An incarnation is over; its supervisor, if it has one, decides what comes next.
    Down {
        /// Its number.
        incarnation: u32,
        /// How it ended.
        reason: ExitReason,
    },
    /// The actor has ended for good.
    Ended {
        /// How its last incarnation ended.
        reason: ExitReason,
    },
    /// The test said so.
    Note(Arc<str>),
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started { incarnation } => write!(f, "started, incarnation {incarnation}"),
            Self::StartFailed { reason } => write!(f, "did not start: {reason}"),
            Self::Handling { message } => write!(f, "handles {message}"),
            Self::Fault(fault) => write!(f, "fault: {fault}"),
            Self::Down { incarnation, reason } => write!(f, "incarnation {incarnation} is over: {reason}"),
            Self::Ended { reason } => write!(f, "ended: {reason}"),
            Self::Note(text) => f.write_str(text),
        }
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>12.6} ", self.at.as_secs_f64())?;
        if let Some(pid) = self.pid {
            write!(f, "{pid} {} ", self.name)?;
        }
        write!(f, "{}", self.what)
    }
}
