//! What a simulation may do to an actor: one fault, and how likely each kind of them is.

use std::fmt;
use std::time::Duration;

/// Something that goes wrong with an actor: for [`Simulation::strike`](super::Simulation::strike), and in the log.
///
/// ```
/// use airssys_rt::prelude::*;
/// use airssys_rt::testing::{Fault, Simulation};
///
/// # #[actor] struct Counter(i64);
/// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
/// Simulation::check(0..10, |sim| async move {
///     let counter = sim.system().spawn(Counter(0));
///     sim.strike(counter.pid(), 1, Fault::Kill);
///     counter.add(1).tell().await.unwrap();
///     assert_eq!(counter.process().wait().await, ExitReason::Killed);
/// });
/// assert_eq!(Fault::Delay(Duration::from_millis(5)).to_string(), "delay of 5ms");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Fault {
    /// A panic instead of handling the message in hand.
    Panic,
    /// An error instead of handling the message in hand: the actor fails with it.
    Error,
    /// As by [`ActorRef::kill`](crate::ActorRef::kill).
    Kill,
    /// Its task is dropped, as if it had been aborted from outside or its runtime had gone.
    Abort,
    /// As by [`ActorRef::stop`](crate::ActorRef::stop).
    Stop,
    /// It has to wait for so long before it runs on.
    Delay(Duration),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panic => f.write_str("panic"),
            Self::Error => f.write_str("error"),
            Self::Kill => f.write_str("kill"),
            Self::Abort => f.write_str("abort"),
            Self::Stop => f.write_str("stop"),
            Self::Delay(time) => write!(f, "delay of {time:?}"),
        }
    }
}

/// How likely each kind of fault is, from 0 to 1: for [`Simulation::inject`](super::Simulation::inject).
///
/// `panic`, `error`, `kill` and `stop` are drawn at each message that an actor is about to handle, `abort` and `delay`
/// each time its task is about to run. Supervisors are spared unless [`supervisors`](Self::supervisors) says otherwise.
///
/// ```
/// use airssys_rt::testing::{Faults, Simulation};
/// use std::time::Duration;
///
/// Simulation::check(0..10, |sim| async move {
///     sim.inject(
///         Faults::none()
///             .panic(0.02)
///             .error(0.02)
///             .kill(0.01)
///             .stop(0.01)
///             .abort(0.01)
///             .delay(0.1, Duration::from_millis(50))
///             .supervisors(true),
///     );
///     /* … the system under test … */
///     sim.inject(Faults::none());
/// });
/// assert_eq!(Faults::all(0.0), Faults::none().delay(0.0, Duration::from_millis(10)));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[must_use]
pub struct Faults {
    pub(super) panic: f64,
    pub(super) error: f64,
    pub(super) kill: f64,
    pub(super) stop: f64,
    pub(super) abort: f64,
    pub(super) delay: f64,
    pub(super) longest: Duration,
    pub(super) supervisors: bool,
}

impl Faults {
    /// Nothing goes wrong: to begin with, and to end the trouble.
    pub fn none() -> Self {
        Self::default()
    }

    /// Each kind with this probability; delays up to 10 ms.
    pub fn all(probability: f64) -> Self {
        let p = probability;
        Self::none().panic(p).error(p).kill(p).stop(p).abort(p).delay(p, Duration::from_millis(10))
    }

    /// How likely a message is to make its actor panic.
    pub fn panic(self, probability: f64) -> Self {
        Self { panic: probability, ..self }
    }

    /// How likely a message is to make its actor fail with an error.
    pub fn error(self, probability: f64) -> Self {
        Self { error: probability, ..self }
    }

    /// How likely an actor is to be killed as it takes up a message.
    pub fn kill(self, probability: f64) -> Self {
        Self { kill: probability, ..self }
    }

    /// How likely an actor is to be stopped as it takes up a message.
    pub fn stop(self, probability: f64) -> Self {
        Self { stop: probability, ..self }
    }

    /// How likely an actor's task is to be dropped instead of run: as if it had been aborted from outside.
    pub fn abort(self, probability: f64) -> Self {
        Self { abort: probability, ..self }
    }

    /// How likely an actor's task is to be held back, for up to `longest`, before it runs.
    pub fn delay(self, probability: f64, longest: Duration) -> Self {
        Self { delay: probability, longest, ..self }
    }

    /// Whether supervisors are hit, too: by kills, stops, aborts and delays.
    pub fn supervisors(self, hit: bool) -> Self {
        Self { supervisors: hit, ..self }
    }
}
