//! Shared helpers of the tests.
pub mod actors;
pub mod latch;
mod readme;
pub mod scratch;
pub mod supervision;
