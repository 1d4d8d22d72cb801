//! Shared helpers of the tests.
pub mod actors;
pub mod latch;
pub mod model;
mod readme;
pub mod scratch;
pub mod supervision;
