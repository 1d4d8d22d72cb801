//! Tools for testing actors: a seeded simulation of a whole system, and an address that records and answers.

pub(crate) mod fault;
pub(crate) mod log;
pub(crate) mod probe;
pub(crate) mod schedule;
pub(crate) mod simulation;

pub use fault::{Fault, Faults};
pub use log::{Entry, Event};
pub use probe::Probe;
pub use simulation::{Exploration, Simulation};
