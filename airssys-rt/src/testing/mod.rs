//! Tools for testing actors: a seeded simulation of a whole system, and an address that records and answers.
//!
//! * [`Probe`]: a mock of any actor, for the code that asks and tells it.
//! * [`Simulation`]: a whole system in one thread and in virtual time. The order of everything that is ready, and every fault
//!   ([`Faults`] at random, a single [`Fault`] at a chosen step), comes from a seed; the [log](Simulation::log) of a run, made
//!   of [`Entry`]s and their [`Event`]s, is the same each time. [`Simulation::explore`] says how much the seeds have tried:
//!   [`Exploration`].
//!
//! A test that needs neither is a `#[tokio::test(start_paused = true)]`: with the clock of Tokio paused, no test has to wait.

pub(crate) mod fault;
pub(crate) mod log;
pub(crate) mod probe;
pub(crate) mod schedule;
pub(crate) mod simulation;

pub use fault::{Fault, Faults};
pub use log::{Entry, Event};
pub use probe::Probe;
pub use simulation::{Exploration, Simulation};
