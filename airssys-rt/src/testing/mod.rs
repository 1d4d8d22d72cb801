//! Tools for testing actors: a seeded simulation of a whole system, and an address that records and answers.

pub(crate) mod probe;
pub(crate) mod simulation;

pub use probe::Probe;
pub use simulation::Simulation;
